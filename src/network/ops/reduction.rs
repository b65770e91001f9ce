//! One number for all rows, all columns, all positions or all channels: their mean or maximum.

use super::{Facts, OpSpec, Shape, ShapeError, Window, Words, Work};

/// A mean or maximum over whole axes of `[C, H, W]`.
pub(super) struct Reduction {
    name: &'static str,
    detail: &'static str,
    title: &'static str,
    /// Is it over the channels, the rows, the columns?
    over: [bool; 3],
}

const CHANNELS: [bool; 3] = [true, false, false];
const ROWS: [bool; 3] = [false, true, false];
const COLUMNS: [bool; 3] = [false, false, true];
const POSITIONS: [bool; 3] = [false, true, true];

impl Reduction {
    pub(super) const GLOBAL_AVG_POOL: Self = Self::new("GlobalAvgPool", "GlobalAvgPool", "mean over H, W", POSITIONS);
    pub(super) const GLOBAL_MAX_POOL: Self = Self::new("GlobalMaxPool", "GlobalMaxPool", "max over H, W", POSITIONS);
    pub(super) const MEAN_OVER_WIDTH: Self = Self::new("MeanOverWidth", "mean of rows", "mean over W", COLUMNS);
    pub(super) const MEAN_OVER_HEIGHT: Self = Self::new("MeanOverHeight", "mean of columns", "mean over H", ROWS);
    pub(super) const CHANNEL_MEAN: Self = Self::new("ChannelMean", "ChannelMean", "mean over C", CHANNELS);
    pub(super) const CHANNEL_MAX: Self = Self::new("ChannelMax", "ChannelMax", "max over C", CHANNELS);

    const fn new(name: &'static str, detail: &'static str, title: &'static str, over: [bool; 3]) -> Self {
        Self { name, detail, title, over }
    }
}

impl OpSpec for Reduction {
    fn words(&self) -> Words {
        Words::new(self.name, self.detail).title(self.title)
    }

    /// Each number is read.
    fn on(&self, inputs: &[Shape]) -> Result<Facts, ShapeError> {
        let sides = [inputs[0].channels(), inputs[0].height(), inputs[0].width()];
        let kept = |axis: usize| if self.over[axis] { 1 } else { sides[axis] };
        let read = |axis: usize| if self.over[axis] { sides[axis] } else { 1 };
        let window = Window { size: [1, 2].map(read), ..Window::POINT };
        Ok(Facts::new(Shape::map(kept(0), kept(1), kept(2)), Work::each(1, inputs[0]), window))
    }
}
