//! Integrated gradients (Sundararajan et al., ICML 2017): `x · mean dy/dx` along the way from the mean colour to `x`.
//!
//! 32 steps by the midpoint rule. In theory the map sums to `y(x) − y(0)`; how far it is from that is said.

use crate::compute::engine::EngineError;
use crate::compute::explain::method::{Explanation, MethodCard, of_pixels};
use crate::compute::explain::{Evidence, Layer, Look, Target};

/// Steps along the way: the rule is part of the number.
const STEPS: usize = 32;

/// What each pixel contributes on the way from nothing.
pub struct IntegratedGradients;

impl Explanation for IntegratedGradients {
    fn card(&self) -> MethodCard {
        MethodCard {
            name: "integrated",
            title: "Integrated gradients",
            formula: "x · mean_k dy/dx((k + ½)/32 · x)",
            summary: "What each pixel adds on the way from the mean colour to the picture.",
            caution: "32 steps need not be enough: the gap between its sum and what it should be is printed.",
            paper: "Sundararajan et al., ICML 2017, arXiv 1703.01365",
            is_of_layer: false,
            knows_class: true,
            is_slow: false,
        }
    }

    fn explain(&self, look: &mut Look<'_>, _layer: &Layer, target: Target) -> Result<Evidence, EngineError> {
        let image = look.image().to_vec();
        let mut sums = vec![0.0_f64; image.len()];
        for step in 0..STEPS {
            if (look.control().cancelled)() {
                return Err(EngineError::Cancelled);
            }
            let share = (step as f32 + 0.5) / STEPS as f32;
            let on_the_way: Vec<f32> = image.iter().map(|value| value * share).collect();
            let (gradient, _) = look.pixel_gradient(&on_the_way, target)?;
            sums.iter_mut().zip(gradient).for_each(|(sum, g)| *sum += f64::from(g));
            (look.control().progress)((step + 1) as f32 / STEPS as f32);
        }
        let products: Vec<f32> =
            sums.iter().zip(&image).map(|(sum, x)| (sum / STEPS as f64 * f64::from(*x)) as f32).collect();
        let (_, there) = look.pixel_gradient(&image, target)?;
        let (_, nothing) = look.pixel_gradient(&vec![0.0; image.len()], target)?;
        let mut map = of_pixels(self.card(), look, target, &products);
        map.notes.push(format!(
            "completeness: the map sums to {:.3} of {:.3} that the mean colour lacks ({STEPS} steps)",
            map.sum(),
            there - nothing
        ));
        Ok(map)
    }
}
