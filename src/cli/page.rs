//! What a command says to people: headings, lines and tables, as text or as Markdown.

use super::document::{document, escape, href};
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
    Figures(Vec<Figure>),
}

/// A picture beside the page, and what it shows.
#[derive(Clone, Debug)]
pub struct Figure {
    /// Its file, relative to the page's.
    pub file: String,
    /// What stands under it: the first line in the page's own colour.
    pub caption: Vec<String>,
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

    /// Adds pictures, which only a page of HTML shows.
    pub fn figures(&mut self, figures: Vec<Figure>) {
        self.0.push(Piece::Figures(figures));
    }

    /// Adds another page's pieces after these.
    pub fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The tables alone, one after the other, with an empty line between.
    #[must_use]
    pub fn csv(&self) -> String {
        let tables = self.0.iter().filter_map(|piece| match piece {
            Piece::Table(table) => Some(table.csv()),
            _ => None,
        });
        tables.collect::<Vec<_>>().join("\n")
    }

    /// As HTML that needs nothing but its pictures.
    #[must_use]
    pub fn html(&self, title: &str) -> String {
        let mut body = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Heading(heading) => body += &format!("<h1>{}</h1>\n", escape(heading)),
                Piece::Line(line) => body += &format!("<p class=\"said\">{}</p>\n", escape(line.trim())),
                Piece::Item(term, meaning) => {
                    body += &format!("<p class=\"said\"><b>{}</b> {}</p>\n", escape(term), escape(meaning));
                }
                Piece::Drawing(lines) => body += &format!("<pre>{}</pre>\n", escape(&lines.join("\n"))),
                Piece::Table(table) => body += &table.html(),
                Piece::Figures(figures) => body += &figures_html(figures),
            }
        }
        document(title, &body)
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
                Piece::Figures(_) => continue,
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
                Piece::Figures(figures) => {
                    for Figure { file, caption } in figures {
                        text += &format!("![{}]({})\n", caption.join(", "), href(file));
                    }
                }
            }
        }
        text
    }
}

impl Piece {
    /// Does `next` follow without an empty line between, in text?
    fn leads_to(&self, next: &Self) -> bool {
        match next {
            Self::Heading(_) | Self::Table(_) | Self::Figures(_) => false,
            Self::Line(_) | Self::Item(..) | Self::Drawing(_) => !matches!(self, Self::Table(_)),
        }
    }
}

fn figures_html(figures: &[Figure]) -> String {
    let figure = |Figure { file, caption }: &Figure| {
        let file = href(file);
        let (first, rest) = caption.split_first().map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
        let rest = rest.iter().map(|line| format!("<div>{}</div>", escape(line))).collect::<Vec<_>>().concat();
        let first = escape(first);
        format!(
            "<figure><a href=\"{file}\"><img src=\"{file}\" loading=\"lazy\" alt=\"{first}\"></a>\
             <figcaption><div class=\"name\" title=\"{first}\">{first}</div>{rest}</figcaption></figure>\n"
        )
    };
    format!("<div class=\"row\">\n{}</div>\n", figures.iter().map(figure).collect::<String>())
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
