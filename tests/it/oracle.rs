//! An independent oracle: networks built from `candle_nn`'s own modules and its loader over files with our names. What
//! they compute is what the plan computes, gate by gate, and that the loader finds every tensor proves the names.

use std::path::Path;

use candle_core::{D, DType, Device, Result, Tensor};
use candle_nn::ops::{sigmoid, softmax};
use candle_nn::{
    BatchNorm, Conv2d, Conv2dConfig, Linear, Module, ModuleT, VarBuilder, batch_norm, conv2d, conv2d_no_bias, linear,
};
use gatescope::compute::engine::{self, Control};
use gatescope::compute::weights::Weights;
use gatescope::network::{Graph, lower, parse};

use crate::reference;

/// What a network made of candle's modules gives.
struct Found {
    logits: Tensor,
    gates: Vec<Tensor>,
}

fn config(padding: usize, stride: usize, groups: usize) -> Conv2dConfig {
    Conv2dConfig { padding, stride, groups, ..Conv2dConfig::default() }
}

/// A convolution without a bias and its BatchNorm.
struct ConvNorm(Conv2d, BatchNorm);

impl ConvNorm {
    fn new(
        [from, to, kernel]: [usize; 3],
        [stride, groups]: [usize; 2],
        eps: f64,
        (conv, norm): (VarBuilder, VarBuilder),
    ) -> Result<Self> {
        let conv = conv2d_no_bias(from, to, kernel, config(kernel / 2, stride, groups), conv)?;
        Ok(Self(conv, batch_norm(to, eps, norm)?))
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.1.forward_t(&self.0.forward(x)?, false)
    }
}

fn mean(x: &Tensor) -> Result<Tensor> {
    x.mean_keepdim(D::Minus1)?.mean_keepdim(D::Minus2)
}

fn hard_sigmoid(x: &Tensor) -> Result<Tensor> {
    ((x + 3.0)?.clamp(0.0, 6.0)? / 6.0)?.contiguous()
}

/// Attention at the end of a residual branch: none, SE as timm has it, CBAM as its authors wrote it.
fn attend(kind: &str, channels: usize, vb: &VarBuilder, x: Tensor, gates: &mut Vec<Tensor>) -> Result<Tensor> {
    match kind {
        "se" => {
            let vb = vb.pp("se");
            let squeeze = |from, to, name: &str| conv2d(from, to, 1, Conv2dConfig::default(), vb.pp(name));
            // timm rounds a sixteenth to a multiple of 8.
            let width = (channels / 16).max(8);
            let (fc1, fc2) = (squeeze(channels, width, "fc1")?, squeeze(width, channels, "fc2")?);
            let gate = sigmoid(&fc2.forward(&fc1.forward(&mean(&x)?)?.relu()?)?)?;
            gates.push(gate.clone());
            x.broadcast_mul(&gate)
        }
        "cbam" => {
            let vb = vb.pp("cbam");
            let mlp = vb.pp("ChannelGate").pp("mlp");
            let layers: [Linear; 2] =
                [linear(channels, channels / 16, mlp.pp("1"))?, linear(channels / 16, channels, mlp.pp("3"))?];
            let through = |v: Tensor| layers[1].forward(&layers[0].forward(&v.flatten_from(1)?)?.relu()?);
            let largest = x.max_keepdim(D::Minus1)?.max_keepdim(D::Minus2)?;
            let gate = sigmoid(&(through(mean(&x)?)? + through(largest)?)?)?.reshape(((), channels, 1, 1))?;
            gates.push(gate.clone());
            let x = x.broadcast_mul(&gate)?;
            let spatial = vb.pp("SpatialGate").pp("spatial");
            let map = ConvNorm::new([2, 1, 7], [1, 1], 1e-5, (spatial.pp("conv"), spatial.pp("bn")))?;
            let gate = sigmoid(&map.forward(&Tensor::cat(&[x.max_keepdim(1)?, x.mean_keepdim(1)?], 1)?)?)?;
            gates.push(gate.clone());
            x.broadcast_mul(&gate)
        }
        _ => Ok(x),
    }
}

