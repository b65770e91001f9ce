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
    ("timm.legacy_seresnet34", "legacy_seresnet34"),
    ("timm.legacy_seresnet50", "legacy_seresnet50"),
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
    // ResNeXt, wide ResNets, deep and tiered stems, ECA.
    ("tv.wide_resnet50_2", "wide_resnet50_2"),
    ("tv.wide_resnet101_2", "wide_resnet101_2"),
    ("tv.resnext50_32x4d", "resnext50_32x4d"),
    ("tv.resnext101_32x8d", "resnext101_32x8d"),
    ("tv.resnext101_64x4d", "resnext101_64x4d"),
    ("timm.resnet18d", "resnet18d"),
    ("timm.resnet26d", "resnet26d"),
    ("timm.legacy_senet154", "legacy_senet154"),
    ("timm.senet154", "senet154"),
    ("timm.legacy_seresnext26_32x4d", "legacy_seresnext26_32x4d"),
    ("timm.legacy_seresnext50_32x4d", "legacy_seresnext50_32x4d"),
    ("timm.legacy_seresnext101_32x4d", "legacy_seresnext101_32x4d"),
    ("timm.seresnet50t", "seresnet50t"),
    ("timm.seresnext26d_32x4d", "seresnext26d_32x4d"),
    ("timm.seresnext50_32x4d", "seresnext50_32x4d"),
    ("timm.seresnext101_32x4d", "seresnext101_32x4d"),
    ("timm.seresnext101_32x8d", "seresnext101_32x8d"),
    ("timm.seresnext101_64x4d", "seresnext101_64x4d"),
    ("timm.resnext50_32x4d", "resnext50_32x4d"),
    ("timm.resnext101_32x8d", "resnext101_32x8d"),
    ("timm.resnext101_64x4d", "resnext101_64x4d"),
    ("timm.wide_resnet50_2", "wide_resnet50_2"),
    ("timm.wide_resnet101_2", "wide_resnet101_2"),
    ("timm.ecaresnet26t", "ecaresnet26t"),
    ("timm.ecaresnet50t", "ecaresnet50t"),
    ("timm.ecaresnet50d", "ecaresnet50d"),
    ("timm.ecaresnet101d", "resnet101d+eca"),
    ("timm.ecaresnetlight", "ecaresnetlight"),
    ("timm.ecaresnext26t_32x4d", "ecaresnext26t_32x4d"),
    ("timm.resnet34+attn=eca", "resnet34+eca"),
    ("timm.resnet34+attn=ceca", "resnet34+eca(pad=circular)"),
    ("timm.resnet50+attn=eca", "resnet50+eca"),
    ("timm.resnet50+attn=ceca", "resnet50+eca(pad=circular)"),
    ("timm.resnet152+attn=eca", "resnet152+eca"),
    // Other attention blocks.
    ("timm.resnet18+attn=ecam", "resnet18+eca(mlp=yes)"),
    ("timm.resnet18+attn=gc", "resnet18+gc"),
    ("timm.resnet18+attn=gca", "resnet18+gca"),
    ("timm.resnet18+attn=coord", "resnet18+coord"),
    ("timm.resnet18+attn=scoord", "resnet18+coord(variant=simple)"),
    ("timm.resnet18+attn=ela", "resnet18+ela"),
    ("timm.resnet18+attn=strip", "resnet18+strip"),
    ("timm.resnet18+attn=sk", "resnet18+sk"),
    ("timm.resnet18+attn=splat", "resnet18+splat"),
    ("timm.resnet18+attn=nl", "resnet18+nl"),
    ("timm.resnet34+attn=ese", "resnet34+ese"),
    ("timm.resnet34+attn=ecam", "resnet34+eca(mlp=yes)"),
    ("timm.resnet34+attn=gc", "resnet34+gc"),
    ("timm.resnet34+attn=gca", "resnet34+gca"),
    ("timm.resnet34+attn=lcbam", "resnet34+lcbam"),
    ("timm.resnet34+attn=scoord", "resnet34+coord(variant=simple)"),
    ("timm.resnet34+attn=strip", "resnet34+strip"),
    ("timm.resnet34+attn=sk", "resnet34+sk"),
    ("timm.resnet34+attn=nl", "resnet34+nl"),
    ("timm.resnet50+attn=gca", "resnet50+gca"),
    ("timm.resnet50+attn=scoord", "resnet50+coord(variant=simple)"),
    ("timm.resnet50+attn=strip", "resnet50+strip"),
    ("timm.resnet50+attn=nl", "resnet50+nl"),
    ("timm.resnet101+attn=gc", "resnet101+gc"),
    ("timm.resnet101+attn=lcbam", "resnet101+lcbam"),
    ("timm.resnet101+attn=ela", "resnet101+ela"),
    ("timm.resnet101+attn=strip", "resnet101+strip"),
    ("timm.resnet101+attn=nl", "resnet101+nl"),
    ("timm.resnet152+attn=ese", "resnet152+ese"),
    ("timm.resnet152+attn=ecam", "resnet152+eca(mlp=yes)"),
    ("timm.resnet152+attn=gc", "resnet152+gc"),
    ("timm.resnet152+attn=lcbam", "resnet152+lcbam"),
    ("timm.resnet152+attn=scoord", "resnet152+coord(variant=simple)"),
    ("timm.resnet152+attn=ela", "resnet152+ela"),
    ("timm.resnet152+attn=strip", "resnet152+strip"),
    ("timm.resnet152+attn=nl", "resnet152+nl"),
    ("timm.resnet18+attn=ge (timm bug patched)", "resnet18+ge"),
    ("official_cbam.resnet18+BAM", "resnet18+bam"),
    ("official_cbam.resnet34+BAM", "resnet34+bam"),
    ("official_cbam.resnet50+BAM", "resnet50+bam"),
    ("official_cbam.resnet101+BAM", "resnet101+bam"),
    ("timm.skresnet18", "skresnet18"),
    ("timm.skresnet34", "skresnet34"),
    ("timm.skresnet50", "skresnet50"),
    ("timm.skresnet50d", "skresnet50d"),
    ("timm.skresnext50_32x4d", "skresnext50_32x4d"),
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
    // The SENet paper's wide network widens the stem too, the CBAM paper's do not.
    ("wideresnet18(widen=2.0)+se", "resnet18(widths=128-256-512-1024)+se(variant=floor)"),
    ("wideresnet18(widen=1.5,stem=64)+None", "resnet18(stem_width=64,widths=96-192-384-768)"),
    ("wideresnet18(widen=1.5,stem=64)+cbam", "resnet18(stem_width=64,widths=96-192-384-768)+cbam"),
    ("wideresnet18(widen=2.0,stem=64)+None", "resnet18(stem_width=64,widths=128-256-512-1024)"),
    ("wideresnet18(widen=2.0,stem=64)+se", "resnet18(stem_width=64,widths=128-256-512-1024)+se"),
    ("wideresnet18(widen=2.0,stem=64)+cbam", "resnet18(stem_width=64,widths=128-256-512-1024)+cbam"),
    ("resnext50_32x4d_v1+None", "resnext50_32x4d(stride=v1)"),
    ("resnext50_32x4d+se", "resnext50_32x4d+se"),
    ("resnext50_32x4d_v1+se", "resnext50_32x4d(stride=v1)+se"),
    ("resnext50_32x4d+cbam", "resnext50_32x4d+cbam"),
    ("resnext50_32x4d_v1+cbam", "resnext50_32x4d(stride=v1)+cbam"),
    ("resnext101_32x4d+None", "resnext101_32x4d"),
    ("resnext101_32x4d_v1+None", "resnext101_32x4d(stride=v1)"),
    ("resnext101_32x4d+se", "resnext101_32x4d+se"),
    ("resnext101_32x4d+cbam", "resnext101_32x4d+cbam"),
    ("resnext101_32x4d_v1+cbam", "resnext101_32x4d(stride=v1)+cbam"),
    ("wideresnet18(widen=1.5,stem=64)+BAM", "resnet18(stem_width=64,widths=96-192-384-768)+bam"),
    ("resnet50_v1+BAM", "resnet50(stride=v1)+bam"),
    ("resnext50_32x4d_v1+BAM", "resnext50_32x4d(stride=v1)+bam"),
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
    for (name, spec) in [
        ("SE-ResNet-50", "legacy_seresnet50"),
        ("SE-ResNet-101", "legacy_seresnet101"),
        ("SE-ResNet-152", "legacy_seresnet152"),
        ("SE-ResNeXt-50", "legacy_seresnext50_32x4d"),
        ("SE-ResNeXt-101", "legacy_seresnext101_32x4d"),
        ("SENet-154", "legacy_senet154"),
    ] {
        let cost = total(spec);
        let entry = &models["caffe_prototxt"][name];
        assert_eq!(Some(cost.params), entry["params"].as_u64(), "{name}");
        assert_eq!(Some(cost.macs), entry["macs"].as_u64(), "{name}");
    }
}

