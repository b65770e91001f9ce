//! Curves and bars as a page that can stand alone in a report: panels under a title, notes and a legend.

mod draw;

use image::{Rgb, RgbImage};

use super::text::{Anchor, Style, Weight, fit, width, write};
use draw::Canvas;

// Ink on paper: a page is a document of its own, read outside the window and its themes.
const PAPER: [u8; 3] = [255, 255, 255];
const INK: [u8; 3] = [27, 31, 39];
const MUTED: [u8; 3] = [86, 96, 114];
const GRID: [u8; 3] = [213, 219, 228];

const TITLE: Style = Style { weight: Weight::SemiBold, size: 28.0, colour: INK };
const NOTE: Style = Style { weight: Weight::Regular, size: 18.0, colour: MUTED };
const PANEL: Style = Style { weight: Weight::SemiBold, size: 20.0, colour: INK };
const TICK: Style = Style { weight: Weight::Regular, size: 17.0, colour: MUTED };
const VALUE: Style = Style { weight: Weight::Regular, size: 17.0, colour: INK };

const MARGIN: f32 = 36.0;
const PANEL_WIDTH: u32 = 620;
const PANEL_HEIGHT: u32 = 420;
const BAR_HEIGHT: f32 = 40.0;

/// Ten colours that can be told apart on paper; more lines begin again.
pub const SERIES: [[u8; 3]; 10] = [
    [0x1F, 0x6F, 0xEB],
    [0xB4, 0x53, 0x09],
    [0x1B, 0x7F, 0x4B],
    [0xBE, 0x12, 0x3C],
    [0x6D, 0x28, 0xD9],
    [0x0E, 0x74, 0x90],
    [0xA8, 0x32, 0x6B],
    [0x4D, 0x7C, 0x0F],
    [0x7A, 0x5C, 0x2E],
    [0x56, 0x60, 0x72],
];

/// A curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its colour on paper.
    pub colour: [u8; 3],
    /// Drawn in dashes.
    pub dashed: bool,
    /// `[x, y]`, from left to right; points that are not finite are left out.
    pub points: Vec<[f64; 2]>,
}

/// A bar with what it is called and how far its seeds spread.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// What it stands for.
    pub name: String,
    /// Its colour on paper.
    pub colour: [u8; 3],
    /// Its length, in the panel's unit.
    pub value: f64,
    /// One standard deviation, drawn to both sides; none where there is only one value.
    pub spread: Option<f64>,
    /// The value in words, at its end.
    pub words: String,
}

/// One picture on the page.
#[derive(Clone, Debug, PartialEq)]
pub enum Panel {
    /// Curves over a pair of axes.
    Lines {
        /// What it shows.
        title: String,
        /// What runs from left to right.
        across: String,
        /// The range upwards; the curves' own where it is not given.
        range: Option<(f64, f64)>,
        /// The curves.
        lines: Vec<Line>,
        /// Words under the axis instead of numbers, one a whole number from 0 on.
        names: Vec<String>,
    },
    /// Bars from left to right.
    Bars {
        /// What it shows.
        title: String,
        /// The ends of the scale.
        range: (f64, f64),
        /// The bars, from the top.
        bars: Vec<Bar>,
        /// A line across all bars, and what it is.
        mark: Option<(f64, String)>,
    },
}

/// A page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// The one sentence it says.
    pub title: String,
    /// What was spent, what is counted: a line each.
    pub notes: Vec<String>,
    /// Names of the colours, and whether they are dashed.
    pub legend: Vec<(String, [u8; 3], bool)>,
    /// Pictures, row by row.
    pub panels: Vec<Panel>,
    /// How many stand side by side.
    pub columns: usize,
}

