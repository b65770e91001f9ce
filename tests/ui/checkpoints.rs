//! Opening checkpoints: the network appears, weights go where they fit, what is open is asked.

use std::path::{Path, PathBuf};

use eframe::egui;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use gatescope::compute::weights::{Graft, Weights};
use gatescope::desktop::App;
use gatescope::desktop::document::{Command, Selection, ThemeChoice, View, WeightsChoice};
use gatescope::desktop::session::Session;
use gatescope::network::graph::ParamId;
use gatescope::network::{Model, lower, parse};
use safetensors::tensor::{Dtype, TensorView};

use crate::{ctrl, settle, window, window_with};

const SIZE: [f32; 2] = [1440.0, 900.0];

/// Saves a network's seeded numbers under names as `rename` gives them.
fn save(folder: &Path, spec: &str, rename: impl Fn(&str) -> String) -> PathBuf {
    let graph = lower(&parse(spec).expect(spec)).expect(spec);
    let weights = Weights::seeded(&graph, 5);
    let bytes: Vec<Vec<u8>> = (0..graph.params.len())
        .map(|id| weights.values(ParamId(id)).iter().flat_map(|value| value.to_le_bytes()).collect())
        .collect();
    let views = graph.params.iter().zip(&bytes).map(|(param, bytes)| {
        (rename(&param.name), TensorView::new(Dtype::F32, param.shape.clone(), bytes).expect("sizes agree"))
    });
    let file = folder.join("weights.safetensors");
    safetensors::serialize_to_file(views, None, &file).expect("can be written");
    file
}

fn open(harness: &mut Harness<'static, App>, file: &Path) {
    harness.state_mut().send(Command::Open(vec![file.to_path_buf()]));
    settle(harness);
}

fn active(harness: &Harness<'static, App>) -> (String, WeightsChoice) {
    let network = harness.state().document().active().expect("one");
    (network.model.to_string(), network.weights.clone())
}

#[test]
fn a_checkpoint_of_another_network_is_added_with_its_weights() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = save(folder.path(), "resnet18+se", |name| {
        name.replace(".se.", ".se_module.").replace("fc.w", "last_linear.w").replace("fc.b", "last_linear.b")
    });
    let mut harness = window(SIZE, ThemeChoice::Dark);
    open(&mut harness, &file);
    assert_eq!(harness.state().document().networks().len(), 3);
    let (spec, weights) = active(&harness);
    assert_eq!(weights, WeightsChoice::File(file.clone()));
    assert_eq!(spec, "resnet18+se", "a torchvision stem is not of timm's legacy networks");
    let app = harness.state();
    let network = app.document().active().expect("one");
    assert!(app.jobs().inspection(network).is_some(), "{:?}", app.jobs().failure(network));

    // The same file once more: its network is active and has these tensors.
    open(&mut harness, &file);
    assert_eq!(harness.state().document().networks().len(), 3);
}

#[test]
fn weights_and_the_configuration_beside_them_are_undone_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = save(folder.path(), "resnet18+se", str::to_owned);
    let config = r#"{"architecture": "seresnet18", "num_classes": 1000, "pretrained_cfg":
        {"input_size": [3, 224, 224], "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}}"#;
    std::fs::write(folder.path().join("config.json"), config).expect("can be written");
    let mut harness = window(SIZE, ThemeChoice::Dark);
    let before = harness.state().document().project();
    open(&mut harness, &file);
    let network = harness.state().document().active().expect("one");
    let mean = network.preparation().mean.map(f32::to_bits);
    assert_eq!(mean, [0.5_f32.to_bits(); 3], "the configuration is taken");
    ctrl(&mut harness, egui::Key::Z);
    assert_eq!(harness.state().document().project(), before);
}

#[test]
fn of_several_state_dicts_the_one_that_is_chosen_is_opened() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/bugs/student_teacher.pth");
    let mut harness = window(SIZE, ThemeChoice::Dark);
    let before = harness.state().document().networks().len();
    open(&mut harness, &file);
    harness.get_by_label("student_teacher.pth has 2 state_dicts");
    assert_eq!(harness.state().document().networks().len(), before, "nothing before the answer");
    harness.get_by_label("teacher (62 tensors, 6,213 parameters)").click();
    harness.run_ok();
    settle(&mut harness);
    assert_eq!(harness.state().document().networks().len(), before + 1);
    let chosen = PathBuf::from(format!("{}#teacher", file.display()));
    assert_eq!(active(&harness).1, WeightsChoice::File(chosen));
}

