//! Drawings of networks, without a window: a graph becomes a [`Scene`] of marks whose colours are roles.
//!
//! ```text
//!          ┌ overview ┐              ┌▶ the window's canvas and cards
//! Graph ──▶│ opened   │─▶ Scene ─────┤
//!          └ card     ┘              └▶ svg ─▶ SVG, PDF, PNG
//! ```
//!
//! Each of the three reads its boxes off the graph, lays them out and draws them with a [`Pen`]; [`flow`] tells what is
//! in a row and what side by side for all of them. Nothing here knows egui or a file.

pub mod card;
mod curve;
pub mod flow;
pub mod ink;
pub mod opened;
pub mod overview;
pub mod part;
mod pen;
mod scene;
pub mod svg;
#[cfg(test)]
mod tests;
pub mod words;

pub use ink::{Ink, Role};
pub use pen::{Pen, Sight};
pub use scene::{CORNER, LABEL, TEXT, TITLE};
pub use scene::{Edge, Face, Lettering, Line, Mark, Scene, Side, Values, Waiting, corner_at};
