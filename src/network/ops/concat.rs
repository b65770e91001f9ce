//! Maps joined along the channels.

use std::ops::RangeInclusive;

use super::{Drawn, Facts, Follows, OpSpec, Shape, ShapeError, Words, Work};

pub(super) struct Concat;

impl OpSpec for Concat {
    fn words(&self) -> Words {
        Words::new("Concat", "Concat").title("join").drawn(Drawn::Join)
    }

    fn arity(&self) -> RangeInclusive<usize> {
        1..=usize::MAX
    }

    fn on(&self, inputs: &[Shape]) -> Result<Facts, ShapeError> {
        let output = inputs[1..].iter().try_fold(inputs[0], |sum, next| {
            sum.joined(next).ok_or(ShapeError::Disagree { op: "Concat", a: sum, b: *next })
        })?;
        Ok(Facts::new(output, Work::default(), Follows::EVERY_POINT))
    }
}
