//! One table, three forms: text for 80 columns, GitHub Markdown, CSV.

use super::document::escape;
use crate::network::number;

/// The widest line a text table prints.
pub const WIDTH: usize = 80;
/// A shortened name keeps at least this many characters.
const SHORTEST: usize = 8;
/// Spaces between two columns, and how few they may become.
const GAP: usize = 2;
const SMALLEST_GAP: usize = 1;

/// One value; numbers keep their value until they are printed.
#[derive(Clone, Debug)]
pub enum Cell {
    /// Words.
    Text(String),
    /// A count: `1,179,648`.
    Count(u64),
    /// A difference: `+2,532,592`.
    Change(i64),
    /// A share of a whole, one decimal: `9.0`.
    Share(f64),
    /// A relative change, two decimals and a sign: `+9.91`.
    Relative(f64),
    /// A measured time, three decimals: `0.493`.
    Milliseconds(f64),
    /// A measured value, four decimals: `0.4931`.
    Value(f32),
    /// A change of such a value, with its sign: `+0.4931`.
    Shift(f64),
    /// Nothing to say.
    Empty,
}

impl Cell {
    /// As people read it.
    fn shown(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Count(count) => number::grouped(*count),
            Self::Change(change) => number::signed(i128::from(*change)),
            Self::Share(share) => format!("{share:.1}"),
            Self::Relative(change) => format!("{change:+.2}").replace('-', "−"),
            Self::Milliseconds(time) => format!("{time:.3}"),
            // What is smaller would lose its digits: a share of thousands of positions.
            Self::Shift(change) => format!("{change:+.4}").replace('-', "−"),
            Self::Value(value) if *value != 0.0 && value.abs() < 0.001 => number::value(*value),
            Self::Value(value) => format!("{value:.4}"),
            Self::Empty => String::new(),
        }
    }

    /// As programs read it.
    fn raw(&self) -> String {
        match self {
            Self::Count(count) => count.to_string(),
            Self::Change(change) => change.to_string(),
            Self::Share(value) | Self::Relative(value) | Self::Milliseconds(value) | Self::Shift(value) => {
                value.to_string()
            }
            Self::Value(value) => value.to_string(),
            Self::Text(_) | Self::Empty => self.shown(),
        }
    }
}

/// How a column is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Align {
    Left,
    Right,
}

/// Columns and their rows.
#[derive(Clone, Debug, Default)]
pub struct Table {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<Cell>>,
    /// The row in front of which a rule is drawn.
    total: Option<usize>,
}

impl Table {
    /// A table without columns.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a column of words.
    #[must_use]
    pub fn words(mut self, title: impl Into<String>) -> Self {
        self.columns.push((title.into(), Align::Left));
        self
    }

    /// Adds a column of numbers.
    #[must_use]
    pub fn numbers(mut self, title: impl Into<String>) -> Self {
        self.columns.push((title.into(), Align::Right));
        self
    }

    /// Adds a row; it has one cell a column.
    pub fn row(&mut self, cells: Vec<Cell>) {
        debug_assert_eq!(cells.len(), self.columns.len());
        self.rows.push(cells);
    }

    /// Adds a row that sums the ones before, set off from them.
    pub fn total(&mut self, cells: Vec<Cell>) {
        self.total = Some(self.rows.len());
        self.row(cells);
    }

    /// Text no wider than [`WIDTH`] where shortening words in the middle, then smaller gaps, can bring that about.
    #[must_use]
    pub fn text(&self) -> String {
        let shown: Vec<Vec<String>> = self.rows.iter().map(|row| row.iter().map(Cell::shown).collect()).collect();
        let titles: Vec<String> = self.columns.iter().map(|(title, _)| title.clone()).collect();
        let widths = self.widths(&titles, &shown);
        let full = |gap: usize| widths.iter().sum::<usize>() + gap * widths.len().saturating_sub(1);
        let gap = if full(GAP) > WIDTH { SMALLEST_GAP } else { GAP };
        let rule = "-".repeat(full(gap));
        let mut text = String::new();
        if titles.iter().any(|title| !title.is_empty()) {
            text += &format!("{}\n{rule}\n", self.line(&titles, &widths, gap));
        }
        for (index, row) in shown.iter().enumerate() {
            if self.total == Some(index) {
                text += &format!("{rule}\n");
            }
            text += &format!("{}\n", self.line(row, &widths, gap));
        }
        text
    }

