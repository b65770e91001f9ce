//! Small pieces every view uses, so that a thing looks the same wherever it appears.

use eframe::egui;
use egui::{Align, Color32, CornerRadius, Layout, Response, RichText, Sense, Stroke, Ui, Vec2};

use egui_plot::Plot;

use super::theme::{self, palette, size};

/// A section's heading: small capitals, muted.
pub fn section(ui: &mut Ui, text: &str) -> Response {
    let colour = palette(ui).muted;
    ui.label(
        RichText::new(text.to_uppercase()).font(theme::semibold(size::LABEL)).color(colour).extra_letter_spacing(0.6),
    )
}

/// Secondary text.
pub fn muted(ui: &mut Ui, text: impl Into<String>) -> Response {
    let colour = palette(ui).muted;
    ui.label(RichText::new(text).color(colour))
}

/// A caption: small and muted.
pub fn caption(ui: &mut Ui, text: impl Into<String>) -> Response {
    let colour = palette(ui).muted;
    ui.label(RichText::new(text).size(size::LABEL).color(colour))
}

/// Text in the semibold face.
pub fn strong(text: impl Into<String>, points: f32) -> RichText {
    RichText::new(text).font(theme::semibold(points))
}

/// A field that has the keyboard for as long as it is shown, from the first letter on: it takes the focus before it
/// reads the keys of the frame.
/// `holds`: nothing lies over it that has the keyboard.
pub fn held_field(ui: &mut Ui, id: &str, field: egui::TextEdit, spoken: &str, holds: bool) -> Response {
    let id = egui::Id::unique(("held-field", id));
    if holds && !ui.memory(|memory| memory.has_focus(id)) {
        ui.memory_mut(|memory| memory.request_focus(id));
    }
    let response = ui.add(field.id(id));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, spoken));
    if response.changed() {
        // A slow screen shows one frame behind another: the last one is the one to be seen.
        ui.ctx().request_repaint();
    }
    response
}

/// A formula or a tensor's name.
pub fn code(ui: &mut Ui, text: impl Into<String>) -> Response {
    ui.label(RichText::new(text).font(theme::mono(size::MONO)))
}

/// A label on the left and its value on the right edge.
pub fn fact(ui: &mut Ui, label: &str, value: impl Into<String>) {
    ui.horizontal(|ui| {
        muted(ui, label);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.label(value.into()));
    });
}

/// A filled pill with a short word in it.
pub fn pill(ui: &mut Ui, text: &str, fill: Color32) -> Response {
    let on = palette(ui).on_accent;
    let galley = ui.painter().layout_no_wrap(text.to_owned(), theme::semibold(size::LABEL), on);
    let (rect, response) = ui.allocate_exact_size(galley.size() + Vec2::new(16.0, 6.0), Sense::hover());
    ui.painter().rect_filled(rect, CornerRadius::same((rect.height() / 2.0) as u8), fill);
    ui.painter().galley(rect.min + Vec2::new(8.0, 3.0), galley, on);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, text));
    response
}

/// A round dot in a network's colour.
pub fn dot(ui: &mut Ui, colour: Color32) {
    let (rect, _) = ui.allocate_exact_size(Vec2::splat(10.0), Sense::hover());
    ui.painter().circle_filled(rect.center(), 5.0, colour);
}

/// The star of the network that the others are compared with: filled, or one that can be given.
pub fn star(ui: &mut Ui, letter: &str, is_baseline: bool) -> Response {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(18.0), Sense::click());
    star_in(ui, rect, response, letter, is_baseline)
}

/// The same in a place that is there already.
#[must_use]
pub fn star_in(ui: &Ui, rect: egui::Rect, response: Response, letter: &str, is_baseline: bool) -> Response {
    let colours = palette(ui);
    let is_strong = is_baseline || response.hovered() || response.has_focus();
    let colour = if is_strong { colours.text } else { colours.outline };
    let middle = rect.center();
    let corner = |step: usize| {
        let angle = std::f32::consts::PI * step as f32 / 5.0 - std::f32::consts::FRAC_PI_2;
        middle + Vec2::angled(angle) * if step.is_multiple_of(2) { 6.0 } else { 2.6 }
    };
    let outline: Vec<egui::Pos2> = (0..10).map(corner).collect();
    if is_baseline {
        // A star is not convex: its points are triangles around a pentagon.
        for step in (0..10).step_by(2) {
            let spike = vec![outline[step], outline[(step + 1) % 10], middle, outline[(step + 9) % 10]];
            ui.painter().add(egui::Shape::convex_polygon(spike, colour, Stroke::NONE));
        }
    } else {
        ui.painter().add(egui::Shape::closed_line(outline, Stroke::new(1.0, colour)));
    }
    let spoken = match is_baseline {
        true => format!("{letter} is the baseline"),
        false => format!("Make {letter} the baseline"),
    };
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, is_baseline, &spoken));
    let hint = if is_baseline {
        "The others are compared with this one (Δ)"
    } else {
        "Compare the others with this one (Δ)"
    };
    response.on_hover_text(hint)
}

