//! Why an operator cannot take its tensors.

use crate::network::graph::ShapeError;

/// What is wrong with the tensors given to an operator. Arrives as candle's `Error::Wrapped`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OperatorError {
    /// A tensor of another shape than the operator takes.
    #[error("{op} takes {wanted}, not {found:?}")]
    Shape {
        /// The operator.
        op: &'static str,
        /// What it takes, in words.
        wanted: &'static str,
        /// The dimensions there were.
        found: Vec<usize>,
    },
    /// Numbers of another kind, or on another device.
    #[error("{op} computes with f32 numbers on the CPU, not with {found}: convert them with to_dtype and to_device")]
    Numbers {
        /// The operator.
        op: &'static str,
        /// The type and the device there were.
        found: String,
    },
    /// A window that cannot be.
    #[error("{op}: {what}")]
    Window {
        /// The operator.
        op: &'static str,
        /// What cannot be, with what can.
        what: &'static str,
    },
    /// A window that does not fit its input.
    #[error("{op}: {reason}")]
    Unfit {
        /// The operator.
        op: &'static str,
        /// Why.
        reason: ShapeError,
    },
}

impl From<OperatorError> for candle_core::Error {
    fn from(error: OperatorError) -> Self {
        Self::wrap(error)
    }
}
