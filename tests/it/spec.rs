//! Specs: what users type, what they read back, what is refused.

use gatescope::network::attention::Attention;
use gatescope::network::graph::ScopeKind;
use gatescope::network::options::Value;
use gatescope::network::spec::{NetworkSpec, Place, toml};
use gatescope::network::{cost::Ledger, lower, parse, zoo};
use proptest::prelude::*;

#[test]
fn text_reads_as_documented() {
    for (text, canonical) in [
        ("resnet50", "resnet50"),
        ("ResNet50 + CBAM", "resnet50+cbam"),
        ("resnet50+cbam(r=16,k=7)@layer3,layer4.0", "resnet50+cbam@layer3,layer4.0"),
        ("resnet50+se(r=8)@layer3,layer4.0", "resnet50+se(r=8)@layer3,layer4.0"),
        ("resnet50(stride=v1)+cbam(k=3)", "resnet50(stride=v1)+cbam(k=3)"),
        ("seresnet50", "resnet50+se"),
        ("resnet50(input=224,classes=1000,stride=v1.5)", "resnet50"),
        ("resnet50(input=3x256x192)", "resnet50(input=256x192)"),
        ("resnet56(classes=100)", "resnet56(classes=100)"),
        ("resnet18(blocks=1-1-1-1,widths=32-64-128-256)", "resnet18(blocks=1-1-1-1,widths=32-64-128-256)"),
        ("resnet50+cbam+none@layer4", "resnet50+cbam+none@layer4"),
        ("resnet50+cbam(reduction=8)", "resnet50+cbam(r=8)"),
        ("seresnext50_32x4d", "resnext50_32x4d+se"),
        ("ECAResNet50d", "resnet50d+eca"),
        ("senet154", "senet154_trunk+se"),
        ("legacy_seresnet50", "resnet50(pool=ceil,stride=v1)+se(variant=floor)"),
        (
            "legacy_seresnet50(stride=v1.5,classes=10)+none@layer1",
            "resnet50(classes=10,pool=ceil)+se(variant=floor)+none@layer1",
        ),
        ("resnet50(groups=32,base_width=4)+eca(k=0)", "resnet50(base_width=4,groups=32)+eca"),
        ("resnext50_32x4d(groups=1,base_width=64)", "resnext50_32x4d(base_width=64,groups=1)"),
        ("resnet18(stem_width=64,shortcut=3x3)", "resnet18(shortcut=3x3,stem_width=64)"),
    ] {
        assert_eq!(parse(text).expect(text).to_string(), canonical, "{text}");
    }
}

