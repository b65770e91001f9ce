//! Pictures and gates as textures, made once and kept: a frame only places them.
//!
//! What lies over the photo is one opaque texture: painted with a tint, its colours would not be the scale's.

mod channels;
mod evidence;
mod over;

pub use evidence::EvidenceLook;
pub use over::Over;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, LazyLock, Weak};

use eframe::egui;
use egui::{Color32, ColorImage, Context, TextureFilter, TextureHandle, TextureId, TextureOptions};

use super::shares::Shares;
use super::widgets::sorted_descending;
use crate::compute::explain::{GateMap, Slice, Stats, counterpart, outline, widened};
use crate::compute::imaging::{colour, overlay};
use crate::desktop::jobs::Inspection;

/// A picture larger than this is shown from a smaller copy.
const MAX_PICTURE_SIDE: usize = 2048;
/// A smooth gate is not upsampled beyond this; the renderer does the rest.
const MAX_SMOOTH_SIDE: usize = 512;
/// How many inspections keep their textures: A, B and the two before.
const KEPT: usize = 4;
/// How many maps of single channels and positions are kept: they come and go with the pointer.
const PASSING: usize = 16;

/// What the ends of the colour map stand for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Scale {
    /// 0 and 1, the same for every gate.
    #[default]
    Absolute,
    /// The gate's own smallest and largest value.
    Stretched,
}

impl Scale {
    /// The values at the ends of the colour map for what is drawn of a gate.
    #[must_use]
    pub fn range(self, inspection: &Inspection, gate: usize, face: Face, map: &GateMap) -> (f32, f32) {
        let (lens, stats) = (inspection.lens(gate), inspection.stats.get(gate));
        match (self, face, lens, stats) {
            (Self::Absolute, Face::Own(_) | Face::Table, Some(lens), Some(stats)) => lens.scale(stats),
            (Self::Absolute, ..) => widened(&Stats::of(&map.values)),
            (Self::Stretched, ..) => {
                let stats = Stats::of(&map.values);
                (stats.min, stats.max)
            }
        }
    }
}

/// What of a gate is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Face {
    /// A map or strip of its own.
    Own(Slice),
    /// Its product with the other strip of its attention block: what multiplies the features.
    Together(Slice),
    /// Every value of a strip, channels across or downwards.
    Table,
}

impl Default for Face {
    fn default() -> Self {
        Self::Own(Slice::Mean)
    }
}

impl Face {
    /// Does it change with the pointer?
    fn is_passing(self) -> bool {
        match self {
            Self::Own(slice) | Self::Together(slice) => slice != Slice::Mean,
            Self::Table => false,
        }
    }
}

/// How finely a gate is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Detail {
    /// Values interpolated to the picture's resolution.
    #[default]
    Smooth,
    /// One square a value.
    Exact,
    /// One texel a value, smoothed by the renderer: for thumbnails.
    Small,
}

/// Small maps stay crisp when enlarged and smooth when reduced.
const CRISP: TextureOptions = TextureOptions { magnification: TextureFilter::Nearest, ..TextureOptions::LINEAR };

/// A gate, what of it and how; last, how strongly the photo shows in it, where it lies over the photo.
type GateKey = (usize, Face, Scale, Detail, Option<u8>);

/// The textures of one inspection.
struct Set {
    /// Weak: a cache must not keep a hundred megabytes of results alive. It pins the address, so no other
    /// inspection can be taken for this one.
    inspection: Weak<Inspection>,
    picture: Option<TextureHandle>,
    gates: HashMap<GateKey, TextureHandle>,
    passing: VecDeque<(GateKey, TextureHandle)>,
    /// The light of the photo, by size.
    reliefs: HashMap<[usize; 2], Arc<Vec<f32>>>,
    /// Products of strips, means over channels.
    products: HashMap<usize, GateMap<'static>>,
    shares: HashMap<usize, Arc<Shares>>,
    sorted: HashMap<usize, Vec<f32>>,
    outlines: HashMap<usize, Vec<f32>>,
}

impl Set {
    fn of(inspection: &Arc<Inspection>) -> Self {
        Self {
            inspection: Arc::downgrade(inspection),
            picture: None,
            gates: HashMap::new(),
            passing: VecDeque::new(),
            reliefs: HashMap::new(),
            products: HashMap::new(),
            shares: HashMap::new(),
            sorted: HashMap::new(),
            outlines: HashMap::new(),
        }
    }
}

/// Textures and sorted values by inspection and gate: one for all views.
#[derive(Default)]
pub struct GateTextures {
    sets: Vec<Set>,
    /// Channels of a layer.
    cells: channels::Cells,
    /// Maps of evidence, the latest first.
    evidence: Vec<evidence::Drawn>,
    /// A changed gate: what it was made of, and the texture.
    changed: Option<(u64, TextureHandle)>,
    ramp: Option<TextureHandle>,
}

