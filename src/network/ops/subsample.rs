//! Every so many rows and columns, without a filter.

use super::{Facts, OpSpec, Shape, ShapeError, Window, Words, Work};

pub(super) struct Subsample {
    pub(super) stride: usize,
}

impl OpSpec for Subsample {
    fn words(&self) -> Words {
        Words::new("Subsample", format!("every {}", ordinal(self.stride)))
    }

    fn on(&self, inputs: &[Shape]) -> Result<Facts, ShapeError> {
        let [height, width] = [inputs[0].height(), inputs[0].width()].map(|side| side.div_ceil(self.stride));
        let window = Window { stride: [self.stride; 2], ..Window::POINT };
        Ok(Facts::new(Shape::map(inputs[0].channels(), height, width), Work::default(), window))
    }
}

/// `2nd`, `3rd`, `11th`.
fn ordinal(number: usize) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}
