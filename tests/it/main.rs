//! Integration tests: one binary, one module a subject.

mod ablations;
mod architecture;
mod attention;
mod blocks;
mod bundled;
mod checkpoints;
mod cli;
mod config;
mod costs;
mod counts;
mod hub;
mod imaging;
mod papers;
mod parity;
mod preparing;
mod recognise;
mod reference;
mod spec;
mod weights;
mod zoo;
