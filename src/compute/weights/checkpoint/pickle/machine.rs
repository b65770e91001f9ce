//! The stack machine: its loop, its stack and what lies on it. `instructions` says what each instruction does.

use std::collections::HashMap;

use super::reader::Reader;
use super::{Id, MAX_VALUES, Object, Pickle, PickleError, Value};

pub(super) type Outcome<T = ()> = Result<T, PickleError>;

/// Values that are made once: they hold nothing and cannot change.
pub(super) const NONE: Id = Id(0);
pub(super) const TRUE: Id = Id(1);
pub(super) const FALSE: Id = Id(2);
pub(super) const UNIT: Id = Id(3);

pub(super) struct Machine<'a> {
    pub(super) reader: Reader<'a>,
    pub(super) values: Vec<Value<'a>>,
    pub(super) stack: Vec<Id>,
    /// How high the stack was at every open MARK.
    pub(super) marks: Vec<usize>,
    pub(super) memo: HashMap<u32, Id>,
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
        let is_known = self.number(code)?
            || self.text(code)?
            || self.memo(code)?
            || self.container(code)?
            || self.fill(code)?
            || self.stack(code)?
            || self.name(code)?
            || self.call(code)?;
        if is_known { Ok(()) } else { Err(self.reader.bad("an unknown instruction")) }
    }

    pub(super) fn underflow(&self) -> PickleError {
        self.reader.bad("a stack that runs empty")
    }

    pub(super) fn value(&self, id: Id) -> &Value<'a> {
        self.values.get(id.0 as usize).unwrap_or(&Value::None)
    }

    pub(super) fn make(&mut self, value: Value<'a>) -> Outcome<Id> {
        if self.values.len() >= MAX_VALUES {
            return Err(self.reader.bad("more values than any checkpoint has"));
        }
        self.values.push(value);
        Ok(Id(self.values.len() as u32 - 1))
    }

    pub(super) fn push(&mut self, value: Value<'a>) -> Outcome<bool> {
        let id = self.make(value)?;
        self.push_id(id)
    }

    #[allow(clippy::unnecessary_wraps)] // The shape of `push`, whose callers return it.
    pub(super) fn push_id(&mut self, id: Id) -> Outcome<bool> {
        self.stack.push(id);
        Ok(true)
    }

    pub(super) fn push_object(&mut self, class: Id, arguments: Id) -> Outcome<bool> {
        self.push(Value::Object(Box::new(Object { class, arguments, state: None, items: Vec::new() })))
    }

    /// What lies above the last mark is all that an instruction may take.
    pub(super) fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    pub(super) fn pop(&mut self) -> Outcome<Id> {
        if self.stack.len() <= self.floor() {
            return Err(self.underflow());
        }
        self.stack.pop().ok_or_else(|| self.underflow())
    }

    pub(super) fn top(&self) -> Outcome<Id> {
        self.stack.last().copied().ok_or_else(|| self.underflow())
    }

    pub(super) fn pop_mark(&mut self) -> Outcome<Vec<Id>> {
        let from = self.marks.pop().ok_or_else(|| self.reader.bad("a mark that was never set"))?;
        self.split_off(from)
    }

    pub(super) fn split_off(&mut self, from: usize) -> Outcome<Vec<Id>> {
        if from > self.stack.len() || from < self.floor() {
            return Err(self.underflow());
        }
        // Not `split_off`, which would keep the stack's whole capacity in one of the two.
        let members = self.stack[from..].to_vec();
        self.stack.truncate(from);
        Ok(members)
    }

    /// Adds to the list on top of the stack; sets and other kinds of list are of no interest.
    pub(super) fn append(&mut self, members: &[Id]) -> Outcome<bool> {
        let top = self.top()?;
        if let Some(Value::List(list)) = self.values.get_mut(top.0 as usize) {
            list.extend_from_slice(members);
        }
        Ok(true)
    }

    /// What `__setstate__` would be given; only objects are asked for it.
    pub(super) fn set_state(&mut self, on: Id, state: Id) {
        if let Some(Value::Object(object)) = self.values.get_mut(on.0 as usize) {
            object.state = Some(state);
        }
    }

    pub(super) fn set_items(&mut self, pairs: Vec<(Id, Id)>) -> Outcome<bool> {
        let top = self.top()?;
        match self.values.get_mut(top.0 as usize) {
            Some(Value::Dict(items)) => items.extend(pairs),
            Some(Value::Object(object)) => object.items.extend(pairs),
            _ => {}
        }
        Ok(true)
    }
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
        assert!(matches!(pickle.get(tuple[3]), Value::Float(value) if (value - 1.5).abs() < f64::EPSILON));
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
