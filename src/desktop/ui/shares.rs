//! A gate over paths, stacked: each channel's shares, which sum to 1.

use eframe::egui;
use egui::{Color32, Painter, Rect, pos2};

use super::theme::Palette;
use crate::compute::explain::{BARS, bars, by_share, path_names};
use crate::desktop::jobs::Inspection;
use crate::network::graph::GateKind;

/// A gate over paths, ready to be drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Shares {
    /// What the paths are, in the order they are stacked, from below.
    pub names: Vec<String>,
    /// The mean share of each path.
    pub means: Vec<f32>,
    /// Channels, the one with the largest share of the first path first.
    pub order: Vec<usize>,
    /// By path, then by channel.
    pub values: Vec<Vec<f32>>,
    /// The small picture: by bar, in order, then by path.
    small: Vec<Vec<f32>>,
}

impl Shares {
    /// Of a gate; none of one that is not over paths.
    #[must_use]
    pub fn of(inspection: &Inspection, gate: usize) -> Option<Self> {
        let lens = inspection.lens(gate)?;
        let channels = lens.channels();
        if !matches!(lens.kind, GateKind::Paths { .. }) || channels == 0 {
            return None;
        }
        let values: Vec<Vec<f32>> = lens.values.chunks_exact(channels).map(<[f32]>::to_vec).collect();
        let order = by_share(&values[0]);
        let names = path_names(&inspection.graph, inspection.graph.gates.get(gate)?);
        let small = bars(&values, &order, BARS);
        Some(Self { names, means: lens.shares(), order, values, small })
    }

    /// Paints the small picture.
    pub fn paint_small(&self, painter: &Painter, rect: Rect, colours: &Palette, attention: Color32) {
        paint(painter, rect, &self.small, colours, attention);
    }

    /// `3×3 0.612 · 3×3 dilated 2 0.388`: shares with their paths.
    #[must_use]
    pub fn words(&self, shares: &[f32]) -> String {
        let one = |(name, share): (&String, &f32)| format!("{name} {share:.3}");
        self.names.iter().zip(shares).map(one).collect::<Vec<_>>().join(" · ")
    }
}

/// Stacked bars over the whole rectangle, the first path lowest.
pub fn paint(painter: &Painter, rect: Rect, bars: &[Vec<f32>], colours: &Palette, attention: Color32) {
    let pitch = rect.width() / bars.len().max(1) as f32;
    let gap = if pitch >= 3.0 { 1.0 } else { 0.0 };
    for (index, shares) in bars.iter().enumerate() {
        let left = rect.left() + pitch * index as f32;
        let mut below = 0.0_f32;
        for (path, share) in shares.iter().enumerate() {
            let above = if share.is_nan() { below } else { (below + share).clamp(below, 1.0) };
            let y = |share: f32| rect.bottom() - rect.height() * share;
            let bar = Rect::from_min_max(pos2(left, y(above)), pos2(left + pitch - gap, y(below)));
            painter.rect_filled(bar, 0.0, colours.path(attention, path, shares.len()));
            below = above;
        }
    }
}
