//! Paints a diagram of a block: full size on a card, scaled down where there is less room.

use eframe::egui;
use egui::{Align2, Color32, FontId, Painter, Pos2, Rect, Response, Sense, Shape, Stroke, StrokeKind, Ui, Vec2};

use super::theme::{self, Palette, palette, size};
use crate::network::diagram::layout::{Area, Layout, Lengths, Wire, layout};
use crate::network::diagram::{Diagram, Kind, Step};

/// Height of a box with one line and with two.
const ONE_LINE: f32 = 24.0;
const TWO_LINES: f32 = 38.0;
/// Beside the text of a box.
const MARGIN: f32 = 10.0;
/// Smaller text is not drawn.
const SMALLEST: f32 = 5.5;
/// How far a wire's corner is rounded.
const CORNER: f32 = 6.0;

/// Shows a diagram in the middle of `room`, scaled down where it is larger; as high as it is drawn, at least `least`.
/// `name` is what a screen reader says before the diagram's lines.
pub fn show(ui: &mut Ui, diagram: &Diagram, name: &str, room: Vec2, least: f32) -> Response {
    let placed = layout(diagram, &Lengths::default(), &|step| measure(ui, step));
    let natural = Vec2::from(placed.size);
    let scale = (room.x / natural.x).min(room.y / natural.y).min(1.0);
    let height = (natural.y * scale).max(least);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(room.x, height), Sense::hover());
    response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::Role::Image, true, format!("{name}: {}", diagram.lines().join("; ")))
    });
    if ui.is_rect_visible(rect) {
        let origin = Align2::CENTER_CENTER.align_size_within_rect(natural * scale, rect).min;
        Pen { painter: ui.painter_at(rect.expand(1.0)), colours: palette(ui), origin, scale }.draw(diagram, &placed);
    }
    response
}

/// The width and the height a box needs.
fn measure(ui: &Ui, step: &Step) -> [f32; 2] {
    let width = |text: &str, font: FontId| ui.painter().layout_no_wrap(text.to_owned(), font, Color32::WHITE).size().x;
    let title = width(&step.title, title_font(step, 1.0));
    let notes = if step.has_second_line() { width(&notes(step), theme::regular(size::LABEL)) } else { 0.0 };
    let least = if step.kind == Kind::Join { 28.0 } else { 40.0 };
    let height = if step.has_second_line() { TWO_LINES } else { ONE_LINE };
    [(title.max(notes) + 2.0 * MARGIN).max(least), height]
}

fn title_font(step: &Step, scale: f32) -> FontId {
    match step.kind {
        Kind::Join | Kind::Gate | Kind::Attention => theme::semibold(size::TEXT * scale),
        Kind::End => theme::regular(size::LABEL * scale),
        Kind::Layer | Kind::Slot => theme::regular(size::TEXT * scale),
    }
}

fn notes(step: &Step) -> String {
    step.notes.join(" · ")
}

/// Draws in the diagram's own coordinates.
struct Pen {
    painter: Painter,
    colours: &'static Palette,
    origin: Pos2,
    scale: f32,
}

impl Pen {
    fn at(&self, point: [f32; 2]) -> Pos2 {
        self.origin + Vec2::from(point) * self.scale
    }

    fn draw(&self, diagram: &Diagram, placed: &Layout) {
        for wire in &placed.wires {
            self.wire(wire, &diagram.steps[wire.between.0]);
        }
        for (step, area) in diagram.steps.iter().zip(&placed.boxes) {
            self.step(step, area);
        }
    }

    fn wire(&self, wire: &Wire, from: &Step) {
        let colour = match from.attention {
            Some(name) if !from.is_product && from.kind != Kind::Attention => self.colours.attention(name),
            _ => self.colours.wire,
        };
        let stroke = Stroke::new((1.4 * self.scale).max(0.8), colour);
        let points: Vec<Pos2> = wire.points.iter().map(|point| self.at(*point)).collect();
        self.painter.line(rounded(&points, CORNER * self.scale), stroke);
        if let Some(tip) = points.last() {
            let (half, length) = (3.0 * self.scale, 5.0 * self.scale);
            let corners = vec![*tip, *tip + Vec2::new(-half, -length), *tip + Vec2::new(half, -length)];
            self.painter.add(Shape::convex_polygon(corners, colour, Stroke::NONE));
        }
    }

