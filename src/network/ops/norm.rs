//! `y = (x − mean) / sqrt(var + eps) · weight + bias`, weight and bias per channel.

use super::{Count, Drawn, Facts, OpSpec, Role, Shape, ShapeError, Tensors, Window, Words, Work};

/// These tensors of one number a channel, of which weight and bias are parameters.
fn per_channel(roles: &[Role], input: Shape) -> Tensors {
    let shapes = roles.iter().map(|role| (*role, vec![input.channels()])).collect();
    Tensors { shapes, count: Count::product([2, input.channels()]) }
}

/// With running statistics.
pub(super) struct BatchNorm;

impl OpSpec for BatchNorm {
    fn words(&self) -> Words {
        Words::new("BatchNorm2d", "BN").drawn(Drawn::Note("BN"))
    }

    /// One multiplication, one addition: its statistics are folded.
    fn on(&self, inputs: &[Shape]) -> Result<Facts, ShapeError> {
        let roles = [Role::Weight, Role::Bias, Role::RunningMean, Role::RunningVar];
        Ok(Facts::pointwise(2, inputs[0]).with(per_channel(&roles, inputs[0])))
    }
}

/// With the statistics of each group of channels over all positions.
pub(super) struct GroupNorm {
    pub(super) groups: usize,
}

impl OpSpec for GroupNorm {
    fn words(&self) -> Words {
        match self.groups {
            1 => Words::new("GroupNorm", "norm").drawn(Drawn::Note("LN")),
            groups => Words::new("GroupNorm", format!("norm, g{groups}")).drawn(Drawn::Note("GN")),
        }
    }

    /// Mean, variance, scale and shift.
    fn on(&self, inputs: &[Shape]) -> Result<Facts, ShapeError> {
        self.needs(inputs[0].divides_into(self.groups), inputs[0], "its channels do not divide into the groups")?;
        let facts = Facts::new(inputs[0], Work::each(5, inputs[0]), Window::whole(inputs[0]));
        Ok(facts.with(per_channel(&[Role::Weight, Role::Bias], inputs[0])))
    }
}
