//! Functions of each number alone.

use super::{Drawn, Facts, OpSpec, Shape, ShapeError, Words};

/// An activation: names and what it costs.
pub(super) struct Activation {
    name: &'static str,
    detail: &'static str,
    drawn: Drawn,
    /// Operations a number.
    operations: usize,
}

impl Activation {
    pub(super) const RELU: Self = Self::noted("ReLU", "ReLU", 1);
    pub(super) const RELU6: Self = Self::noted("ReLU6", "ReLU6", 1);
    pub(super) const SIGMOID: Self = Self::boxed("Sigmoid", "σ");
    pub(super) const TANH: Self = Self::boxed("Tanh", "tanh");
    pub(super) const HARD_SIGMOID: Self = Self::boxed("Hardsigmoid", "hard σ");
    /// A sigmoid and a product with the input.
    pub(super) const SILU: Self = Self::noted("SiLU", "SiLU", 2);
    /// A hard sigmoid and a product with the input.
    pub(super) const HARD_SWISH: Self = Self::noted("Hardswish", "hard swish", 2);

    const fn noted(name: &'static str, note: &'static str, operations: usize) -> Self {
        Self { name, detail: name, drawn: Drawn::Note(note), operations }
    }

    const fn boxed(name: &'static str, detail: &'static str) -> Self {
        Self { name, detail, drawn: Drawn::Layer, operations: 1 }
    }
}

impl OpSpec for Activation {
    fn words(&self) -> Words {
        Words::new(self.name, self.detail).drawn(self.drawn)
    }

    fn on(&self, inputs: &[Shape]) -> Result<Facts, ShapeError> {
        Ok(Facts::pointwise(self.operations, inputs[0]))
    }
}

pub(super) struct Times {
    pub(super) factor: f32,
}

impl OpSpec for Times {
    fn words(&self) -> Words {
        Words::new("Times", format!("× {}", self.factor))
    }

    fn on(&self, inputs: &[Shape]) -> Result<Facts, ShapeError> {
        Ok(Facts::pointwise(1, inputs[0]))
    }
}
