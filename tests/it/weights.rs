//! Checkpoint files: what is read, and the one clear message for each that is not.

use std::collections::BTreeMap;
use std::path::Path;

use gatescope::compute::engine::{self, Control};
use gatescope::compute::weights::{Source, Weights, WeightsError};
use gatescope::network::graph::{Graph, ParamId};
use gatescope::network::{lower, parse};
use safetensors::tensor::{Dtype, TensorView};

use crate::reference::{self, Array};

fn graph(text: &str) -> Graph {
    lower(&parse(text).expect(text)).expect(text)
}

/// A network small enough to save many times.
fn small() -> Graph {
    graph("resnet20(blocks=1-1-1,widths=4-8-8)")
}

/// The error of opening these bytes, as a user reads it after the path.
fn refusal_of_bytes(name: &str, bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join(name);
    std::fs::write(&file, bytes).expect("can be written");
    refusal(&small(), &file)
}

fn refusal(graph: &Graph, file: &Path) -> String {
    let message = Weights::open(graph, file).expect_err("must be refused").to_string();
    assert!(!message.contains('\n'), "one line: {message}");
    let start = format!("{}: ", file.display());
    message.strip_prefix(&start).unwrap_or_else(|| panic!("names the file: {message}")).to_owned()
}

/// The refusal and the report of tensors that do not fit.
fn unfit(graph: &Graph, tensors: &BTreeMap<String, Array>) -> (String, gatescope::compute::weights::LoadReport) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("weights.safetensors");
    reference::save(&file, tensors);
    match Weights::open(graph, &file) {
        Err(WeightsError::Unfit { report, .. }) => (refusal(graph, &file), *report),
        other => panic!("not refused as unfit: {other:?}"),
    }
}

/// A safetensors file with this header and this many zero bytes.
fn with_header(header: &str, data: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.resize(bytes.len() + data, 0);
    bytes
}

#[test]
fn a_state_dict_is_read_as_it_is() {
    let graph = small();
    let mut tensors = reference::state_dict(&graph);
    tensors.insert("bn1.num_batches_tracked".to_owned(), (vec![1], vec![7.0]));
    let weights = reference::open(&graph, &tensors);
    assert_eq!(weights.report().matched, graph.params.len());
    assert!(matches!(weights.source(), Source::File(path) if path.ends_with("weights.safetensors")));
    for (index, param) in graph.params.iter().enumerate() {
        assert_eq!(weights.values(ParamId(index)), tensors[&param.name].1, "{}", param.name);
    }
    let wrapped = tensors.into_iter().map(|(name, array)| (format!("module.{name}"), array)).collect();
    assert_eq!(reference::open(&graph, &wrapped).values(ParamId(0)), weights.values(ParamId(0)));
}

#[test]
fn half_and_double_precision_are_converted() {
    let graph = small();
    let image: Vec<f32> = (0..graph.input().elements()).map(|index| (index % 17) as f32 / 17.0).collect();
    let folder = tempfile::tempdir().expect("a temporary folder");
    // Zeros and ones look the same in every precision: one bit pattern each.
    for (dtype, one) in [
        (Dtype::F32, 1.0_f32.to_le_bytes().to_vec()),
        (Dtype::F64, 1.0_f64.to_le_bytes().to_vec()),
        (Dtype::F16, vec![0x00, 0x3C]),
        (Dtype::BF16, vec![0x80, 0x3F]),
    ] {
        let bytes: Vec<Vec<u8>> = graph.params.iter().map(|param| one.repeat(param.elements())).collect();
        let views = graph.params.iter().zip(&bytes).map(|(param, bytes)| {
            (param.name.as_str(), TensorView::new(dtype, param.shape.clone(), bytes).expect("sizes agree"))
        });
        let file = folder.path().join(format!("{dtype:?}.safetensors"));
        safetensors::serialize_to_file(views, None, &file).expect("can be written");
        let weights = Weights::open(&graph, &file).expect("is read");
        assert!(weights.values(ParamId(0)).iter().all(|value| (value - 1.0).abs() < f32::EPSILON), "{dtype:?}");
        engine::run(&graph, &weights, &image, &[], &Control::none()).expect("runs");
    }
}

