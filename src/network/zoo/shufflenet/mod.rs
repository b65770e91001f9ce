//! ShuffleNets: grouped 1×1 convolutions with a shuffle between them (v1), channel split and shuffle (v2).

pub mod v1;
pub mod v2;
