//! The networks people know by name, each a row of option defaults.

use super::super::Alias;

/// A row of the papers' tables or of a library's list.
#[derive(Clone, Copy)]
pub(super) struct Preset {
    pub(super) name: &'static str,
    pub(super) summary: &'static str,
    pub(super) block: &'static str,
    pub(super) blocks: &'static [usize],
    pub(super) shortcut: &'static str,
    pub(super) groups: usize,
    pub(super) base_width: usize,
    pub(super) reduce: usize,
    pub(super) stem: &'static str,
    pub(super) stem_width: usize,
}

const LAYERS_18: &[usize] = &[2, 2, 2, 2];
const LAYERS_34: &[usize] = &[3, 4, 6, 3];
const LAYERS_101: &[usize] = &[3, 4, 23, 3];
const LAYERS_152: &[usize] = &[3, 8, 36, 3];
const LAYERS_200: &[usize] = &[3, 24, 36, 3];

/// Three stages mean the CIFAR form.
pub(super) const PRESETS: &[Preset] = &[
    // Table 1 of the ResNet paper.
    basic("resnet18", "ImageNet, basic blocks", LAYERS_18),
    basic("resnet34", "ImageNet, basic blocks", LAYERS_34),
    bottleneck("resnet50", "ImageNet, bottlenecks", LAYERS_34),
    bottleneck("resnet101", "ImageNet, bottlenecks", LAYERS_101),
    bottleneck("resnet152", "ImageNet, bottlenecks", LAYERS_152),
    basic("plain18", "resnet18 without shortcuts", LAYERS_18).shortcut("none"),
    basic("plain34", "resnet34 without shortcuts", LAYERS_34).shortcut("none"),
    // Xie et al., CVPR 2017; Zagoruyko and Komodakis, BMVC 2016; names as in torchvision and timm.
    bottleneck("resnext26_32x4d", "ResNeXt, 32 groups of 4", LAYERS_18).grouped(32, 4),
    bottleneck("resnext50_32x4d", "ResNeXt, 32 groups of 4", LAYERS_34).grouped(32, 4),
    bottleneck("resnext101_32x4d", "ResNeXt, 32 groups of 4", LAYERS_101).grouped(32, 4),
    bottleneck("resnext101_32x8d", "ResNeXt, 32 groups of 8", LAYERS_101).grouped(32, 8),
    bottleneck("resnext101_64x4d", "ResNeXt, 64 groups of 4", LAYERS_101).grouped(64, 4),
    bottleneck("wide_resnet50_2", "resnet50, inner layers twice as wide", LAYERS_34).grouped(1, 128),
    bottleneck("wide_resnet101_2", "resnet101, inner layers twice as wide", LAYERS_101).grouped(1, 128),
    // timm: d and t are He et al., CVPR 2019 ("Bag of Tricks").
    bottleneck("resnet26", "ImageNet, bottlenecks", LAYERS_18),
    bottleneck("resnet200", "ImageNet, bottlenecks", LAYERS_200),
    basic("resnet18d", "deep stem, pooled shortcuts", LAYERS_18).deep(),
    basic("resnet34d", "deep stem, pooled shortcuts", LAYERS_34).deep(),
    bottleneck("resnet26d", "deep stem, pooled shortcuts", LAYERS_18).deep(),
    bottleneck("resnet50d", "deep stem, pooled shortcuts", LAYERS_34).deep(),
    bottleneck("resnet101d", "deep stem, pooled shortcuts", LAYERS_101).deep(),
    bottleneck("resnet152d", "deep stem, pooled shortcuts", LAYERS_152).deep(),
    bottleneck("resnet200d", "deep stem, pooled shortcuts", LAYERS_200).deep(),
    basic("resnet10t", "tiered stem, pooled shortcuts", &[1, 1, 1, 1]).tiered(),
    bottleneck("resnet14t", "tiered stem, pooled shortcuts", &[1, 1, 1, 1]).tiered(),
    bottleneck("resnet26t", "tiered stem, pooled shortcuts", LAYERS_18).tiered(),
    bottleneck("resnet50t", "tiered stem, pooled shortcuts", LAYERS_34).tiered(),
    bottleneck("resnext26d_32x4d", "ResNeXt, deep stem, pooled shortcuts", LAYERS_18).grouped(32, 4).deep(),
    bottleneck("resnext26t_32x4d", "ResNeXt, tiered stem, pooled shortcuts", LAYERS_18).grouped(32, 4).tiered(),
    bottleneck("resnext50d_32x4d", "ResNeXt, deep stem, pooled shortcuts", LAYERS_34).grouped(32, 4).deep(),
    bottleneck("resnext101d_32x8d", "ResNeXt, deep stem, pooled shortcuts", LAYERS_101).grouped(32, 8).deep(),
    // Hu et al., section 7 of the TPAMI version: a 64×4d ResNeXt-152, changed in three places.
    Preset {
        reduce: 2,
        stem: "deep",
        stem_width: 128,
        ..bottleneck("senet154_trunk", "SENet-154 without its SE", LAYERS_152).grouped(64, 4).shortcut("3x3")
    },
    // Section 4.2 of the ResNet paper.
    cifar("resnet8", "CIFAR, n = 1", &[1, 1, 1], "a"),
    cifar("resnet20", "CIFAR, n = 3", &[3, 3, 3], "a"),
    cifar("resnet32", "CIFAR, n = 5", &[5, 5, 5], "a"),
    cifar("resnet44", "CIFAR, n = 7", &[7, 7, 7], "a"),
    cifar("resnet56", "CIFAR, n = 9", &[9, 9, 9], "a"),
    cifar("resnet110", "CIFAR, n = 18", &[18, 18, 18], "a"),
    cifar("plain8", "resnet8 without shortcuts", &[1, 1, 1], "none"),
    cifar("plain20", "resnet20 without shortcuts", &[3, 3, 3], "none"),
    cifar("plain32", "resnet32 without shortcuts", &[5, 5, 5], "none"),
    cifar("plain44", "resnet44 without shortcuts", &[7, 7, 7], "none"),
    cifar("plain56", "resnet56 without shortcuts", &[9, 9, 9], "none"),
    cifar("plain110", "resnet110 without shortcuts", &[18, 18, 18], "none"),
];

