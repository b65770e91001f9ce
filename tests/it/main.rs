//! Integration tests: one binary, one module a subject.

mod blocks;
mod costs;
mod parity;
mod reference;
mod spec;
mod weights;
