//! Maps of evidence over what the network saw.

use std::sync::{Arc, Weak};

use eframe::egui;
use egui::{Color32, ColorImage, Context, TextureHandle, TextureId, TextureOptions};

use super::GateTextures;
use crate::compute::explain::Evidence;
use crate::compute::imaging::{overlay, shade};
use crate::desktop::jobs::{Explained, Inspection};

/// The longer side of a map.
const SIDE: f32 = 448.0;
/// How many are kept.
const KEPT: usize = 24;

/// Which map, and how it is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EvidenceLook {
    /// Which of the answer's maps.
    pub index: usize,
    /// The value at either end of the colours.
    pub reach: f32,
    /// Is what speaks against it cut off?
    pub for_only: bool,
    /// Is it on a dark ground?
    pub is_on_dark: bool,
}

/// A map that was drawn. The answer is held weakly: it pins the address, so that no other can be taken for it.
pub(super) struct Drawn {
    answer: Weak<Explained>,
    look: EvidenceLook,
    texture: TextureHandle,
}

impl GateTextures {
    /// A map of an answer over what the network saw.
    pub fn evidence(
        &mut self,
        ctx: &Context,
        inspection: &Arc<Inspection>,
        answer: &Arc<Explained>,
        look: EvidenceLook,
    ) -> Option<TextureId> {
        let is_it = |drawn: &Drawn| std::ptr::eq(drawn.answer.as_ptr(), Arc::as_ptr(answer)) && drawn.look == look;
        if let Some(known) = self.evidence.iter().find(|drawn| is_it(drawn)) {
            return Some(known.texture.id());
        }
        let Explained::Evidence(maps) = &**answer else { return None };
        let (width, height) = inspection.prepared.crop.dimensions();
        let scaled = |side: u32| ((side as f32 * SIDE / width.max(height).max(1) as f32).round() as usize).max(1);
        let size = [scaled(height), scaled(width)];
        let relief = self.relief(inspection, size);
        let colours = colours(maps.get(look.index)?, &relief, size, look);
        let pixels = colours.into_iter().map(|[r, g, b]| Color32::from_rgb(r, g, b)).collect();
        let image = ColorImage::new([size[1], size[0]], pixels);
        let texture = ctx.load_texture("evidence", image, TextureOptions::LINEAR);
        let id = texture.id();
        self.evidence.insert(0, Drawn { answer: Arc::downgrade(answer), look, texture });
        self.evidence.truncate(KEPT);
        Some(id)
    }
}

fn colours(map: &Evidence, relief: &[f32], size: [usize; 2], look: EvidenceLook) -> Vec<[u8; 3]> {
    let shown: Vec<f32> = match look.for_only {
        true => map.values.iter().map(|value| value.max(0.0)).collect(),
        false => map.values.clone(),
    };
    let values = overlay::upsample(&shown, map.size, size);
    overlay::over(&values, (-look.reach, look.reach), relief, (shade::Shades::evidence(look.is_on_dark), 1.0))
}
