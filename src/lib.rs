//! gatescope builds, costs and inspects convolutional networks with attention.
pub mod cli;
pub mod compute;
#[cfg(feature = "desktop")]
pub mod desktop;
pub mod drawing;
pub mod network;
