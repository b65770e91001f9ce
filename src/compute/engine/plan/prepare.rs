//! From a step to its kernel: weights folded with their BatchNorm and packed.

use super::work::{Fused, Part, Work};
use super::{PlanError, Prepared};
use crate::compute::engine::kernels::conv::{Conv, Pair, Recipe};
use crate::compute::engine::kernels::{Crew, Isa, Kernel, Layout};
use crate::compute::weights::Weights;
use crate::network::graph::{Conv2d, Graph, NodeId, Op, Role, Shape};

/// What kernels are prepared for.
pub(super) struct Workshop<'a> {
    pub(super) graph: &'a Graph,
    pub(super) weights: &'a Weights,
    pub(super) isa: Isa,
    pub(super) crew: &'a Crew,
    pub(super) batch: usize,
}

/// A BatchNorm as one scale and one shift a channel.
struct Affine {
    scale: Vec<f32>,
    shift: Vec<f32>,
}

impl Workshop<'_> {
    /// Prepares a step.
    pub(super) fn prepare(&self, step: &Fused) -> Result<Prepared, PlanError> {
        match &step.work {
            Work::Conv { part, input, .. } => self.convolution(*part, *input),
            Work::Pair { parts: [first, second], input } => {
                let pair = match (self.convolution(*first, *input)?, self.convolution(*second, first.layer)?) {
                    (Prepared::Conv(first), Prepared::Conv(second)) => Pair::new(self.crew, *first, *second),
                    _ => None,
                };
                let reason = || PlanError::new(first.layer, "it does not run together with the next".to_owned());
                pair.map(|pair| Prepared::Pair(Box::new(pair))).ok_or_else(reason)
            }
            Work::Plain { layer } => match self.graph[*layer].op {
                Op::BatchNorm { eps } => {
                    let Affine { scale, shift } = self.affine(*layer, eps, None)?;
                    Ok(Prepared::Affine(scale.into_iter().zip(shift).collect()))
                }
                _ if self.graph[*layer].params.is_empty() => Ok(Prepared::Nothing),
                _ => self.plain(*layer),
            },
            Work::Input
            | Work::Gating { .. }
            | Work::OverPositions { .. }
            | Work::OverChannels { .. }
            | Work::Pool { .. }
            | Work::Activation { .. }
            | Work::Channels { .. } => Ok(Prepared::Nothing),
        }
    }

    fn plain(&self, layer: NodeId) -> Result<Prepared, PlanError> {
        let has_bias = self.graph[layer].params.iter().any(|param| self.graph[*param].role == Role::Bias);
        let bias = if has_bias { self.values(layer, Role::Bias)? } else { Vec::new() };
        Ok(Prepared::Plain { weight: self.values(layer, Role::Weight)?, bias })
    }

    fn convolution(&self, part: Part, input: NodeId) -> Result<Prepared, PlanError> {
        let Part { layer, norm, factor, .. } = part;
        let (from, to) = (self.graph[input].shape, self.graph[layer].shape);
        let conv = self.geometry(layer, from)?;
        let bias = if conv.bias { Some(self.values(layer, Role::Bias)?) } else { None };
        let affine = match norm.map(|norm| (norm, self.graph[norm].op)) {
            Some((norm, Op::BatchNorm { eps })) => Some(self.affine(norm, eps, bias.as_deref())?),
            _ => None,
        };
        let (mut scale, mut bias) = match affine {
            Some(Affine { scale, shift }) => (Some(scale), shift),
            None => (None, bias.unwrap_or_default()),
        };
        if factor.to_bits() != 1.0_f32.to_bits() {
            let scale = scale.get_or_insert_with(|| vec![1.0; conv.out_channels]);
            scale.iter_mut().chain(&mut bias).for_each(|value| *value *= factor);
        }
        let layout = Layout::of(from);
        let is_planar = layout == Layout::Planar && Layout::of(to) == Layout::Planar && conv.stride == [1, 1];
        self.with(layer, Role::Weight, |weight| {
            if is_planar {
                let inner = weight.len() / conv.out_channels;
                let scaled = |(index, value): (usize, &f32)| value * scale.as_ref().map_or(1.0, |s| s[index / inner]);
                let weight = weight.iter().enumerate().map(scaled).collect();
                return Prepared::Planar { conv, weight, bias };
            }
            let (scale, batch) = (scale.as_deref(), self.batch);
            let recipe = Recipe { conv, from, to, layout, weight, scale, bias: &bias, batch };
            Prepared::Conv(Box::new(Conv::new(self.isa, self.crew, &recipe)))
        })
    }

    /// A layer's geometry; a linear layer is a 1×1 convolution of one position.
    fn geometry(&self, layer: NodeId, from: Shape) -> Result<Conv2d, PlanError> {
        let op = &self.graph[layer].op;
        let Kernel::Conv(conv) = Kernel::of(op) else {
            return Err(PlanError::new(layer, format!("{} is not a convolution", op.name())));
        };
        let divides = |channels: usize| conv.groups > 0 && channels.is_multiple_of(conv.groups);
        if !divides(from.channels()) || !divides(conv.out_channels) {
            let (groups, inputs, outputs) = (conv.groups, from.channels(), conv.out_channels);
            let reason = format!("{inputs} and {outputs} channels cannot be cut into {groups} groups");
            return Err(PlanError::new(layer, reason));
        }
        Ok(conv)
    }

    /// `y = x·scale + shift`, the bias of the layer before included.
    fn affine(&self, norm: NodeId, eps: f64, bias: Option<&[f32]>) -> Result<Affine, PlanError> {
        let (weight, beta) = (self.values(norm, Role::Weight)?, self.values(norm, Role::Bias)?);
        let (mean, var) = (self.values(norm, Role::RunningMean)?, self.values(norm, Role::RunningVar)?);
        let channel = |c: usize| {
            let bias = bias.and_then(|bias| bias.get(c)).map_or(0.0, |bias| f64::from(*bias));
            let scale = f64::from(weight[c]) / (f64::from(var[c]) + eps).sqrt();
            (scale as f32, ((bias - f64::from(mean[c])) * scale + f64::from(beta[c])) as f32)
        };
        let (scale, shift) = (0..weight.len()).map(channel).unzip();
        Ok(Affine { scale, shift })
    }

    fn values(&self, node: NodeId, role: Role) -> Result<Vec<f32>, PlanError> {
        self.with(node, role, <[f32]>::to_vec)
    }

    /// Looks at a parameter's numbers.
    fn with<R>(&self, node: NodeId, role: Role, look: impl FnOnce(&[f32]) -> R) -> Result<R, PlanError> {
        let found = self.graph[node].params.iter().find(|param| self.graph[**param].role == role);
        let param = found.ok_or_else(|| PlanError::new(node, format!("it has no {}", role.suffix())))?;
        self.weights.read(*param, look).map_err(|reason| PlanError::new(node, reason))
    }
}