/// PyTorch's flop counter sees the products of two activations that counting by layer misses.
#[test]
fn products_are_what_pytorchs_flop_counter_counts_on_top() {
    let models: Value = serde_json::from_str(&reference("models.json")).expect("JSON");
    let entries = models["library_models"].as_array().expect("a list");
    let mut seen = 0;
    for (name, spec) in LIBRARY.iter().filter(|(name, _)| ["=nl", "=gc", "=gca"].iter().any(|end| name.ends_with(end)))
    {
        let entry = entries.iter().find(|entry| entry["name"] == *name).unwrap_or_else(|| panic!("no {name}"));
        let cost = total(spec);
        assert!(cost.products > 0, "{name}");
        assert_eq!(Some(cost.macs + cost.products), entry["torch_flop_counter_macs"].as_u64(), "{name} as {spec}");
        seen += 1;
    }
    assert!(seen > 10, "{seen}");
}

/// Not built yet: other families' networks, other attention blocks, other places for them.
fn is_uncovered(name: &str) -> bool {
    let (network, attention) = name.split_once('+').unwrap_or((name, ""));
    let bare = network.rsplit_once('.').map_or(network, |(_, bare)| bare);
    let residual = [
        "resnet",
        "seresnet",
        "ecaresnet",
        "legacy_seresnet",
        "se_resnet",
        "wide_resnet",
        "wideresnet",
        "resnext",
        "seresnext",
        "ecaresnext",
        "legacy_seresnext",
        "senet",
        "legacy_senet",
        "plain",
        "cifar_",
    ];
    let others = ["attn=bat", "attn=lambda"];
    if others.contains(&attention) {
        return true;
    }
    let attentions = ["None", "CBAM", "CAM", "SAM", "BAM", "cbam", "cam", "se"];
    let of_known = |known: &&str| attention == *known || attention.starts_with(&format!("{known}_"));
    // bring-your-own stems ("ts"), pre-activation, positions other than after the last BatchNorm
    let other = ["resnetv2", "resnext26ts"].iter().any(|other| bare.starts_with(other))
        || ["pos=pre", "pos=post", "pos=3x3"].iter().any(|other| name.contains(other));
    !residual.iter().any(|prefix| bare.starts_with(prefix))
        || other
        || !(attention.is_empty()
            || attention.starts_with("se(")
            || attention.starts_with("attn=")
            || attentions.iter().any(of_known))
}