impl Page {
    /// The page as a picture.
    #[must_use]
    pub fn draw(&self) -> RgbImage {
        let columns = self.columns.clamp(1, self.panels.len().max(1));
        let wide = PANEL_WIDTH * columns as u32 + 2 * MARGIN as u32;
        let notes: Vec<String> =
            self.notes.iter().flat_map(|note| wrapped(note, wide as f32 - 2.0 * MARGIN, NOTE)).collect();
        let legend = self.legend_rows(wide as f32 - 2.0 * MARGIN);
        let head = 96.0 + 26.0 * notes.len() as f32 + 30.0 * legend.len() as f32;
        let rows: Vec<&[Panel]> = self.panels.chunks(columns).collect();
        let heights: Vec<u32> = rows.iter().map(|row| row.iter().map(Panel::height).max().unwrap_or(0)).collect();
        let high = head as u32 + heights.iter().sum::<u32>() + MARGIN as u32;
        let mut page = RgbImage::from_pixel(wide, high, Rgb(PAPER));
        write(&mut page, &fit(&self.title, wide as f32 - 2.0 * MARGIN, TITLE), (MARGIN, 54.0), Anchor::Left, TITLE);
        let mut y = 86.0;
        for note in &notes {
            write(&mut page, note, (MARGIN, y), Anchor::Left, NOTE);
            y += 26.0;
        }
        for row in &legend {
            self.legend_row(&mut page, row, y + 4.0);
            y += 30.0;
        }
        let mut top = head as u32;
        for (row, height) in rows.into_iter().zip(heights) {
            for (column, panel) in row.iter().enumerate() {
                panel.draw(&mut page, MARGIN + (column as u32 * PANEL_WIDTH) as f32, top as f32);
            }
            top += height;
        }
        page
    }

    /// The legend's entries by row, each with its left edge.
    fn legend_rows(&self, room: f32) -> Vec<Vec<(usize, f32)>> {
        let mut rows: Vec<Vec<(usize, f32)>> = Vec::new();
        let mut left = f32::INFINITY;
        for (index, (name, ..)) in self.legend.iter().enumerate() {
            let needed = 46.0 + width(name, NOTE);
            if left + needed > room {
                rows.push(Vec::new());
                left = 0.0;
            }
            if let Some(row) = rows.last_mut() {
                row.push((index, left));
            }
            left += needed + 22.0;
        }
        rows
    }

    fn legend_row(&self, page: &mut RgbImage, row: &[(usize, f32)], y: f32) {
        for (index, left) in row {
            let (name, colour, dashed) = &self.legend[*index];
            let from = MARGIN + left;
            let stroke = [[from, y - 6.0], [from + 34.0, y - 6.0]];
            draw::polyline(page, &stroke, *colour, 3.0, *dashed);
            write(page, name, (from + 42.0, y), Anchor::Left, NOTE);
        }
    }
}

impl Panel {
    fn height(&self) -> u32 {
        match self {
            Self::Lines { .. } => PANEL_HEIGHT,
            Self::Bars { bars, .. } => 110 + (bars.len() as f32 * BAR_HEIGHT) as u32,
        }
    }

    fn draw(&self, page: &mut RgbImage, left: f32, top: f32) {
        match self {
            Self::Lines { title, across, range, lines, names } => {
                heading(page, title, left, top);
                let canvas = Canvas::new(lines, *range, (left, top));
                canvas.grid(page, names);
                for line in lines {
                    canvas.line(page, line);
                }
                let middle = left + f32::midpoint(draw::LEFT, draw::RIGHT);
                write(page, across, (middle, top + PANEL_HEIGHT as f32 - 22.0), Anchor::Centre, TICK);
            }
            Self::Bars { title, range, bars, mark } => {
                heading(page, title, left, top);
                draw::bars(page, bars, *range, mark.as_ref(), (left, top));
            }
        }
    }
}

fn heading(page: &mut RgbImage, title: &str, left: f32, top: f32) {
    write(page, &fit(title, PANEL_WIDTH as f32 - 24.0, PANEL), (left, top + 28.0), Anchor::Left, PANEL);
}

