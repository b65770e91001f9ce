//! Integration tests: one binary, one module a subject.

mod architecture;
mod blocks;
mod cli;
mod costs;
mod imaging;
mod parity;
mod reference;
mod spec;
mod weights;
