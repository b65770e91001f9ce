//! The stack machine. Instructions are named as in Python's `pickletools`.

use std::collections::HashMap;

use super::reader::Reader;
use super::{Id, MAX_VALUES, Object, Pickle, PickleError, Value};

type Outcome<T = ()> = Result<T, PickleError>;

/// Values that are made once: they hold nothing and cannot change.
const NONE: Id = Id(0);
const TRUE: Id = Id(1);
const FALSE: Id = Id(2);
const UNIT: Id = Id(3);

struct Machine<'a> {
    reader: Reader<'a>,
    values: Vec<Value<'a>>,
    stack: Vec<Id>,
    /// How high the stack was at every open MARK.
    marks: Vec<usize>,
    memo: HashMap<u32, Id>,
}

/// Reads one pickle from the beginning of the bytes.
pub(in super::super) fn load(bytes: &[u8]) -> Result<Pickle<'_>, PickleError> {
    let values = vec![Value::None, Value::Bool(true), Value::Bool(false), Value::Tuple(Vec::new())];
    let (stack, marks, memo) = (Vec::new(), Vec::new(), HashMap::new());
    let mut machine = Machine { reader: Reader::new(bytes), values, stack, marks, memo };
    loop {
        let code = machine.reader.byte()?;
        if code == b'.' {
            let root = machine.pop()?;
            return Ok(Pickle { values: machine.values, root, length: machine.reader.at });
        }
        machine.step(code)?;
    }
}

impl<'a> Machine<'a> {
    /// One instruction. Each kind of instruction has its function, which says whether it knows the code.
    fn step(&mut self, code: u8) -> Outcome {
        if self.stack.len() + self.marks.len() > 2 * MAX_VALUES {
            return Err(self.reader.bad("more on its stack than any checkpoint has"));
        }
        if self.constant(code)? || self.container(code)? || self.memory(code)? || self.call(code)? {
            return Ok(());
        }
        Err(self.reader.bad("an unknown instruction"))
    }

