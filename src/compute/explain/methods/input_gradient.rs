//! The gradient of a target from the pixels, signed, summed over the channels (Simonyan et al., 2013).

use crate::compute::engine::EngineError;
use crate::compute::explain::method::{Explanation, MethodCard, of_pixels};
use crate::compute::explain::{Evidence, Layer, Look, Target};

/// How the target changes with each pixel.
pub struct InputGradient;

impl Explanation for InputGradient {
    fn card(&self) -> MethodCard {
        MethodCard {
            name: "inputgradient",
            title: "Input gradient",
            formula: "Σ_channels dy/dx",
            summary: "How the logit changes with each pixel of the normalised picture.",
            caution: "It says what would change the logit, not what made it, and is noisy.",
            paper: "Simonyan et al., 2013, arXiv 1312.6034",
            is_of_layer: false,
            knows_class: true,
            is_slow: false,
        }
    }

    fn explain(&self, look: &mut Look<'_>, _layer: &Layer, target: Target) -> Result<Evidence, EngineError> {
        let image = look.image().to_vec();
        let (gradient, _) = look.pixel_gradient(&image, target)?;
        Ok(of_pixels(self.card(), look, target, &gradient))
    }
}