#[test]
fn what_cannot_be_is_refused_with_field_value_and_suggestion() {
    for (text, wanted) in [
        ("resnet51", "resnet51: unknown network, did you mean resnet50?"),
        ("resnet50+cbm", "resnet50+cbm: unknown attention \"cbm\": did you mean cbam?"),
        (
            "resnet50+se(q=3)",
            "resnet50+se(q=3): se: q=3: unknown option, expected one of r, squeeze, gate, variant, at",
        ),
        ("resnet50+cbam(k=4)", "resnet50+cbam(k=4): cbam: k=4: kernel takes one of 3, 5, 7"),
        (
            "resnet50+cbam@layer9",
            "resnet50+cbam@layer9: @layer9: no such place, the stages are layer1, layer2, layer3, layer4",
        ),
        ("resnet50+cbam@layer3.6", "resnet50+cbam@layer3.6: @layer3.6: no such place, layer3 has the blocks 0 to 5"),
        ("resnet50(stride=0)", "resnet50(stride=0): stride=0: stride: expected one of v1.5, v1"),
        ("resnet50(strid=v1)", "resnet50(strid=v1): strid=v1: unknown option, did you mean stride?"),
        (
            "resnet20+se(r=32,variant=floor)",
            "resnet20+se(r=32,variant=floor): se at layer1.0: r=32: larger than the 16 channels it would squeeze, use r=16 or less",
        ),
        ("resnet50(input=0)", "resnet50(input=0): input=3x0x0: sides go from 1 to 4096, channels from 1 to 1024"),
        (
            "resnet50(input=big)",
            "resnet50(input=big): input=big: write a size like 224, 224x192 (height x width) or 3x224x224",
        ),
        (
            "resnet50(classes=100001)",
            "resnet50(classes=100001): classes=100001: from 1 to 100000, or 0 for features without a classifier",
        ),
        (
            "resnet50(blocks=3-4)",
            "resnet50(blocks=3-4): blocks has 2 stages and widths has 4: give both the same number",
        ),
        (
            "resnet18(groups=32)",
            "resnet18(groups=32): groups=32: basic blocks have no groups, set block=bottleneck or groups=1",
        ),
        (
            "resnext50_32x4d(widths=8-16-32-64)",
            "resnext50_32x4d(widths=8-16-32-64): base_width=4: no channel is left at width 8, use base_width=8 or more",
        ),
        (
            "resnext50_32x4d(base_width=7,reduce=2)",
            "resnext50_32x4d(base_width=7,reduce=2): reduce=2: 112 channels at width 64 do not divide into 32 groups, use reduce=1",
        ),
        (
            "wide_resnet50_2(base_width=1024,groups=4)",
            "wide_resnet50_2(base_width=1024,groups=4): groups=4, base_width=1024: 16384 channels at width 256, stay within 8192",
        ),
        ("legacy_seresnet51", "legacy_seresnet51: unknown network, did you mean legacy_seresnet50?"),
        ("resnet50+eca(k=4)", "resnet50+eca(k=4): eca: k=4: kernel takes one of 0, 3, 5, 7, 9"),
        ("resnet50+se+cbam", "resnet50+se+cbam: +cbam: the whole network has an attention already, say where with @"),
        ("resnet50+se@layer1+cbam@layer1", "resnet50+se@layer1+cbam@layer1: @layer1: set more than once"),
        (
            "resnet50+se(r=16",
            "\"resnet50+se(r=16\": expected ',' or ')' at character 17; write it like resnet50(stride=v1)+cbam(r=16)@layer3,layer4.0",
        ),
        (
            "",
            "\"\": expected a network's name at character 1; write it like resnet50(stride=v1)+cbam(r=16)@layer3,layer4.0",
        ),
        (
            "resnet50 cbam",
            "\"resnet50 cbam\": expected '+', '@' or the end at character 10; write it like resnet50(stride=v1)+cbam(r=16)@layer3,layer4.0",
        ),
    ] {
        let error = parse(text).map(|spec| spec.to_string()).expect_err(text);
        assert_eq!(error.to_string(), wanted);
    }
}

#[test]
fn toml_with_unknown_fields_or_a_future_version_is_refused() {
    for (text, wanted) in [
        ("gatescope = 1\nmodel = \"resnet50\"\ncolour = 3\n", "line 3: unknown field `colour`"),
        ("gatescope = 9\nmodel = \"resnet50\"\nshiny = true\n", "gatescope = 9: this program reads version 1"),
        ("model = \"resnet50\"\n", "missing field `gatescope`"),
        ("gatescope = 1\nmodel = \n", "line 2:"),
        ("gatescope = 1\nmodel = \"resnet51\"\n", "did you mean resnet50?"),
        ("gatescope = 1\nmodel = \"resnet50\"\n[[attention]]\nblock = \"se\"\nratio = 3\n", "ratio=3: unknown option"),
    ] {
        let error = zoo::parse_toml(text).map(|spec| spec.to_string()).expect_err(text).to_string();
        assert!(error.contains(wanted), "{text:?}: {error}");
    }
}

