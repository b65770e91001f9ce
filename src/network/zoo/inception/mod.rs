//! Inception networks: parallel branches of different kernels, concatenated; from GoogLeNet to Inception-ResNet.
//!
//! A block is one module. Attention goes after the whole module, in Inception-ResNet at the end of the residual
//! branch, as in the SENet paper.

pub mod bn;
pub mod googlenet;
pub mod resnet;
pub mod v3;
pub mod v4;

use crate::network::graph::{Conv2d, GraphBuilder, NodeId, Op};

/// Of every BatchNorm, but those of BN-Inception.
const EPS: f64 = 1e-3;

/// torchvision's `BasicConv2d`, timm's `ConvNormAct`: `NAME.conv`, `NAME.bn`, ReLU.
fn unit(b: &mut GraphBuilder, name: &str, conv: Conv2d, input: NodeId) -> NodeId {
    let names = ["conv", "bn", "relu"].map(|part| format!("{name}.{part}"));
    b.conv_norm([&names[0], &names[1], &names[2]], conv, EPS, Some(Op::Relu), input)
}

/// Units in a row.
fn chain(b: &mut GraphBuilder, units: &[(&str, Conv2d)], input: NodeId) -> NodeId {
    units.iter().fold(input, |x, (name, conv)| unit(b, name, *conv, x))
}

/// A 1×1 convolution.
fn one(channels: usize) -> Conv2d {
    Conv2d::new(channels, 1)
}

/// A 3×3 convolution.
fn three(channels: usize) -> Conv2d {
    Conv2d::new(channels, 3)
}

/// A 3×3 convolution without padding, with a stride.
fn shrinking(channels: usize, stride: usize) -> Conv2d {
    Conv2d::new(channels, 3).without_padding().stride(stride)
}
