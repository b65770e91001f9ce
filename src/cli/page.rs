//! What a command says to people: headings, lines and tables, as text or as Markdown.

use super::error::one_line;
use super::table::{Table, WIDTH};
use crate::network::suggest::printable;

/// Where an item's explanation starts.
const ITEM_COLUMN: usize = 26;

/// A piece of a page.
enum Piece {
    Heading(String),
    Line(String),
    Item(String, String),
    Drawing(Vec<String>),
    Table(Table),
}

/// Pieces in reading order.
#[derive(Default)]
pub struct Page(Vec<Piece>);

impl Page {
    /// Adds a heading; in text it stands on a line of its own, whatever a file's name holds.
    pub fn heading(&mut self, text: impl AsRef<str>) {
        self.0.push(Piece::Heading(one_line(text.as_ref())));
    }

    /// Adds a sentence; in text it is wrapped and keeps its indentation. Hidden characters of names are written out.
    pub fn line(&mut self, text: impl Into<String>) {
        self.0.push(Piece::Line(printable(&text.into())));
    }

    /// Adds a term and what it means.
    pub fn item(&mut self, term: impl Into<String>, meaning: impl Into<String>) {
        self.0.push(Piece::Item(term.into(), meaning.into()));
    }

    /// Adds lines that are kept as they are, indented.
    pub fn drawing(&mut self, lines: Vec<String>) {
        self.0.push(Piece::Drawing(lines));
    }

    /// Adds a table.
    pub fn table(&mut self, table: Table) {
        self.0.push(Piece::Table(table));
    }

    /// For a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut previous: Option<&Piece> = None;
        for piece in &self.0 {
            if previous.is_some_and(|previous| !previous.leads_to(piece)) {
                text.push('\n');
            }
            match piece {
                Piece::Heading(heading) => text += &format!("{heading}\n"),
                Piece::Line(line) => {
                    let indent = line.len() - line.trim_start().len();
                    text += &wrap(&" ".repeat(indent), line, indent);
                }
                Piece::Item(term, meaning) => {
                    text += &wrap(&format!("  {term:<width$}", width = ITEM_COLUMN - 2), meaning, ITEM_COLUMN);
                }
                Piece::Drawing(lines) => lines.iter().for_each(|line| text += &format!("    {line}\n")),
                Piece::Table(table) => text += &table.text(),
            }
            previous = Some(piece);
        }
        text
    }

    /// For GitHub.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        for piece in &self.0 {
            if !text.is_empty() {
                text.push('\n');
            }
            match piece {
                Piece::Heading(heading) => text += &format!("### {heading}\n"),
                Piece::Line(line) => text += &format!("{}\n", line.trim()),
                Piece::Item(term, meaning) => text += &format!("- `{term}`: {meaning}\n"),
                Piece::Drawing(lines) => text += &format!("```\n{}\n```\n", lines.join("\n")),
                Piece::Table(table) => text += &table.markdown(),
            }
        }
        text
    }
}

impl Piece {
    /// Does `next` follow without an empty line between, in text?
    fn leads_to(&self, next: &Self) -> bool {
        match next {
            Self::Heading(_) | Self::Table(_) => false,
            Self::Line(_) | Self::Item(..) | Self::Drawing(_) => !matches!(self, Self::Table(_)),
        }
    }
}

/// `words` after `start`, broken at spaces where the line would pass [`WIDTH`]; further lines are indented.
fn wrap(start: &str, words: &str, indent: usize) -> String {
    let mut text = start.to_owned();
    let mut column = start.chars().count();
    for (index, word) in words.split_whitespace().enumerate() {
        let length = word.chars().count();
        if index > 0 && column + 1 + length > WIDTH {
            text += &format!("\n{}", " ".repeat(indent));
            column = indent;
        } else if index > 0 {
            text.push(' ');
            column += 1;
        }
        text += word;
        column += length;
    }
    text.push('\n');
    text
}
