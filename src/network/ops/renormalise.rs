//! `scale · x + shift` with fixed numbers for each of three channels: an image normalised another way.

use super::{Facts, OpSpec, Shape, ShapeError, Words};

pub(super) struct Renormalise;

impl OpSpec for Renormalise {
    fn words(&self) -> Words {
        Words::new("Renormalise", "a·x + b").title("scale and shift each channel")
    }

    fn on(&self, inputs: &[Shape]) -> Result<Facts, ShapeError> {
        let fits = inputs[0].channels() == 3;
        self.needs(fits, inputs[0], "its numbers are for the three channels of a picture")?;
        Ok(Facts::pointwise(2, inputs[0]))
    }
}
