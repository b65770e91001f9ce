//! `exp(x) / Σ exp(x)`: an exponential, a sum and a division a number.

use super::{Facts, OpSpec, Shape, ShapeError, Window, Words, Work};

/// Over the positions of each channel.
pub(super) struct SoftmaxPositions;

impl OpSpec for SoftmaxPositions {
    fn words(&self) -> Words {
        Words::new("Softmax", "softmax").title("softmax over H, W")
    }

    fn on(&self, inputs: &[Shape]) -> Result<Facts, ShapeError> {
        Ok(Facts::new(inputs[0], Work::each(3, inputs[0]), Window::whole(inputs[0])))
    }
}

/// Over the paths of each channel, one path's channels after the other's.
pub(super) struct SoftmaxPaths {
    pub(super) paths: usize,
}

impl OpSpec for SoftmaxPaths {
    fn words(&self) -> Words {
        Words::new("Softmax", format!("softmax of {}", self.paths)).title(format!("softmax over {}", self.paths))
    }

    fn on(&self, inputs: &[Shape]) -> Result<Facts, ShapeError> {
        let input = inputs[0];
        self.needs(input.elements() == input.channels(), input, "it needs one value a channel, pool first")?;
        self.needs(input.divides_into(self.paths), input, "its channels do not divide into the paths")?;
        Ok(Facts::pointwise(3, input))
    }
}
