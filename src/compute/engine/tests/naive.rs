//! The operators once more, in f64, by their definitions: one number at a time.

use crate::network::graph::{Conv2d, Graph, Node, NodeId, Op, Pool2d, Product, Role, Shape};

/// An activation with its shape.
#[derive(Clone)]
pub struct Array {
    pub shape: Shape,
    pub values: Vec<f64>,
}

impl Array {
    fn new(shape: Shape, value: impl Fn(usize, usize, usize) -> f64) -> Self {
        let (channels, height, width) = (shape.channels(), shape.height(), shape.width());
        let positions = (0..channels).flat_map(|c| (0..height).flat_map(move |y| (0..width).map(move |x| (c, y, x))));
        Self { shape, values: positions.map(|(c, y, x)| value(c, y, x)).collect() }
    }

    fn at(&self, c: usize, y: usize, x: usize) -> f64 {
        self.values[(c * self.shape.height() + y) * self.shape.width() + x]
    }

    /// The value of what has one channel, row or column and is repeated along it.
    fn repeated(&self, c: usize, y: usize, x: usize) -> f64 {
        let pick = |at: usize, size: usize| if size == 1 { 0 } else { at };
        let shape = self.shape;
        self.at(pick(c, shape.channels()), pick(y, shape.height()), pick(x, shape.width()))
    }

    /// The value at a position that may lie in the padding.
    fn padded(&self, c: usize, y: isize, x: isize) -> Option<f64> {
        let inside = |at: isize, size: usize| usize::try_from(at).ok().filter(|at| *at < size);
        Some(self.at(c, inside(y, self.shape.height())?, inside(x, self.shape.width())?))
    }
}

/// Every node's output. `params` are in the graph's order.
pub fn run(graph: &Graph, params: &[Vec<f32>], image: &[f32]) -> Vec<Array> {
    let mut outputs: Vec<Array> = Vec::new();
    for node in &graph.nodes {
        let inputs: Vec<&Array> = node.inputs.iter().map(|id: &NodeId| &outputs[id.0]).collect();
        let param = |role: Role| -> Vec<f64> {
            let index = node.params.iter().find(|id| graph[**id].role == role);
            index.map(|id| params[id.0].iter().map(|v| f64::from(*v)).collect()).unwrap_or_default()
        };
        let output = match node.op {
            Op::Input => Array { shape: node.shape, values: image.iter().map(|v| f64::from(*v)).collect() },
            _ => compute(node, &inputs, &param),
        };
        outputs.push(output);
    }
    outputs
}

/// The mean of so many numbers.
fn mean(count: usize, of: impl Fn(usize) -> f64) -> f64 {
    (0..count).map(of).sum::<f64>() / count as f64
}

/// An activation of one number.
fn activation(op: &Op, x: f64) -> f64 {
    let sigmoid = 1.0 / (1.0 + (-x).exp());
    match op {
        Op::Tanh => x.tanh(),
        Op::Relu => x.max(0.0),
        Op::Relu6 => x.clamp(0.0, 6.0),
        Op::Sigmoid => sigmoid,
        Op::HardSigmoid => hard_sigmoid(x),
        Op::Silu => x * sigmoid,
        Op::HardSwish => x * hard_sigmoid(x),
        Op::Times { factor } => x * f64::from(*factor),
        other => unreachable!("{} is no activation", other.name()),
    }
}

/// Mean and standard deviation of each channel.
fn style(x: &Array, eps: f64) -> Array {
    let (count, width) = (x.shape.positions(), x.shape.width());
    let all = |c: usize| (0..count).map(move |p| x.at(c, p / width, p % width));
    let mean = |c: usize| all(c).sum::<f64>() / count as f64;
    let std = |c: usize| (all(c).map(|v| (v - mean(c)).powi(2)).sum::<f64>() / (count as f64 - 1.0) + eps).sqrt();
    Array::new(Shape::map(x.shape.channels(), 1, 2), |c, _, j| if j == 0 { mean(c) } else { std(c) })
}

