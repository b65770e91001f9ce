//! Bytes of a pickle, one after the other.

use std::borrow::Cow;

use super::{PickleError, Value};

/// A place in the bytes that never leaves them.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn bad(&self, what: &'static str) -> PickleError {
        PickleError::Bad(what, self.at)
    }

    pub(super) fn take(&mut self, length: u64) -> Result<&'a [u8], PickleError> {
        let length = usize::try_from(length).map_err(|_| PickleError::Cut)?;
        let end = self.at.checked_add(length).ok_or(PickleError::Cut)?;
        let taken = self.bytes.get(self.at..end).ok_or(PickleError::Cut)?;
        self.at = end;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], PickleError> {
        let taken = self.take(N as u64)?;
        taken.first_chunk().copied().ok_or(PickleError::Cut)
    }

    pub(super) fn byte(&mut self) -> Result<u8, PickleError> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Result<u16, PickleError> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, PickleError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, PickleError> {
        self.array().map(u64::from_le_bytes)
    }

    /// Up to the end of the line, without it.
    pub(super) fn line(&mut self) -> Result<&'a [u8], PickleError> {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|&byte| byte == b'\n').ok_or(PickleError::Cut)?;
        self.at += length + 1;
        Ok(&rest[..length])
    }

    /// A line as text.
    pub(super) fn word(&mut self) -> Result<Cow<'a, str>, PickleError> {
        self.line().map(String::from_utf8_lossy)
    }

    /// A line as a number.
    pub(super) fn number(&mut self) -> Result<i64, PickleError> {
        let text = self.word()?;
        text.trim_end_matches('L').parse().map_err(|_| self.bad("a number that is none"))
    }

    /// Text of this length; what is no UTF-8 is replaced, for keys of tensors are.
    pub(super) fn text(&mut self, length: u64) -> Result<Value<'a>, PickleError> {
        self.take(length).map(|bytes| Value::Text(String::from_utf8_lossy(bytes)))
    }

    /// An integer of this many bytes, little-endian two's complement.
    pub(super) fn long(&mut self, length: u64) -> Result<Value<'a>, PickleError> {
        let bytes = self.take(length)?;
        if bytes.len() > 8 {
            return Ok(Value::Long(bytes));
        }
        let is_negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
        let mut wide = [if is_negative { 0xFF } else { 0 }; 8];
        wide[..bytes.len()].copy_from_slice(bytes);
        Ok(Value::Int(i64::from_le_bytes(wide)))
    }
}
