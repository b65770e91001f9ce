//! One file a method; formulas and conventions are those of the papers, maps signed and not scaled.

pub(super) mod ablation_cam;
pub(super) mod cam;
pub(super) mod eigen_cam;
pub(super) mod grad_cam;
pub(super) mod grad_cam_plus_plus;
pub(super) mod hires_cam;
pub(super) mod input_gradient;
pub(super) mod integrated_gradients;
pub(super) mod layer_cam;
pub(super) mod score_cam;
pub(super) mod xgrad_cam;
