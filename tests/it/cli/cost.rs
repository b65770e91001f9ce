//! `gatescope cost` and `gatescope list`.

use gatescope::network::attention::names;
use gatescope::network::cost::Ledger;
use gatescope::network::zoo::model_names;
use gatescope::network::{lower, parse};

use super::{assert_narrow, folder, json, refused, success};

#[test]
fn json_has_the_documented_fields_and_the_exact_numbers() {
    let report = json(["cost", "resnet50", "resnet50+cbam", "--format", "json"]);
    let networks = report["networks"].as_array().expect("a list");
    assert_eq!(networks.len(), 2);
    for (network, spec) in networks.iter().zip(["resnet50", "resnet50+cbam"]) {
        let graph = lower(&parse(spec).expect(spec)).expect(spec);
        let total = Ledger::of(&graph).total();
        assert_eq!(network["name"], spec);
        assert_eq!(network["input"], serde_json::json!([3, 224, 224]));
        assert_eq!(network["params"], total.params);
        assert_eq!(network["macs"], total.macs);
        for list in ["layers", "stages"] {
            let parts = network[list].as_array().expect("a list");
            for (key, want) in [("params", total.params), ("macs", total.macs), ("elementwise", total.elementwise)] {
                let sum: u64 = parts.iter().map(|part| part[key].as_u64().expect("a number")).sum();
                assert_eq!(sum, want, "{spec} {list} {key}");
            }
        }
        let first = &network["layers"][0];
        assert_eq!((&first["name"], &first["op"]), (&"conv1".into(), &"Conv2d".into()));
        assert_eq!(first["output"], serde_json::json!([64, 112, 112]));
    }
}

#[test]
fn tables_fit_80_columns_whatever_is_in_them() {
    let many = ["cost", "resnet18", "resnet152+cbam", "plain34", "resnet50+se(r=8)@layer3,layer4.0", "resnet110+sam"];
    for arguments in [&["cost", "resnet152+cbam", "--layers"][..], &["cost", "resnet18", "resnet34"], &many, &["list"]]
    {
        let text = success(arguments);
        assert_narrow(&text);
    }
    // The largest input makes the longest numbers.
    assert_narrow(&success(["cost", "resnet152+cbam", "--input", "4096"]));
    assert_narrow(&success(["cost", "resnet152+cbam", "resnet18", "resnet34+se", "--input", "4096"]));
}

#[test]
fn a_table_says_what_it_counts_and_what_attention_takes() {
    let text = success(["cost", "resnet50+cbam"]);
    let last = text.lines().last().expect("a line");
    for word in ["MACs", "convolution and linear", "no bias", "batch 1"] {
        assert!(last.contains(word), "{last}");
    }
    for word in
        ["28,089,624", "4,095,573,110", "CBAM in 16 of 16 blocks; 2,532,592 parameters", "layer4", "element-wise"]
    {
        assert!(text.contains(word), "{text} does not say {word}");
    }
}

#[test]
fn networks_side_by_side_show_the_difference_to_the_first() {
    let text = success(["cost", "resnet50", "resnet50+cbam"]);
    for word in ["+2,532,592", "+9.91", "+6,388,854", "attention"] {
        assert!(text.contains(word), "{text} does not say {word}");
    }
    let text = success(["cost", "resnet50+cbam", "resnet50"]);
    assert!(text.contains("−2,532,592"), "{text}");
}

#[test]
fn csv_reads_back_and_adds_up() {
    let text = success(["cost", "resnet18+se", "resnet50", "--layers", "--format", "csv"]);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let headers = reader.headers().expect("headers").clone();
    let column = |name: &str| headers.iter().position(|header| header == name).expect("a column");
    let mut sums = std::collections::BTreeMap::new();
    for record in reader.records() {
        let record = record.expect("a record");
        let macs: u64 = record[column("macs")].parse().expect("a plain number");
        *sums.entry(record[column("network")].to_owned()).or_insert(0) += macs;
    }
    assert_eq!(sums["resnet50"], 4_089_184_256);
    assert_eq!(sums.len(), 2);
    let stages = success(["cost", "resnet50", "--format", "csv"]);
    assert!(stages.lines().any(|line| line.starts_with("resnet50,total,25557032,4089184256,")), "{stages}");
}

#[test]
fn markdown_tables_are_well_formed() {
    let text = success(["cost", "resnet50", "resnet50+cbam", "--format", "md"]);
    let mut columns = None;
    for line in text.lines() {
        let bars = line.matches('|').count();
        match (line.starts_with('|'), columns) {
            (true, Some(expected)) => assert_eq!(bars, expected, "{line}"),
            (true, None) => columns = Some(bars),
            (false, _) => columns = None,
        }
    }
    assert!(text.contains("| ---: |"), "{text}");
}

#[test]
fn the_lesson_gives_its_two_numbers_and_says_what_they_count() {
    let text = success(["cost", "--lesson"]);
    for word in ["1,179,648", "69,632", "16.94", "convolution weights", "256"] {
        assert!(text.contains(word), "{text} does not say {word}");
    }
    assert_eq!(json(["cost", "--lesson", "--format", "json"])["ways"][0]["weights"], 1_179_648);
    refused(["cost", "--lesson", "resnet50"], &["--lesson"]);
}

