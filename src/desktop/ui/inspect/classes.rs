//! The classes as buttons, and any class by its name: what evidence and effect are asked about.

use eframe::egui;
use egui::{Label, Rect, RichText, Sense, Stroke, StrokeKind, Ui, pos2, vec2};

use super::super::scripts::visual;
use super::super::theme::{palette, size};
use super::Inspection;
use super::asks::Asks;
use super::evidence::labels_of;

/// The field that a class is typed in.
const SEARCH: &str = "class search";
/// A bar that is shorter says nothing.
const LEAST: f32 = 24.0;

/// A class as a button: a click asks about it, with Shift it is set against the one asked about.
pub(super) fn row(
    ui: &mut Ui,
    (inspection, asks): (&Inspection, &mut Asks),
    class: usize,
    (name, figures, room): (&str, &str, f32),
    (before, after): (f32, f32),
) {
    let colours = palette(ui);
    let (row, response) = ui.allocate_exact_size(vec2(ui.available_width(), size::ROW), Sense::click());
    let is_chosen = asks.class(inspection) == Some(class);
    let is_against = asks.against(inspection) == Some(class);
    response.widget_info(|| {
        egui::WidgetInfo::selected(egui::Role::Button, true, is_chosen, format!("ask about {name}, {figures}"))
    });
    if is_chosen || response.hovered() {
        ui.painter().rect_filled(row, f32::from(size::CELL_CORNER), colours.raised);
    }
    if is_chosen || is_against || response.has_focus() {
        let colour = if is_against { colours.outline } else { colours.accent };
        ui.painter().rect_stroke(row, f32::from(size::CELL_CORNER), Stroke::new(1.0, colour), StrokeKind::Inside);
    }
    let inner = row.shrink2(vec2(6.0, 0.0));
    let layout = egui::Layout::right_to_left(egui::Align::Center);
    let mut line = ui.new_child(egui::UiBuilder::new().max_rect(inner).layout(layout));
    line.add(Label::new(figures).selectable(false));
    let names = Rect::from_min_max(inner.min, pos2(inner.left() + inner.width() * 0.36, inner.bottom()));
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    let mut line = ui.new_child(egui::UiBuilder::new().max_rect(names).layout(layout));
    let name = if is_against { format!("− {name}") } else { name.to_owned() };
    line.add(Label::new(visual(&name).into_owned()).selectable(false).truncate());
    let track = Rect::from_min_max(
        pos2(names.right() + size::GAP, row.center().y - 4.0),
        pos2((inner.right() - room).max(names.right() + size::GAP), row.center().y + 4.0),
    );
    if track.width() < LEAST {
        return respond(ui, &response, (inspection, asks), class);
    }
    let length = |share: f32| track.width() * if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
    let fill = if inspection.weights().is_trained() { colours.accent } else { colours.faint };
    ui.painter().rect_filled(track, 2.0, colours.sunken);
    ui.painter().rect_filled(Rect::from_min_size(track.min, vec2(length(after).max(1.0), track.height())), 2.0, fill);
    if before.to_bits() != after.to_bits() {
        let outline = Rect::from_min_size(track.min, vec2(length(before).max(1.0), track.height()));
        ui.painter().rect_stroke(outline, 2.0, Stroke::new(1.0, colours.text), StrokeKind::Inside);
    }
    respond(ui, &response, (inspection, asks), class);
}

/// What a click does.
fn respond(ui: &Ui, response: &egui::Response, (inspection, asks): (&Inspection, &mut Asks), class: usize) {
    let is_chosen = asks.class(inspection) == Some(class);
    let response =
        response.clone().on_hover_text("Click: ask about this class. Shift-click: set it against the one asked about.");
    if response.clicked() {
        match ui.input(|input| input.modifiers.shift) {
            true if !is_chosen => asks.set_against(inspection, class),
            _ => asks.choose(class),
        }
    }
}

/// Any class by its number or name.
pub(super) fn search(ui: &mut Ui, inspection: &Inspection, asks: &mut Asks) {
    let field = egui::TextEdit::singleline(&mut asks.typed)
        .id(egui::Id::unique(SEARCH))
        .hint_text("any class: 281, tabby, tabby - lynx")
        .desired_width(f32::INFINITY);
    let response = ui.add(field);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "class by number or name"));
    let is_entered = response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
    if is_entered && !asks.typed.trim().is_empty() {
        asks.search(inspection, labels_of(inspection).as_ref());
    }
    if let Some(problem) = &asks.problem {
        ui.add(Label::new(RichText::new(problem).size(size::LABEL).color(palette(ui).difference)).wrap());
    }
}

/// Goes to the field.
pub(super) fn focus(ui: &Ui) {
    ui.memory_mut(|memory| memory.request_focus(egui::Id::unique(SEARCH)));
}
