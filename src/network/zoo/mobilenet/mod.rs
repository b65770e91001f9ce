//! MobileNets: depthwise separable convolutions (v1), inverted residuals (v2), inverted residuals with SE and hard
//! activations (v3). EfficientNet is built of the same inverted residuals.

pub(super) mod inverted;
pub mod v1;
pub mod v2;
pub mod v3;