impl GateTextures {
    /// A gate's own mean map or strip in viridis, opaque; none of a gate that does not say where.
    pub fn gate(
        &mut self,
        ctx: &Context,
        inspection: &Arc<Inspection>,
        gate: usize,
        scale: Scale,
        detail: Detail,
    ) -> Option<TextureId> {
        self.face(ctx, inspection, gate, Face::default(), scale, detail)
    }

    /// A face of a gate in viridis, opaque.
    pub fn face(
        &mut self,
        ctx: &Context,
        inspection: &Arc<Inspection>,
        gate: usize,
        face: Face,
        scale: Scale,
        detail: Detail,
    ) -> Option<TextureId> {
        let key = (gate, face, scale, detail, None);
        if let Some(known) = self.known(inspection, &key) {
            return Some(known);
        }
        let map = self.map(inspection, gate, face)?;
        let image = heat(inspection, &map, scale.range(inspection, gate, face, &map), detail);
        let options = if detail == Detail::Exact { CRISP } else { TextureOptions::LINEAR };
        let handle = ctx.load_texture(format!("gate {gate}"), image, options);
        Some(self.keep(inspection, key, handle, face.is_passing()))
    }

    fn known(&mut self, inspection: &Arc<Inspection>, key: &GateKey) -> Option<TextureId> {
        let set = self.set(inspection);
        let passing = set.passing.iter().find(|(known, _)| known == key).map(|(_, handle)| handle);
        set.gates.get(key).or(passing).map(TextureHandle::id)
    }

    fn keep(
        &mut self,
        inspection: &Arc<Inspection>,
        key: GateKey,
        handle: TextureHandle,
        is_passing: bool,
    ) -> TextureId {
        let (id, set) = (handle.id(), self.set(inspection));
        if is_passing {
            set.passing.push_front((key, handle));
            set.passing.truncate(PASSING);
        } else {
            set.gates.insert(key, handle);
        }
        id
    }

    /// The values behind a face.
    pub fn map<'a>(&mut self, inspection: &'a Arc<Inspection>, gate: usize, face: Face) -> Option<GateMap<'a>> {
        match face {
            Face::Own(slice) => inspection.map(gate, slice),
            Face::Table => inspection.lens(gate)?.table(),
            Face::Together(slice) => {
                let work_out = || {
                    let other = inspection.lens(counterpart(&inspection.graph, gate)?)?;
                    inspection.lens(gate)?.together(&other, slice)
                };
                if slice != Slice::Mean {
                    return work_out();
                }
                let products = &mut self.set(inspection).products;
                if let Some(known) = products.get(&gate) {
                    return Some(known.clone());
                }
                let product = work_out()?;
                products.insert(gate, product.clone());
                Some(product)
            }
        }
    }

    /// The shares of a gate over paths; none of other gates.
    pub fn shares(&mut self, inspection: &Arc<Inspection>, gate: usize) -> Option<Arc<Shares>> {
        let known = &mut self.set(inspection).shares;
        if let Some(shares) = known.get(&gate) {
            return Some(shares.clone());
        }
        let shares = Arc::new(Shares::of(inspection, gate)?);
        known.insert(gate, shares.clone());
        Some(shares)
    }

    /// The whole picture, from a smaller copy when it is huge.
    pub fn picture(&mut self, ctx: &Context, inspection: &Arc<Inspection>) -> TextureId {
        let make = || ctx.load_texture("picture", reduced(&inspection.picture.pixels), TextureOptions::LINEAR);
        self.set(inspection).picture.get_or_insert_with(make).id()
    }

    /// The colour map itself, left to right from low to high.
    pub fn ramp(&mut self, ctx: &Context) -> TextureId {
        let make = || ctx.load_texture("viridis", ColorImage::new([256, 1], VIRIDIS.to_vec()), TextureOptions::LINEAR);
        self.ramp.get_or_insert_with(make).id()
    }

    /// A gate's values from largest to smallest; empty where there is no such gate.
    pub fn sorted(&mut self, inspection: &Arc<Inspection>, gate: usize) -> &[f32] {
        let values = inspection.run.gates.get(gate).map_or(&[][..], |gate| &gate.values);
        self.set(inspection).sorted.entry(gate).or_insert_with(|| sorted_descending(values))
    }

    /// The same, thinned out to what a small picture can show.
    pub fn outline(&mut self, inspection: &Arc<Inspection>, gate: usize) -> &[f32] {
        let values = inspection.run.gates.get(gate).map_or(&[][..], |gate| &gate.values);
        self.set(inspection).outlines.entry(gate).or_insert_with(|| outline(values))
    }

    fn set(&mut self, inspection: &Arc<Inspection>) -> &mut Set {
        let known = self.sets.iter().position(|set| std::ptr::eq(set.inspection.as_ptr(), Arc::as_ptr(inspection)));
        let set = match known {
            Some(0) => return &mut self.sets[0],
            Some(position) => self.sets.remove(position),
            None => Set::of(inspection),
        };
        self.sets.retain(|set| set.inspection.strong_count() > 0);
        self.sets.truncate(KEPT - 1);
        self.sets.insert(0, set);
        &mut self.sets[0]
    }
}