/// How far a number stands out from its channel; the variance is over one position less than there are.
fn energy(x: &Array, lambda: f64) -> Array {
    let (height, width) = (x.shape.height(), x.shape.width());
    let channel = |c: usize| -> Vec<f64> { (0..height * width).map(|at| x.at(c, at / width, at % width)).collect() };
    Array::new(x.shape, |c, i, j| {
        let values = channel(c);
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (values.len() as f64 - 1.0);
        (x.at(c, i, j) - mean).powi(2) / (4.0 * (variance + lambda)) + 0.5
    })
}

fn compute(node: &Node, inputs: &[&Array], param: &dyn Fn(Role) -> Vec<f64>) -> Array {
    let (x, shape) = (inputs[0], node.shape);
    let plane = || (0..x.shape.height()).flat_map(|y| (0..x.shape.width()).map(move |column| (y, column)));
    let channels = || 0..x.shape.channels();
    let positions = (x.shape.height() * x.shape.width()) as f64;
    match &node.op {
        Op::Input => x.clone(),
        Op::Conv2d(conv) => convolve(conv, x, shape, &param(Role::Weight), &param(Role::Bias)),
        Op::Linear { .. } => {
            let (weight, bias) = (param(Role::Weight), param(Role::Bias));
            let row = |o: usize| &weight[o * x.shape.channels()..][..x.shape.channels()];
            Array::new(shape, |o, i, j| {
                let products = row(o).iter().enumerate().map(|(c, w)| w * x.at(c, i, j));
                products.sum::<f64>() + bias.get(o).copied().unwrap_or(0.0)
            })
        }
        Op::ChannelConv1d { inputs, outputs, kernel, circular, .. } => {
            let along = Along { inputs: *inputs, outputs: *outputs, kernel: *kernel, circular: *circular };
            along.convolve(x, shape, &param(Role::Weight), &param(Role::Bias))
        }
        Op::GroupNorm { groups, eps } => group_norm(x, (*groups, *eps), &param(Role::Weight), &param(Role::Bias)),
        Op::SoftmaxPositions => {
            Array::new(shape, |c, i, j| x.at(c, i, j).exp() / plane().map(|(i, j)| x.at(c, i, j).exp()).sum::<f64>())
        }
        Op::Energy { lambda } => energy(x, f64::from(*lambda)),
        Op::StylePool { eps } => style(x, f64::from(*eps)),
        Op::Transpose { axis: 1 } => Array::new(shape, |c, i, j| x.at(i, c, j)),
        Op::Transpose { .. } => Array::new(shape, |c, i, j| x.at(j, i, c)),
        Op::SoftmaxPaths { paths } => {
            let each = x.values.len() / paths;
            Array::new(shape, |c, _, _| {
                x.values[c].exp() / (0..*paths).map(|path| x.values[path * each + c % each].exp()).sum::<f64>()
            })
        }
        Op::MatMul { product } => {
            let (y, width) = (inputs[1], shape.width());
            let row =
                |array: &Array, c: usize, at: usize| array.values[c * array.shape.height() * array.shape.width() + at];
            Array::new(shape, |c, i, j| match product {
                Product::Similarity => channels().map(|k| row(x, k, c) * row(y, k, i * width + j)).sum(),
                Product::Weighted => (0..positions as usize).map(|k| row(x, c, k) * row(y, i * width + j, k)).sum(),
            })
        }
        Op::MeanOverWidth => Array::new(shape, |c, i, _| mean(x.shape.width(), |j| x.at(c, i, j))),
        Op::MeanOverHeight => Array::new(shape, |c, _, j| mean(x.shape.height(), |i| x.at(c, i, j))),
        Op::Tanh
        | Op::Relu
        | Op::Sigmoid
        | Op::Relu6
        | Op::HardSigmoid
        | Op::Silu
        | Op::HardSwish
        | Op::Times { .. } => Array::new(shape, |c, i, j| activation(&node.op, x.at(c, i, j))),
        Op::BatchNorm { eps } => {
            let [w, b, m, v] = [Role::Weight, Role::Bias, Role::RunningMean, Role::RunningVar].map(param);
            Array::new(shape, |c, i, j| (x.at(c, i, j) - m[c]) / (v[c] + eps).sqrt() * w[c] + b[c])
        }
        Op::ChannelSlice { start, .. } => Array::new(shape, |c, i, j| x.at(start + c, i, j)),
        Op::ChannelShuffle { groups } => {
            let each = x.shape.channels() / groups;
            Array::new(shape, |c, i, j| x.at(c % groups * each + c / groups, i, j))
        }
        Op::BlurPool { stride } => blurred(*stride, x, shape),
        Op::Renormalise { scale, shift } => {
            Array::new(shape, |c, i, j| x.at(c, i, j) * f64::from(scale[c]) + f64::from(shift[c]))
        }
        Op::AdaptiveAvgPool { size } => Array::new(shape, |c, i, j| {
            let window = |at: usize, length: usize| at * length / size..((at + 1) * length).div_ceil(*size);
            let (rows, columns) = (window(i, x.shape.height()), window(j, x.shape.width()));
            let count = (rows.len() * columns.len()) as f64;
            rows.flat_map(|i| columns.clone().map(move |j| (i, j))).map(|(i, j)| x.at(c, i, j)).sum::<f64>() / count
        }),
        Op::MaxPool(pool) => pooled(pool, x, shape, true),
        Op::AvgPool(pool) => pooled(pool, x, shape, false),
        Op::GlobalAvgPool => Array::new(shape, |c, _, _| plane().map(|(i, j)| x.at(c, i, j)).sum::<f64>() / positions),
        Op::GlobalMaxPool => {
            Array::new(shape, |c, _, _| plane().map(|(i, j)| x.at(c, i, j)).fold(f64::NEG_INFINITY, f64::max))
        }
        Op::ChannelMean => {
            let count = x.shape.channels() as f64;
            Array::new(shape, |_, i, j| channels().map(|c| x.at(c, i, j)).sum::<f64>() / count)
        }
        Op::ChannelMax => {
            Array::new(shape, |_, i, j| channels().map(|c| x.at(c, i, j)).fold(f64::NEG_INFINITY, f64::max))
        }
        Op::Concat => {
            let values = inputs.iter().flat_map(|input| input.values.iter().copied()).collect();
            Array { shape, values }
        }
        Op::Add => Array::new(shape, |c, i, j| inputs.iter().map(|input| input.repeated(c, i, j)).sum()),
        Op::Scale => Array::new(shape, |c, i, j| inputs.iter().map(|input| input.repeated(c, i, j)).product()),
        Op::Flatten => Array { shape, values: x.values.clone() },
        Op::Subsample { stride } => Array::new(shape, |c, i, j| x.at(c, i * stride, j * stride)),
        Op::PadChannels { before, .. } => Array::new(shape, |c, i, j| {
            c.checked_sub(*before).filter(|c| *c < x.shape.channels()).map_or(0.0, |c| x.at(c, i, j))
        }),
    }
}

