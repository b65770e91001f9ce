//! How far a number stands out from its channel: `(x − μ)² / (4 (σ² + λ)) + 1/2` (SimAM, Yang et al., ICML 2021).

use super::{Facts, OpSpec, Shape, ShapeError, Window, Words, Work};

/// Over the positions of each channel; the variance is over one position less than there are.
pub(super) struct Energy;

impl OpSpec for Energy {
    fn words(&self) -> Words {
        Words::new("Energy", "energy").title("inverse energy over H, W")
    }

    /// The mean, a difference, its square, their sum, a quotient, and a half.
    fn on(&self, inputs: &[Shape]) -> Result<Facts, ShapeError> {
        let input = inputs[0];
        let positions = input.height() * input.width();
        self.needs(positions > 1, input, "it compares positions, of which there is one")?;
        Ok(Facts::new(input, Work::each(6, input), Window::whole(input)))
    }
}