/// torchvision's `resnet18`.
fn resnet18(vb: &VarBuilder, image: &Tensor, classes: usize, kind: &str) -> Result<Found> {
    let mut gates = Vec::new();
    let mut x = ConvNorm::new([3, 64, 7], [2, 1], 1e-5, (vb.pp("conv1"), vb.pp("bn1")))?.forward(image)?.relu()?;
    // Zeros are never the maximum of what a ReLU has left but where all is zero.
    x = x.pad_with_zeros(2, 1, 1)?.pad_with_zeros(3, 1, 1)?.max_pool2d_with_stride(3, 2)?;
    let mut before = 64;
    for (stage, width) in [64, 128, 256, 512].into_iter().enumerate() {
        for block in 0..2 {
            let vb = vb.pp(format!("layer{}.{block}", stage + 1));
            let stride = if stage > 0 && block == 0 { 2 } else { 1 };
            let first = ConvNorm::new([before, width, 3], [stride, 1], 1e-5, (vb.pp("conv1"), vb.pp("bn1")))?;
            let second = ConvNorm::new([width, width, 3], [1, 1], 1e-5, (vb.pp("conv2"), vb.pp("bn2")))?;
            let branch = second.forward(&first.forward(&x)?.relu()?)?;
            let branch = attend(kind, width, &vb, branch, &mut gates)?;
            let shortcut = match before == width {
                true => x.clone(),
                false => {
                    let names = (vb.pp("downsample.0"), vb.pp("downsample.1"));
                    ConvNorm::new([before, width, 1], [stride, 1], 1e-5, names)?.forward(&x)?
                }
            };
            x = (branch + shortcut)?.relu()?;
            before = width;
        }
    }
    let logits = linear(512, classes, vb.pp("fc"))?.forward(&mean(&x)?.flatten_from(1)?)?;
    Ok(Found { logits, gates })
}

/// Rows of torchvision's `mobilenet_v3_small`: kernel, expanded, out, SE, hard swish, stride.
const SMALL: [(usize, usize, usize, bool, bool, usize); 11] = [
    (3, 16, 16, true, false, 2),
    (3, 72, 24, false, false, 2),
    (3, 88, 24, false, false, 1),
    (5, 96, 40, true, true, 2),
    (5, 240, 40, true, true, 1),
    (5, 240, 40, true, true, 1),
    (5, 120, 48, true, true, 1),
    (5, 144, 48, true, true, 1),
    (5, 288, 96, true, true, 2),
    (5, 576, 96, true, true, 1),
    (5, 576, 96, true, true, 1),
];

