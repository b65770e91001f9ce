//! Progress and cancellation of a long computation.

/// How a caller follows a run and stops it.
#[derive(Clone, Copy)]
pub struct Control<'a> {
    /// Told the share of the work that is done, 0 to 1, after each layer.
    pub progress: &'a (dyn Fn(f32) + Sync),
    /// Asked between layers; `true` stops the run.
    pub cancelled: &'a (dyn Fn() -> bool + Sync),
}

impl Control<'static> {
    /// Nobody watches, nobody cancels.
    #[must_use]
    pub fn none() -> Self {
        Self { progress: &|_| (), cancelled: &|| false }
    }
}
