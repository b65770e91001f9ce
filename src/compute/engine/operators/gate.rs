//! Multiplying a map with a gate.

use candle_core::{CpuStorage, CustomOp2, Layout as Strides, Result, Shape as Dims, Tensor};

use super::Machine;
use super::frame::{Frame, check_numbers, maps_of, numbers, unfit};
use crate::compute::engine::kernels::backward::{Target, channel_gate, spatial_gate};
use crate::compute::engine::kernels::gate::{Gates, Gating, Source};
use crate::network::graph::Shape;

const OP: &str = "scale";

/// `x · gate`: `x` is `[N, C, H, W]`, the gate `[N, C, 1, 1]` (one a channel) or `[N, 1, H, W]` (one a position).
/// Gradients flow to both.
///
/// # Errors
/// When the gate does not fit the map, or the numbers are not f32 on the CPU.
pub fn scale(x: &Tensor, gate: &Tensor) -> Result<Tensor> {
    let (shape, batch) = maps_of(OP, x)?;
    check_numbers(OP, gate)?;
    let (channels, height, width) = (shape.channels(), shape.height(), shape.width());
    let (gate_frame, is_spatial) = match gate.dims() {
        dims if dims == [batch, channels, 1, 1] => (Frame::blocked(Shape::map(channels, 1, 1), batch), false),
        dims if dims == [batch, 1, height, width] => (Frame::natural(Shape::map(1, height, width), batch), true),
        _ => return Err(unfit(OP, "a gate [N, C, 1, 1] or [N, 1, H, W] for its map [N, C, H, W]", gate).into()),
    };
    let scaling = Scaling { map: Frame::blocked(shape, batch), gate: gate_frame, is_spatial };
    x.contiguous()?.apply_op2(&gate.contiguous()?, scaling)
}

struct Scaling {
    map: Frame,
    gate: Frame,
    is_spatial: bool,
}

impl CustomOp2 for Scaling {
    fn name(&self) -> &'static str {
        OP
    }

    fn cpu_fwd(&self, x: &CpuStorage, lx: &Strides, gate: &CpuStorage, lg: &Strides) -> Result<(CpuStorage, Dims)> {
        let (machine, Frame { shape, batch, .. }) = (Machine::new(), self.map);
        let x = self.map.store(&machine, numbers(OP, x, lx)?);
        let gate = self.gate.store(&machine, numbers(OP, gate, lg)?);
        let gates = match self.is_spatial {
            true => Gates { channel: None, spatial: Some(&gate) },
            false => Gates { channel: Some(&gate), spatial: None },
        };
        let mut y = self.map.zeros();
        let gating = Gating { shape, batch, map: Source::Other(&x), gates, residual: None, relu: false };
        gating.run(machine.isa, &machine.crew, &mut y);
        Ok(self.map.output(&machine, &y))
    }

    fn bwd(
        &self,
        x: &Tensor,
        gate: &Tensor,
        _: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let machine = Machine::new();
        let map_values = self.map.read(&machine, OP, x)?;
        let gate_values = self.gate.read(&machine, OP, gate)?;
        let gradient = self.map.read(&machine, OP, gradient)?;
        let (mut to_map, mut to_gate) = (self.map.zeros(), self.gate.zeros());
        let kernel = if self.is_spatial { spatial_gate } else { channel_gate };
        let values = [&map_values[..], &gate_values, &gradient];
        let targets = [&mut to_map, &mut to_gate].map(|values| Some(Target { values, add: false }));
        let [map_target, gate_target] = targets;
        kernel(machine.isa, &machine.crew, self.map.maps(), values, map_target, gate_target);
        Ok((Some(self.map.tensor(&machine, &to_map)?), Some(self.gate.tensor(&machine, &to_gate)?)))
    }
}
