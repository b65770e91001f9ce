//! The style of each channel: its mean and its standard deviation (SRM, Lee et al., ICCV 2019).

use super::{Facts, OpSpec, Shape, ShapeError, Window, Words, Work};

/// `[C, H, W] → [C, 1, 2]`; the variance is over one position less than there are.
pub(super) struct StylePool;

impl OpSpec for StylePool {
    fn words(&self) -> Words {
        Words::new("StylePool", "mean, std").title("mean and std over H, W")
    }

    /// The mean, a difference, its square and their sum.
    fn on(&self, inputs: &[Shape]) -> Result<Facts, ShapeError> {
        let input = inputs[0];
        self.needs(input.positions() > 1, input, "it compares positions, of which there is one")?;
        // Both numbers see the same of the image.
        let window = Window { stride: [1, 0], ..Window::whole(input) };
        Ok(Facts::new(Shape::map(input.channels(), 1, 2), Work::each(4, input), window))
    }
}
