//! Maps added, or weighed by a gate: what has one channel, row or column is repeated along the others'.

use std::ops::RangeInclusive;

use super::{Drawn, Facts, Follows, OpSpec, Shape, ShapeError, Window, Words, Work};

/// The shape all inputs have together.
fn together(op: &'static str, inputs: &[Shape]) -> Result<Shape, ShapeError> {
    let join = |sum: Shape, next: &Shape| sum.broadcast(next).ok_or(ShapeError::Disagree { op, a: sum, b: *next });
    inputs[1..].iter().try_fold(inputs[0], join)
}

pub(super) struct Add;

impl OpSpec for Add {
    fn words(&self) -> Words {
        Words::new("Add", "+").drawn(Drawn::Join)
    }

    fn arity(&self) -> RangeInclusive<usize> {
        1..=usize::MAX
    }

    fn on(&self, inputs: &[Shape]) -> Result<Facts, ShapeError> {
        let output = together("Add", inputs)?;
        Ok(Facts::new(output, Work::each(inputs.len() - 1, output), Follows::EVERY_POINT))
    }
}

pub(super) struct Scale;

impl OpSpec for Scale {
    fn words(&self) -> Words {
        Words::new("Scale", "×").drawn(Drawn::Join)
    }

    fn arity(&self) -> RangeInclusive<usize> {
        2..=2
    }

    /// What is weighed keeps its field: its gate has seen the whole map, but says only how much.
    fn on(&self, inputs: &[Shape]) -> Result<Facts, ShapeError> {
        let output = together("Scale", inputs)?;
        Ok(Facts::new(output, Work::each(1, output), Window::POINT))
    }
}