    /// Numbers, text and bytes.
    fn constant(&mut self, code: u8) -> Outcome<bool> {
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
            b'S' => Value::Text(unquoted(reader.line()?)),
            b'V' => Value::Text(reader.word()?),
            // Python 2's `str` is bytes to Python 3 and text to everyone who used it: keys are such.
            b'U' | 0x8C => {
                let length = reader.byte()?;
                reader.text(length.into())?
            }
            b'T' | b'X' => {
                let length = reader.u32()?;
                reader.text(length.into())?
            }
            0x8D => {
                let length = reader.u64()?;
                reader.text(length)?
            }
            b'C' => {
                let length = reader.byte()?;
                reader.take(length.into())?;
                Value::Opaque
            }
            b'B' => {
                let length = reader.u32()?;
                reader.take(length.into())?;
                Value::Opaque
            }
            0x8E | 0x96 => {
                let length = reader.u64()?;
                reader.take(length)?;
                Value::Opaque
            }
            _ => return Ok(false),
        };
        self.push(value)
    }

    /// Tuples, lists, dicts, sets.
    fn container(&mut self, code: u8) -> Outcome<bool> {
        match code {
            b')' => self.push_id(UNIT),
            b']' => self.push(Value::List(Vec::new())),
            b'}' => self.push(Value::Dict(Vec::new())),
            0x8F => self.push(Value::Opaque),
            0x85..=0x87 => {
                let count = usize::from(code - 0x84);
                let from = self.stack.len().checked_sub(count).ok_or_else(|| self.underflow())?;
                let members = self.split_off(from)?;
                self.push(Value::Tuple(members))
            }
            b't' => {
                let members = self.pop_mark()?;
                self.push(Value::Tuple(members))
            }
            b'l' => {
                let members = self.pop_mark()?;
                self.push(Value::List(members))
            }
            b'd' => {
                let members = self.pop_mark()?;
                self.push(Value::Dict(pairs(&members)))
            }
            0x91 => {
                self.pop_mark()?;
                self.push(Value::Opaque)
            }
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

    /// The stack itself, the memo, protocol and frames.
    fn memory(&mut self, code: u8) -> Outcome<bool> {
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
            b'p' | b'q' | b'r' | 0x94 => {
                let slot = match code {
                    b'p' => u32::try_from(self.reader.number()?).map_err(|_| self.reader.bad("a memo that is none"))?,
                    b'q' => self.reader.byte()?.into(),
                    b'r' => self.reader.u32()?,
                    _ => self.memo.len() as u32,
                };
                let top = self.top()?;
                self.memo.insert(slot, top);
                if self.memo.len() > MAX_VALUES {
                    return Err(self.reader.bad("more in its memo than any checkpoint has"));
                }
            }
            b'g' | b'h' | b'j' => {
                let slot = match code {
                    b'g' => u32::try_from(self.reader.number()?).map_err(|_| self.reader.bad("a memo that is none"))?,
                    b'h' => self.reader.byte()?.into(),
                    _ => self.reader.u32()?,
                };
                let id = *self.memo.get(&slot).ok_or_else(|| self.reader.bad("a memo that was never set"))?;
                return self.push_id(id);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Names of Python things and calls of them, which are noted and not made.
    fn call(&mut self, code: u8) -> Outcome<bool> {
        match code {
            b'c' => {
                let global = Value::Global(Box::new((self.reader.word()?, self.reader.word()?)));
                self.push(global)
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                match (self.value(module), self.value(name)) {
                    (Value::Text(module), Value::Text(name)) => {
                        let global = Box::new((module.clone(), name.clone()));
                        self.push(Value::Global(global))
                    }
                    _ => Err(self.reader.bad("a class whose name is no text")),
                }
            }
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
                if let Some(Value::Object(object)) = self.values.get_mut(top.0 as usize) {
                    object.state = Some(state);
                }
                Ok(true)
            }
            b'Q' => {
                let id = self.pop()?;
                self.push(Value::Persistent(id))
            }
            b'P' => {
                let text = Value::Text(self.reader.word()?);
                let id = self.make(text)?;
                self.push(Value::Persistent(id))
            }
            0x82 | 0x83 | 0x84 => {
                self.reader.take([1, 2, 4][usize::from(code - 0x82)])?;
                self.push(Value::Opaque)
            }
            _ => Ok(false),
        }
    }

    fn underflow(&self) -> PickleError {
        self.reader.bad("a stack that runs empty")
    }

    fn value(&self, id: Id) -> &Value<'a> {
        self.values.get(id.0 as usize).unwrap_or(&Value::None)
    }

    fn make(&mut self, value: Value<'a>) -> Outcome<Id> {
        if self.values.len() >= MAX_VALUES {
            return Err(self.reader.bad("more values than any checkpoint has"));
        }
        self.values.push(value);
        Ok(Id(self.values.len() as u32 - 1))
    }

    fn push(&mut self, value: Value<'a>) -> Outcome<bool> {
        let id = self.make(value)?;
        self.push_id(id)
    }

    #[allow(clippy::unnecessary_wraps)] // The shape of `push`, whose callers return it.
    fn push_id(&mut self, id: Id) -> Outcome<bool> {
        self.stack.push(id);
        Ok(true)
    }

    fn push_object(&mut self, class: Id, arguments: Id) -> Outcome<bool> {
        self.push(Value::Object(Box::new(Object { class, arguments, state: None, items: Vec::new() })))
    }

    /// What lies above the last mark is all that an instruction may take.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn pop(&mut self) -> Outcome<Id> {
        if self.stack.len() <= self.floor() {
            return Err(self.underflow());
        }
        self.stack.pop().ok_or_else(|| self.underflow())
    }

    fn top(&self) -> Outcome<Id> {
        self.stack.last().copied().ok_or_else(|| self.underflow())
    }

    fn pop_mark(&mut self) -> Outcome<Vec<Id>> {
        let from = self.marks.pop().ok_or_else(|| self.reader.bad("a mark that was never set"))?;
        self.split_off(from)
    }

    fn split_off(&mut self, from: usize) -> Outcome<Vec<Id>> {
        if from > self.stack.len() || from < self.floor() {
            return Err(self.underflow());
        }
        // Not `split_off`, which would keep the stack's whole capacity in one of the two.
        let members = self.stack[from..].to_vec();
        self.stack.truncate(from);
        Ok(members)
    }

    /// Adds to the list on top of the stack; sets and other kinds of list are of no interest.
    fn append(&mut self, members: &[Id]) -> Outcome<bool> {
        let top = self.top()?;
        if let Some(Value::List(list)) = self.values.get_mut(top.0 as usize) {
            list.extend_from_slice(members);
        }
        Ok(true)
    }

    fn set_items(&mut self, pairs: Vec<(Id, Id)>) -> Outcome<bool> {
        let top = self.top()?;
        match self.values.get_mut(top.0 as usize) {
            Some(Value::Dict(items)) => items.extend(pairs),
            Some(Value::Object(object)) => object.items.extend(pairs),
            _ => {}
        }
        Ok(true)
    }
}

