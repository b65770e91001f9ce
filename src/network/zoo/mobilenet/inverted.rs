//! The inverted residual (Sandler et al., CVPR 2018): 1×1 to more channels, depthwise k×k, 1×1 back without an
//! activation, and a shortcut where shapes agree. MobileNetV3 and EfficientNet have an SE after the depthwise layer.

use crate::network::attention::{Position, SqueezeExcite};
use crate::network::graph::{Conv2d, NodeId, Op, ScopeKind};
use crate::network::zoo::Lowering;
use crate::network::zoo::shared::attend_or_built_in;

/// Where attention goes in a block.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::network::zoo) enum After {
    /// The depthwise layer, where MobileNetV3 and EfficientNet have their SE.
    Depthwise,
    /// The last BatchNorm of the branch.
    Projection,
}

/// One block; numbers are channels unless said otherwise.
#[derive(Clone, Copy)]
pub(in crate::network::zoo) struct Inverted {
    /// torchvision's name of the module that holds the layers: `conv` (MobileNetV2) or `block`.
    pub(in crate::network::zoo) module: &'static str,
    /// Depthwise kernel.
    pub(in crate::network::zoo) kernel: usize,
    pub(in crate::network::zoo) stride: usize,
    pub(in crate::network::zoo) expanded: usize,
    pub(in crate::network::zoo) out: usize,
    pub(in crate::network::zoo) activation: Op,
    /// Of every BatchNorm.
    pub(in crate::network::zoo) eps: f64,
    pub(in crate::network::zoo) attention: After,
    /// The SE it is built with.
    pub(in crate::network::zoo) built_in: Option<SqueezeExcite>,
    pub(in crate::network::zoo) has_shortcuts: bool,
}

impl Inverted {
    /// Adds the block: `place` is its path, `words` what it adds to paths and names.
    pub(in crate::network::zoo) fn build(
        &self,
        lowering: &mut Lowering,
        place: &str,
        words: [&str; 2],
        input: NodeId,
    ) -> NodeId {
        lowering.scope_as(ScopeKind::Block, words, "Inverted residual", |l| {
            let before = l.builder.shape(input).channels();
            let depthwise = l.strided(Conv2d::new(self.expanded, self.kernel).groups(self.expanded), self.stride);
            let entered = l.attend_at(Position::Pre, place, input);
            let branch = self.branch(l, place, depthwise, before, entered);
            let mut output = branch;
            if self.has_shortcuts && depthwise.stride == [1, 1] && before == self.out {
                let shortcut = l.attend_at(Position::Identity, place, input);
                output = l.builder.add("add", Op::Add, &[branch, shortcut]);
            }
            l.attend_at(Position::Post, place, output)
        })
    }

    fn branch(&self, l: &mut Lowering, place: &str, depthwise: Conv2d, before: usize, input: NodeId) -> NodeId {
        let Self { module, expanded, out, eps, .. } = *self;
        let mut layer = 0;
        let mut convolution = |l: &mut Lowering, conv: Conv2d, x: NodeId| {
            let names = [0, 1, 2].map(|part| format!("{module}.{layer}.{part}"));
            layer += 1;
            l.builder.conv_norm([&names[0], &names[1], &names[2]], conv, eps, Some(self.activation), x)
        };
        let mut x = input;
        if expanded != before {
            x = convolution(l, Conv2d::new(expanded, 1), x);
        }
        x = convolution(l, depthwise, x);
        if self.attention == After::Depthwise {
            let slot = if self.built_in.is_some() { format!("{module}.{layer}") } else { module.to_owned() };
            layer += usize::from(self.built_in.is_some());
            x = attend_or_built_in(l, place, &slot, self.built_in, x);
        }
        let names = match module {
            "conv" => [format!("conv.{layer}"), format!("conv.{}", layer + 1)],
            _ => [format!("{module}.{layer}.0"), format!("{module}.{layer}.1")],
        };
        let x = l.builder.conv_norm([&names[0], &names[1], ""], Conv2d::new(out, 1), eps, None, x);
        if self.attention == After::Projection { l.attend(place, x) } else { x }
    }
}