/// What is said where there is nothing yet: what it is and what to do.
pub fn empty_state(ui: &mut Ui, title: &str, hint: &str) {
    let colours = palette(ui);
    ui.vertical_centered(|ui| {
        ui.add_space((ui.available_height() * 0.35).max(24.0));
        ui.label(strong(title, size::TITLE).color(colours.text));
        ui.add_space(4.0);
        ui.label(RichText::new(hint).color(colours.muted));
    });
}

/// A channel gate's sorted values as bars on an absolute 0..1 scale, at most one bar a pixel pair.
pub fn channel_bars(ui: &Ui, rect: egui::Rect, sorted: &[f32], range: (f32, f32), colour: Color32) {
    let bars = ((rect.width() / 3.0) as usize).clamp(1, sorted.len().max(1));
    let painter = ui.painter_at(rect);
    let zero = rect.bottom() - rect.height() * along(0.0, range);
    for bar in 0..bars {
        let value = along(sorted.get(bar * sorted.len() / bars).copied().unwrap_or(0.0), range);
        // Whole points: gaps of equal width, no moiré.
        let edge = |bar: usize| (rect.left() + rect.width() * bar as f32 / bars as f32).round();
        let (left, right) = (edge(bar), edge(bar + 1) - 1.0);
        let y = rect.bottom() - rect.height() * value;
        let (top, bottom) = (y.min(zero - 0.5), y.max(zero));
        painter.rect_filled(egui::Rect::from_min_max([left, top].into(), [right, bottom].into()), 0.0, colour);
    }
    painter.hline(rect.x_range(), zero - 0.5, Stroke::new(1.0, colour.gamma_multiply(0.4)));
}

/// Where a value lies on a scale, 0 to 1; what is no number lies at zero, what is outside at the nearer end.
#[must_use]
pub fn along(value: f32, (low, high): (f32, f32)) -> f32 {
    let value = if value.is_nan() { 0.0 } else { value };
    if high > low { ((value - low) / (high - low)).clamp(0.0, 1.0) } else { 0.0 }
}

/// Values from largest to smallest; NaN last.
#[must_use]
pub fn sorted_descending(values: &[f32]) -> Vec<f32> {
    let mut sorted = values.to_vec();
    sorted.sort_by(|a, b| a.is_nan().cmp(&b.is_nan()).then(b.total_cmp(a)));
    sorted
}

/// A plot to look at: it neither zooms nor moves, and its grid is a fine line.
#[must_use]
pub fn still_plot<'a>(name: &str, grid: Color32) -> Plot<'a> {
    Plot::new(name.to_owned())
        .grid_color(grid)
        .grid_fade(0.0)
        .grid_spacing(egui::Rangef::new(4.0, 60.0))
        .show_background(false)
        .show_crosshair(false)
        .allow_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_axis_zoom_drag(false)
        .allow_double_click_reset(false)
        .sense(Sense::hover())
}

/// A network's text form where there is little room: long options are left out, so that what tells networks apart,
/// their attention, is not cut off.
#[must_use]
pub fn brief(spec: &str) -> String {
    const ENOUGH: usize = 26;
    if spec.chars().count() <= ENOUGH {
        return spec.to_owned();
    }
    match (spec.find('('), spec.find(')')) {
        (Some(open), Some(close)) if open < close && close - open > 4 => {
            format!("{}(…){}", &spec[..open], &spec[close + 1..])
        }
        _ => spec.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::brief;

    #[test]
    fn attention_is_not_cut_off_and_short_names_stay() {
        assert_eq!(brief("resnet20(input=64,classes=10,stem=strided)+cbam(r=4)"), "resnet20(…)+cbam(r=4)");
        assert_eq!(brief("resnet50(stride=v1)+se"), "resnet50(stride=v1)+se");
        assert_eq!(brief("resnet50+cbam@layer1,layer2+se@layer3"), "resnet50+cbam@layer1,layer2+se@layer3");
    }
}
