//! A scene as SVG: real vectors, text as text, in the font the window has.
//!
//! Units are CSS pixels, 96 to the inch, so that a figure 180 mm wide looks like the window's pane 680 points wide.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use emath::{Align, Pos2, Rect, Vec2, vec2};

use super::ink::{Ink, Inks, Rgb};
use super::scene::{Edge, Face, Lettering, Line, Mark, Scene, Side, Values, corner_at};

/// Pixels of a millimetre.
pub const PER_MM: f32 = 96.0 / 25.4;
/// Ascent and descent of the font, as shares of its size.
const ASCENT: f32 = 0.96875;
const DESCENT: f32 = 0.241_21;
/// The font, and what is used where it is not installed.
const FAMILY: &str = "Inter, Helvetica, Arial, sans-serif";

/// How a scene becomes a figure.
pub struct Figure<'a> {
    /// The theme's colours.
    pub inks: &'static Inks,
    /// Is the canvas painted? On paper it is not.
    pub has_ground: bool,
    /// Pixels a unit of the drawing.
    pub scale: f32,
    /// What it is, for those who hear it and for whoever opens the file in a year.
    pub title: String,
    /// How it was made.
    pub description: String,
    /// The values of a gate, by its index in the graph; none where they are not known.
    pub gates: &'a dyn Fn(usize) -> Option<Values>,
    /// The width of a text in pixels at a size and a face.
    pub width_of: &'a dyn Fn(&str, f32, Face) -> f32,
}

impl Figure<'_> {
    /// The figure as an SVG document.
    #[must_use]
    pub fn svg(&self, scene: &Scene) -> String {
        let size = scene.bounds.size() * self.scale;
        let mut writer = Writer { figure: self, origin: scene.bounds.min, text: String::new(), clips: 0 };
        let [width, height] = [size.x, size.y].map(number);
        let [wide, high] = [size.x, size.y].map(|pixels| number(pixels / PER_MM));
        writer.line(&format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" width=\"{wide}mm\" \
             height=\"{high}mm\" viewBox=\"0 0 {width} {height}\" font-family=\"{FAMILY}\">"
        ));
        writer.line(&format!("<title>{}</title>", escaped(&self.title)));
        writer.line(&format!("<desc>{}</desc>", escaped(&self.description)));
        if self.has_ground {
            let fill = hex(self.inks.canvas);
            writer.line(&format!("<rect width=\"{width}\" height=\"{height}\" fill=\"{fill}\"/>"));
        }
        for mark in &scene.marks {
            writer.mark(mark);
        }
        writer.line("</svg>");
        writer.text
    }
}

struct Writer<'a> {
    figure: &'a Figure<'a>,
    /// The drawing's top left corner.
    origin: Pos2,
    text: String,
    clips: usize,
}

