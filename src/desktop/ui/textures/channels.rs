//! Channels of a layer as small pictures, made when they come into sight.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use eframe::egui;
use egui::{Color32, ColorImage, Context, TextureHandle, TextureId, TextureOptions};

use super::GateTextures;
use crate::compute::explain::Features;
use crate::compute::imaging::ColourMap;
use crate::desktop::jobs::Explained;

/// How many are kept: more than are in sight.
const KEPT: usize = 1024;

/// Small pictures of one answer.
#[derive(Default)]
pub(super) struct Cells {
    answer: Weak<Explained>,
    made: HashMap<(usize, usize, u32, bool, bool), TextureHandle>,
}

impl GateTextures {
    /// A channel of one of an answer's layers; the colours end at `reach`, on both sides of 0 where there are values
    /// below it.
    pub fn channel(
        &mut self,
        ctx: &Context,
        answer: &Arc<Explained>,
        (layer, channel): (usize, usize),
        ((reach, is_signed), is_on_dark): ((f32, bool), bool),
    ) -> Option<TextureId> {
        if !std::ptr::eq(self.cells.answer.as_ptr(), Arc::as_ptr(answer)) || self.cells.made.len() > KEPT {
            self.cells = Cells { answer: Arc::downgrade(answer), made: HashMap::new() };
        }
        let key = (layer, channel, reach.to_bits(), is_signed, is_on_dark);
        if let Some(known) = self.cells.made.get(&key) {
            return Some(known.id());
        }
        let Explained::Features(layers) = &**answer else { return None };
        let colours = match (is_signed, is_on_dark) {
            (false, _) => ColourMap::Viridis,
            (true, true) => ColourMap::Evidence,
            (true, false) => ColourMap::EvidenceOnLight,
        };
        let image = image(layers.get(layer)?, channel, (reach, is_signed), colours);
        let texture = ctx.load_texture("channel", image, TextureOptions::NEAREST);
        let id = texture.id();
        self.cells.made.insert(key, texture);
        Some(id)
    }
}

fn image(features: &Features, channel: usize, (reach, is_signed): (f32, bool), colours: ColourMap) -> ColorImage {
    let [_, height, width] = features.shape;
    let colour = |value: &f32| {
        let share = if reach > 0.0 { value / reach } else { 0.0 };
        let [r, g, b] = colours.at(if is_signed { f32::midpoint(share, 1.0) } else { share });
        Color32::from_rgb(r, g, b)
    };
    ColorImage::new([width, height], features.channel(channel).iter().map(colour).collect())
}
