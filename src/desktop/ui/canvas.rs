//! Paints a drawing's scene in the window. Text is laid out at its screen size, so it stays sharp at any zoom.

use eframe::egui;
use egui::emath::TSTransform;
use egui::{Color32, FontFamily, FontId, Mesh, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, vec2};

use super::theme::Palette;
use crate::drawing::{Edge, Face, Ink, Lettering, Line, Mark, Scene, Side, Sight, corner_at};
use crate::network::graph::GateKind;

/// Paints a gate's values into a rectangle of the screen; false while there is nothing to paint.
pub type PaintGate<'a> = dyn FnMut(&Painter, Rect, usize, GateKind, Color32) -> bool + 'a;

/// The font family of a face.
#[must_use]
pub fn family(face: Face) -> FontFamily {
    match face {
        Face::Regular => FontFamily::Proportional,
        Face::Semibold => FontFamily::Name("semibold".into()),
    }
}

/// A painter that looks at a drawing.
pub struct Canvas<'a> {
    /// Where to paint, clipped to the pane.
    pub painter: &'a Painter,
    /// From the drawing to the screen.
    pub view: TSTransform,
    /// The theme's colours.
    pub colours: &'a Palette,
}

impl Canvas<'_> {
    /// From where the drawing is looked at.
    #[must_use]
    pub fn sight(&self) -> Sight {
        Sight { scale: self.view.scaling, window: self.view.inverse() * self.painter.clip_rect() }
    }

    /// Paints everything, gates by `gates`.
    pub fn paint(&self, scene: &Scene, gates: &mut PaintGate) {
        for mark in &scene.marks {
            self.mark(mark, gates);
        }
    }

    fn mark(&self, mark: &Mark, gates: &mut PaintGate) {
        match mark {
            Mark::Area { rect, corner, fill, edge, clip } => self.area(*rect, *corner, *fill, *edge, *clip),
            Mark::Circle { center, radius, fill, line } => {
                let stroke = line.map_or(Stroke::NONE, |line| self.stroke(line));
                let radius = radius * self.view.scaling;
                self.painter.circle(self.view * *center, radius, self.colours.ink(*fill), stroke);
            }
            Mark::Polygon { points, fill, line } => {
                let stroke = line.map_or(Stroke::NONE, |line| self.stroke(line));
                let points = self.points(points);
                self.painter.add(match fill {
                    Some(fill) => Shape::convex_polygon(points, self.colours.ink(*fill), stroke),
                    None => Shape::closed_line(points, stroke),
                });
            }
            Mark::Path { points, line, dash: None } => {
                self.painter.line(self.points(points), self.stroke(*line));
            }
            Mark::Path { points, line, dash: Some([dash, gap]) } => {
                self.painter.extend(Shape::dashed_line(&self.points(points), self.stroke(*line), *dash, *gap));
            }
            Mark::Band { points, height, fill } => self.band(points, *height, self.colours.ink(*fill)),
            Mark::Text { at, align, text, style, ink } => {
                let colour = self.colours.ink(*ink);
                if let Some(points) = self.fitted(text, style) {
                    let font = FontId::new(points, family(style.face));
                    let galley = self.painter.layout_no_wrap(text.clone(), font, colour);
                    let rect = align.anchor_size(self.view * *at, galley.size());
                    self.painter.galley(rect.min, galley, colour);
                }
            }
            Mark::Gate { rect, gate, kind, ink, waiting } => {
                let colour = self.colours.ink(*ink);
                if !gates(self.painter, self.view * *rect, *gate, *kind, colour) {
                    let (rect, corner, fill, edge) = waiting.in_place(*rect);
                    self.area(rect, corner, fill, edge, None);
                }
            }
        }
    }

    fn points(&self, points: &[Pos2]) -> Vec<Pos2> {
        points.iter().map(|point| self.view * *point).collect()
    }

    fn stroke(&self, line: Line) -> Stroke {
        Stroke::new(line.width, self.colours.ink(line.ink))
    }

    fn area(&self, rect: Rect, corner: f32, fill: Option<Ink>, edge: Option<Edge>, clip: Option<Rect>) {
        let corner = corner_at(self.view.scaling, rect, corner);
        let on_screen = self.view * rect;
        if let Some(fill) = fill {
            let clip = clip.map(|clip| (self.view * clip).intersect(self.painter.clip_rect()));
            let painter = clip.map(|clip| self.painter.with_clip_rect(clip));
            painter.as_ref().unwrap_or(self.painter).rect_filled(on_screen, corner, self.colours.ink(fill));
        }
        if let Some(Edge { line, side }) = edge {
            let kind = match side {
                Side::Inside => StrokeKind::Inside,
                Side::Outside => StrokeKind::Outside,
            };
            self.painter.rect_stroke(on_screen, corner, self.stroke(line), kind);
        }
    }

    fn band(&self, points: &[Pos2], height: f32, colour: Color32) {
        let half = vec2(0.0, height / 2.0);
        let mut mesh = Mesh::default();
        for (index, point) in points.iter().enumerate() {
            mesh.colored_vertex(self.view * (*point - half), colour);
            mesh.colored_vertex(self.view * (*point + half), colour);
            if let Some(last) = (2 * index as u32).checked_sub(2) {
                mesh.add_triangle(last, last + 1, last + 2);
                mesh.add_triangle(last + 1, last + 2, last + 3);
            }
        }
        self.painter.add(Shape::mesh(mesh));
    }

    fn fitted(&self, text: &str, style: &Lettering) -> Option<f32> {
        let width = |points: f32| {
            let font = FontId::new(points, family(style.face));
            self.painter.layout_no_wrap(text.to_owned(), font, Color32::WHITE).size().x
        };
        style.fitted(self.view.scaling, width)
    }
}
