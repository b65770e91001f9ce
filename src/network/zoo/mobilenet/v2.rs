//! MobileNetV2 (Sandler et al., CVPR 2018), named as in torchvision. Attention goes after the branch's last
//! BatchNorm.

use super::inverted::{After, Inverted};
use crate::network::graph::{Conv2d, Op, ScopeKind};
use crate::network::options::{Declared, Options};
use crate::network::zoo::shared::{
    SHORTCUT, WIDTH, classifier, make_divisible, number, numbered_stages, width_of, word,
};
use crate::network::zoo::{Alias, Arithmetic, Entry, Family, FamilyCard, Lowering, Stage};

/// The family.
pub struct MobileNetV2;

/// Table 2 of the paper: expansion, channels, blocks, stride of the first.
const STAGES: [(usize, usize, usize, usize); 7] =
    [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)];
const STEM: usize = 32;
const LAST: usize = 1280;
const EPS: f64 = 1e-5;

impl Family for MobileNetV2 {
    fn card(&self) -> FamilyCard {
        FamilyCard {
            title: "MobileNetV2",
            summary: "Inverted residuals: a 1×1 widens few channels sixfold, a depthwise 3×3 looks, a 1×1 narrows them again, and the shortcut joins the narrow ends.",
            why: "What is kept between blocks stays small, and no activation follows the narrowing because a ReLU would lose information where channels are few.",
            caution: "A block that strides or changes its channels has no shortcut, and a width below 100 % leaves the last layer's 1280 channels as they are.",
            formula: &["y = x + BN(W1·ReLU6(BN(D3·ReLU6(BN(W1·x)))))", "D3 is the depthwise 3×3"],
            paper: "Sandler et al., CVPR 2018, arXiv 1801.04381",
            place: "At the end of the branch: after its last BatchNorm, before the addition.",
            picture: ("mobilenet_v2", "stage3.1"),
        }
    }

    fn models(&self) -> Vec<Entry> {
        vec![Entry::imagenet("mobilenet_v2", "inverted residuals", 224)]
    }

    fn aliases(&self) -> &'static [Alias] {
        &[
            Alias { name: "mobilenetv2_035", meaning: "mobilenet_v2(width=35)" },
            Alias { name: "mobilenetv2_050", meaning: "mobilenet_v2(width=50)" },
            Alias { name: "mobilenetv2_075", meaning: "mobilenet_v2(width=75)" },
            Alias { name: "mobilenetv2_100", meaning: "mobilenet_v2" },
            Alias { name: "mobilenetv2_140", meaning: "mobilenet_v2(width=140)" },
        ]
    }

    fn arithmetic(&self, _model: &str) -> Arithmetic {
        Arithmetic::of("1e-5", "relu6").padded().dilated()
    }

    fn options(&self, _model: &str) -> Vec<Declared> {
        vec![number(WIDTH, 100), word(SHORTCUT, "identity")]
    }

    fn stages(&self, _model: &str, _options: &Options) -> Result<Vec<Stage>, String> {
        Ok(numbered_stages(&STAGES.map(|(_, _, blocks, _)| blocks)))
    }

    fn build(&self, lowering: &mut Lowering, _model: &str, options: &Options, classes: usize) -> Result<(), String> {
        let multiplier = width_of(options, 100);
        let channels = |width: usize| make_divisible(width as f64 * multiplier, 8);
        let has_shortcuts = options.word("shortcut", "identity") != "none";
        let mut features = lowering.builder.flat_scope(ScopeKind::Stem, "stem", |b| {
            let conv = Conv2d::new(channels(STEM), 3).stride(2);
            let names = ["features.0.0", "features.0.1", "features.0.2"];
            b.conv_norm(names, conv, EPS, Some(Op::Relu6), b.input())
        });
        // torchvision counts blocks through.
        let mut layer = 1;
        for (stage, (expansion, width, blocks, stride)) in STAGES.into_iter().enumerate() {
            let path = format!("stage{}", stage + 1);
            features = lowering.scope_as(ScopeKind::Stage, [&path, ""], "stage", |l| {
                (0..blocks).fold(features, |x, index| {
                    let block = Inverted {
                        module: "conv",
                        kernel: 3,
                        stride: if index == 0 { stride } else { 1 },
                        expanded: l.builder.shape(x).channels() * expansion,
                        out: channels(width),
                        activation: Op::Relu6,
                        eps: EPS,
                        attention: After::Projection,
                        built_in: None,
                        has_shortcuts,
                    };
                    let words = [&*index.to_string(), &format!("features.{layer}")];
                    layer += 1;
                    block.build(l, &format!("{path}.{index}"), words, x)
                })
            });
        }
        let last = Conv2d::new(make_divisible(LAST as f64 * multiplier.max(1.0), 8), 1);
        let names = [0, 1, 2].map(|part| format!("features.{layer}.{part}"));
        let names = [&*names[0], &names[1], &names[2]];
        classifier(&mut lowering.builder, "classifier.1", classes, |b| {
            b.conv_norm(names, last, EPS, Some(Op::Relu6), features)
        });
        Ok(())
    }
}
