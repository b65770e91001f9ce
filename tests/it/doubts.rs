//! What a file cannot tell is said with what it may be otherwise, and whoever follows that gets another network.

use gatescope::compute::weights::Recognised;
use gatescope::compute::weights::recognise::{Doubt, OptionValue, Standing, of_tensors, same_tensors};
use gatescope::network::zoo;
use gatescope::network::{lower, parse};

/// What is recognised from a network's names and shapes, the names changed.
fn recognised(spec: &str, rename: impl Fn(&str) -> String) -> Recognised {
    let graph = lower(&parse(spec).expect(spec)).expect(spec);
    let named: Vec<(String, Vec<usize>)> =
        graph.params.iter().map(|param| (rename(&param.name), param.shape.clone())).collect();
    let borrowed: Vec<(&str, &[usize])> = named.iter().map(|(name, shape)| (&**name, &**shape)).collect();
    of_tensors(&borrowed).unwrap_or_else(|problem| panic!("{spec}: {problem}"))
}

/// timm's legacy names.
fn legacy(ours: &str) -> String {
    let stem = if ours.starts_with("conv1") || ours.starts_with("bn1") { "layer0." } else { "" };
    format!("{stem}{ours}").replace(".se.", ".se_module.").replace("fc.weight", "last_linear.weight")
}

fn alternatives(doubts: &[Doubt]) -> impl Iterator<Item = &[OptionValue]> {
    doubts.iter().flat_map(|doubt| &doubt.alternatives).map(|alternative| &*alternative.settings)
}

/// Every alternative is a network with the same tensors that computes something else.
fn can_be_taken(found: &Recognised) {
    for settings in alternatives(&found.doubts) {
        let mut spec = found.spec.clone();
        for OptionValue { option, value } in settings {
            zoo::set_option(&mut spec, option, value).unwrap_or_else(|problem| panic!("{}: {problem}", found.spec));
        }
        let graph = lower(&spec).unwrap_or_else(|problem| panic!("{}: {problem}", found.spec));
        assert!(same_tensors(&graph, &found.graph), "{spec}: other tensors than {}", found.spec);
        assert!(graph.nodes != found.graph.nodes, "{spec} is {}", found.spec);
    }
}

#[test]
fn what_a_doubt_offers_can_be_had() {
    for spec in [
        "resnet18",
        "resnet50d",
        "resnet50(classes=0)+se",
        "resnet20",
        "resnest14d",
        "resnest50d_4s2x40d",
        "skresnet18",
        "skresnext50_32x4d",
        "efficientnet_b0",
        "mobilenet_v3_small",
        "regnet_y_400mf",
        "shufflenet_v2_x0_5",
        "googlenet",
        "vgg11_bn",
    ] {
        can_be_taken(&recognised(spec, str::to_owned));
    }
    for spec in ["legacy_seresnet18", "legacy_seresnet50", "legacy_seresnext50_32x4d"] {
        let found = recognised(spec, |name| legacy(name).replace("fc.bias", "last_linear.bias"));
        assert!(found.spec.to_string().contains("pool=ceil"), "{}", found.spec);
        can_be_taken(&found);
    }
}

/// ResNets that average or blur have no such doubt, where a convolution's place is taken or a pool strides already.
#[test]
fn published_networks_that_are_none_of_these_are_not_named() {
    let said = |spec: &str, option: &str, value: &str| {
        let setting = OptionValue::new(option, value);
        let doubts: Vec<Doubt> = recognised(spec, str::to_owned).doubts;
        let loud = doubts.iter().filter(|doubt| doubt.standing == Standing::Said);
        loud.flat_map(|doubt| &doubt.alternatives).any(|alternative| alternative.settings.contains(&setting))
    };
    for (spec, option, value, is_said) in [
        ("resnet50", "aa", "avg", true),
        ("resnet50", "aa", "blur", true),
        ("resnet50", "output_stride", "16", true),
        // torchvision's fcn_resnet50 and deeplabv3_resnet50 keep an eighth of the picture's side.
        ("resnet50", "output_stride", "8", true),
        ("resnest14d", "aa", "avg", false),
        ("resnest14d", "output_stride", "8", false),
        ("skresnext50_32x4d", "aa", "blur", false),
    ] {
        assert_eq!(said(spec, option, value), is_said, "{spec}: {option}={value}");
    }
}
