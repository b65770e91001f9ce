//! What a network does: pictures in, weights bound, activations and gates out. Knows `network`, never a window.

pub mod config;
pub mod engine;
pub mod explain;
pub mod files;
pub mod holds;
pub mod hub;
pub mod imaging;
pub mod kind;
pub mod lab;
pub mod labels;
pub mod question;
pub mod random;
pub mod text;
pub mod weights;