#[test]
fn whole_numbers_are_refused_by_name() {
    let graph = small();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("int8.safetensors");
    let bytes: Vec<Vec<u8>> = graph.params.iter().map(|param| vec![0; param.elements()]).collect();
    let views = graph.params.iter().zip(&bytes).map(|(param, bytes)| {
        (param.name.as_str(), TensorView::new(Dtype::I8, param.shape.clone(), bytes).expect("sizes agree"))
    });
    safetensors::serialize_to_file(views, None, &file).expect("can be written");
    let message = refusal(&graph, &file);
    assert_eq!(message, "conv1.weight holds int8 numbers, save it as float32, float16, bfloat16 or float64");
}

#[test]
fn nan_weights_are_read_and_reported() {
    let graph = small();
    let mut tensors = reference::state_dict(&graph);
    tensors.get_mut("layer2.0.conv1.weight").expect("is there").1[3] = f32::NAN;
    tensors.get_mut("fc.bias").expect("is there").1[0] = f32::INFINITY;
    let weights = reference::open(&graph, &tensors);
    assert_eq!(weights.report().non_finite, ["layer2.0.conv1.weight", "fc.bias"]);
}

#[test]
fn missing_extra_and_reshaped_tensors_are_counted_and_named() {
    let graph = small();
    let mut tensors = reference::state_dict(&graph);
    tensors.remove("layer1.0.conv1.weight");
    tensors.insert("extra".to_owned(), (vec![2, 3], vec![0.0; 6]));
    tensors.insert("bn1.bias".to_owned(), (vec![5], vec![0.0; 5]));
    let (message, report) = unfit(&graph, &tensors);
    assert_eq!(
        (report.missing, report.unexpected),
        (vec!["layer1.0.conv1.weight".to_owned()], vec!["extra".to_owned()])
    );
    assert_eq!((&report.mismatched[0].expected, &report.mismatched[0].found), (&vec![4], &vec![5]));
    assert_eq!(report.matched, graph.params.len() - 2);
    assert_eq!(
        message,
        format!(
            "does not fit {}: 1 tensor missing (layer1.0.conv1.weight 4×4×3×3), 1 tensor unexpected (extra 2×3), \
             1 tensor of another shape (bn1.bias is length 5, not length 4); give the network the file was saved from: depth, \
             widths and attention must agree",
            graph.name
        )
    );
}

#[test]
fn the_message_says_which_network_would_fit() {
    for (asked, saved, advice) in [
        ("resnet18", "resnet18+cbam", "the file is resnet18+cbam: try that"),
        ("resnet18+cbam", "resnet18+se", "the file is resnet18+se: try that"),
        ("resnet18+se", "resnet18", "the file is resnet18: try that, or graft it under this network (--graft)"),
        ("resnet18+sam", "resnet18+cam", "the file is resnet18+cam: try that"),
        ("resnet18", "resnet18(classes=10)", "the file has 10 classes: set classes=10"),
        ("resnet18+se", "resnet18+se@layer4", "resnet18+se@layer4: try that, or graft it under this network (--graft)"),
        ("resnet18+cbam(k=3)", "resnet18+cbam", "the file is resnet18+cbam: try that"),
        ("resnet18", "resnet34", "the file is resnet34: try that"),
    ] {
        // Only names and shapes matter here: a narrow network stands for each.
        let narrow = |text: &str| {
            let mut spec = parse(text).expect(text);
            let options = parse("resnet18(widths=16-16-16-16)").expect("parses").options;
            spec.options = options;
            lower(&spec).expect(text)
        };
        let (message, _) = unfit(&narrow(asked), &reference::state_dict(&narrow(saved)));
        let message = message.replace("(widths=16-16-16-16)", "");
        assert!(message.ends_with(advice), "{asked} with {saved}: {message}");
    }
    let alien = BTreeMap::from([("encoder.weight".to_owned(), (vec![2], vec![0.0; 2]))]);
    let (message, _) = unfit(&small(), &alien);
    assert!(message.contains("no tensor has a name and shape of this network"), "{message}");
}

