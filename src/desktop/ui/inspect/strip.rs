//! All gates in depth order: a film strip. Only the frames in sight are drawn.

use eframe::egui;
use egui::{Color32, EventFilter, Key, Rect, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::super::Outbox;
use super::super::textures::{GateTextures, Scale};
use super::super::theme::{self, palette, size};
use super::super::widgets::{caption, section};
use super::channels::bar_rect;
use super::in_short;
use super::layout::{Areas, film_edges, visible};
use super::picture::paint_thumbnail;
use super::{Scene, Shown, overview};
use crate::network::graph::GateKind;

/// Room under a thumbnail: underline, two lines of text, the scroll bar.
pub(super) const UNDER: f32 = 52.0;
/// Around a thumbnail, for the frame of the chosen one.
const EDGE: f32 = 3.0;

/// What the strip remembers.
#[derive(Default)]
pub(super) struct StripState {
    /// The gate scrolled to last, by name: scrolled to once, then the user's scrolling counts.
    scrolled_to: Option<String>,
    /// By gate, what its mean does beside the gate that does most, 0 to 1; empty where they are not ranked.
    pub(super) effects: Vec<f32>,
}

#[expect(clippy::too_many_arguments, reason = "what is drawn, how, where, and who is told")]
pub(super) fn show(
    ui: &mut Ui,
    areas: &Areas,
    scene: Scene,
    shown: &Shown,
    scale: Scale,
    textures: &mut GateTextures,
    state: &mut StripState,
    out: &mut Outbox,
) {
    let count = scene.film.frames.len();
    egui::Sides::new().show(
        ui,
        |ui| section(ui, "All gates, in depth order"),
        |ui| caption(ui, format!("{} of {count} · ← → to step", shown.index + 1)),
    );
    let target = focus_and_keys(ui, areas.strip, shown.index, count);
    let thumbnail = areas.thumbnail;
    let (edges, width) = film_edges(scene.film.frames.iter().map(|frame| frame.stage.as_str()), thumbnail);
    let scroll_to = (state.scrolled_to.as_ref() != Some(&shown.frame.gate)).then_some(shown.index);
    state.scrolled_to = Some(shown.frame.gate.clone());
    ui.style_mut().always_scroll_the_only_direction = true;
    let area = ScrollArea::horizontal().id_salt("film").auto_shrink([false, false]);
    let clicked = area.show_viewport(ui, |ui, viewport| {
        let whole = vec2(width + 2.0 * EDGE, ui.available_height());
        let origin = ui.allocate_exact_size(whole, Sense::hover()).0.min + vec2(EDGE, EDGE);
        let place = |index: usize| Rect::from_min_size(origin + vec2(edges[index], 0.0), vec2(thumbnail, thumbnail));
        let seen = (viewport.left() / whole.x, viewport.right() / whole.x);
        if let Some(index) = scroll_to {
            ui.scroll_to_rect(place(index).expand2(vec2(2.0 * thumbnail, 0.0)), None);
        }
        let mut clicked = None;
        for index in visible(&edges, thumbnail, viewport.left(), viewport.right()) {
            let Some(gate) = scene.gate(index) else { continue };
            let mark = (index == shown.index, state.effects.get(index).copied());
            if frame(ui, place(index), scene, &gate, mark, scale, textures) {
                clicked = Some(index);
            }
        }
        (clicked, seen)
    });
    let (clicked, seen) = clicked.inner;
    let pointed = overview::show(ui, areas.strip, scene, shown.index, seen);
    if let Some(gate) = clicked.or(pointed).or(target).and_then(|index| scene.gate(index)) {
        gate.select(out);
    }
}

/// Makes the strip one stop of the Tab key, and finds where the arrow keys lead. They also work when nothing
/// has the focus.
fn focus_and_keys(ui: &mut Ui, rect: Rect, index: usize, count: usize) -> Option<usize> {
    let id = ui.scope_id().with("strip");
    let response = ui.interact(rect, id, Sense::focusable_noninteractive());
    response.widget_info(|| WidgetInfo::labeled(Role::List, true, "gates in depth order"));
    let focused = ui.memory(egui::Memory::focused);
    if response.has_focus() {
        let filter = EventFilter { horizontal_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
        ui.painter().rect_stroke(
            rect.expand(2.0),
            f32::from(size::CELL_CORNER),
            Stroke::new(1.0, palette(ui).accent),
            StrokeKind::Inside,
        );
    }
    if focused.is_some_and(|focused| focused != id) {
        return None;
    }
    let last = count.saturating_sub(1);
    let target = ui.input(|input| {
        let steps = input.num_presses(Key::ArrowRight) as isize - input.num_presses(Key::ArrowLeft) as isize;
        if input.modifiers.any() {
            index
        } else if input.key_pressed(Key::Home) {
            0
        } else if input.key_pressed(Key::End) {
            last
        } else {
            index.saturating_add_signed(steps).min(last)
        }
    });
    (target != index).then_some(target)
}

/// One frame; is it clicked?
fn frame(
    ui: &Ui,
    rect: Rect,
    scene: Scene,
    gate: &Shown,
    (is_chosen, effect): (bool, Option<f32>),
    scale: Scale,
    textures: &mut GateTextures,
) -> bool {
    let colours = palette(ui);
    let colour = colours.gate(gate.frame.kind, gate.frame.attention);
    let whole = Rect::from_min_max(rect.min, pos2(rect.right(), rect.bottom() + 36.0));
    // Clickable, but not a stop of the Tab key: a hundred stops would be no help.
    let response = ui.interact(whole, ui.scope_id().with(("frame", gate.index)), Sense::CLICK);
    let short = gate.frame.short();
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_chosen, &short));
    match gate.frame.kind {
        GateKind::Channel => small_bars(ui, rect, gate.frame.bars(gate.lens.values), gate.scale(), colour),
        GateKind::Paths { .. } => {
            if let Some(shares) = textures.shares(scene.inspection, gate.index) {
                shares.paint_small(ui.painter(), rect, colours, colour);
            }
        }
        GateKind::Spatial | GateKind::Rows | GateKind::Columns | GateKind::Volume | GateKind::Matrix => {
            paint_thumbnail(ui, rect, scene.inspection, gate.index, scale, textures);
        }
    }
    let outline = if is_chosen {
        Some(Stroke::new(2.0, colours.accent))
    } else {
        response.hovered().then_some(Stroke::new(1.0, colours.faint))
    };
    if let Some(stroke) = outline {
        ui.painter().rect_stroke(rect, f32::from(size::CELL_CORNER), stroke, StrokeKind::Outside);
    }
    let underline = Rect::from_min_size(pos2(rect.left(), rect.bottom() + 5.0), vec2(rect.width(), 2.0));
    ui.painter().rect_filled(underline, 1.0, colour);
    let text = if is_chosen { colours.text } else { colours.muted };
    let left = rect.left();
    line(ui, pos2(left, underline.bottom() + 3.0), gate.frame.block.clone(), text, rect.width() + size::GAP - 2.0);
    let is_grafted = scene.inspection.is_grafted(gate.index);
    if let Some(share) = effect {
        // Once ranked: what the gate at its mean does, beside the one that does most.
        let place = Rect::from_min_size(pos2(left, underline.bottom() + 21.0), vec2(rect.width(), 6.0));
        ui.painter().rect_filled(place, 1.0, colours.sunken);
        let bar = Rect::from_min_size(place.min, vec2((place.width() * share).max(1.0), place.height()));
        ui.painter().rect_filled(bar, 1.0, colour);
    } else {
        let (number, shade) = match is_grafted {
            true => ("grafted".to_owned(), colours.difference),
            false => (format!("{} {}", gate.frame.name(), in_short(gate.stats.mean)), text),
        };
        line(ui, pos2(left, underline.bottom() + 17.0), number, shade, rect.width());
    }
    let clicked = response.clicked();
    let note = if is_grafted { "\ngrafted: this gate is not from the weights' file" } else { "" };
    let range = super::range_text(&gate.stats);
    response.on_hover_text(format!("{}\n{} · {range}{note}", gate.frame.gate, gate.extent()));
    clicked
}

fn small_bars(ui: &Ui, rect: Rect, bars: &[f32], range: (f32, f32), colour: Color32) {
    for (index, number) in bars.iter().enumerate() {
        ui.painter().rect_filled(bar_rect(rect, index, bars.len(), *number, range), 0.0, colour.gamma_multiply(0.85));
    }
}

fn line(ui: &Ui, at: egui::Pos2, text: String, colour: Color32, width: f32) {
    let mut job = egui::text::LayoutJob::simple_singleline(text, theme::regular(size::LABEL), colour);
    job.wrap = egui::text::TextWrapping::truncate_at_width(width);
    let galley = ui.painter().layout_job(job);
    ui.painter().galley(at, galley, colour);
}
