//! What is said of an operator: its tensors, its work, what it sees, how it is drawn.

use std::borrow::Cow;
use std::fmt;

use super::Shape;

/// What a parameter is to its layer. Running statistics are buffers, not parameters, as in PyTorch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// A weight: convolution, linear, or the scale of a BatchNorm.
    Weight,
    /// A bias, or the shift of a BatchNorm.
    Bias,
    /// A BatchNorm's running mean: a buffer.
    RunningMean,
    /// A BatchNorm's running variance: a buffer.
    RunningVar,
}

impl Role {
    /// Counted as a parameter (buffers are not).
    #[must_use]
    pub fn is_parameter(self) -> bool {
        matches!(self, Self::Weight | Self::Bias)
    }

    /// The last part of the tensor's name in a PyTorch state_dict.
    #[must_use]
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Weight => "weight",
            Self::Bias => "bias",
            Self::RunningMean => "running_mean",
            Self::RunningVar => "running_var",
        }
    }
}

/// A count as it comes about, a product and what is added to it: `3·3·64·128 + 128`. Without factors it is 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Count {
    factors: Vec<usize>,
    added: usize,
}

impl Count {
    /// The product of these, in the order people write them.
    #[must_use]
    pub fn product(factors: impl Into<Vec<usize>>) -> Self {
        Self { factors: factors.into(), added: 0 }
    }

    /// The same with one factor more.
    #[must_use]
    pub fn times(mut self, factor: usize) -> Self {
        self.factors.push(factor);
        self
    }

    /// The same and this many more.
    #[must_use]
    pub fn plus(self, added: usize) -> Self {
        Self { added, ..self }
    }

    /// What it comes to.
    #[must_use]
    pub fn value(&self) -> u64 {
        match self.factors[..] {
            [] => 0,
            _ => self.factors.iter().map(|factor| *factor as u64).product::<u64>() + self.added as u64,
        }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let factors: Vec<String> = self.factors.iter().map(ToString::to_string).collect();
        f.write_str(&factors.join("·"))?;
        if self.added > 0 { write!(f, " + {}", self.added) } else { Ok(()) }
    }
}

/// The tensors an operator brings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tensors {
    /// Their roles and shapes, in PyTorch's state_dict order.
    pub shapes: Vec<(Role, Vec<usize>)>,
    /// Their parameters (buffers are none), written out.
    pub count: Count,
}

impl Tensors {
    /// A weight, and a bias as long as the weight's first dimension if there is one; `count` is the weight's.
    #[must_use]
    pub fn weight(shape: Vec<usize>, has_bias: bool, count: Count) -> Self {
        let length = if has_bias { shape[0] } else { 0 };
        let bias = has_bias.then(|| (Role::Bias, vec![length]));
        let shapes = std::iter::once((Role::Weight, shape)).chain(bias).collect();
        Self { shapes, count: count.plus(length) }
    }
}

/// What an operator does for one image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Multiply-accumulates with weights, no bias.
    pub macs: Count,
    /// Multiply-accumulates of two activations.
    pub products: Count,
    /// Operations that are neither.
    pub elementwise: u64,
    /// Does the output take no memory of its own?
    pub is_view: bool,
}

impl Work {
    /// So many multiply-accumulates with weights, and an addition an output element where there is a bias.
    #[must_use]
    pub fn weighted(macs: Count, has_bias: bool, output: Shape) -> Self {
        let elementwise = if has_bias { output.elements() as u64 } else { 0 };
        Self { macs, elementwise, ..Self::default() }
    }

    /// So many operations on each of these numbers.
    #[must_use]
    pub fn each(operations: usize, of: Shape) -> Self {
        Self { elementwise: (operations * of.elements()) as u64, ..Self::default() }
    }

    /// None, on numbers that stay where they are.
    #[must_use]
    pub fn view() -> Self {
        Self { is_view: true, ..Self::default() }
    }
}

/// What one position of an output reads of an input; pairs are `[vertical, horizontal]`, in positions of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// From its first row and column to its last, dilation included.
    pub size: [usize; 2],
    /// How far apart the windows of two neighbouring positions are.
    pub stride: [usize; 2],
}

impl Window {
    /// One position.
    pub const POINT: Self = Self { size: [1; 2], stride: [1; 2] };

    /// All positions.
    #[must_use]
    pub fn whole(input: Shape) -> Self {
        Self { size: [input.height(), input.width()], ..Self::POINT }
    }
}

/// Whose receptive field an output widens.
#[derive(Clone, Copy, Debug)]
pub enum Follows {
    /// The first input's, by this window. Others, a gate, do not count.
    First(Window),
    /// The largest of all inputs', each by the window it has there.
    Every(fn(Shape) -> Window),
}

impl Follows {
    /// Every input's, at the same position.
    pub const EVERY_POINT: Self = Self::Every(|_| Window::POINT);
}

impl From<Window> for Follows {
    fn from(window: Window) -> Self {
        Self::First(window)
    }
}

/// What an operator comes to on inputs of some shapes, for one image.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The shape of its output.
    pub shape: Shape,
    /// What it does.
    pub work: Work,
    /// What it sees.
    pub follows: Follows,
    /// The tensors it brings.
    pub tensors: Tensors,
}

impl Facts {
    /// Of an operator without tensors.
    pub fn new(shape: Shape, work: Work, follows: impl Into<Follows>) -> Self {
        Self { shape, work, follows: follows.into(), tensors: Tensors::default() }
    }

    /// Of an operator that does this much with each number, at its place.
    #[must_use]
    pub fn pointwise(operations: usize, shape: Shape) -> Self {
        Self::new(shape, Work::each(operations, shape), Window::POINT)
    }

    /// The same with these tensors.
    #[must_use]
    pub fn with(self, tensors: Tensors) -> Self {
        Self { tensors, ..self }
    }
}

/// What an operator is called.
#[derive(Clone, Debug)]
pub struct Words {
    /// Its name, as PyTorch writes it where there is one.
    pub name: &'static str,
    /// What it does, in as few characters as a box on the canvas has: `3×3, 256, /2`.
    pub detail: Cow<'static, str>,
    /// What it does, as a diagram says it: `max 3×3, /2`.
    pub title: Cow<'static, str>,
    /// How a diagram draws it.
    pub drawn: Drawn,
}

impl Words {
    /// Of a layer with a box of its own, whose title is its detail.
    pub fn new(name: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        let detail = detail.into();
        Self { name, title: detail.clone(), detail, drawn: Drawn::Layer }
    }

    /// The same with another title.
    #[must_use]
    pub fn title(self, title: impl Into<Cow<'static, str>>) -> Self {
        Self { title: title.into(), ..self }
    }

    /// The same drawn another way.
    #[must_use]
    pub fn drawn(self, drawn: Drawn) -> Self {
        Self { drawn, ..self }
    }
}

/// How a diagram draws a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawn {
    /// A box.
    Layer,
    /// A place where branches meet.
    Join,
    /// A note in the box of the layer before, if it alone reads that.
    Note(&'static str),
    /// Nothing, if it alone reads the layer before.
    Unseen,
}