fn pairs(members: &[Id]) -> Vec<(Id, Id)> {
    members.as_chunks::<2>().0.iter().map(|&[key, value]| (key, value)).collect()
}

/// Text as protocol 0 quotes it. Escapes stay as they are: no tensor's name needs them.
fn unquoted(line: &[u8]) -> std::borrow::Cow<'_, str> {
    let inner = match line {
        [b'\'', inner @ .., b'\''] | [b'"', inner @ .., b'"'] => inner,
        _ => line,
    };
    String::from_utf8_lossy(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_text_and_containers_are_read() {
        // pickle.dumps({"a": (1, -2, 2**40, 1.5, True, None), "b": [b"x", 300]}, 2..=4)
        let two: &[u8] = b"\x80\x02}q\x00(X\x01\x00\x00\x00aq\x01(K\x01J\xfe\xff\xff\xff\x8a\x06\x00\x00\x00\x00\x00\x01G?\xf8\x00\x00\x00\x00\x00\x00\x88Ntq\x02X\x01\x00\x00\x00bq\x03]q\x04(C\x01xM,\x01eu.";
        let pickle = load(two).expect("sound");
        let items = pickle.items(pickle.root).expect("a dict");
        let tuple = pickle.sequence(items[0].1).expect("a tuple");
        assert_eq!(pickle.text(items[0].0), Some("a"));
        assert_eq!(tuple.iter().map(|&id| pickle.int(id)).collect::<Vec<_>>()[..3], [Some(1), Some(-2), Some(1 << 40)]);
        assert!(matches!(pickle.get(tuple[3]), Value::Float(value) if *value == 1.5));
        assert_eq!(pickle.length, two.len());
    }

    #[test]
    fn calls_are_noted_and_not_made() {
        let pickle = load(b"cos\nsystem\n(S'echo'\ntR.").expect("sound");
        assert_eq!(pickle.kind(pickle.root), "os.system");
        let object = pickle.object(pickle.root).expect("a call");
        assert_eq!(pickle.text(pickle.sequence(object.arguments).expect("a tuple")[0]), Some("echo"));
    }

    #[test]
    fn a_list_that_holds_itself_is_harmless() {
        let pickle = load(b"]q\x00h\x00a.").expect("sound");
        assert_eq!(pickle.sequence(pickle.root), Some(&[pickle.root][..]));
    }

    #[test]
    fn what_is_no_pickle_is_refused() {
        for bytes in [&b""[..], b"K", b"(", b"X\xff\xff\xff\x7fab", b"\x8d\xff\xff\xff\xff\xff\xff\xff\xff"] {
            assert_eq!(load(bytes).expect_err("cut"), PickleError::Cut);
        }
        for bytes in [&b"."[..], b"t.", b"h\x00.", b"K\x01(R.", b"\x80\x09.", b"a.", b"\xff", b"K\x01K\x02\x93."] {
            assert!(matches!(load(bytes), Err(PickleError::Bad(..))), "{bytes:?}");
        }
        let marks = vec![b'('; 5 * MAX_VALUES];
        assert!(matches!(load(&marks), Err(PickleError::Bad(..))));
        let lists = vec![b']'; 2 * MAX_VALUES];
        assert!(matches!(load(&lists), Err(PickleError::Bad(..))));
    }
}