/// `text` broken at spaces into lines no wider than `room`.
fn wrapped(text: &str, room: f32, style: Style) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let Some(line) = lines.last_mut() else { break };
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        match line.is_empty() || width(&longer, style) <= room {
            true => *line = longer,
            false => lines.push(word.to_owned()),
        }
    }
    lines
}

/// At most about `count` round numbers between `low` and `high`: 1, 2 or 5 times a power of ten apart.
#[must_use]
pub fn ticks(low: f64, high: f64, count: usize) -> Vec<f64> {
    let span = high - low;
    if !span.is_finite() || span <= 0.0 {
        return vec![low];
    }
    let raw = span / count.max(1) as f64;
    let power = 10_f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|digit| digit * power).find(|step| *step >= raw).unwrap_or(raw);
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    (first..=last).map(|index| index as f64 * step).collect()
}

/// A tick's number without superfluous digits.
#[must_use]
pub fn tick_words(value: f64, step: f64) -> String {
    let digits = (-step.abs().max(1e-9).log10()).ceil().clamp(0.0, 6.0) as usize;
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(page: &RgbImage, colour: [u8; 3]) -> usize {
        page.pixels().filter(|pixel| pixel.0 == colour).count()
    }

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(ticks(0.0, 1.0, 5), [0.0, 0.2, 0.4, 0.600_000_000_000_000_1, 0.8, 1.0]);
        assert_eq!(ticks(3.0, 47.0, 5), [10.0, 20.0, 30.0, 40.0]);
        assert_eq!(ticks(2.0, 2.0, 5), [2.0]);
        assert_eq!((tick_words(0.6, 0.2), tick_words(40.0, 10.0)), ("0.6".to_owned(), "40".to_owned()));
    }

    #[test]
    fn a_longer_bar_has_more_ink_and_every_curve_is_drawn() {
        let bar = |value, colour| Bar { name: "se".to_owned(), colour, value, spread: Some(3.0), words: String::new() };
        let lines = (0..4).map(|index| Line {
            colour: SERIES[index],
            dashed: index % 2 == 1,
            points: (0..9).map(|x| [f64::from(x), index as f64 * 10.0 + f64::from(x)]).collect(),
        });
        let page = Page {
            title: "A page".to_owned(),
            notes: vec!["12 epochs of 20,000 images".to_owned()],
            legend: vec![("plain".to_owned(), SERIES[8], false)],
            panels: vec![
                Panel::Lines {
                    title: "curves".to_owned(),
                    across: "epoch".to_owned(),
                    range: None,
                    lines: lines.collect(),
                    names: Vec::new(),
                },
                Panel::Bars {
                    title: "bars".to_owned(),
                    range: (0.0, 100.0),
                    bars: vec![bar(80.0, SERIES[4]), bar(20.0, SERIES[6])],
                    mark: Some((10.0, "chance".to_owned())),
                },
            ],
            columns: 2,
        };
        let drawn = page.draw();
        assert!(count(&drawn, SERIES[4]) > 3 * count(&drawn, SERIES[6]));
        for line in SERIES.iter().take(4) {
            assert!(count(&drawn, *line) > 100, "{line:?}");
        }
        assert!(count(&drawn, SERIES[8]) > 20, "the legend");
    }

    #[test]
    fn values_that_are_not_numbers_leave_gaps_and_nothing_breaks() {
        let line = Line { colour: SERIES[0], dashed: false, points: vec![[0.0, f64::NAN], [1.0, f64::INFINITY]] };
        let panel = Panel::Lines {
            title: String::new(),
            across: String::new(),
            range: None,
            lines: vec![line],
            names: Vec::new(),
        };
        let page = Page { panels: vec![panel], columns: 9, ..Page::default() }.draw();
        assert_eq!(page.width(), PANEL_WIDTH + 72);
        assert!(Page::default().draw().height() > 0);
    }
}