#[test]
fn damaged_files_are_refused() {
    let graph = small();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("whole.safetensors");
    reference::save(&file, &reference::state_dict(&graph));
    let whole = std::fs::read(&file).expect("is there");
    let tensor = |shape: &str, from: &str, to: &str| {
        format!(r#"{{"a":{{"dtype":"F32","shape":{shape},"data_offsets":[{from},{to}]}}}}"#)
    };
    let overlapping = r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#;
    for (name, bytes, wanted) in [
        ("empty", Vec::new(), "an empty file"),
        ("three bytes", vec![1, 2, 3], "cut off"),
        ("cut in the data", whole[..whole.len() - 1].to_vec(), "cut off"),
        ("cut in the header", whole[..100].to_vec(), "cut off"),
        ("a byte too many", [&whole[..], &[0]].concat(), "damaged"),
        ("a header longer than the file", with_header("{}", 0).split_at(8).0.to_vec(), "cut off"),
        ("a header of 2^63 bytes", [&u64::MAX.to_le_bytes()[..], b"{}"].concat(), "cut off"),
        ("not JSON", with_header("{\"a\": nonsense", 4), "damaged"),
        (
            "not UTF-8",
            [&8_u64.to_le_bytes()[..], &[b'{', 0xFF, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, b'}']].concat(),
            "damaged",
        ),
        ("offsets past the end", with_header(&tensor("[100]", "0", "400"), 8), "cut off"),
        ("offsets backwards", with_header(&tensor("[2]", "8", "0"), 8), "damaged"),
        ("offsets of 2^64", with_header(&tensor("[2]", "0", "18446744073709551615"), 8), "damaged"),
        ("offsets that overlap", with_header(overlapping, 12), "damaged"),
        ("a shape larger than its bytes", with_header(&tensor("[3]", "0", "8"), 8), "damaged"),
        ("a shape that overflows", with_header(&tensor("[4294967296,4294967296,16]", "0", "8"), 8), "damaged"),
        ("a negative shape", with_header(&tensor("[-2]", "0", "8"), 8), "damaged"),
        (
            "an unknown element type",
            with_header(&tensor("[2]", "0", "8").replace("F32", "F99"), 8),
            "unknown type, F99",
        ),
    ] {
        let message = refusal_of_bytes("weights.safetensors", &bytes);
        assert!(message.contains(wanted), "{name}: {message}");
    }
}

#[test]
fn other_formats_are_named_with_the_way_out() {
    let zip = [b"PK\x03\x04".as_slice(), &[0; 60]].concat();
    let png = [&[0x89], b"PNG\r\n\x1a\n".as_slice(), &[0; 60]].concat();
    for (name, bytes, wanted) in [
        ("model.pth", zip.as_slice(), "in its zip archive, the table at the end is missing; download or copy it again"),
        ("old.pt", &[0x80, 2, b'}', b'q', 0, b'X', 1, 0, 0, 0], "in its beginning; download or copy it again"),
        ("text.pth", b"hello hello hello hello", "a text file, neither weights (.safetensors, .pth) nor a spec"),
        ("cat.png", &png, "a picture, give a checkpoint file"),
    ] {
        let message = refusal_of_bytes(name, bytes);
        assert!(message.contains(wanted), "{name}: {message}");
    }
}

#[test]
fn folders_and_files_that_cannot_be_read_are_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let message = refusal(&small(), folder.path());
    assert!(message.starts_with("a folder"), "{message}");
    let message = refusal(&small(), &folder.path().join("nothing.safetensors"));
    assert!(message.starts_with("cannot be read: "), "{message}");
    #[cfg(unix)]
    assert!(refusal(&small(), Path::new("/dev/zero")).starts_with("not a regular file"));
    let huge = folder.path().join("huge.safetensors");
    let file = std::fs::File::create(&huge).expect("can be made");
    if file.set_len(65 << 30).is_ok() {
        assert!(refusal(&small(), &huge).starts_with("69793218560 bytes, more than"));
    }
}
