//! The options of the family and what they come to for one network.

use super::presets::Preset;
use crate::network::graph::{Op, Pool2d};
use crate::network::options::{Declared, Field, Kind, Options, Value};
use crate::network::zoo::arithmetic::{OUTPUT_STRIDE, output_stride};

/// The widest layer a width may ask for.
const MAX_WIDTH: usize = 8192;

const BLOCKS: Field = Field {
    key: "blocks",
    long: "blocks",
    help: "blocks in each stage",
    kind: Kind::List { min_len: 1, max_len: 6, max: 512 },
};
const WIDTHS: Field = Field {
    key: "widths",
    long: "widths",
    help: "channels in each stage (a bottleneck's output is 4 times as wide)",
    kind: Kind::List { min_len: 1, max_len: 6, max: MAX_WIDTH },
};
const BLOCK: Field =
    Field { key: "block", long: "block", help: "kind of block", kind: Kind::Word(&["basic", "bottleneck"]) };
const STRIDE: Field = Field {
    key: "stride",
    long: "stride",
    help: "a bottleneck's stride: v1.5 on the 3×3 (torchvision), v1 on the first 1×1 (the paper)",
    kind: Kind::Word(&["v1.5", "v1"]),
};
const GROUPS: Field = Field {
    key: "groups",
    long: "groups",
    help: "groups of a bottleneck's 3×3 (cardinality)",
    kind: Kind::Number { min: 1, max: 1024 },
};
const BASE_WIDTH: Field = Field {
    key: "base_width",
    long: "base_width",
    help: "channels of one group for every 64 of the stage's width",
    kind: Kind::Number { min: 1, max: 1024 },
};
const REDUCE: Field = Field {
    key: "reduce",
    long: "reduce_first",
    help: "divides the channels of a block's first convolution (SENet-154: 2)",
    kind: Kind::OneOf(&[1, 2, 4]),
};
const BRANCH: Field = Field {
    key: "branch",
    long: "branch_end",
    help: "what the branch ends with, before attention: bn, or relu after it (timm's legacy SE-ResNet-18 and 34)",
    kind: Kind::Word(&["bn", "relu"]),
};
const SHORTCUT: Field = Field {
    key: "shortcut",
    long: "shortcut",
    help: "a: zero-padded, b: projected where shapes change, c: projected everywhere, pool: as b, averaged 2×2 \
           before it (ResNet-D), 3x3: as b, with a 3×3 where it strides (SENet-154), none: plain",
    kind: Kind::Word(&["a", "b", "c", "pool", "3x3", "none"]),
};
const STEM: Field = Field {
    key: "stem",
    long: "stem",
    help: "imagenet: 7×7 stride 2 and max pool; cifar: 3×3; strided: 3×3 stride 2, for pictures of 64; \
           deep: three 3×3 (ResNet-C, D); tiered: the first narrower",
    kind: Kind::Word(&["imagenet", "cifar", "strided", "deep", "tiered"]),
};
const STEM_WIDTH: Field = Field {
    key: "stem_width",
    long: "stem_width",
    help: "channels the stem puts out; 0: as many as the first stage's width",
    kind: Kind::Number { min: 0, max: MAX_WIDTH },
};
const POOL: Field = Field {
    key: "pool",
    long: "stem_pool",
    help: "the stem's max pool: pad, padded by 1; ceil, unpadded and rounded up (Caffe, timm's legacy SE networks)",
    kind: Kind::Word(&["pad", "ceil"]),
};

const AVD: Field = Field {
    key: "avd",
    long: "average_down",
    help: "a bottleneck that strides averages 3×3 and strides there: last, after its 3×3; first, before (ResNeSt)",
    kind: Kind::Word(&["no", "last", "first"]),
};

const AA: Field = Field {
    key: "aa",
    long: "anti_aliasing",
    help: "what strides instead of a 3×3 and of the stem's max pool: none; avg, a 2×2 mean (timm's resnetaa); blur, a \
           binomial filter (resnetblur)",
    kind: Kind::Word(&["none", "avg", "blur"]),
};