static VIRIDIS: LazyLock<[Color32; 256]> = LazyLock::new(|| {
    std::array::from_fn(|index| {
        let [r, g, b] = colour::viridis(index as f32 / 255.0);
        Color32::from_rgb(r, g, b)
    })
});

/// The colour of `value` on a scale from `low` to `high`; the middle when the scale has no width.
#[must_use]
pub fn viridis(value: f32, (low, high): (f32, f32)) -> Color32 {
    if value.is_nan() {
        let [r, g, b] = colour::viridis(value);
        return Color32::from_rgb(r, g, b);
    }
    let t = if high > low { ((value - low) / (high - low)).clamp(0.0, 1.0) } else { 0.5 };
    VIRIDIS[(t * 255.0).round() as usize]
}

fn heat(inspection: &Inspection, map: &GateMap, range: (f32, f32), detail: Detail) -> ColorImage {
    let paint = |values: &[f32], [height, width]: [usize; 2]| {
        ColorImage::new([width, height], values.iter().map(|value| viridis(*value, range)).collect())
    };
    if detail != Detail::Smooth {
        return paint(&map.values, map.size);
    }
    let (width, height) = inspection.prepared.crop.dimensions();
    let shrink = (MAX_SMOOTH_SIDE as f32 / width.max(height) as f32).min(1.0);
    let to = [height, width].map(|side| ((side as f32 * shrink).round() as usize).max(1));
    // A strip is the same all along: the renderer stretches it.
    let to = [if map.size[0] > 1 { to[0] } else { 1 }, if map.size[1] > 1 { to[1] } else { 1 }];
    paint(&overlay::upsample(&map.values, map.size, to), to)
}

/// An image of at most [`MAX_PICTURE_SIDE`] a side. Averages four samples a pixel, not all of them: a picture of a
/// hundred megapixels must not hold up a frame for long, and it is looked at, not measured.
fn reduced(pixels: &image::RgbImage) -> ColorImage {
    let (width, height) = (pixels.width() as usize, pixels.height() as usize);
    let longest = width.max(height);
    if longest <= MAX_PICTURE_SIDE {
        return ColorImage::from_rgb([width, height], pixels.as_raw());
    }
    let fit = |side: usize| (side * MAX_PICTURE_SIDE / longest).max(1);
    let (columns, rows) = (fit(width), fit(height));
    let raw = pixels.as_raw();
    let at = |x: usize, y: usize| &raw[(y * width + x) * 3..][..3];
    let mut out = Vec::with_capacity(columns * rows);
    for row in 0..rows {
        let ys = [(4 * row + 1) * height / (4 * rows), (4 * row + 3) * height / (4 * rows)];
        for column in 0..columns {
            let xs = [(4 * column + 1) * width / (4 * columns), (4 * column + 3) * width / (4 * columns)];
            let samples = [at(xs[0], ys[0]), at(xs[1], ys[0]), at(xs[0], ys[1]), at(xs[1], ys[1])];
            let mean = |band: usize| (samples.iter().map(|sample| u16::from(sample[band])).sum::<u16>() / 4) as u8;
            out.push(Color32::from_rgb(mean(0), mean(1), mean(2)));
        }
    }
    ColorImage::new([columns, rows], out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_both_ends_and_short_gates_whole() {
        let values: Vec<f32> = (0..2048).map(|index| 1.0 - index as f32 / 2047.0).collect();
        let kept = outline(&values);
        assert_eq!((kept.len(), kept[0], kept[47]), (48, 1.0, 0.0));
        assert_eq!(outline(&values[..16]), &values[..16]);
    }

    #[test]
    fn colours_follow_the_scale() {
        assert_eq!(viridis(0.0, (0.0, 1.0)), VIRIDIS[0]);
        assert_eq!(viridis(0.62, (0.31, 0.62)), VIRIDIS[255]);
        assert_eq!(viridis(7.0, (0.0, 1.0)), VIRIDIS[255]);
        assert_eq!(viridis(0.5, (0.5, 0.5)), VIRIDIS[128]);
        let [r, g, b] = colour::NOT_A_NUMBER;
        assert_eq!(viridis(f32::NAN, (0.0, 1.0)), Color32::from_rgb(r, g, b));
    }

    #[test]
    fn huge_pictures_are_shown_smaller_and_keep_their_form() {
        let pixels = image::RgbImage::from_fn(6000, 1500, |x, _| image::Rgb([if x < 3000 { 0 } else { 200 }, 10, 20]));
        let image = reduced(&pixels);
        assert_eq!(image.size, [2048, 512]);
        assert_eq!(image.pixels[0], Color32::from_rgb(0, 10, 20));
        assert_eq!(image.pixels[2047], Color32::from_rgb(200, 10, 20));
        assert_eq!(reduced(&image::RgbImage::new(451, 300)).size, [451, 300]);
        assert_eq!(reduced(&image::RgbImage::new(9000, 1)).size, [2048, 1]);
    }
}