/// Names that stand for a network and its attention. The legacy ones are timm's ports of the Caffe originals.
pub(super) const ALIASES: &[Alias] = &[
    Alias { name: "senet154", meaning: "senet154_trunk+se" },
    Alias { name: "ecaresnetlight", meaning: "resnet50(blocks=1-1-11-3,shortcut=pool)+eca" },
    Alias { name: "skresnet18", meaning: "resnet18+sk(least=16,r=8,site=conv)" },
    Alias { name: "skresnet34", meaning: "resnet34+sk(least=16,r=8,site=conv)" },
    Alias { name: "skresnet50", meaning: "resnet50+sk(site=conv)" },
    Alias { name: "skresnet50d", meaning: "resnet50d+sk(site=conv)" },
    Alias { name: "skresnext50_32x4d", meaning: "resnext50_32x4d+sk(least=32,site=conv,split=no)" },
    Alias { name: "resnest14d", meaning: "resnet50d(avd=last,blocks=1-1-1-1)+splat(site=conv)" },
    Alias { name: "resnest26d", meaning: "resnet26d(avd=last)+splat(site=conv)" },
    Alias { name: "resnest50d", meaning: "resnet50d(avd=last)+splat(site=conv)" },
    Alias { name: "resnest101e", meaning: "resnet101d(avd=last,stem_width=128)+splat(site=conv)" },
    Alias { name: "resnest200e", meaning: "resnet200d(avd=last,stem_width=128)+splat(site=conv)" },
    Alias { name: "resnest269e", meaning: "resnet200d(avd=last,blocks=3-30-48-8,stem_width=128)+splat(site=conv)" },
    Alias {
        name: "resnest50d_1s4x24d",
        meaning: "resnet50d(avd=first,base_width=24,groups=4)+splat(radix=1,site=conv)",
    },
    Alias {
        name: "resnest50d_4s2x40d",
        meaning: "resnet50d(avd=first,base_width=40,groups=2)+splat(radix=4,site=conv)",
    },
    // Lee et al., arXiv 2001.06268; Zhang, ICML 2019; named as in timm.
    Alias { name: "resnetaa34d", meaning: "resnet34d(aa=avg)" },
    Alias { name: "resnetaa50", meaning: "resnet50(aa=avg)" },
    Alias { name: "resnetaa50d", meaning: "resnet50d(aa=avg)" },
    Alias { name: "resnetaa101d", meaning: "resnet101d(aa=avg)" },
    Alias { name: "seresnetaa50d", meaning: "resnet50d(aa=avg)+se" },
    Alias { name: "seresnextaa101d_32x8d", meaning: "resnext101d_32x8d(aa=avg)+se" },
    Alias { name: "seresnextaa201d_32x8d", meaning: "resnext101d_32x8d(aa=avg,blocks=3-24-36-4,stem_width=128)+se" },
    Alias { name: "resnetblur18", meaning: "resnet18(aa=blur)" },
    Alias { name: "resnetblur50", meaning: "resnet50(aa=blur)" },
    Alias { name: "resnetblur50d", meaning: "resnet50d(aa=blur)" },
    Alias { name: "resnetblur101d", meaning: "resnet101d(aa=blur)" },
    Alias { name: "legacy_seresnet18", meaning: "resnet18(branch=relu,pool=ceil)+se(variant=floor)" },
    Alias { name: "legacy_seresnet34", meaning: "resnet34(branch=relu,pool=ceil)+se(variant=floor)" },
    Alias { name: "legacy_seresnet50", meaning: "resnet50(pool=ceil,stride=v1)+se(variant=floor)" },
    Alias { name: "legacy_seresnet101", meaning: "resnet101(pool=ceil,stride=v1)+se(variant=floor)" },
    Alias { name: "legacy_seresnet152", meaning: "resnet152(pool=ceil,stride=v1)+se(variant=floor)" },
    Alias { name: "legacy_seresnext26_32x4d", meaning: "resnext26_32x4d(pool=ceil)+se(variant=floor)" },
    Alias { name: "legacy_seresnext50_32x4d", meaning: "resnext50_32x4d(pool=ceil)+se(variant=floor)" },
    Alias { name: "legacy_seresnext101_32x4d", meaning: "resnext101_32x4d(pool=ceil)+se(variant=floor)" },
    Alias { name: "legacy_senet154", meaning: "senet154_trunk(pool=ceil)+se(variant=floor)" },
];