/// A convolution along the channels.
struct Along {
    inputs: usize,
    outputs: usize,
    kernel: usize,
    circular: bool,
}

impl Along {
    fn convolve(&self, x: &Array, shape: Shape, weight: &[f64], bias: &[f64]) -> Array {
        let Self { inputs, outputs, kernel, circular } = *self;
        let count = (x.values.len() / inputs) as isize;
        let value = |feature: usize, at: isize| match circular {
            true => x.values[feature * count as usize + at.rem_euclid(count) as usize],
            false if (0..count).contains(&at) => x.values[feature * count as usize + at as usize],
            false => 0.0,
        };
        let output = |feature: usize, c: usize| {
            let products = (0..inputs).flat_map(|from| (0..kernel).map(move |k| (from, k)));
            let each = products.map(|(from, k)| {
                let reads = (c + k) as isize - (kernel as isize - 1) / 2;
                value(from, reads) * weight[(feature * inputs + from) * kernel + k]
            });
            each.sum::<f64>() + bias.get(feature).copied().unwrap_or(0.0)
        };
        let values = (0..outputs).flat_map(|o| (0..count as usize).map(move |c| (o, c)));
        Array { shape, values: values.map(|(o, c)| output(o, c)).collect() }
    }
}

fn group_norm(x: &Array, (groups, eps): (usize, f64), weight: &[f64], bias: &[f64]) -> Array {
    let each = x.shape.channels() / groups;
    let plane = || (0..x.shape.height()).flat_map(|i| (0..x.shape.width()).map(move |j| (i, j)));
    let moments = |group: usize| {
        let part = || (group * each..(group + 1) * each).flat_map(|c| plane().map(move |(i, j)| (c, i, j)));
        let count = part().count() as f64;
        let mean = part().map(|(c, i, j)| x.at(c, i, j)).sum::<f64>() / count;
        (mean, part().map(|(c, i, j)| (x.at(c, i, j) - mean).powi(2)).sum::<f64>() / count)
    };
    let moments: Vec<(f64, f64)> = (0..groups).map(moments).collect();
    Array::new(x.shape, |c, i, j| {
        let (mean, variance) = moments[c / each];
        (x.at(c, i, j) - mean) / (variance + eps).sqrt() * weight[c] + bias[c]
    })
}

