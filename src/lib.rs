//! gatescope builds, costs and inspects convolutional networks with attention.
pub mod cli;
pub mod compute;
pub mod desktop;
pub mod network;