const fn basic(name: &'static str, summary: &'static str, blocks: &'static [usize]) -> Preset {
    Preset {
        name,
        summary,
        block: "basic",
        blocks,
        shortcut: "b",
        groups: 1,
        base_width: 64,
        reduce: 1,
        stem: "imagenet",
        stem_width: 0,
    }
}

const fn bottleneck(name: &'static str, summary: &'static str, blocks: &'static [usize]) -> Preset {
    Preset { block: "bottleneck", ..basic(name, summary, blocks) }
}

pub(super) const fn cifar(
    name: &'static str,
    summary: &'static str,
    blocks: &'static [usize],
    shortcut: &'static str,
) -> Preset {
    Preset { stem: "cifar", shortcut, ..basic(name, summary, blocks) }
}

impl Preset {
    const fn shortcut(self, shortcut: &'static str) -> Self {
        Self { shortcut, ..self }
    }

    const fn grouped(self, groups: usize, base_width: usize) -> Self {
        Self { groups, base_width, ..self }
    }

    const fn deep(self) -> Self {
        Self { stem: "deep", shortcut: "pool", ..self }
    }

    const fn tiered(self) -> Self {
        Self { stem: "tiered", shortcut: "pool", ..self }
    }

    pub(super) fn is_cifar(&self) -> bool {
        self.blocks.len() == 3
    }

    pub(super) fn widths(&self) -> &'static [usize] {
        if self.is_cifar() { &[16, 32, 64] } else { &[64, 128, 256, 512] }
    }

    pub(super) fn find(model: &str) -> &'static Self {
        let listed = PRESETS.iter().find(|preset| preset.name == model);
        listed.or_else(|| super::depths::find(model)).unwrap_or(&PRESETS[0])
    }
}