/// The options with a preset's defaults, as users see them.
pub(super) fn declared(preset: &Preset) -> Vec<Declared> {
    let word = |field: Field, word: &str| Declared { field, default: Value::Word(word.to_owned()) };
    let number = |field: Field, number: usize| Declared { field, default: Value::Number(number) };
    let list = |field: Field, list: &[usize]| Declared { field, default: Value::List(list.to_vec()) };
    vec![
        list(BLOCKS, preset.blocks),
        list(WIDTHS, preset.widths()),
        word(BLOCK, preset.block),
        word(STRIDE, "v1.5"),
        word(SHORTCUT, preset.shortcut),
        word(STEM, preset.stem),
        number(STEM_WIDTH, preset.stem_width),
        word(POOL, "pad"),
        number(GROUPS, preset.groups),
        number(BASE_WIDTH, preset.base_width),
        number(REDUCE, preset.reduce),
        word(BRANCH, "bn"),
        word(AVD, "no"),
        word(AA, "none"),
        number(OUTPUT_STRIDE, 32),
    ]
}

/// How a stage strides and dilates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) stride: usize,
    /// Dilation of its first block's striding 3×3.
    pub(super) first: usize,
    /// Dilation of every other 3×3.
    pub(super) dilation: usize,
}

impl Step {
    /// A stage that neither strides nor dilates.
    pub(super) const STILL: Self = Self { stride: 1, first: 1, dilation: 1 };

    /// What a block of the stage does.
    pub(super) fn of_block(self, index: usize) -> Self {
        if index == 0 { self } else { Self { stride: 1, first: self.dilation, ..self } }
    }

    /// Does it lose positions, or change how far apart they are read?
    fn changes(self) -> bool {
        self.stride > 1 || self.first != self.dilation
    }
}

/// A spec's options with the model's defaults filled in.
pub(super) struct Config<'a> {
    pub(super) blocks: &'a [usize],
    pub(super) widths: &'a [usize],
    pub(super) bottleneck: bool,
    stride: &'a str,
    pub(super) shortcut: &'a str,
    pub(super) stem: &'a str,
    pub(super) stem_width: usize,
    pool: &'a str,
    pub(super) groups: usize,
    branch: &'a str,
    avd: &'a str,
    pub(super) aa: &'a str,
    output_stride: usize,
    base_width: usize,
    reduce: usize,
}

impl<'a> Config<'a> {
    /// # Errors
    /// Options that contradict each other.
    pub(super) fn of(preset: &'static Preset, options: &'a Options) -> Result<Self, String> {
        let blocks = options.list("blocks", preset.blocks);
        let widths = options.list("widths", preset.widths());
        if blocks.len() != widths.len() {
            return Err(format!(
                "blocks has {} stages and widths has {}: give both the same number",
                blocks.len(),
                widths.len()
            ));
        }
        let stem_width = match options.number("stem_width", preset.stem_width) {
            0 => widths[0],
            width => width,
        };
        let config = Self {
            blocks,
            widths,
            bottleneck: options.word("block", preset.block) == "bottleneck",
            stride: options.word("stride", "v1.5"),
            shortcut: options.word("shortcut", preset.shortcut),
            stem: options.word("stem", preset.stem),
            stem_width,
            pool: options.word("pool", "pad"),
            groups: options.number("groups", preset.groups),
            branch: options.word("branch", "bn"),
            avd: options.word("avd", "no"),
            aa: options.word("aa", "none"),
            output_stride: output_stride(options),
            base_width: options.number("base_width", preset.base_width),
            reduce: options.number("reduce", preset.reduce),
        };
        widths.iter().try_for_each(|width| config.check(*width))?;
        config.check_strides()?;
        Ok(config)
    }

    /// How each stage strides and dilates: as timm and torchvision, where a stage that may not stride any more dilates
    /// instead, all but its first block's 3×3.
    pub(super) fn steps(&self) -> Vec<Step> {
        let mut reached = self.stem_stride();
        let mut dilation = 1;
        let stage = |index: usize| {
            let before = dilation;
            let wanted = if index == 0 { 1 } else { 2 };
            // 32 is what four stages come to; more of them go on striding.
            let is_limited = self.output_stride < 32 && reached >= self.output_stride;
            let stride = if is_limited { 1 } else { wanted };
            dilation *= wanted / stride;
            reached *= stride;
            Step { stride, first: before, dilation }
        };
        (0..self.blocks.len()).map(stage).collect()
    }

    /// What the stem strides in all.
    fn stem_stride(&self) -> usize {
        match self.stem {
            "cifar" => 1,
            "strided" => 2,
            _ => 4,
        }
    }

