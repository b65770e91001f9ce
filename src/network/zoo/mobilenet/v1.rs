//! MobileNet (Howard et al., arXiv 1704.04861): depthwise 3×3 and pointwise 1×1 in turn, no shortcuts. Named as in
//! timm.

use crate::network::graph::{Conv2d, NodeId, Op, ScopeKind};
use crate::network::options::{Declared, Field, Kind, Options};
use crate::network::zoo::shared::{WIDTH, classifier, number, numbered_stages, width_of, word};
use crate::network::zoo::{Alias, Arithmetic, Entry, Family, FamilyCard, Lowering, Stage};

/// The family.
pub struct MobileNetV1;

/// Table 1 of the paper: channels and blocks of each stage; every stage but the first strides.
const STAGES: [(usize, usize); 5] = [(64, 1), (128, 2), (256, 2), (512, 6), (1024, 2)];
const STEM: usize = 32;
const EPS: f64 = 1e-5;

const WHERE: Field = Field {
    key: "attend",
    long: "attend_after",
    help: "where attention goes in a block: pw, after the pointwise layer (SENet paper); both, after the depthwise \
           one too (the CBAM paper's 5.07 M)",
    kind: Kind::Word(&["pw", "both"]),
};

impl Family for MobileNetV1 {
    fn card(&self) -> FamilyCard {
        FamilyCard {
            title: "MobileNet",
            summary: "A convolution taken apart: a depthwise 3×3 looks at each channel on its own, a pointwise 1×1 mixes the channels.",
            why: "With N output channels that is 1/N + 1/9 of the work of a full 3×3, which is what made it the network of phones.",
            caution: "Where attention sits changes the count: SE after the pointwise layers makes 4,718,044 parameters, while the CBAM paper's 5.07 M need it after the depthwise ones too (attend=both).",
            formula: &["y = ReLU6(BN(W1·ReLU6(BN(D3·x))))", "W1 is the pointwise layer, D3 the depthwise 3×3"],
            paper: "Howard et al., 2017, arXiv 1704.04861",
            place: "After the pointwise layer's activation; with attend=both after the depthwise one's too.",
            picture: ("mobilenet_v1", "stage2.1"),
        }
    }

    fn models(&self) -> Vec<Entry> {
        vec![Entry::imagenet("mobilenet_v1", "depthwise separable convolutions", 224)]
    }

    fn aliases(&self) -> &'static [Alias] {
        &[
            Alias { name: "mobilenetv1_100", meaning: "mobilenet_v1" },
            Alias { name: "mobilenetv1_125", meaning: "mobilenet_v1(width=125)" },
        ]
    }

    fn arithmetic(&self, _model: &str) -> Arithmetic {
        Arithmetic::of("1e-5", "relu6").padded().dilated()
    }

    fn options(&self, _model: &str) -> Vec<Declared> {
        vec![number(WIDTH, 100), word(WHERE, "pw")]
    }

    fn stages(&self, _model: &str, _options: &Options) -> Result<Vec<Stage>, String> {
        Ok(numbered_stages(&STAGES.map(|(_, blocks)| blocks)))
    }

    fn build(&self, lowering: &mut Lowering, _model: &str, options: &Options, classes: usize) -> Result<(), String> {
        let multiplier = width_of(options, 100);
        // The authors round down.
        let channels = |width: usize| ((width as f64 * multiplier) as usize).max(1);
        let block = Separable { attends_twice: options.word("attend", "pw") == "both" };
        let mut features = lowering.builder.flat_scope(ScopeKind::Stem, "stem", |b| {
            let conv = Conv2d::new(channels(STEM), 3).stride(2);
            b.conv_norm(["conv_stem", "bn1", "act1"], conv, EPS, Some(Op::Relu6), b.input())
        });
        for (stage, (width, blocks)) in STAGES.into_iter().enumerate() {
            let path = format!("stage{}", stage + 1);
            let words = [&*path, &format!("blocks.{stage}")];
            features = lowering.scope_as(ScopeKind::Stage, words, "stage", |l| {
                (0..blocks).fold(features, |x, index| {
                    let stride = if index == 0 && stage > 0 { 2 } else { 1 };
                    block.build(l, [&path, &index.to_string()], channels(width), stride, x)
                })
            });
        }
        classifier(&mut lowering.builder, "classifier", classes, |_| features);
        Ok(())
    }
}

struct Separable {
    attends_twice: bool,
}

impl Separable {
    fn build(
        &self,
        lowering: &mut Lowering,
        [stage, index]: [&str; 2],
        width: usize,
        stride: usize,
        input: NodeId,
    ) -> NodeId {
        let place = format!("{stage}.{index}");
        // The authors' code; the paper has a ReLU (act=relu).
        let activation = Some(Op::Relu6);
        lowering.scope(ScopeKind::Block, index, "Separable convolution", |l| {
            let before = l.builder.shape(input).channels();
            let depthwise = l.strided(Conv2d::new(before, 3).groups(before), stride);
            let x = l.builder.conv_norm(["conv_dw", "bn1", "act1"], depthwise, EPS, activation, input);
            let x = if self.attends_twice { l.within(["dw", "dw"], |l| l.attend(&place, x)) } else { x };
            let x = l.builder.conv_norm(["conv_pw", "bn2", "act2"], Conv2d::new(width, 1), EPS, activation, x);
            l.attend(&place, x)
        })
    }
}