fn attention() -> impl Strategy<Value = Option<Attention>> {
    let block = prop::sample::select(vec!["se", "cam", "sam", "cbam", "eca"]);
    let word = |words: &'static [&'static str]| prop::sample::select(words);
    let words = (
        word(&["standard", "post"]),
        word(&["avg", "max", "both", "none"]),
        word(&["sigmoid", "tanh", "relu", "hardsigmoid"]),
        word(&["cs", "sc", "parallel"]),
        word(&["pool", "conv"]),
    );
    let numbers = (1_usize..=64, prop::sample::select(vec![3_usize, 5, 7]));
    let choice = (block, numbers, words).prop_map(|(name, (r, k), (at, squeeze, gate, order, map))| {
        let mut attention = Attention::named(name).expect("known");
        for (key, word) in [("at", at), ("squeeze", squeeze), ("gate", gate), ("order", order), ("map", map)] {
            let value = Value::Word(word.to_owned());
            attention = attention.clone().with(key, &value).unwrap_or(attention);
        }
        for (key, value) in [("r", r), ("k", k)] {
            attention = attention.clone().with(key, &Value::Number(value)).unwrap_or(attention);
        }
        attention
    });
    prop::option::of(choice)
}

prop_compose! {
    /// Any valid ImageNet-style spec: blocks, widths, input, classes, shortcuts, attention at every level.
    fn any_spec()(
        model in prop::sample::select(vec!["resnet18", "resnet50", "plain34", "resnext50_32x4d", "wide_resnet50_2", "resnet26t"]),
        blocks in prop::collection::vec(1_usize..4, 4),
        width in 64_usize..80,
        input in 1_usize..100,
        classes in 1_usize..50,
        shortcut in prop::sample::select(vec!["a", "b", "c", "pool", "3x3", "none"]),
        stride in prop::sample::select(vec!["v1", "v1.5"]),
        stem in prop::sample::select(vec!["imagenet", "cifar", "strided", "deep", "tiered"]),
        stem_width in 0_usize..40,
        pool in prop::sample::select(vec!["pad", "ceil"]),
        reduce in prop::sample::select(vec![1, 2]),
        branch in prop::sample::select(vec!["bn", "relu"]),
        (aa, limit) in (prop::sample::select(vec!["none", "avg", "blur"]), prop::sample::select(vec![32, 16, 8])),
        (padding, head) in (
            prop::sample::select(vec!["symmetric", "same"]),
            prop::sample::select(vec!["avg", "max", "avgmax", "catavgmax"]),
        ),
        (eps, act) in (
            prop::sample::select(vec!["1e-5", "0.001", "1.001e-5", "1"]),
            prop::sample::select(vec!["relu", "relu6", "silu", "swish", "hardswish"]),
        ),
        everywhere in attention(),
        places in prop::collection::vec((1_usize..=4, prop::option::of(0_usize..3), attention()), 0..5),
    ) -> NetworkSpec {
        let list = |numbers: Vec<String>| numbers.join("-");
        // An average of two needs whole maps, and what blurs two positions; neither goes with every stride.
        let (aa, input) = if aa == "none" { (aa, input) } else { (aa, 64) };
        let (stride, pool) = if aa == "none" { (stride, pool) } else { ("v1.5", "pad") };
        let limit = if matches!(stem, "cifar") || stem == "strided" && limit == 16 { 32 } else { limit };
        let mut spec = NetworkSpec::of(model);
        for (key, value) in [
            ("blocks", list(blocks.iter().map(ToString::to_string).collect())),
            ("widths", list((0..4).map(|stage| (width << stage).to_string()).collect())),
            ("shortcut", shortcut.to_owned()),
            ("stride", stride.to_owned()),
            ("stem", stem.to_owned()),
            ("stem_width", stem_width.to_string()),
            // Unpadded, the pool needs three positions.
            ("pool", if input < 5 { "pad" } else { pool }.to_owned()),
            // What is reduced must still divide into the groups.
            ("reduce", if model == "resnext50_32x4d" { 1 } else { reduce }.to_string()),
            ("branch", branch.to_owned()),
            ("aa", aa.to_owned()),
            ("output_stride", limit.to_string()),
            ("padding", padding.to_owned()),
            ("head", head.to_owned()),
            ("eps", eps.to_owned()),
            ("act", act.to_owned()),
            ("input", input.to_string()),
            ("classes", classes.to_string()),
        ] {
            zoo::set_option(&mut spec, key, &value).expect("valid");
        }
        spec.attention.set_all(everywhere);
        for (stage, block, choice) in places {
            let path = match block {
                Some(block) => format!("layer{stage}.{}", block.min(blocks[stage - 1] - 1)),
                None => format!("layer{stage}"),
            };
            spec.attention.set(Place::new(path), choice);
        }
        spec
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn what_is_printed_is_read_back(spec in any_spec()) {
        let text = spec.to_string();
        prop_assert_eq!(parse(&text).expect(&text), spec.clone(), "{}", text);
        let file = toml::to_toml(&spec).expect("writes");
        prop_assert_eq!(zoo::parse_toml(&file).expect(&file), spec, "{}", file);
    }

    #[test]
    fn every_valid_spec_lowers_counts_and_has_consistent_shapes(spec in any_spec()) {
        let graph = lower(&spec).expect("lowers");
        for node in &graph.nodes[1..] {
            let inputs: Vec<_> = node.inputs.iter().map(|id| graph[*id].shape).collect();
            prop_assert_eq!(node.op.output_shape(&inputs).expect("fits"), node.shape, "{}", node.name);
            prop_assert!(node.shape.elements() > 0);
        }
        prop_assert_eq!(graph[graph.output()].shape.dims(), &[zoo::classes_of(&spec)][..]);
        let names: std::collections::HashSet<&str> = graph.nodes.iter().map(|node| node.name.as_str()).collect();
        prop_assert_eq!(names.len(), graph.nodes.len(), "layer names are unique");
        let ledger = Ledger::of(&graph);
        prop_assert_eq!(ledger.layers.iter().map(|cost| cost.params).sum::<u64>(), ledger.total().params);
        for gate in &graph.gates {
            prop_assert!(graph[gate.node].shape.elements() > 0);
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,60}") {
        let _ = parse(&text);
        let _ = zoo::parse_toml(&text);
    }

    #[test]
    fn near_misses_of_the_grammar_do_not_panic(text in "resnet(18|50)[+@(),=a-z0-9.]{0,30}") {
        let _ = parse(&text);
    }
}

/// What other libraries write is answered with what to write here, and that can be read.
#[test]
fn names_and_options_of_other_libraries_are_known() {
    for (text, wanted) in [
        ("se_resnet50", "did you mean seresnet50?"),
        ("tf_regnet_y_400mf", "TensorFlow pads otherwise: write regnet_y_400mf(eps=1e-3,padding=same)"),
        ("se-resnet50", "did you mean seresnet50?"),
        ("SE-ResNet50", "did you mean seresnet50?"),
        ("seResNet_50", "did you mean seresnet50?"),
        ("ResNet-50", "did you mean resnet50?"),
        ("resnet-50", "did you mean resnet50?"),
        ("resnet_50", "did you mean resnet50?"),
        ("eca_resnet50d", "did you mean ecaresnet50d?"),
        ("resnext50", "did you mean resnext50_32x4d?"),
        ("ResNeXt-50", "did you mean resnext50_32x4d?"),
        ("resnext50-32x4d", "did you mean resnext50_32x4d?"),
        ("se_resnext50_32x4d", "did you mean seresnext50_32x4d?"),
        ("se_resnext50", "did you mean seresnext50_32x4d?"),
        ("wide_resnet50", "did you mean wide_resnet50_2?"),
        ("WideResNet50", "did you mean wide_resnet50_2?"),
        ("efficientnet-b0", "did you mean efficientnet_b0?"),
        ("EfficientNetB0", "did you mean efficientnet_b0?"),
        ("resnet50.a1_in1k", "did you mean resnet50?"),
        ("cbam_resnet50", "did you mean resnet50+cbam?"),
        ("ResNet50-CBAM", "did you mean resnet50+cbam?"),
        ("resnet1200", "did you mean resnet1202?"),
        ("plain4000", "CIFAR depths are 6n + 2 up to 3074: did you mean plain3074?"),
        ("resnet50(num_classes=10)", "did you mean classes=10?"),
        ("resnet50(numClasses=10)", "did you mean classes=10?"),
        ("resnet50(in_chans=1)", "did you mean input=1x224x224?"),
        ("resnet50(in_channels=1)", "did you mean input=1x224x224?"),
        ("resnet20(in_chans=1)", "did you mean input=1x32x32?"),
        ("resnet50(img_size=192)", "did you mean input=192?"),
        ("resnet50(pretrained=yes)", "weights are a file of their own"),
        ("resnet50+se(r=1/16)", "write r=16"),
        ("resnet50+se(r=0.0625)", "write r=16"),
        ("resnet50+se(se_ratio=1/16)", "did you mean r=16?"),
        ("resnet50+se(rd_ratio=0.25)", "did you mean r=4?"),
        ("resnet50+se(reduction_ratio=8)", "did you mean r=8?"),
        ("resnet50+cbam(kernel_size=3)", "did you mean k=3?"),
        ("resnet50(Stride=v1)", "did you mean stride=v1?"),
    ] {
        let error = parse(text).map(|spec| spec.to_string()).expect_err(text).to_string();
        assert!(error.contains(wanted), "{text}: {error}");
        if let Some(name) = wanted.strip_prefix("did you mean ").filter(|name| !name.contains('=')) {
            parse(name.trim_end_matches('?')).expect(name);
        }
    }
    for (text, input) in [("224X192", [3, 224, 192]), ("224×192", [3, 224, 192]), ("1X64X64", [1, 64, 64])] {
        let spec = parse(&format!("resnet50(input={text})")).expect(text);
        assert_eq!(zoo::input_of(&spec), input, "{text}");
    }
}

#[test]
fn no_message_carries_a_character_that_turns_the_line_round() {
    let toml = |line: &str| format!("gatescope = 1\nmodel = \"resnet50\"\n{line}\n");
    let errors = [
        parse("resnet\u{202e}50").map(|_| ()),
        parse("resnet50\u{2066}(x=1)").map(|_| ()),
        zoo::parse_toml("gatescope = 1\nmodel = \"res\u{202e}net\"\n").map(|_| ()),
        zoo::parse_toml(&toml("[options]\nstride = \"v\u{202e}1\"")).map(|_| ()),
        zoo::parse_toml(&toml("[[attention]]\nblock = \"\u{200f}se\"")).map(|_| ()),
    ];
    for error in errors {
        let message = error.expect_err("refused").to_string();
        assert!(!message.contains(['\u{202e}', '\u{2066}', '\u{200f}']), "{message:?}");
        assert!(message.contains("\\u{"), "{message}: it is shown what was there");
    }
}

/// BAM stands after the last stage only where that is said; the short form must not lose it.
#[test]
fn bam_painted_on_every_stage_stays_on_the_last() {
    let count = |text: &str| {
        let graph = lower(&parse(text).expect(text)).expect(text);
        graph.scope_ids().filter(|id| matches!(graph[*id].kind, ScopeKind::Attention("bam"))).count()
    };
    assert_eq!(count("resnet18+bam"), 3);
    let painted = parse("resnet18+bam@layer1,layer2,layer3,layer4").expect("parses");
    assert_eq!(count(&painted.to_string()), 4);
    let stages = zoo::stages(&painted).expect("stages");
    let short = NetworkSpec { attention: painted.attention.simplified(&stages), ..painted };
    assert_eq!(short.to_string(), "resnet18+bam+bam@layer4");
    assert_eq!(count(&short.to_string()), 4);
    let plain = parse("resnet18+bam").expect("parses");
    assert_eq!(plain.attention.simplified(&stages), plain.attention);
}