    fn check_strides(&self) -> Result<(), String> {
        let whole = self.stem_stride() << (self.blocks.len() - 1);
        let wanted = self.output_stride;
        if wanted != 32 && wanted >= whole {
            return Err(format!(
                "output_stride={wanted}: this network's is {whole} already, there is nothing to dilate"
            ));
        }
        if self.aa != "none" && self.avd != "no" {
            return Err(format!("aa={}: avd={} strides already, use avd=no", self.aa, self.avd));
        }
        if self.aa != "none" && self.pool == "ceil" {
            return Err(format!("aa={}: it changes the stem's max pool, use pool=pad", self.aa));
        }
        if self.aa != "none" && self.stride == "v1" && self.bottleneck {
            return Err(format!("aa={}: stands behind a 3×3 that strides, use stride=v1.5", self.aa));
        }
        Ok(())
    }

    /// A bottleneck's strides, on the first 1×1 and on the 3×3.
    pub(super) fn strides(&self, stride: usize) -> (usize, usize) {
        if self.stride == "v1" { (stride, 1) } else { (1, stride) }
    }

    /// What averages before a bottleneck's 3×3, the stride left to that, and what averages after it.
    pub(super) fn averaged(&self, stride: usize) -> (Option<Pool2d>, usize, Option<Pool2d>) {
        let pool = (stride > 1).then(|| Pool2d::new(3, stride).padded(1));
        match self.avd {
            "first" => (pool, 1, None),
            "last" => (None, 1, pool),
            _ => (None, stride, None),
        }
    }

    /// What strides behind a block's 3×3, the 3×3 left without a stride.
    pub(super) fn anti_alias(&self, step: Step) -> Option<Op> {
        match self.aa {
            "avg" if step.stride > 1 => Some(Op::AvgPool(Pool2d::new(step.stride, step.stride))),
            "blur" if step.changes() => Some(Op::BlurPool { stride: step.stride }),
            _ => None,
        }
    }

    /// The stem's max pool.
    pub(super) fn stem_pool(&self) -> Pool2d {
        let window = Pool2d::new(3, 2);
        if self.pool == "ceil" { window.ceil() } else { window.padded(1) }
    }

    /// The name of a ReLU at the end of the branch, if it has one.
    pub(super) fn last_relu(&self, name: &'static str) -> Option<&'static str> {
        (self.branch == "relu").then_some(name)
    }

    /// Output channels of a block of this width.
    pub(super) fn out_channels(&self, width: usize) -> usize {
        if self.bottleneck { width * 4 } else { width }
    }

    /// Channels of a bottleneck's 3×3: `⌊width · base_width / 64⌋ · groups`, as in torchvision.
    pub(super) fn inner(&self, width: usize) -> usize {
        if self.bottleneck { width * self.base_width / 64 * self.groups } else { width }
    }

    /// Output channels of a block's first convolution.
    pub(super) fn first(&self, width: usize) -> usize {
        self.inner(width) / self.reduce
    }

    /// The channels of a stem's three 3×3 (timm's widths).
    pub(super) fn deep_stem(&self) -> [usize; 3] {
        let half = (self.stem_width / 2).max(1);
        let first = if self.stem == "tiered" { (half / 4 * 3).max(1) } else { half };
        [first, half, self.stem_width]
    }

    fn check(&self, width: usize) -> Result<(), String> {
        let Self { groups, base_width, reduce, .. } = *self;
        let (inner, first) = (self.inner(width), self.first(width));
        if !self.bottleneck && groups != 1 {
            return Err(format!("groups={groups}: basic blocks have no groups, set block=bottleneck or groups=1"));
        }
        if !self.bottleneck && base_width != 64 {
            return Err(format!("base_width={base_width}: basic blocks take 64, set block=bottleneck for others"));
        }
        if inner == 0 {
            let least = 64_usize.div_ceil(width);
            return Err(format!(
                "base_width={base_width}: no channel is left at width {width}, use base_width={least} or more"
            ));
        }
        if inner > MAX_WIDTH {
            return Err(format!(
                "groups={groups}, base_width={base_width}: {inner} channels at width {width}, stay within {MAX_WIDTH}"
            ));
        }
        if first == 0 || !first.is_multiple_of(groups) {
            return Err(format!(
                "reduce={reduce}: {first} channels at width {width} do not divide into {groups} groups, use reduce=1"
            ));
        }
        Ok(())
    }
}
