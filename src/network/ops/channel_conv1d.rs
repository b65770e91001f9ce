//! One convolution along the channels of a squeezed map, the same weights at every channel.

use super::{Count, Facts, OpSpec, Shape, ShapeError, Tensors, Window, Words, Work};

pub(super) struct ChannelConv1d {
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) kernel: usize,
    pub(super) bias: bool,
}

impl OpSpec for ChannelConv1d {
    fn words(&self) -> Words {
        let rows = if self.outputs == 1 { String::new() } else { format!(", {}", self.outputs) };
        Words::new("Conv1d", format!("1-D {}{rows}", self.kernel)).title(format!("Conv over {} channels", self.kernel))
    }

    /// The channels it mixes were squeezed from the same positions: they see no more.
    fn on(&self, inputs: &[Shape]) -> Result<Facts, ShapeError> {
        let (input, features) = (inputs[0], [self.inputs, self.outputs]);
        let (fits, channels) = match self.inputs {
            1 => (input.elements() == input.channels(), input.channels()),
            rows => (input.channels() == rows && input.width() == 1, input.height()),
        };
        self.needs(fits, input, "it needs one value a channel, pool first")?;
        let output = match self.outputs {
            outputs if outputs == self.inputs => input,
            1 => Shape::map(channels, 1, 1),
            outputs => Shape::map(outputs, channels, 1),
        };
        let factors = std::iter::once(self.kernel).chain(features.into_iter().filter(|features| *features > 1));
        let weights = Count::product(factors.collect::<Vec<_>>());
        let work = Work::weighted(weights.clone().times(channels), self.bias, output);
        let tensors = Tensors::weight(vec![self.outputs, self.inputs, self.kernel], self.bias, weights);
        Ok(Facts::new(output, work, Window::POINT).with(tensors))
    }
}
