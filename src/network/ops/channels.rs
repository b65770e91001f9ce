//! What only moves channels: a slice, a shuffle, zeros around them.

use super::{Facts, OpSpec, Shape, ShapeError, Window, Words, Work};

pub(super) struct ChannelSlice {
    pub(super) start: usize,
    pub(super) length: usize,
}

impl OpSpec for ChannelSlice {
    fn words(&self) -> Words {
        let last = (self.start + self.length).saturating_sub(1);
        Words::new("ChannelSlice", format!("channels {} to {last}", self.start))
    }

    fn on(&self, inputs: &[Shape]) -> Result<Facts, ShapeError> {
        let fits = self.length > 0 && self.start + self.length <= inputs[0].channels();
        self.needs(fits, inputs[0], "it has fewer channels")?;
        let output = Shape::map(self.length, inputs[0].height(), inputs[0].width());
        Ok(Facts::new(output, Work::default(), Window::POINT))
    }
}

pub(super) struct ChannelShuffle {
    pub(super) groups: usize,
}

impl OpSpec for ChannelShuffle {
    fn words(&self) -> Words {
        Words::new("ChannelShuffle", format!("shuffle {}", self.groups))
            .title(format!("shuffle, {} groups", self.groups))
    }

    fn on(&self, inputs: &[Shape]) -> Result<Facts, ShapeError> {
        self.needs(inputs[0].divides_into(self.groups), inputs[0], "its channels do not divide into the groups")?;
        Ok(Facts::new(inputs[0], Work::default(), Window::POINT))
    }
}

pub(super) struct PadChannels {
    pub(super) before: usize,
    pub(super) after: usize,
}

impl OpSpec for PadChannels {
    fn words(&self) -> Words {
        Words::new("PadChannels", format!("pad +{}", self.before + self.after))
    }

    fn on(&self, inputs: &[Shape]) -> Result<Facts, ShapeError> {
        let channels = inputs[0].channels() + self.before + self.after;
        let output = Shape::map(channels, inputs[0].height(), inputs[0].width());
        Ok(Facts::new(output, Work::default(), Window::POINT))
    }
}
