//! What computes nothing and takes no memory: the image, and a map read as a vector.

use super::{Drawn, Facts, OpSpec, Shape, ShapeError, Window, Words, Work};

pub(super) struct Input;

impl OpSpec for Input {
    fn words(&self) -> Words {
        Words::new("Input", "Input")
    }

    fn on(&self, inputs: &[Shape]) -> Result<Facts, ShapeError> {
        Ok(Facts::new(inputs[0], Work::view(), Window::POINT))
    }
}

pub(super) struct Flatten;

impl OpSpec for Flatten {
    fn words(&self) -> Words {
        Words::new("Flatten", "Flatten").drawn(Drawn::Unseen)
    }

    /// A vector has one position, and that holds all of the map's.
    fn on(&self, inputs: &[Shape]) -> Result<Facts, ShapeError> {
        Ok(Facts::new(Shape::vector(inputs[0].elements()), Work::view(), Window::whole(inputs[0])))
    }
}