impl Writer<'_> {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn at(&self, point: Pos2) -> Vec2 {
        (point - self.origin) * self.figure.scale
    }

    fn rect(&self, rect: Rect) -> Rect {
        Rect::from_min_max(self.at(rect.min).to_pos2(), self.at(rect.max).to_pos2())
    }

    fn mark(&mut self, mark: &Mark) {
        match mark {
            Mark::Area { rect, corner, fill, edge, clip } => self.area(*rect, *corner, (*fill, *edge), *clip),
            Mark::Circle { center, radius, fill, line } => {
                let (at, radius) = (self.at(*center), radius * self.figure.scale);
                let [x, y, r] = [at.x, at.y, radius].map(number);
                let paint = self.paint(Some(*fill), *line);
                self.line(&format!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\"{paint}/>"));
            }
            Mark::Polygon { points, fill, line } => {
                let (points, paint) = (self.points(points), self.paint(*fill, *line));
                self.line(&format!("<polygon points=\"{points}\"{paint}/>"));
            }
            Mark::Path { points, line, dash } => {
                let (points, mut paint) = (self.points(points), self.paint(None, Some(*line)));
                if let Some([dash, gap]) = dash {
                    let _ = write!(paint, " stroke-dasharray=\"{} {}\"", number(*dash), number(*gap));
                }
                self.line(&format!("<polyline points=\"{points}\"{paint}/>"));
            }
            Mark::Band { points, height, fill } => self.band(points, *height, *fill),
            Mark::Text { at, align, text, style, ink } => self.letters(*at, [align.x(), align.y()], text, *style, *ink),
            Mark::Gate { rect, gate, ink, waiting, .. } => match (self.figure.gates)(*gate) {
                Some(values) => self.values(*rect, &values, *ink),
                None => {
                    let (rect, corner, fill, edge) = waiting.in_place(*rect);
                    self.area(rect, corner, (fill, edge), None);
                }
            },
        }
    }

    fn points(&self, points: &[Pos2]) -> String {
        let one = |point: &Pos2| {
            let at = self.at(*point);
            format!("{},{}", number(at.x), number(at.y))
        };
        points.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    /// The attributes of a filling and a line.
    fn paint(&self, fill: Option<Ink>, line: Option<Line>) -> String {
        let colour = |ink: Ink| hex(self.figure.inks.mixed(ink));
        let mut paint = fill.map_or_else(|| " fill=\"none\"".to_owned(), |ink| format!(" fill=\"{}\"", colour(ink)));
        if let Some(ink) = fill.filter(|ink| ink.opacity < 1.0) {
            let _ = write!(paint, " fill-opacity=\"{}\"", number(ink.opacity));
        }
        if let Some(Line { width, ink }) = line {
            let _ = write!(paint, " stroke=\"{}\" stroke-width=\"{}\"", colour(ink), number(width));
            if ink.opacity < 1.0 {
                let _ = write!(paint, " stroke-opacity=\"{}\"", number(ink.opacity));
            }
        }
        paint
    }

    fn area(&mut self, rect: Rect, corner: f32, (fill, edge): (Option<Ink>, Option<Edge>), clip: Option<Rect>) {
        let corner = corner_at(self.figure.scale, rect, corner);
        let rect = self.rect(rect);
        if let Some(fill) = fill {
            let within = clip.map(|clip| self.clip(clip)).unwrap_or_default();
            let paint = self.paint(Some(fill), None);
            self.box_(rect, corner, &format!("{paint}{within}"));
        }
        if let Some(Edge { line, side }) = edge {
            let by = if side == Side::Inside { -line.width / 2.0 } else { line.width / 2.0 };
            let paint = self.paint(None, Some(line));
            self.box_(rect.expand(by), (corner + by).max(0.0), &paint);
        }
    }

    fn box_(&mut self, rect: Rect, corner: f32, attributes: &str) {
        let [x, y, width, height] = [rect.left(), rect.top(), rect.width(), rect.height()].map(number);
        let round = if corner > 0.0 { format!(" rx=\"{}\"", number(corner)) } else { String::new() };
        self.line(&format!("<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"{round}{attributes}/>"));
    }

    /// Defines what is seen, and gives the attribute that refers to it.
    fn clip(&mut self, clip: Rect) -> String {
        self.clips += 1;
        let name = format!("c{}", self.clips);
        self.line(&format!("<clipPath id=\"{name}\">"));
        self.box_(self.rect(clip), 0.0, "");
        self.line("</clipPath>");
        format!(" clip-path=\"url(#{name})\"")
    }

    fn band(&mut self, points: &[Pos2], height: f32, fill: Ink) {
        let half = vec2(0.0, height / 2.0);
        let above = points.iter().map(|point| *point - half);
        let below = points.iter().rev().map(|point| *point + half);
        let outline: Vec<Pos2> = above.chain(below).collect();
        let (points, paint) = (self.points(&outline), self.paint(Some(fill), None));
        self.line(&format!("<polygon points=\"{points}\"{paint}/>"));
    }

    fn letters(&mut self, at: Pos2, [across, down]: [Align; 2], text: &str, style: Lettering, ink: Ink) {
        let width_of = |points: f32| (self.figure.width_of)(text, points, style.face);
        let Some(size) = style.fitted(self.figure.scale, width_of) else { return };
        let at = self.at(at);
        let baseline = at.y
            + size
                * match down {
                    Align::Min => ASCENT,
                    Align::Center => (ASCENT - DESCENT) / 2.0,
                    Align::Max => -DESCENT,
                };
        let anchor = match across {
            Align::Min => "",
            Align::Center => " text-anchor=\"middle\"",
            Align::Max => " text-anchor=\"end\"",
        };
        let weight = if style.face == Face::Semibold { " font-weight=\"600\"" } else { "" };
        let [x, y, points] = [at.x, baseline, size].map(number);
        let paint = self.paint(Some(ink), None);
        self.line(&format!(
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{points}\"{weight}{anchor}{paint}>{}</text>",
            escaped(text)
        ));
    }

    fn values(&mut self, rect: Rect, values: &Values, ink: Ink) {
        match values {
            Values::Outline { heights, zero } => self.outline(rect, heights, *zero, ink),
            Values::Shares(bars) => self.shares(rect, bars, ink),
            Values::Map { png } => {
                let rect = self.rect(rect);
                let [x, y, width, height] = [rect.left(), rect.top(), rect.width(), rect.height()].map(number);
                let data = STANDARD.encode(png);
                self.line(&format!(
                    "<image x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" preserveAspectRatio=\"none\" \
                     image-rendering=\"optimizeSpeed\" style=\"image-rendering:pixelated\" \
                     xlink:href=\"data:image/png;base64,{data}\"/>"
                ));
            }
        }
    }

    fn outline(&mut self, rect: Rect, heights: &[f32], zero: f32, ink: Ink) {
        let y = |height: f32| rect.bottom() - rect.height() * height;
        let last = heights.len().saturating_sub(1).max(1) as f32;
        let x = |index: usize| rect.left() + rect.width() * index as f32 / last;
        let mut points: Vec<Pos2> =
            heights.iter().enumerate().map(|(index, height)| Pos2::new(x(index), y(*height))).collect();
        points.extend([Pos2::new(rect.right(), y(zero)), Pos2::new(rect.left(), y(zero))]);
        let (points, paint) = (self.points(&points), self.paint(Some(ink), None));
        self.line(&format!("<polygon points=\"{points}\"{paint}/>"));
    }

    /// Stacked bars, the first path lowest and strongest.
    fn shares(&mut self, rect: Rect, bars: &[Vec<f32>], ink: Ink) {
        let pitch = rect.width() / bars.len().max(1) as f32;
        for (index, shares) in bars.iter().enumerate() {
            let left = rect.left() + pitch * index as f32;
            let mut below = 0.0_f32;
            for (path, share) in shares.iter().enumerate() {
                let above = if share.is_nan() { below } else { (below + share).clamp(below, 1.0) };
                let along = |share: f32| rect.bottom() - rect.height() * share;
                let bar = Rect::from_x_y_ranges(left..=left + pitch * 0.9, along(above)..=along(below));
                let fade = path as f32 / shares.len().saturating_sub(1).max(1) as f32;
                let paint = self.paint(Some(ink.towards(super::Role::Canvas, fade * 0.68)), None);
                self.box_(self.rect(bar), 0.0, &paint);
                below = above;
            }
        }
    }
}

/// As short as it can be: at most two places, no zeros at the end.
fn number(value: f32) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

fn hex([red, green, blue]: Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// Text as XML has it, without characters that no XML may hold.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars().filter(|letter| !letter.is_control()) {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::{Pen, Role, Sight, ink};
    use emath::{Align2, pos2};

    fn svg(draw: impl Fn(&mut Pen)) -> String {
        let mut pen = Pen::new(Sight::WHOLE);
        draw(&mut pen);
        let scene = pen.finish(Rect::from_min_max(pos2(-10.0, -5.0), pos2(90.0, 45.0)));
        let figure = Figure {
            inks: &ink::PRINT,
            has_ground: false,
            scale: 2.0,
            title: "a<b".to_owned(),
            description: String::new(),
            gates: &|_| None,
            width_of: &|text, points, _| text.chars().count() as f32 * points * 0.5,
        };
        figure.svg(&scene)
    }

    #[test]
    fn places_are_scaled_and_begin_at_the_drawings_corner() {
        let drawn = svg(|pen| {
            pen.filled(Rect::from_min_max(pos2(0.0, 0.0), pos2(10.0, 20.0)), 0.0, Role::Text);
        });
        assert!(drawn.contains("viewBox=\"0 0 200 100\"") && drawn.contains("width=\"52.92mm\""), "{drawn}");
        assert!(drawn.contains("<rect x=\"20\" y=\"10\" width=\"20\" height=\"40\" fill=\"#000000\"/>"), "{drawn}");
        assert!(drawn.contains("<title>a&lt;b</title>"));
    }

    #[test]
    fn text_is_text_shrinks_to_its_room_and_is_left_out_where_it_cannot_be_read() {
        let write = |width: f32| {
            svg(move |pen| {
                let style = Lettering::new(10.0).within(width);
                pen.text(pos2(0.0, 0.0), Align2::CENTER_CENTER, "8 letters", style, Role::Muted);
            })
        };
        assert!(write(100.0).contains("font-size=\"16\" text-anchor=\"middle\""), "{}", write(100.0));
        assert!(write(100.0).contains(">8 letters</text>"));
        assert!(write(30.0).contains("font-size=\"13\""), "{}", write(30.0));
        assert!(!write(8.0).contains("<text"));
    }

    #[test]
    fn an_outline_inside_keeps_to_its_box() {
        let drawn = svg(|pen| {
            let rect = Rect::from_min_max(pos2(0.0, 0.0), pos2(10.0, 10.0));
            pen.outlined(rect, 0.0, Line::new(2.0, Role::Accent), Side::Inside);
        });
        assert!(drawn.contains("<rect x=\"21\" y=\"11\" width=\"18\" height=\"18\" fill=\"none\" stroke="), "{drawn}");
    }
}
