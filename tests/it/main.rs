//! Integration tests: one binary, one module a subject.

mod checkpoints;
mod costs;
mod spec;
