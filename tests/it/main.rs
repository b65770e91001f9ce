//! Integration tests: one binary, one module a subject.

mod costs;
mod imaging;
mod spec;
