//! Two axes of `[C, H, W]` exchanged: channels read as rows or columns, and back.

use super::{Facts, OpSpec, Shape, ShapeError, Window, Words, Work};

/// Exchanges the channels with the rows (axis 1) or with the columns (axis 2).
pub(super) struct Transpose {
    pub(super) axis: usize,
}

impl OpSpec for Transpose {
    fn words(&self) -> Words {
        let axis = if self.axis == 1 { "H" } else { "W" };
        Words::new("Transpose", format!("C ↔ {axis}"))
    }

    /// A position sees all that is in its channels now; its neighbours along that axis see the same of the image.
    fn on(&self, inputs: &[Shape]) -> Result<Facts, ShapeError> {
        let input = inputs[0];
        self.needs(input.is_map() && (1..=2).contains(&self.axis), input, "it needs a feature map")?;
        let mut sides = [input.channels(), input.height(), input.width()];
        sides.swap(0, self.axis);
        let mut window = Window::POINT;
        window.size[self.axis - 1] = sides[0];
        window.stride[self.axis - 1] = 0;
        Ok(Facts::new(Shape::map(sides[0], sides[1], sides[2]), Work::default(), window))
    }
}
