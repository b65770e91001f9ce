//! The product of two maps taken as matrices `[C, H·W]`.

use std::ops::RangeInclusive;

use super::{Count, Facts, Follows, OpSpec, Shape, ShapeError, Window, Words, Work};

/// A product of two maps `a` and `b` as matrices, a row a channel, a column a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// `aᵀ·b`: how alike each position of the first and each of the second are,
    /// `[C, H, W], [C, H', W'] → [H·W, H', W']`.
    Similarity,
    /// `a·bᵀ`: the first summed over its positions, weighed by each row of the second, `[C, H, W], [N, H, W] →
    /// [C, H, W]` where there is a row for each position, else `[C, N, 1]`.
    Weighted,
}

impl OpSpec for Product {
    fn words(&self) -> Words {
        match self {
            Self::Similarity => Words::new("MatMul", "a′·b").title("similarity"),
            Self::Weighted => Words::new("MatMul", "a·b′").title("weighted sum"),
        }
    }

    fn arity(&self) -> RangeInclusive<usize> {
        2..=2
    }

    fn on(&self, inputs: &[Shape]) -> Result<Facts, ShapeError> {
        let (a, b) = (inputs[0], inputs[1]);
        let (fits, output, products) = match self {
            Self::Similarity => {
                let products = Count::product([a.channels(), a.positions(), b.height(), b.width()]);
                (a.channels() == b.channels(), Shape::map(a.positions(), b.height(), b.width()), products)
            }
            Self::Weighted => {
                let output = if b.channels() == a.positions() { a } else { Shape::map(a.channels(), b.channels(), 1) };
                let products = Count::product([a.channels(), output.positions(), a.positions()]);
                (a.positions() == b.positions(), output, products)
            }
        };
        let work = Work { products, ..Work::default() };
        let facts = Facts::new(output, work, Follows::Every(Window::whole));
        fits.then_some(facts).ok_or(ShapeError::Disagree { op: "MatMul", a, b })
    }
}
