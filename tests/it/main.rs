//! Integration tests: one binary, one module a subject.

mod ablations;
mod architecture;
mod arithmetic;
mod attention;
mod blocks;
mod bugs;
mod bundled;
mod checkpoints;
mod cli;
mod config;
mod containers;
mod costs;
mod counts;
mod doubts;
mod explain;
mod hub;
mod imaging;
mod oracle;
mod papers;
mod parity;
mod preparing;
mod recognise;
mod reference;
mod spec;
mod weights;
mod zoo;
