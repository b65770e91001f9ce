//! PyTorch checkpoints: pickles that describe tensors, and storages that hold their numbers.

mod describe;
mod legacy;
mod metadata;
mod module;
mod numpy;
mod plain;
mod unwrap;
mod zipped;

pub(super) use legacy::contents as legacy;
pub(super) use zipped::contents as zipped;

use super::fault::Fault;
use super::pickle::{Pickle, PickleError, load};

/// Reads a pickle; `within` names it in messages.
fn pickle<'a>(bytes: &'a [u8], within: &'static str) -> Result<Pickle<'a>, Fault> {
    load(bytes).map_err(|error| match error {
        PickleError::Cut => Fault::Cut(within),
        PickleError::Bad(what, at) => Fault::damaged(format!("{within} has {what}, at byte {at}")),
    })
}
