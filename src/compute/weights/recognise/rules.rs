//! What names say of arithmetic that tensors do not show. Data alone: a name of a network known nowhere else, an
//! argument of another library, and published networks that share their tensors with others.

/// Options and values.
pub(super) type Pairs = &'static [(&'static str, &'static str)];

/// Names of networks, `*` for anything, and what they say. All rows that a name matches hold together.
pub(super) const NAMES: &[(&str, Pairs)] = &[
    ("tf_efficientnet*", &[("padding", "same"), ("eps", "1e-3")]),
    ("tf_mobilenetv3*", &[("padding", "same"), ("eps", "1e-3")]),
    ("tf_mobilenet_v3*", &[("padding", "same"), ("eps", "1e-3")]),
    ("*efficientnet_lite*", &[("act", "relu6")]),
    ("*efficientnet-lite*", &[("act", "relu6")]),
    ("*resnetaa*", &[("aa", "avg")]),
    ("*resnextaa*", &[("aa", "avg")]),
    ("*resnetblur*", &[("aa", "blur")]),
    ("*resnextblur*", &[("aa", "blur")]),
    ("*resne*t*output_stride16*", &[("output_stride", "16")]),
    ("*resne*t*output_stride8*", &[("output_stride", "8")]),
    ("*resne*t*_os16*", &[("output_stride", "16")]),
    ("*resne*t*_os8*", &[("output_stride", "8")]),
];

/// Names under which files keep what their network is called.
pub(super) const ARCHITECTURE: &[&str] = &["arch", "architecture", "model", "model_name", "backbone", "network", "net"];
/// The same, where the file would not say so of anything else: what is unknown there is worth a word.
pub(super) const SURELY_ARCHITECTURE: &[&str] = &["arch", "architecture", "args.model", "args.arch", "config.json"];

/// An argument of another library: its names, our option, its values and ours. A value that is not listed is taken
/// as it is.
pub(super) struct Argument {
    pub(super) names: &'static [&'static str],
    pub(super) option: &'static str,
    pub(super) values: Pairs,
}

/// timm's and torchvision's arguments that change what is computed and no tensor.
pub(super) const ARGUMENTS: &[Argument] = &[
    Argument { names: &["output_stride"], option: "output_stride", values: &[] },
    Argument {
        names: &["replace_stride_with_dilation"],
        option: "output_stride",
        values: &[("[false,false,true]", "16"), ("[false,true,true]", "8"), ("[false,false,false]", "32")],
    },
    Argument {
        names: &["aa_layer"],
        option: "aa",
        values: &[("avg", "avg"), ("avgpool", "avg"), ("avgpool2d", "avg"), ("blur", "blur"), ("blurpool", "blur")],
    },
    Argument {
        names: &["act_layer"],
        option: "act",
        values: &[("swish", "silu"), ("hard_swish", "hardswish"), ("hswish", "hardswish")],
    },
    Argument { names: &["global_pool", "gp"], option: "head", values: &[("fast", "avg"), ("fastavg", "avg")] },
    Argument { names: &["pad_type"], option: "padding", values: &[("", "symmetric")] },
    Argument { names: &["bn_eps", "norm_eps"], option: "eps", values: &[] },
    Argument { names: &["bn_tf"], option: "eps", values: &[("true", "1e-3"), ("false", "")] },
    Argument { names: &["transform_input"], option: "transform_input", values: &[("true", "yes"), ("false", "no")] },
];

/// Paths of metadata that speak of another network than the one in the file.
pub(super) const ELSEWHERE: &[&str] = &["teacher", "discriminator", "optim", "sched", "loss"];

/// Published networks that have the tensors of others and compute otherwise.
pub(super) struct Twin {
    /// The family's title.
    pub(super) family: &'static str,
    /// Which networks of it: what they have to be.
    pub(super) among: Among,
    /// Who they are.
    pub(super) what: &'static str,
    /// What makes a network one of them.
    pub(super) settings: Pairs,
}

/// Which networks of a family have such a twin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Among {
    /// All of them.
    All,
    /// Those with timm's names.
    Timm,
    /// Residual networks of bottlenecks, for pictures of ImageNet's size.
    Large,
}

/// The twins there are, by the catalogue of timm's and torchvision's weights.
pub(super) const TWINS: &[Twin] = &[
    Twin {
        family: "ResNet",
        among: Among::Large,
        what: "anti-aliased ones (timm's resnetaa50, seresnextaa101d)",
        settings: &[("aa", "avg")],
    },
    Twin {
        family: "ResNet",
        among: Among::Large,
        what: "blurred ones (timm's resnetblur50)",
        settings: &[("aa", "blur")],
    },
    Twin {
        family: "ResNet",
        among: Among::Large,
        what: "dilated ones (torchvision's fcn and deeplabv3)",
        settings: &[("output_stride", "8")],
    },
    Twin {
        family: "ResNet",
        among: Among::Large,
        what: "dilated ones (other backbones of segmentation)",
        settings: &[("output_stride", "16")],
    },
    Twin {
        family: "EfficientNet",
        among: Among::Timm,
        what: "TensorFlow's weights (timm's tf_efficientnet)",
        settings: &[("padding", "same"), ("eps", "1e-3")],
    },
    Twin {
        family: "MobileNetV3",
        among: Among::Timm,
        what: "TensorFlow's weights (timm's tf_mobilenetv3)",
        settings: &[("padding", "same"), ("eps", "1e-3")],
    },
    Twin {
        family: "GoogLeNet",
        among: Among::All,
        what: "weights that take the picture as it is",
        settings: &[("transform_input", "no")],
    },
    Twin {
        family: "GoogLeNet",
        among: Among::All,
        what: "torchvision's published weights",
        settings: &[("transform_input", "yes")],
    },
    Twin {
        family: "Inception-v3",
        among: Among::All,
        what: "weights that take the picture as it is (timm's)",
        settings: &[("transform_input", "no")],
    },
    Twin {
        family: "Inception-v3",
        among: Among::All,
        what: "torchvision's published weights",
        settings: &[("transform_input", "yes")],
    },
];