/// Every entry this family covers is in the tables above: a new one must be added, not overlooked.
#[test]
fn no_covered_entry_is_left_out() {
    let models: Value = serde_json::from_str(&reference("models.json")).expect("JSON");
    for (list, table) in [("library_models", LIBRARY), ("paper_variants", PAPERS)] {
        let entries = models[list].as_array().expect("a list").iter().filter_map(|entry| entry["name"].as_str());
        let missing: Vec<&str> =
            entries.filter(|name| !is_uncovered(name) && !table.iter().any(|(known, _)| known == name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}

/// Table 6 and section 4.2 of the ResNet paper; FACTS computed with PyTorch.
#[test]
fn resnet_papers_numbers() {
    for (spec, params, macs) in [
        ("resnet18", 11_689_512, 1_814_073_344),
        ("resnet44", 658_586, 97_174_144),
        ("resnet110(blocks=200-200-200)", 19_421_274, 2_829_238_912),
        ("resnet1202", 19_421_274, 2_829_238_912),
        // Without the shortcuts' additions, which are no MACs.
        ("plain1202", 19_421_274, 2_829_238_912),
        ("resnet20(shortcut=b)", 272_474, 40_813_184),
        ("resnet50+se(variant=nobias)@layer4", 27_129_896, 4_089_184_256 + 1_572_864),
        ("resnet50+se(variant=nobias)@layer1,layer2,layer3", 26_499_112, 4_089_184_256 + 942_080),
    ] {
        let cost = total(spec);
        assert_eq!((cost.params, cost.macs), (params, macs), "{spec}");
    }
}

/// timm 1.0.31, convolutions and linear layers counted by hooks at 224.
#[test]
fn resnests_cost_what_timm_counts() {
    for (spec, params, macs) in [
        ("resnest14d", 10_611_688, 2_749_405_184),
        ("resnest26d", 17_069_448, 3_623_391_232),
        ("resnest50d", 27_483_240, 5_371_160_576),
        ("resnest101e", 48_275_016, 10_200_565_760),
        ("resnest200e", 70_201_544, 17_408_411_648),
        ("resnest269e", 110_929_480, 22_434_121_728),
        ("resnest50d_1s4x24d", 25_677_000, 4_399_827_456),
        ("resnest50d_4s2x40d", 30_417_592, 4_369_060_736),
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