fn mobilenet_v3_small(vb: &VarBuilder, image: &Tensor, classes: usize) -> Result<Found> {
    let hard_swish = |x: Tensor| &x * hard_sigmoid(&x)?;
    let layer = |place: String, sizes, steps| {
        let vb = vb.pp(place);
        ConvNorm::new(sizes, steps, 1e-3, (vb.pp("0"), vb.pp("1")))
    };
    let mut gates = Vec::new();
    let mut x = hard_swish(layer("features.0".to_owned(), [3, 16, 3], [2, 1])?.forward(image)?)?;
    let mut before = 16;
    for (index, (kernel, expanded, out, has_se, is_hard, stride)) in SMALL.into_iter().enumerate() {
        let place = |part: usize| format!("features.{}.block.{part}", index + 1);
        let activate = |x: Tensor| if is_hard { hard_swish(x) } else { x.relu() };
        let (input, mut part) = (x.clone(), 0);
        if expanded != before {
            x = activate(layer(place(part), [before, expanded, 1], [1, 1])?.forward(&x)?)?;
            part += 1;
        }
        x = activate(layer(place(part), [expanded, expanded, kernel], [stride, expanded])?.forward(&x)?)?;
        part += 1;
        if has_se {
            let vb = vb.pp(place(part));
            // A quarter, rounded to a multiple of 8 and by no more than a tenth down.
            let quarter = expanded / 4;
            let rounded = ((quarter + 4) / 8 * 8).max(8);
            let width = if rounded * 10 < quarter * 9 { rounded + 8 } else { rounded };
            let squeeze = |from, to, name: &str| conv2d(from, to, 1, Conv2dConfig::default(), vb.pp(name));
            let hidden = squeeze(expanded, width, "fc1")?.forward(&mean(&x)?)?.relu()?;
            let gate = hard_sigmoid(&squeeze(width, expanded, "fc2")?.forward(&hidden)?)?;
            gates.push(gate.clone());
            x = x.broadcast_mul(&gate)?;
            part += 1;
        }
        x = layer(place(part), [expanded, out, 1], [1, 1])?.forward(&x)?;
        if stride == 1 && before == out {
            x = (x + input)?;
        }
        before = out;
    }
    x = hard_swish(layer("features.12".to_owned(), [96, 576, 1], [1, 1])?.forward(&x)?)?;
    let hidden = hard_swish(linear(576, 1024, vb.pp("classifier.0"))?.forward(&mean(&x)?.flatten_from(1)?)?)?;
    Ok(Found { logits: linear(1024, classes, vb.pp("classifier.3"))?.forward(&hidden)?, gates })
}

fn numbers(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().and_then(|flat| flat.to_vec1()).expect("f32 on the processor")
}

/// Writes a network's tensors, has candle load and run them, and compares.
fn agrees(spec: &str, run: impl Fn(&VarBuilder, &Tensor, usize) -> Result<Found>) {
    let graph: Graph = lower(&parse(spec).expect(spec)).expect(spec);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("weights.safetensors");
    reference::save(Path::new(&file), &reference::state_dict(&graph));
    let weights = Weights::open(&graph, &file).expect(spec);
    let values: Vec<f32> = reference::formula("image.bias", &[graph.input().elements()]);
    let image: Vec<f32> = values.iter().map(|value| value * 5.0).collect();
    let ours = engine::run(&graph, &weights, &image, &[], &Control::none()).expect(spec);

    let bytes = std::fs::read(&file).expect("was written");
    let vb = VarBuilder::from_buffered_safetensors(bytes, DType::F32, &Device::Cpu).expect("candle reads it");
    let shape = (1, graph.input().channels(), graph.input().height(), graph.input().width());
    let image = Tensor::from_vec(image, shape, &Device::Cpu).expect("an image");
    let theirs = run(&vb, &image, ours.logits.len()).expect("candle finds every tensor under our name");
    reference::close_relative(&ours.logits, &numbers(&theirs.logits), 1e-4, spec);
    assert_eq!(ours.gates.len(), theirs.gates.len(), "{spec}");
    for ((gate, ours), theirs) in graph.gates.iter().zip(&ours.gates).zip(&theirs.gates) {
        reference::close(&ours.values, &numbers(theirs), 1e-4, &format!("{spec} {}", gate.name));
    }
    // What people read: the order of the classes.
    let best = |logits: &[f32]| (0..logits.len()).max_by(|a, b| logits[*a].total_cmp(&logits[*b]));
    let likely = numbers(&softmax(&theirs.logits, 1).expect("a softmax"));
    assert_eq!(best(&ours.logits), best(&likely), "{spec}");
}

#[test]
fn residual_networks_with_and_without_attention() {
    for kind in ["none", "se", "cbam"] {
        let attention = if kind == "none" { String::new() } else { format!("+{kind}") };
        agrees(&format!("resnet18(input=64,classes=10){attention}"), |vb, image, classes| {
            resnet18(vb, image, classes, kind)
        });
    }
}

#[test]
fn a_mobilenet_with_its_own_se() {
    agrees("mobilenet_v3_small(input=64,classes=10)", mobilenet_v3_small);
}
