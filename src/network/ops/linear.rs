//! `y = W x + b`, `[in] → [out_features]`; of a map at each position.

use super::{Count, Facts, OpSpec, Shape, ShapeError, Tensors, Window, Words, Work};

pub(super) struct Linear {
    pub(super) out_features: usize,
    pub(super) bias: bool,
}

impl OpSpec for Linear {
    fn words(&self) -> Words {
        Words::new("Linear", format!("fc {}", self.out_features)).title(format!("Linear, {}", self.out_features))
    }

    fn on(&self, inputs: &[Shape]) -> Result<Facts, ShapeError> {
        self.needs(inputs[0].dims().len() != 2, inputs[0], "it needs a vector or a map")?;
        let (output, channels) = (inputs[0].with_channels(self.out_features), inputs[0].channels());
        let weights = Count::product([channels, self.out_features]);
        let macs = if output.positions() == 1 { weights.clone() } else { weights.clone().times(output.positions()) };
        let tensors = Tensors::weight(vec![self.out_features, channels], self.bias, weights);
        Ok(Facts::new(output, Work::weighted(macs, self.bias, output), Window::POINT).with(tensors))
    }
}
