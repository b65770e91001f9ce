//! What each instruction does, by kind. Every function says whether it knows the code. Codes that are letters are
//! those of protocols 0 and 1, the others have names in Python's `pickletools`.

use std::borrow::Cow;

use super::machine::{FALSE, Machine, NONE, Outcome, TRUE, UNIT};
use super::{Id, MAX_VALUES, Value};

impl Machine<'_> {
    pub(super) fn number(&mut self, code: u8) -> Outcome<bool> {
        let reader = &mut self.reader;
        let value = match code {
            b'N' => return self.push_id(NONE),
            0x88 => return self.push_id(TRUE),
            0x89 => return self.push_id(FALSE),
            b'K' => Value::Int(reader.byte()?.into()),
            b'M' => Value::Int(reader.u16()?.into()),
            b'J' => Value::Int(reader.array().map(i32::from_le_bytes)?.into()),
            b'I' => match &*reader.word()? {
                "00" => return self.push_id(FALSE),
                "01" => return self.push_id(TRUE),
                text => text.parse().map_or(Value::Opaque, Value::Int),
            },
            b'L' => reader.word()?.trim_end_matches('L').parse().map_or(Value::Opaque, Value::Int),
            0x8A => {
                let length = reader.byte()?;
                reader.long(length.into())?
            }
            0x8B => {
                let length = reader.u32()?;
                reader.long(length.into())?
            }
            b'F' => reader.word()?.parse().map_or(Value::Opaque, Value::Float),
            b'G' => Value::Float(reader.array().map(f64::from_be_bytes)?),
            _ => return Ok(false),
        };
        self.push(value)
    }

    /// Text, and bytes.
    pub(super) fn text(&mut self, code: u8) -> Outcome<bool> {
        let reader = &mut self.reader;
        let length = match code {
            b'S' => {
                let text = Value::Text(unquoted(reader.line()?));
                return self.push(text);
            }
            b'V' => {
                let text = Value::Text(reader.word()?);
                return self.push(text);
            }
            b'U' | 0x8C | b'C' => reader.byte()?.into(),
            b'T' | b'X' | b'B' => reader.u32()?.into(),
            0x8D | 0x8E | 0x96 => reader.u64()?,
            _ => return Ok(false),
        };
        let value = match code {
            b'C' | b'B' | 0x8E | 0x96 => Value::Bytes(reader.take(length)?),
            // Python 2's `str` (U, T) is bytes to Python 3 and text to everyone who used it: keys are such.
            _ => reader.text(length)?,
        };
        self.push(value)
    }

    /// Making tuples, lists, dicts, sets.
    pub(super) fn container(&mut self, code: u8) -> Outcome<bool> {
        let value = match code {
            b')' => return self.push_id(UNIT),
            b']' => Value::List(Vec::new()),
            b'}' => Value::Dict(Vec::new()),
            0x8F => Value::Opaque,
            0x85..=0x87 => {
                let count = usize::from(code - 0x84);
                let from = self.stack.len().checked_sub(count).ok_or_else(|| self.underflow())?;
                Value::Tuple(self.split_off(from)?)
            }
            b't' => Value::Tuple(self.pop_mark()?),
            b'l' => Value::List(self.pop_mark()?),
            b'd' => Value::Dict(pairs(&self.pop_mark()?)),
            0x91 => {
                self.pop_mark()?;
                Value::Opaque
            }
            _ => return Ok(false),
        };
        self.push(value)
    }

    /// Putting values in the container on top.
    pub(super) fn fill(&mut self, code: u8) -> Outcome<bool> {
        match code {
            b'a' => {
                let member = self.pop()?;
                self.append(&[member])
            }
            b'e' | 0x90 => {
                let members = self.pop_mark()?;
                self.append(&members)
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.set_items(vec![(key, value)])
            }
            b'u' => {
                let members = self.pop_mark()?;
                self.set_items(pairs(&members))
            }
            _ => Ok(false),
        }
    }

    /// The stack itself, protocol and frames.
    pub(super) fn stack(&mut self, code: u8) -> Outcome<bool> {
        match code {
            0x80 => {
                if self.reader.byte()? > 5 {
                    return Err(self.reader.bad("a pickle protocol newer than 5"));
                }
            }
            // A frame only says how much to read ahead.
            0x95 => drop(self.reader.u64()?),
            b'(' => self.marks.push(self.stack.len()),
            b'0' => drop(self.pop()?),
            b'1' => drop(self.pop_mark()?),
            b'2' => {
                let top = self.top()?;
                return self.push_id(top);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Keeping the top of the stack under a number, and fetching it back.
    pub(super) fn memo(&mut self, code: u8) -> Outcome<bool> {
        let slot = match code {
            b'p' | b'g' => u32::try_from(self.reader.number()?).map_err(|_| self.reader.bad("a memo that is none"))?,
            b'q' | b'h' => self.reader.byte()?.into(),
            b'r' | b'j' => self.reader.u32()?,
            0x94 => self.memo.len() as u32,
            _ => return Ok(false),
        };
        if matches!(code, b'g' | b'h' | b'j') {
            let id = *self.memo.get(&slot).ok_or_else(|| self.reader.bad("a memo that was never set"))?;
            return self.push_id(id);
        }
        let top = self.top()?;
        self.memo.insert(slot, top);
        match self.memo.len() > MAX_VALUES {
            true => Err(self.reader.bad("more in its memo than any checkpoint has")),
            false => Ok(true),
        }
    }

    /// Names of Python things, and of what is kept outside.
    pub(super) fn name(&mut self, code: u8) -> Outcome<bool> {
        let value = match code {
            b'c' => Value::Global(Box::new((self.reader.word()?, self.reader.word()?))),
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                match (self.value(module), self.value(name)) {
                    // Borrowed from the file: a copy costs nothing, however often it is asked for.
                    (&Value::Text(Cow::Borrowed(module)), &Value::Text(Cow::Borrowed(name))) => {
                        Value::Global(Box::new((Cow::Borrowed(module), Cow::Borrowed(name))))
                    }
                    _ => return Err(self.reader.bad("a class whose name is no text")),
                }
            }
            b'Q' => Value::Persistent(self.pop()?),
            b'P' => {
                let text = Value::Text(self.reader.word()?);
                Value::Persistent(self.make(text)?)
            }
            0x82..=0x84 => {
                self.reader.take([1, 2, 4][usize::from(code - 0x82)])?;
                Value::Opaque
            }
            _ => return Ok(false),
        };
        self.push(value)
    }

    /// Calls, which are noted and not made.
    pub(super) fn call(&mut self, code: u8) -> Outcome<bool> {
        match code {
            b'R' | 0x81 => {
                let (arguments, class) = (self.pop()?, self.pop()?);
                self.push_object(class, arguments)
            }
            0x92 => {
                let (_keywords, arguments, class) = (self.pop()?, self.pop()?, self.pop()?);
                self.push_object(class, arguments)
            }
            b'i' => {
                let global = Value::Global(Box::new((self.reader.word()?, self.reader.word()?)));
                let arguments = self.pop_mark()?;
                let (class, arguments) = (self.make(global)?, self.make(Value::Tuple(arguments))?);
                self.push_object(class, arguments)
            }
            b'o' => {
                let mut arguments = self.pop_mark()?;
                if arguments.is_empty() {
                    return Err(self.underflow());
                }
                let class = arguments.remove(0);
                let arguments = self.make(Value::Tuple(arguments))?;
                self.push_object(class, arguments)
            }
            b'b' => {
                let (state, top) = (self.pop()?, self.top()?);
                self.set_state(top, state);
                Ok(true)
            }
            _ => Ok(false),
        }
    }
}

fn pairs(members: &[Id]) -> Vec<(Id, Id)> {
    members.as_chunks::<2>().0.iter().map(|&[key, value]| (key, value)).collect()
}

/// Text as protocol 0 quotes it. Escapes stay as they are: no tensor's name needs them.
fn unquoted(line: &[u8]) -> Cow<'_, str> {
    let inner = match line {
        [b'\'', inner @ .., b'\''] | [b'"', inner @ .., b'"'] => inner,
        _ => line,
    };
    String::from_utf8_lossy(inner)
}