#[test]
fn plain_weights_are_grafted_when_asked_and_marked() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = save(folder.path(), "resnet18", str::to_owned);
    // Tall: what is scrolled out of sight is not in the accessibility tree.
    let mut harness = window([SIZE[0], 2400.0], ThemeChoice::Dark);
    harness.state_mut().send(Command::AddNetwork(Model::parse("resnet18(input=64)+cbam").expect("parses")));
    harness.state_mut().send(Command::Show(View::Inspect));
    settle(&mut harness);
    open(&mut harness, &file);
    harness.get_by_label("weights.safetensors is resnet18");
    harness.get_by_label("Graft under resnet18(input=64)+cbam, identity gates").click();
    harness.run_ok();
    settle(&mut harness);
    assert_eq!(active(&harness).1, WeightsChoice::Grafted(file, Graft::Identity));
    let app = harness.state();
    let network = app.document().active().expect("one");
    let inspection = app.jobs().inspection(network).expect("inspected");
    assert!((0..inspection.run.gates.len()).all(|gate| inspection.is_grafted(gate)));
    assert!(
        inspection.run.gates.iter().all(|gate| gate.values.iter().all(|value| value.to_bits() == 1.0_f32.to_bits()))
    );
    harness.state_mut().send(Command::Select(Selection { part: Some("layer1.0".to_owned()), gate: None }));
    harness.state_mut().send(Command::Show(View::Network));
    settle(&mut harness);
    assert_eq!(harness.query_all_by_label("grafted").count(), 2, "the selection panel marks both gates");
}

#[test]
fn what_a_file_cannot_tell_is_asked_and_the_weights_stay() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = save(folder.path(), "resnet20", str::to_owned);
    let mut harness = window(SIZE, ThemeChoice::Dark);
    open(&mut harness, &file);
    assert_eq!(active(&harness).0, "resnet20");
    harness.get_by_label("shortcut = none").click();
    harness.run_ok();
    settle(&mut harness);
    assert_eq!(active(&harness), ("resnet20(shortcut=none)".to_owned(), WeightsChoice::File(file)));
}

/// Everything that the side panel of Inspect says of a network of 64×64 whose tensors were changed.
fn inspected(spec: &str, config: Option<&str>, change: impl Fn(&str) -> bool) -> Harness<'static, App> {
    let folder = tempfile::tempdir().expect("a folder");
    let graph = lower(&parse(spec).expect(spec)).expect(spec);
    let weights = Weights::seeded(&graph, 5);
    let numbers = |(id, name): (usize, &str)| {
        let values = weights.values(ParamId(id)).into_iter().enumerate();
        let changed = values.map(|(at, value)| if at == 0 && change(name) { f32::NAN } else { value });
        changed.flat_map(f32::to_le_bytes).collect::<Vec<u8>>()
    };
    let bytes: Vec<Vec<u8>> =
        graph.params.iter().enumerate().map(|(id, param)| numbers((id, param.name.as_str()))).collect();
    let views = graph.params.iter().zip(&bytes).map(|(param, bytes)| {
        (param.name.clone(), TensorView::new(Dtype::F32, param.shape.clone(), bytes).expect("sizes agree"))
    });
    let file = folder.path().join("weights.safetensors");
    safetensors::serialize_to_file(views, None, &file).expect("can be written");
    if let Some(config) = config {
        std::fs::write(folder.path().join("config.json"), config).expect("can be written");
    }
    let mut harness = window_with(&Session::default(), [SIZE[0], 2400.0], ThemeChoice::Dark);
    harness.state_mut().send(Command::AddNetwork(Model::parse(spec).expect(spec)));
    harness.state_mut().send(Command::Show(View::Inspect));
    settle(&mut harness);
    open(&mut harness, &file);
    harness
}

#[test]
fn inspect_states_how_the_picture_was_prepared_as_the_command_line_does() {
    let config = r#"{"pretrained_cfg": {"input_size": [3, 48, 48], "crop_pct": 0.9, "mean": 127.5, "std": 127.5}}"#;
    let harness = inspected("resnet20+se", Some(config), |_| false);
    assert_eq!(active(&harness).0, "resnet20(input=48)+se", "the input is the configuration's");
    harness.get_by_label_contains("shorter side to 53, centre crop 48×48, bicubic");
    harness.get_by_label_contains("minus mean 0.5, over std 0.5");
}

#[test]
fn one_output_no_numbers_and_no_classes_are_said_for_what_they_are() {
    let harness = inspected("resnet20(classes=1)+se", None, |_| false);
    harness.get_by_label_contains("sigmoid of the logit");
    let harness = inspected("resnet20+se", None, |name| name == "layer2.1.conv2.weight");
    harness.get_by_label_contains("the first layer with NaN values is layer2.1.conv2, whose own weights");
    assert!(harness.query_by_label_contains("class 0").is_none(), "no ranking");
    // The field for classes must not make one of none.
    let harness = inspected("resnet20(classes=0)+se", None, |_| false);
    let network = harness.state().document().active().expect("one");
    let failure = harness.state().jobs().failure(network);
    assert_eq!((network.model.to_string().as_str(), failure), ("resnet20(classes=0)+se", None));
    harness.get_by_label_contains("No classifier: 64 features");
}
