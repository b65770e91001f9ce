//! ResNets (He et al., arXiv 1512.03385), their plain twins, and what grew out of them: ResNeXt, wide ResNets,
//! the deep stems and pooled shortcuts of "Bag of Tricks" (ResNet-D), SENet-154.
//!
//! Parameters are named as in torchvision; where it has no such network (deep stems, pooled shortcuts), as in timm.

mod build;
mod config;
mod depths;
mod presets;

use super::{Alias, Arithmetic, Entry, Family, FamilyCard, Lowering, Stage};
use crate::network::options::{Declared, Options};
use crate::network::spec::Place;
use config::Config;
use presets::{ALIASES, PRESETS, Preset};

/// The family.
pub struct Resnet;

impl Family for Resnet {
    fn card(&self) -> FamilyCard {
        FamilyCard {
            title: "ResNet",
            summary: "Each block computes only what is to be added to its input; a shortcut carries the input past it unchanged.",
            why: "Plain networks train worse the deeper they are (plain34 ends with a higher training error than plain18), and shortcuts turn that round; ResNeXt, wide ResNets and SENet-154 keep the shortcut and change the branch.",
            caution: "The stride of a bottleneck is on its 3×3 as in torchvision, while the paper and the SE and CBAM tables have it on the first 1×1 (stride=v1): the same parameters, 231,211,008 MACs less in resnet50.",
            formula: &["y = ReLU(x + F(x))", "F(x) = BN(W3·ReLU(BN(W2·ReLU(BN(W1·x)))))"],
            paper: "He et al., CVPR 2016, arXiv 1512.03385",
            place: "At the end of the residual branch: after its last BatchNorm, before the addition and the last ReLU.",
            picture: ("resnet50", "layer1.1"),
        }
    }

    fn models(&self) -> Vec<Entry> {
        PRESETS.iter().map(model).collect()
    }

    fn unlisted(&self, name: &str) -> Option<Entry> {
        depths::find(name).map(model)
    }

    fn unlisted_hint(&self, name: &str) -> Option<String> {
        depths::hint(name)
    }

    fn aliases(&self) -> &'static [Alias] {
        ALIASES
    }

    fn arithmetic(&self, _model: &str) -> Arithmetic {
        Arithmetic::of("1e-5", "relu").padded()
    }

    fn options(&self, model: &str) -> Vec<Declared> {
        config::declared(Preset::find(model))
    }

    fn stages(&self, model: &str, options: &Options) -> Result<Vec<Stage>, String> {
        let config = Config::of(Preset::find(model), options)?;
        let stage = |(index, blocks): (usize, &usize)| {
            let path = format!("layer{}", index + 1);
            let blocks = (0..*blocks).map(|block| Place::new(format!("{path}.{block}"))).collect();
            (Place::new(path), blocks)
        };
        Ok(config.blocks.iter().enumerate().map(stage).collect())
    }

    fn build(&self, lowering: &mut Lowering, model: &str, options: &Options, classes: usize) -> Result<(), String> {
        build::network(lowering, &Config::of(Preset::find(model), options)?, classes);
        Ok(())
    }
}

fn model(preset: &Preset) -> Entry {
    Entry {
        name: preset.name,
        summary: preset.summary,
        input: if preset.is_cifar() { [3, 32, 32] } else { [3, 224, 224] },
        classes: if preset.is_cifar() { 10 } else { 1000 },
    }
}
