//! Integration tests: one binary, one module a subject.

mod blocks;
mod costs;
mod imaging;
mod parity;
mod reference;
mod spec;
mod weights;
