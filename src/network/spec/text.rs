//! The text form, `NAME[(options)][+ATTENTION[(options)][@PLACES]]...`: syntax only, names are resolved by the zoo.

use super::SpecError;
use crate::network::options::Value;

/// The longest text that is read.
const MAX_LENGTH: usize = 16 * 1024;

/// A spec as typed, names not yet looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecText {
    /// The model's name.
    pub model: String,
    /// `key=value` pairs of the model.
    pub options: Vec<(String, String)>,
    /// Attention clauses in the order typed.
    pub attention: Vec<AttentionText>,
}

/// One `+ATTENTION(...)@PLACES` as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttentionText {
    /// The block's name, or `none`.
    pub name: String,
    /// Its options.
    pub options: Vec<(String, Value)>,
    /// Where; empty for everywhere.
    pub places: Vec<String>,
}

/// Reads the text form.
///
/// # Errors
/// [`SpecError::Syntax`] with the position and what was expected there.
pub fn parse_text(text: &str) -> Result<SpecText, SpecError> {
    let mut cursor = Cursor { text, at: 0 };
    if text.len() > MAX_LENGTH {
        let shown: String = text.chars().take(40).collect();
        return Err(SpecError::Syntax { text: format!("{shown}..."), at: MAX_LENGTH, reason: "too long".to_owned() });
    }
    let model = cursor.word("a network's name")?;
    let options = cursor.options()?;
    let mut attention = Vec::new();
    while cursor.eat('+') {
        let name = cursor.word("an attention block's name")?;
        let pairs = cursor.options()?;
        let options = pairs.into_iter().map(|(key, value)| (key, Value::from_text(&value))).collect();
        let mut places = Vec::new();
        if cursor.eat('@') {
            places.push(cursor.word("a stage or block like layer3 or layer4.0")?);
            while cursor.eat(',') {
                places.push(cursor.word("a stage or block like layer3 or layer4.0")?);
            }
        }
        attention.push(AttentionText { name, options, places });
    }
    if cursor.peek().is_some() {
        return Err(cursor.expected("'+', '@' or the end"));
    }
    Ok(SpecText { model, options, attention })
}

/// Reads an input size: `224`, `224x192` (height x width) or `3x224x224`.
///
/// # Errors
/// A sentence with the value and the allowed forms.
pub fn parse_input(text: &str) -> Result<[usize; 3], String> {
    let sizes: Result<Vec<usize>, _> = text.split(['x', 'X', '×']).map(|part| part.trim().parse()).collect();
    match sizes.as_deref() {
        Ok([size]) => Ok([3, *size, *size]),
        Ok([height, width]) => Ok([3, *height, *width]),
        Ok([channels, height, width]) => Ok([*channels, *height, *width]),
        _ => Err(format!("input={text}: write a size like 224, 224x192 (height x width) or 3x224x224")),
    }
}

/// The shortest form that [`parse_input`] reads back.
pub(super) fn print_input([channels, height, width]: [usize; 3]) -> String {
    match (channels, height == width) {
        (3, true) => format!("{height}"),
        (3, false) => format!("{height}x{width}"),
        _ => format!("{channels}x{height}x{width}"),
    }
}

/// A place in the text.
struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl Cursor<'_> {
    fn peek(&mut self) -> Option<char> {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        self.text[self.at..].chars().next()
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn word(&mut self, what: &str) -> Result<String, SpecError> {
        self.run_of("._-×", what)
    }

    /// As a word, or a fraction: what it is good for is for the option to say.
    fn value(&mut self) -> Result<String, SpecError> {
        self.run_of("._-×/", "a value")
    }

    fn run_of(&mut self, signs: &str, what: &str) -> Result<String, SpecError> {
        self.peek();
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !(c.is_alphanumeric() || signs.contains(c))).unwrap_or(rest.len());
        if end == 0 {
            return Err(self.expected(what));
        }
        self.at += end;
        Ok(rest[..end].to_owned())
    }

    fn options(&mut self) -> Result<Vec<(String, String)>, SpecError> {
        let mut options: Vec<(String, String)> = Vec::new();
        if !self.eat('(') {
            return Ok(options);
        }
        while !self.eat(')') {
            if !options.is_empty() && !self.eat(',') {
                return Err(self.expected("',' or ')'"));
            }
            let key = self.word("an option like r=16")?;
            // A word alone switches on.
            let is_alone = matches!(self.peek(), Some(',' | ')'));
            if !is_alone && !self.eat('=') {
                return Err(self.expected("'='"));
            }
            if options.iter().any(|(known, _)| *known == key) {
                return Err(self.expected(&format!("each option once, but {key} is set again")));
            }
            let value = if is_alone { "yes".to_owned() } else { self.value()? };
            options.push((key, value));
        }
        Ok(options)
    }

    fn expected(&self, what: &str) -> SpecError {
        let at = self.text[..self.at].chars().count() + 1;
        SpecError::Syntax { text: self.text.to_owned(), at, reason: format!("expected {what}") }
    }
}