    fn step(&self, step: &Step, area: &Area) {
        let rect = Rect::from_min_max(self.at(area.min), self.at(area.max));
        let colours = self.colours;
        let hue = step.attention.map_or(colours.line, |name| colours.attention(name));
        let corner = match step.kind {
            Kind::Join => rect.height() / 2.0,
            _ => f32::from(size::CELL_CORNER) * self.scale,
        };
        let (fill, border, ink) = match step.kind {
            Kind::End => (None, None, colours.muted),
            Kind::Gate | Kind::Attention => (Some(hue), None, colours.on_accent),
            Kind::Slot => (Some(colours.canvas), None, colours.accent),
            Kind::Join => (Some(colours.panel), Some(colours.wire), colours.text),
            Kind::Layer => (Some(colours.block), step.attention.map(|_| hue), colours.text),
        };
        if let Some(fill) = fill {
            self.painter.rect_filled(rect, corner, fill);
        }
        if let Some(border) = border {
            self.painter.rect_stroke(rect, corner, Stroke::new(1.0, border), StrokeKind::Inside);
        }
        if step.kind == Kind::Slot {
            self.dashed(rect.shrink(0.5), colours.accent);
        }
        self.words(step, rect, ink);
    }

    fn dashed(&self, rect: Rect, colour: Color32) {
        let corners = [rect.left_top(), rect.right_top(), rect.right_bottom(), rect.left_bottom(), rect.left_top()];
        let (dash, gap) = (4.0 * self.scale, 3.0 * self.scale);
        self.painter.extend(Shape::dashed_line(&corners, Stroke::new(1.0, colour), dash, gap));
    }

    fn words(&self, step: &Step, rect: Rect, ink: Color32) {
        let small = theme::regular(size::LABEL * self.scale);
        if small.size < SMALLEST {
            return;
        }
        let middle = rect.center();
        let font = title_font(step, self.scale);
        if !step.has_second_line() {
            self.painter.text(middle, Align2::CENTER_CENTER, &step.title, font, ink);
            return;
        }
        let apart = 7.5 * self.scale;
        self.painter.text(middle - Vec2::new(0.0, apart), Align2::CENTER_CENTER, &step.title, font, ink);
        let muted = if step.kind == Kind::Layer || step.kind == Kind::Join { self.colours.muted } else { ink };
        self.painter.text(middle + Vec2::new(0.0, apart), Align2::CENTER_CENTER, notes(step), small, muted);
    }
}

/// The same way with rounded corners.
fn rounded(points: &[Pos2], radius: f32) -> Vec<Pos2> {
    let mut way: Vec<Pos2> = points.first().copied().into_iter().collect();
    for corner in points.windows(3) {
        let [before, at, after] = [corner[0], corner[1], corner[2]];
        let (back, on) = (before - at, after - at);
        let reach = radius.min(back.length() / 2.0).min(on.length() / 2.0);
        let (start, end) = (at + back.normalized() * reach, at + on.normalized() * reach);
        for step in 0..=4 {
            let t = step as f32 / 4.0;
            way.push(start.lerp(at, t).lerp(at.lerp(end, t), t));
        }
    }
    way.extend(points.last());
    way
}

#[cfg(test)]
mod tests {
    use super::rounded;
    use eframe::egui::Pos2;

    #[test]
    fn a_rounded_way_keeps_its_ends_and_never_leaves_its_corners() {
        let points = [Pos2::new(0.0, 0.0), Pos2::new(0.0, 10.0), Pos2::new(30.0, 10.0), Pos2::new(30.0, 12.0)];
        let way = rounded(&points, 6.0);
        assert_eq!((way.first(), way.last()), (points.first(), points.last()));
        assert!(way.iter().all(|point| (0.0..=30.0).contains(&point.x) && (0.0..=12.0).contains(&point.y)));
    }
}
