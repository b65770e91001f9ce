//! Convolution, `[C, H, W] → [out_channels, H', W']`.

use super::{Count, Facts, OpSpec, Shape, ShapeError, Tensors, Window, Words, Work};

/// A 2-D convolution, `[C, H, W] → [out_channels, H', W']`; pairs are `[vertical, horizontal]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv2d {
    /// Output channels.
    pub out_channels: usize,
    /// Kernel size.
    pub kernel: [usize; 2],
    /// Stride.
    pub stride: [usize; 2],
    /// Zero padding on each side.
    pub padding: [usize; 2],
    /// More zeros below and on the right: TensorFlow's "same" padding puts the odd one there.
    pub trailing: [usize; 2],
    /// Dilation.
    pub dilation: [usize; 2],
    /// Groups (cardinality); equal to the channels for a depthwise convolution.
    pub groups: usize,
    /// Is there a bias?
    pub bias: bool,
}

impl Conv2d {
    /// A square convolution with stride 1, "same" padding for odd kernels and no bias.
    #[must_use]
    pub fn new(out_channels: usize, kernel: usize) -> Self {
        Self {
            out_channels,
            kernel: [kernel; 2],
            stride: [1; 2],
            padding: [kernel / 2; 2],
            trailing: [0; 2],
            dilation: [1; 2],
            groups: 1,
            bias: false,
        }
    }

    /// The same with another stride, on both axes.
    #[must_use]
    pub fn stride(self, stride: usize) -> Self {
        Self { stride: [stride; 2], ..self }
    }

    /// The same with this dilation on both axes, padded to keep the size.
    #[must_use]
    pub fn dilated(self, dilation: usize) -> Self {
        let padding = self.kernel.map(|side| side / 2 * dilation);
        Self { dilation: [dilation; 2], padding, ..self }
    }

    /// The same padded as TensorFlow's `SAME` for an input of this size: as many zeros as `⌈size / stride⌉` outputs
    /// need, the odd one below and on the right. What is not padded to keep its size at stride 1 stays as it is.
    #[must_use]
    pub fn same(self, size: [usize; 2]) -> Self {
        let keeps_size = |axis: usize| 2 * self.padding[axis] == self.dilation[axis] * (self.kernel[axis] - 1);
        if !(keeps_size(0) && keeps_size(1)) {
            return self;
        }
        let zeros = [0, 1].map(|axis| same(size[axis], self.kernel[axis], self.stride[axis], self.dilation[axis]));
        Self { padding: zeros.map(|zeros| zeros / 2), trailing: zeros.map(|zeros| zeros % 2), ..self }
    }

    /// The same with a bias.
    #[must_use]
    pub fn with_bias(self) -> Self {
        Self { bias: true, ..self }
    }

    /// The same with this many groups.
    #[must_use]
    pub fn groups(self, groups: usize) -> Self {
        Self { groups, ..self }
    }

    /// The same without padding.
    #[must_use]
    pub fn without_padding(self) -> Self {
        Self { padding: [0; 2], ..self }
    }

    /// A kernel of different sides, `height × width`, padded to keep the size: the factorised kernels of Inception.
    #[must_use]
    pub fn oblong(out_channels: usize, height: usize, width: usize) -> Self {
        Self { kernel: [height, width], padding: [height / 2, width / 2], ..Self::new(out_channels, height) }
    }
}

/// The zeros `SAME` lays around an axis: `max((⌈n/s⌉ − 1)·s + (k − 1)·d + 1 − n, 0)`.
pub(super) fn same(size: usize, kernel: usize, stride: usize, dilation: usize) -> usize {
    let outputs = size.div_ceil(stride.max(1)).max(1);
    ((outputs - 1) * stride + (kernel - 1) * dilation + 1).saturating_sub(size)
}

/// Padding that is not the same on both sides, in front and behind: `, pad 0+1`; empty where it is.
pub(super) fn one_sided(padding: [usize; 2], trailing: [usize; 2]) -> String {
    match (0..2).find(|axis| trailing[*axis] > 0) {
        Some(axis) => format!(", pad {}+{}", padding[axis], padding[axis] + trailing[axis]),
        None => String::new(),
    }
}

impl Conv2d {
    /// `, /2`; empty where every position is computed.
    fn step(&self) -> String {
        if self.stride == [1, 1] { String::new() } else { format!(", /{}", self.stride[0]) }
    }
}

impl OpSpec for Conv2d {
    fn words(&self) -> Words {
        let [height, width] = self.kernel;
        let groups = if self.groups > 1 { format!(", g{}", self.groups) } else { String::new() };
        let dilation = self.dilation[0].max(self.dilation[1]);
        let dilation = if dilation > 1 { format!(", d{dilation}") } else { String::new() };
        let padding = one_sided(self.padding, self.trailing);
        Words::new(
            "Conv2d",
            format!("{height}×{width}, {}{}{groups}{dilation}{padding}", self.out_channels, self.step()),
        )
    }

    fn title(&self, channels: usize) -> String {
        let ([height, width], out, groups) = (self.kernel, self.out_channels, self.groups);
        let dilation = if self.dilation == [1, 1] { String::new() } else { format!(", dilated {}", self.dilation[0]) };
        let rest = format!("{}{dilation}{}", self.step(), one_sided(self.padding, self.trailing));
        match groups {
            1 => format!("Conv {height}×{width}, {out}{rest}"),
            _ if groups == channels && out == channels => format!("Depthwise {height}×{width}{rest}"),
            _ => format!("Conv {height}×{width}, {out} in {groups} groups{rest}"),
        }
    }

    fn on(&self, inputs: &[Shape]) -> Result<Facts, ShapeError> {
        let (input, [rows, columns]) = (inputs[0], self.kernel);
        self.needs(input.is_map(), input, "it needs a feature map")?;
        self.needs(input.divides_into(self.groups), input, "its channels do not divide into the groups")?;
        let window = [0, 1].map(|axis| self.dilation[axis] * (self.kernel[axis] - 1) + 1);
        let size = |axis: usize, side: usize| {
            let padded = side + 2 * self.padding[axis] + self.trailing[axis];
            Some(padded.checked_sub(window[axis])? / self.stride[axis] + 1)
        };
        let (Some(height), Some(width)) = (size(0, input.height()), size(1, input.width())) else {
            return Err(ShapeError::Shrunk { window: rows, window_width: columns, input });
        };
        let (output, inner) = (Shape::map(self.out_channels, height, width), input.channels() / self.groups);
        let weights = Count::product([rows, columns, inner, self.out_channels]);
        let work = Work::weighted(weights.clone().times(height).times(width), self.bias, output);
        let tensors = Tensors::weight(vec![self.out_channels, inner, rows, columns], self.bias, weights);
        Ok(Facts::new(output, work, Window { size: window, stride: self.stride }).with(tensors))
    }
}
