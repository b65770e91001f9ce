//! Parameters and MACs equal, to the unit, what PyTorch's layers count (`tests/reference/README.md`).

use std::collections::BTreeMap;
use std::path::Path;

use gatescope::network::cost::{Cost, Ledger};
use gatescope::network::graph::{Graph, Op};
use gatescope::network::{lower, parse};
use serde_json::Value;

fn reference(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn total(spec: &str) -> Cost {
    Ledger::of(&lower(&parse(spec).expect(spec)).expect(spec)).total()
}

/// A reference name and the spec that means the same network.
const LIBRARY: &[(&str, &str)] = &[
    ("tv.resnet18", "resnet18"),
    ("tv.resnet34", "resnet34"),
    ("tv.resnet50", "resnet50"),
    ("tv.resnet152", "resnet152"),
    ("timm.resnet18", "resnet18"),
    ("timm.resnet34", "resnet34"),
    ("timm.resnet50", "resnet50"),
    ("timm.resnet101", "resnet101"),
    ("timm.resnet152", "resnet152"),
    ("timm.seresnet18", "seresnet18"),
    ("timm.seresnet34", "seresnet34"),
    ("timm.seresnet50", "resnet50+se"),
    ("timm.seresnet152", "seresnet152"),
    ("timm.legacy_seresnet34", "resnet34+se(variant=floor)"),
    ("timm.legacy_seresnet50", "resnet50(stride=v1)+se(variant=floor)"),
    ("timm.resnet18+attn=se", "resnet18+se"),
    ("timm.resnet34+attn=se", "resnet34+se"),
    ("timm.resnet50+attn=se", "resnet50+se"),
    ("timm.resnet50+attn=cbam", "resnet50+cbam(variant=timm)"),
    ("timm.resnet152+attn=cbam", "resnet152+cbam(variant=timm)"),
    ("timm.resnet18+se(r=2,rd_divisor=1)", "resnet18+se(r=2,variant=floor)"),
    ("timm.resnet18+se(r=2,rd_divisor=8)", "resnet18+se(r=2)"),
    ("timm.resnet50+se(r=2,rd_divisor=1)", "resnet50+se(r=2,variant=floor)"),
    ("timm.resnet18+se(r=4,rd_divisor=8)", "resnet18+se(r=4)"),
    ("timm.resnet50+se(r=4,rd_divisor=1)", "resnet50+se(r=4,variant=floor)"),
    ("timm.resnet18+se(r=8,rd_divisor=1)", "resnet18+se(r=8,variant=floor)"),
    ("timm.resnet18+se(r=8,rd_divisor=8)", "resnet18+se(r=8)"),
    ("timm.resnet50+se(r=8,rd_divisor=8)", "resnet50+se(r=8)"),
    ("timm.resnet18+se(r=16,rd_divisor=1)", "resnet18+se(r=16,variant=floor)"),
    ("timm.resnet18+se(r=16,rd_divisor=8)", "resnet18+se(r=16)"),
    ("timm.resnet50+se(r=16,rd_divisor=1)", "resnet50+se(r=16,variant=floor)"),
    ("timm.resnet50+se(r=16,rd_divisor=8)", "resnet50+se(r=16)"),
    ("timm.resnet18+se(r=32,rd_divisor=1)", "resnet18+se(r=32,variant=floor)"),
    ("timm.resnet18+se(r=32,rd_divisor=8)", "resnet18+se(r=32)"),
    ("timm.resnet50+se(r=32,rd_divisor=1)", "resnet50+se(r=32,variant=floor)"),
    ("timm.resnet50+se(r=32,rd_divisor=8)", "resnet50+se(r=32)"),
    ("official_cbam.resnet18+CBAM", "resnet18+cbam"),
    ("official_cbam.resnet50+None", "resnet50"),
    ("official_cbam.resnet50+CBAM", "resnet50+cbam"),
    ("official_cbam.resnet101+None", "resnet101"),
    ("official_cbam.resnet101+CBAM", "resnet101+cbam"),
    ("official_cbam.resnet18+CAM_avg", "resnet18+cam(pool=avg)"),
    ("official_cbam.resnet18+SAM", "resnet18+sam"),
    ("official_cbam.resnet18+CBAM_k3", "resnet18+cbam(k=3)"),
    ("official_cbam.resnet34+CAM", "resnet34+cam"),
    ("official_cbam.resnet34+CAM_avg", "resnet34+cam(pool=avg)"),
    ("official_cbam.resnet34+SAM", "resnet34+sam"),
    ("official_cbam.resnet34+CBAM_k3", "resnet34+cbam(k=3)"),
    ("official_cbam.resnet50+CAM", "resnet50+cam"),
    ("official_cbam.resnet50+CAM_max", "resnet50+cam(pool=max)"),
    ("official_cbam.resnet50+SAM", "resnet50+sam"),
    ("official_cbam.resnet50+CBAM_k3", "resnet50+cbam(k=3)"),
    ("official_cbam.resnet101+CAM", "resnet101+cam"),
    ("official_cbam.resnet101+CAM_avg", "resnet101+cam(pool=avg)"),
    ("official_cbam.resnet101+SAM", "resnet101+sam"),
    ("moskomule.se_resnet34", "resnet34+se(variant=nobias)"),
    ("moskomule.se_resnet50", "resnet50+se(variant=nobias)"),
    ("moskomule.se_resnet101", "resnet101+se(variant=nobias)"),
    ("moskomule.se_resnet152", "resnet152+se(variant=nobias)"),
    ("moskomule.cifar_se_resnet32", "resnet32(shortcut=b)+se(variant=nobias)"),
    ("moskomule.cifar_se_resnet56", "resnet56(shortcut=b)+se(variant=nobias)"),
    ("moskomule.cifar_resnet56", "resnet56(shortcut=b)"),
    ("moskomule.cifar_resnet110", "resnet110(shortcut=b)"),
    ("he2015.cifar_plain20", "plain20"),
    ("he2015.cifar_resnet20", "resnet20"),
    ("he2015.cifar_plain32", "plain32"),
    ("he2015.cifar_resnet32", "resnet32"),
    ("he2015.cifar_plain44", "plain44"),
    ("he2015.cifar_plain56", "plain56"),
    ("he2015.cifar_resnet56", "resnet56"),
    ("he2015.cifar_plain110", "plain110"),
    ("he2015.cifar_resnet110", "resnet110"),
    ("he2015.plain18", "plain18"),
    ("he2015.resnet18_optionA", "resnet18(shortcut=a)"),
    ("he2015.plain34", "plain34"),
    ("he2015.resnet34_optionA", "resnet34(shortcut=a)"),
];

/// The same for the networks rebuilt from the papers' tables.
const PAPERS: &[(&str, &str)] = &[
    ("resnet18+None", "resnet18"),
    ("resnet18+se", "resnet18+se(variant=floor)"),
    ("resnet18+cbam", "resnet18+cbam"),
    ("resnet18+cam", "resnet18+cam"),
    ("resnet34+None", "resnet34"),
    ("resnet34+se", "resnet34+se(variant=floor)"),
    ("resnet34+cbam", "resnet34+cbam"),
    ("resnet50_v1+None", "resnet50(stride=v1)"),
    ("resnet50_v1+se", "resnet50(stride=v1)+se"),
    ("resnet50_v1+cbam", "resnet50(stride=v1)+cbam"),
    ("resnet50_v1+cam", "resnet50(stride=v1)+cam"),
    ("resnet50_v1.5+None", "resnet50(stride=v1.5)"),
    ("resnet50_v1.5+se", "resnet50+se"),
    ("resnet50_v1.5+cbam", "resnet50+cbam"),
    ("resnet50_v1.5+cam", "resnet50+cam"),
    ("resnet101_v1+None", "resnet101(stride=v1)"),
    ("resnet101_v1+se", "resnet101(stride=v1)+se"),
    ("resnet101_v1+cbam", "resnet101(stride=v1)+cbam"),
    ("resnet101_v1+cam", "resnet101(stride=v1)+cam"),
    ("resnet101_v1.5+None", "resnet101"),
    ("resnet101_v1.5+se", "resnet101+se"),
    ("resnet152_v1+se", "resnet152(stride=v1)+se"),
    ("resnet152_v1+cbam", "resnet152(stride=v1)+cbam"),
    ("resnet152_v1+cam", "resnet152(stride=v1)+cam"),
    ("resnet152_v1.5+None", "resnet152"),
    ("resnet152_v1.5+se", "resnet152+se"),
    ("resnet152_v1.5+cbam", "resnet152+cbam"),
    // The SENet paper numbers stages from the stem: its stage 2 is layer1.
    ("se_resnet50_v1 stages=(2,) (no bias)", "resnet50(stride=v1)+se(variant=nobias)@layer1"),
    ("se_resnet50_v1 stages=(4,) (no bias)", "resnet50(stride=v1)+se(variant=nobias)@layer3"),
    ("se_resnet50_v1 stages=(2, 3, 4, 5) (no bias)", "resnet50(stride=v1)+se(variant=nobias)"),
    ("se_resnet50_v1 pos=std (no bias)", "resnet50(stride=v1)+se(variant=nobias)"),
    ("se_resnet50_v1 r=2 (no bias)", "resnet50(stride=v1)+se(r=2,variant=nobias)"),
    ("se_resnet50_v1 r=2 (bias)", "resnet50(stride=v1)+se(r=2,variant=floor)"),
    ("se_resnet50_v1 r=4 (bias)", "resnet50(stride=v1)+se(r=4,variant=floor)"),
    ("se_resnet50_v1 r=8 (no bias)", "resnet50(stride=v1)+se(r=8,variant=nobias)"),
    ("se_resnet50_v1 r=8 (bias)", "resnet50(stride=v1)+se(r=8,variant=floor)"),
    ("se_resnet50_v1 r=16 (bias)", "resnet50(stride=v1)+se(r=16,variant=floor)"),
    ("se_resnet50_v1 r=32 (no bias)", "resnet50(stride=v1)+se(r=32,variant=nobias)"),
    ("se_resnet50_v1 r=32 (bias)", "resnet50(stride=v1)+se(r=32,variant=floor)"),
    // The CBAM paper's wide ResNet-18 keeps the stem at 64 channels: not a plain change of widths.
];

fn check(table: &[(&str, &str)], list: &Value) {
    let entries = list.as_array().expect("a list");
    for (name, spec) in table {
        let entry = entries.iter().find(|entry| entry["name"] == *name).unwrap_or_else(|| panic!("no {name}"));
        let cost = total(spec);
        assert_eq!(Some(cost.params), entry["params"].as_u64(), "parameters of {name} as {spec}");
        assert_eq!(Some(cost.macs), entry["conv_linear_macs"].as_u64(), "MACs of {name} as {spec}");
    }
}

#[test]
fn networks_cost_what_pytorch_counts() {
    let models: Value = serde_json::from_str(&reference("models.json")).expect("JSON");
    check(LIBRARY, &models["library_models"]);
    check(PAPERS, &models["paper_variants"]);
    for (name, spec) in [("SE-ResNet-50", "50"), ("SE-ResNet-101", "101"), ("SE-ResNet-152", "152")] {
        let cost = total(&format!("resnet{spec}(stride=v1)+se(variant=floor)"));
        let entry = &models["caffe_prototxt"][name];
        assert_eq!(Some(cost.params), entry["params"].as_u64(), "{name}");
        assert_eq!(Some(cost.macs), entry["macs"].as_u64(), "{name}");
    }
}

/// Every entry these families cover is in the tables above: a new one must be added, not overlooked.
#[test]
fn no_covered_entry_is_left_out() {
    let models: Value = serde_json::from_str(&reference("models.json")).expect("JSON");
    let covered = |name: &str| {
        let bare = name.rsplit_once('.').map_or(name, |(_, bare)| bare);
        let plain =
            ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "seresnet", "plain", "cifar_", "se_resnet"]
                .iter()
                .any(|prefix| bare.starts_with(prefix));
        let later = ["d", "t", "attn=e", "attn=c", "attn=g", "attn=s", "attn=l", "attn=n", "attn=b", "BAM"];
        let suffix = name.split_once('+').map_or("", |(_, suffix)| suffix);
        let known = ["attn=se", "attn=cbam"].contains(&suffix) || !later.iter().any(|l| suffix.starts_with(l));
        plain && known && !bare.ends_with('d') && !bare.ends_with('t')
    };
    let library: Vec<&str> = models["library_models"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|entry| entry["name"].as_str())
        .collect();
    let missing: Vec<&&str> =
        library.iter().filter(|name| covered(name) && !LIBRARY.iter().any(|(known, _)| known == *name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Table 6 and section 4.2 of the ResNet paper; FACTS computed with PyTorch.
#[test]
fn resnet_papers_numbers() {
    for (spec, params, macs) in [
        ("resnet18", 11_689_512, 1_814_073_344),
        ("resnet44", 658_586, 97_174_144),
        ("resnet110(blocks=200-200-200)", 19_421_274, 2_829_238_912),
        ("resnet20(shortcut=b)", 272_474, 40_813_184),
        ("resnet50+se(variant=nobias)@layer4", 27_129_896, 4_089_184_256 + 1_572_864),
        ("resnet50+se(variant=nobias)@layer1,layer2,layer3", 26_499_112, 4_089_184_256 + 942_080),
    ] {
        let cost = total(spec);
        assert_eq!((cost.params, cost.macs), (params, macs), "{spec}");
    }
}

/// Sums a graph's layers under PyTorch's module names; a shared layer's passes fall together.
fn by_module(graph: &Graph) -> BTreeMap<String, (u64, u64)> {
    let ledger = Ledger::of(graph);
    let mut modules: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for (node, cost) in graph.nodes.iter().zip(&ledger.layers) {
        let Some(param) = node.params.first() else { continue };
        let module = graph[*param].name.rsplit_once('.').expect("dotted").0.to_owned();
        let entry = modules.entry(module).or_default();
        *entry = (entry.0 + cost.params, entry.1 + cost.macs);
    }
    modules
}

#[test]
fn layers_cost_what_pytorch_counts() {
    for (file, spec) in [
        ("resnet18_torchvision", "resnet18"),
        ("resnet50_torchvision", "resnet50"),
        ("resnet50_se", "seresnet50"),
        ("resnet18_cbam_official", "resnet18+cbam"),
        ("resnet50_cbam_official", "resnet50+cbam"),
        ("resnet18_sam_official", "resnet18+sam"),
        ("cifar_resnet20_optionA", "resnet20"),
    ] {
        let graph = lower(&parse(spec).expect(spec)).expect(spec);
        let modules = by_module(&graph);
        let text = reference(&format!("layers/{file}.csv"));
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let mut seen = 0;
        for row in reader.records() {
            let row = row.expect("a row");
            let (level, name, params, macs) = (&row[1], &row[2], &row[8], &row[9]);
            if level != "leaf" || params == "0" {
                continue;
            }
            let name = cifar_name(file, name);
            let (have_params, have_macs) = modules.get(&name).unwrap_or_else(|| panic!("{spec} has no {name}"));
            assert_eq!(
                (have_params.to_string(), have_macs.to_string()),
                (params.to_owned(), macs.to_owned()),
                "{name}"
            );
            seen += 1;
        }
        assert_eq!(seen, modules.len(), "{spec}: layers the reference does not have");
    }
}

/// The CIFAR reference numbers its nine blocks through; ours are `layerS.B`.
fn cifar_name(file: &str, name: &str) -> String {
    let Some(rest) = name.strip_prefix("layers.").filter(|_| file.starts_with("cifar")) else {
        return name.to_owned();
    };
    let (block, layer) = rest.split_once('.').expect("layers.N.LAYER");
    let block: usize = block.parse().expect("a number");
    format!("layer{}.{}.{layer}", block / 3 + 1, block % 3)
}

#[test]
fn costs_do_not_depend_on_where_they_are_summed() {
    let graph = lower(&parse("resnet50+cbam").expect("parses")).expect("lowers");
    let ledger = Ledger::of(&graph);
    let layers: Cost = ledger.layers.iter().copied().sum();
    assert_eq!(layers, ledger.total());
    assert_eq!(ledger.attention(&graph).params, 28_089_624 - 25_557_032);
    let views = graph.nodes.iter().zip(&ledger.layers).filter(|(node, _)| matches!(node.op, Op::Flatten));
    assert!(views.into_iter().all(|(_, cost)| cost.activation_bytes == 0));
}
