//! A 3×3 binomial filter, the same for every channel, its border mirrored (Zhang, ICML 2019).

use super::{Facts, OpSpec, Shape, ShapeError, Window, Words, Work};

pub(super) struct BlurPool {
    pub(super) stride: usize,
}

impl OpSpec for BlurPool {
    fn words(&self) -> Words {
        let words = Words::new("BlurPool2d", format!("blur 3×3, /{}", self.stride));
        if self.stride == 1 { words.title("blur 3×3") } else { words }
    }

    fn on(&self, inputs: &[Shape]) -> Result<Facts, ShapeError> {
        let [height, width] = [inputs[0].height(), inputs[0].width()];
        let fits = inputs[0].is_map() && height.min(width) > 1;
        self.needs(fits, inputs[0], "its border is mirrored, which takes two rows and columns")?;
        let [height, width] = [height, width].map(|side| (side - 1) / self.stride.max(1) + 1);
        let output = Shape::map(inputs[0].channels(), height, width);
        Ok(Facts::new(output, Work::each(9, output), Window { size: [3; 2], stride: [self.stride; 2] }))
    }
}
