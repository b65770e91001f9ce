//! Python's own literals: what `ast.literal_eval` reads of dicts, lists and tuples of texts and numbers.

use serde_json::{Map, Number, Value};

/// How deep brackets may nest.
const MAX_DEPTH: usize = 16;

/// Reads a literal: keys become texts, as in JSON. Nothing is executed.
///
/// # Errors
/// What is wrong and on which line.
pub(super) fn parse(text: &str) -> Result<Value, String> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0)?;
    match reader.next_token() {
        None => Ok(value),
        Some(c) => Err(reader.wrong(&format!("{c:?} after the end"))),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn wrong(&self, what: &str) -> String {
        format!("{what} on line {}", self.text[..self.at].matches('\n').count() + 1)
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// The next character that is neither space nor comment, which stays.
    fn next_token(&mut self) -> Option<char> {
        loop {
            match self.peek()? {
                '#' => while self.peek().is_some_and(|c| c != '\n') && self.take().is_some() {},
                c if c.is_whitespace() => self.at += c.len_utf8(),
                c => return Some(c),
            }
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value, String> {
        if depth > MAX_DEPTH {
            return Err(self.wrong("brackets nested too deeply"));
        }
        match self.next_token() {
            Some('{') => self.dict(depth),
            Some('[') => self.list(']', depth),
            Some('(') => self.list(')', depth),
            Some('\'' | '"') => self.texts().map(Value::String),
            Some(_) => self.word(),
            None => Err(self.wrong("the end where a value should be")),
        }
    }

    /// Items up to the closing bracket, with a comma behind the last or not.
    fn items(&mut self, close: char, mut item: impl FnMut(&mut Self) -> Result<(), String>) -> Result<(), String> {
        self.take();
        loop {
            if self.next_token() == Some(close) {
                self.take();
                return Ok(());
            }
            item(self)?;
            match self.next_token() {
                Some(',') => self.at += 1,
                Some(c) if c == close => {}
                Some(c) => return Err(self.wrong(&format!("{c:?} where a comma or {close:?} should be"))),
                None => return Err(self.wrong(&format!("the end where {close:?} should be"))),
            }
        }
    }

    fn list(&mut self, close: char, depth: usize) -> Result<Value, String> {
        let mut values = Vec::new();
        self.items(close, |reader| {
            values.push(reader.value(depth + 1)?);
            Ok(())
        })?;
        Ok(Value::Array(values))
    }

    fn dict(&mut self, depth: usize) -> Result<Value, String> {
        let mut fields = Map::new();
        self.items('}', |reader| {
            let key = match reader.value(depth + 1)? {
                Value::String(text) => text,
                Value::Number(number) => number.to_string(),
                _ => return Err(reader.wrong("a key that is neither text nor number")),
            };
            if reader.next_token() != Some(':') {
                return Err(reader.wrong(&format!("no colon after the key {key:?}")));
            }
            reader.take();
            let value = reader.value(depth + 1)?;
            fields.insert(key, value);
            Ok(())
        })?;
        Ok(Value::Object(fields))
    }

    /// A number, `None`, `True`, `False`, or a text with a letter before it.
    fn word(&mut self) -> Result<Value, String> {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '+' | '-')) {
            self.take();
        }
        let word = &self.text[start..self.at];
        match word {
            "None" => return Ok(Value::Null),
            "True" => return Ok(Value::Bool(true)),
            "False" => return Ok(Value::Bool(false)),
            "u" | "U" if matches!(self.peek(), Some('\'' | '"')) => return self.texts().map(Value::String),
            _ => {}
        }
        if let Ok(whole) = word.replace('_', "").parse::<i64>() {
            return Ok(Value::Number(whole.into()));
        }
        let number = word.parse().ok().and_then(Number::from_f64);
        number.map(Value::Number).ok_or_else(|| self.wrong(&format!("{:?} where a value should be", self.here(word))))
    }

    /// The word, or the character that is none.
    fn here(&self, word: &str) -> String {
        match word.is_empty() {
            true => self.peek().map(String::from).unwrap_or_default(),
            false => word.chars().take(20).collect(),
        }
    }

    /// Texts that follow each other are one, as in Python.
    fn texts(&mut self) -> Result<String, String> {
        let mut whole = String::new();
        while let Some(quote @ ('\'' | '"')) = self.next_token() {
            self.take();
            self.text_to(quote, &mut whole)?;
        }
        Ok(whole)
    }

    fn text_to(&mut self, quote: char, text: &mut String) -> Result<(), String> {
        loop {
            match self.take() {
                Some(c) if c == quote => return Ok(()),
                Some('\\') => text.extend(self.escaped()?),
                None | Some('\n') => return Err(self.wrong("a text without its closing quote")),
                Some(c) => text.push(c),
            }
        }
    }

    /// The character after a backslash; none for a line that goes on.
    fn escaped(&mut self) -> Result<Option<char>, String> {
        let digits = match self.take() {
            Some('n') => return Ok(Some('\n')),
            Some('t') => return Ok(Some('\t')),
            Some('r') => return Ok(Some('\r')),
            Some('\n') => return Ok(None),
            Some(c @ ('\\' | '\'' | '"')) => return Ok(Some(c)),
            Some('x') => 2,
            Some('u') => 4,
            Some('U') => 8,
            _ => return Err(self.wrong("an unknown escape after a backslash")),
        };
        let hex = self.text.get(self.at..self.at + digits).and_then(|hex| u32::from_str_radix(hex, 16).ok());
        let c = hex.and_then(char::from_u32).ok_or_else(|| self.wrong("an escape that is no character"))?;
        self.at += digits;
        Ok(Some(c))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Python's `ast.literal_eval` gives, as JSON.
    #[test]
    fn literals_are_pythons() {
        for (text, json) in [
            ("{0: 'tench', 1: \"hen's\",}", r#"{"0": "tench", "1": "hen's"}"#),
            ("# names\n['a', 'b'  'c',\n ]", r#"["a", "bc"]"#),
            (r"('it\'s', u'\u00e9\x41', 'tab\t')", r#"["it's", "éA", "tab\t"]"#),
            ("{'x': (1, -2.5, None, True)}", r#"{"x": [1, -2.5, null, true]}"#),
            ("{}", "{}"),
        ] {
            assert_eq!(parse(text), Ok(serde_json::from_str(json).expect(json)), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (text, wanted) in [
            ("{0: 'a',\n1 'b'}", "no colon after the key \"1\" on line 2"),
            ("['a'", "the end where ']' should be"),
            ("['a\n']", "closing quote"),
            ("{0: open('x')}", "\"open\" where a value should be"),
            ("['a'] + ['b']", "after the end"),
            ("{[1]: 'a'}", "neither text nor number"),
            (r"['\q']", "unknown escape"),
            ("", "the end where a value"),
        ] {
            let message = parse(text).expect_err(text);
            assert!(message.contains(wanted), "{text}: {message}");
        }
        assert!(parse(&"[".repeat(100_000)).expect_err("refused").contains("nested"));
    }
}