#[test]
fn another_input_size_changes_macs_and_not_parameters() {
    let at = |size: &str| json(["cost", "resnet50", "--input", size, "--format", "json"])["networks"][0].clone();
    let (small, large) = (at("224"), at("3x448x448"));
    assert_eq!(small["params"], large["params"]);
    let macs = |network: &serde_json::Value| network["macs"].as_u64().expect("a number") - 2_048_000;
    assert_eq!(macs(&large), 4 * macs(&small));
    assert_eq!(at("192x256")["input"], serde_json::json!([3, 192, 256]));
    refused(["cost", "resnet50", "--input", "0"], &["input", "0"]);
    refused(["cost", "resnet50", "--input", "big"], &["--input", "big"]);
}

#[test]
fn a_spec_file_means_what_its_text_means() {
    let root = folder();
    let file = root.path().join("mine.toml");
    std::fs::write(&file, "gatescope = 1\nmodel = \"resnet50\"\n[[attention]]\nblock = \"cbam\"\nat = [\"layer3\"]\n")
        .expect("writes");
    let from_file = json(["cost".as_ref(), file.as_os_str(), "--format".as_ref(), "json".as_ref()]);
    assert_eq!(from_file, json(["cost", "resnet50+cbam@layer3", "--format", "json"]));
}

#[test]
fn list_names_everything_there_is() {
    let (text, listing) = (success(["list"]), json(["list", "--format", "json"]));
    let listed = |list: &serde_json::Value, key: &str| -> Vec<String> {
        list.as_array().expect("a list").iter().map(|entry| entry[key].as_str().expect("a name").to_owned()).collect()
    };
    for name in model_names() {
        assert!(text.contains(name), "{name}");
        let families = listing["families"].as_array().expect("a list");
        assert!(families.iter().any(|family| listed(&family["models"], "name").iter().any(|known| known == name)));
    }
    assert_eq!(listed(&listing["attention"], "name"), names());
    for word in ["r=16", "3, 5, 7", "Woo et al.", "Ms = "] {
        assert!(text.contains(word), "{word}");
    }
}

/// A small network, few runs: times are there, whatever they are.
const TIMED: [&str; 6] = ["cost", "resnet18(input=64)+se", "--time", "--runs", "2", "--threads"];

#[test]
fn measured_times_stand_next_to_the_counts_and_add_up() {
    let report = json(TIMED.into_iter().chain(["1", "--format", "json"]));
    let network = &report["networks"][0];
    let time = &network["time"];
    assert_eq!((&time["threads"], &time["runs"], &time["device"]), (&1.into(), &2.into(), &"cpu".into()));
    let number = |value: &serde_json::Value| value.as_f64().expect("a number");
    assert!(
        number(&time["total_ms"]["min"]) > 0.0
            && number(&time["total_ms"]["min"]) <= number(&time["total_ms"]["median"])
    );
    let sum = |list: &str| -> f64 {
        let parts = network[list].as_array().expect("a list");
        parts.iter().filter_map(|part| part["ms"].as_f64()).sum()
    };
    let (layers, stages, steps) = (sum("layers"), sum("stages"), number(&time["steps_ms"]));
    assert!(
        (layers - stages).abs() < 1e-6 * steps && layers <= steps && layers > 0.9 * steps,
        "{layers} {stages} {steps}"
    );
    let layer = |name: &str| {
        let layers = network["layers"].as_array().expect("a list");
        layers.iter().find(|layer| layer["name"] == name).expect(name).clone()
    };
    assert!(number(&layer("conv1")["gflops"]) > 0.0);
    assert!(layer("bn1").get("ms").is_none(), "bn1 is computed with conv1");
    assert_eq!(time["attention"]["params"]["attention"], 90_112);
    for key in ["macs", "elementwise", "bytes", "ms"] {
        assert!(number(&time["attention"][key]["percent"]) > 0.0, "{key}");
    }
    assert!(json(["cost", "resnet18", "--format", "json"])["networks"][0].get("time").is_none());
}

#[test]
fn measured_times_are_in_every_form() {
    let text = success(TIMED.into_iter().chain(["1", "--layers"]));
    assert_narrow(&text);
    for word in ["GF/s", "bytes moved", "milliseconds", "1 thread, 1 image", "of 2 runs", "computed together"] {
        assert!(text.contains(word), "{text} does not say {word}");
    }
    let both = ["cost", "resnet20", "resnet20+cbam", "--time", "--runs", "1"];
    let text = success(both);
    assert_narrow(&text);
    assert!(text.contains("Milliseconds by stage") && text.contains("attention, ms"), "{text}");
    let csv = success(both.into_iter().chain(["--format", "csv"]));
    assert!(csv.lines().next().is_some_and(|line| line.ends_with(",ms,gflops")), "{csv}");
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    for record in reader.records() {
        let record = record.expect("a record");
        assert!(record[record.len() - 2].parse::<f64>().expect("a number") > 0.0, "{record:?}");
    }
    assert!(success(both.into_iter().chain(["--format", "md"])).contains("GF/s"));
    refused(["cost", "resnet18", "--runs", "3"], &["--runs", "--time"]);
    refused(TIMED.into_iter().chain(["0"]), &["--threads 0"]);
    refused(["cost", "--lesson", "--time"], &["--lesson"]);
}