    /// Natural widths, then the widest columns of words give way until the line fits.
    fn widths(&self, titles: &[String], shown: &[Vec<String>]) -> Vec<usize> {
        let natural = |column: usize| {
            let cells = shown.iter().map(|row| row[column].chars().count());
            cells.chain([titles[column].chars().count()]).max().unwrap_or(0)
        };
        let mut widths: Vec<usize> = (0..self.columns.len()).map(natural).collect();
        let gaps = GAP * widths.len().saturating_sub(1);
        while widths.iter().sum::<usize>() + gaps > WIDTH {
            let words = (0..widths.len()).filter(|column| self.columns[*column].1 == Align::Left);
            match words.max_by_key(|column| widths[*column]) {
                Some(widest) if widths[widest] > SHORTEST => widths[widest] -= 1,
                _ => break,
            }
        }
        widths
    }

    fn line(&self, cells: &[String], widths: &[usize], gap: usize) -> String {
        let mut line = String::new();
        for (index, ((cell, width), (_, align))) in cells.iter().zip(widths).zip(&self.columns).enumerate() {
            if index > 0 {
                line += &" ".repeat(gap);
            }
            let cell = middle_cut(cell, *width);
            match align {
                Align::Left => line += &format!("{cell:<width$}"),
                Align::Right => line += &format!("{cell:>width$}"),
            }
        }
        line.trim_end().to_owned()
    }

    /// A GitHub table.
    #[must_use]
    pub fn markdown(&self) -> String {
        let titles = self.columns.iter().map(|(title, _)| escape_markdown(title));
        let rules = self.columns.iter().map(|(_, align)| match align {
            Align::Left => "---".to_owned(),
            Align::Right => "---:".to_owned(),
        });
        let mut text = format!("{}{}", markdown_row(titles), markdown_row(rules));
        for row in &self.rows {
            text += &markdown_row(row.iter().map(|cell| escape_markdown(&cell.shown())));
        }
        text
    }

    /// An HTML table.
    #[must_use]
    pub fn html(&self) -> String {
        let cell = |tag: &str, text: &str, align: Align| {
            let class = if align == Align::Right { " class=\"number\"" } else { "" };
            format!("<{tag}{class}>{}</{tag}>", escape(text))
        };
        let row = |tag: &str, cells: &mut dyn Iterator<Item = String>| {
            let cells = cells.zip(&self.columns).map(|(text, (_, align))| cell(tag, &text, *align));
            format!("<tr>{}</tr>\n", cells.collect::<String>())
        };
        let mut html = "<div class=\"scroll\"><table class=\"data\">\n".to_owned();
        html += &row("th", &mut self.columns.iter().map(|(title, _)| title.clone()));
        for cells in &self.rows {
            html += &row("td", &mut cells.iter().map(Cell::shown));
        }
        html + "</table></div>\n"
    }

    /// Comma-separated values with a header line and plain numbers.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let titles: Vec<&str> = self.columns.iter().map(|(title, _)| title.as_str()).collect();
        // Writing to memory cannot fail, and every row has as many cells as there are columns.
        let mut written = writer.write_record(titles);
        for row in &self.rows {
            written = written.and_then(|()| writer.write_record(row.iter().map(Cell::raw)));
        }
        debug_assert!(written.is_ok());
        String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
    }
}

fn markdown_row(cells: impl Iterator<Item = String>) -> String {
    format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

fn escape_markdown(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// The text in at most `width` characters, its middle replaced by `…`: both ends of a layer's path tell it apart.
#[must_use]
pub fn middle_cut(text: &str, width: usize) -> String {
    let characters: Vec<char> = text.chars().collect();
    if characters.len() <= width || width == 0 {
        return text.to_owned();
    }
    let front = (width - 1) / 2;
    let back = width - 1 - front;
    let start: String = characters[..front].iter().collect();
    let end: String = characters[characters.len() - back..].iter().collect();
    format!("{start}…{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str) -> Table {
        let mut table = Table::new().words("name").numbers("parameters");
        table.row(vec![Cell::Text(name.to_owned()), Cell::Count(1_179_648)]);
        table.total(vec![Cell::Text("total".to_owned()), Cell::Count(1_179_648)]);
        table
    }

    #[test]
    fn a_long_name_is_cut_in_the_middle_and_the_line_fits() {
        let text = table(&format!("start{}end", "x".repeat(100))).text();
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert!(text.contains("start") && text.contains("end ") && text.contains('…'), "{text}");
    }

    #[test]
    fn numbers_end_in_the_same_column() {
        let text = table("stem").text();
        let ends: Vec<usize> = text.lines().map(str::len).collect();
        assert!(ends.iter().all(|end| *end == ends[0]), "{text}");
    }

    #[test]
    fn markdown_and_csv_survive_separators_in_names() {
        assert!(table("a|b").markdown().contains("| a\\|b | 1,179,648 |"));
        assert!(table("a,b").csv().contains("\"a,b\",1179648"));
    }
}