/// Where kernel position `k` of output position `out` reads, in the input's coordinates.
fn reads(out: usize, stride: usize, k: usize, dilation: usize, padding: usize) -> isize {
    (out * stride + k * dilation) as isize - padding as isize
}

fn hard_sigmoid(x: f64) -> f64 {
    (x + 3.0).clamp(0.0, 6.0) / 6.0
}

fn convolve(conv: &Conv2d, x: &Array, shape: Shape, weight: &[f64], bias: &[f64]) -> Array {
    let inner = x.shape.channels() / conv.groups;
    let per_group = conv.out_channels / conv.groups;
    let [kh, kw] = conv.kernel;
    Array::new(shape, |o, i, j| {
        let mut sum = bias.get(o).copied().unwrap_or(0.0);
        for c in 0..inner {
            for (ky, kx) in (0..kh).flat_map(|ky| (0..kw).map(move |kx| (ky, kx))) {
                let y = reads(i, conv.stride[0], ky, conv.dilation[0], conv.padding[0]);
                let column = reads(j, conv.stride[1], kx, conv.dilation[1], conv.padding[1]);
                let value = x.padded(o / per_group * inner + c, y, column).unwrap_or(0.0);
                sum += value * weight[((o * inner + c) * kh + ky) * kw + kx];
            }
        }
        sum
    })
}

/// `(1 2 1)ᵀ·(1 2 1) / 16`, the position behind the last being the one before it.
fn blurred(stride: usize, x: &Array, shape: Shape) -> Array {
    let mirrored = |at: isize, length: usize| {
        let last = length as isize - 1;
        (last - (last - at.abs()).abs()) as usize
    };
    let taps = [(-1, 1.0), (0, 2.0), (1, 1.0)];
    Array::new(shape, |c, i, j| {
        let weigh = |(down, a): (isize, f64), (across, b): (isize, f64)| {
            let row = mirrored((i * stride) as isize + down, x.shape.height());
            a * b / 16.0 * x.at(c, row, mirrored((j * stride) as isize + across, x.shape.width()))
        };
        taps.iter().flat_map(|row| taps.iter().map(move |column| weigh(*row, *column))).sum()
    })
}

fn pooled(pool: &Pool2d, x: &Array, shape: Shape, is_max: bool) -> Array {
    let [kh, kw] = pool.kernel;
    Array::new(shape, |c, i, j| {
        let (mut max, mut sum, mut count, mut inside) = (f64::NEG_INFINITY, 0.0, 0.0, 0.0);
        for (ky, kx) in (0..kh).flat_map(|ky| (0..kw).map(move |kx| (ky, kx))) {
            let y = reads(i, pool.stride[0], ky, 1, pool.padding[0]);
            let column = reads(j, pool.stride[1], kx, 1, pool.padding[1]);
            // Inside the padded input: what a window of ceil_mode reaches beyond it does not count.
            let counts =
                |at: isize, axis: usize, size: usize| at < (size + pool.padding[axis] + pool.trailing[axis]) as isize;
            count += f64::from(counts(y, 0, x.shape.height()) && counts(column, 1, x.shape.width()));
            if let Some(value) = x.padded(c, y, column) {
                max = max.max(value);
                sum += value;
                inside += 1.0;
            }
        }
        if is_max { max } else { sum / if pool.counts_padding { count } else { inside } }
    })
}
