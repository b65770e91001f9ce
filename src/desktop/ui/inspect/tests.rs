//! The view, driven as a user drives it.

use std::time::{Duration, Instant};

use eframe::egui;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use super::InspectView;
use crate::desktop::document::{Command, Document, PictureChoice, Project, SavedNetwork, Selection, ThemeChoice, View};
use crate::desktop::jobs::Jobs;
use crate::desktop::ui::textures::GateTextures;
use crate::desktop::ui::{Outbox, Shared, theme};
use crate::network::Model;

struct Stage {
    view: InspectView,
    textures: GateTextures,
    document: Document,
    jobs: Jobs,
    selection: Selection,
    sent: Vec<Command>,
}

/// The view of one network, inspected.
fn view_of(spec: &str, picture: PictureChoice) -> Harness<'static, Stage> {
    view_of_network(SavedNetwork::untrained(Model::parse(spec).expect(spec)), picture)
}

fn view_of_network(network: SavedNetwork, picture: PictureChoice) -> Harness<'static, Stage> {
    view_of_networks(vec![network], picture)
}

fn view_of_networks(networks: Vec<SavedNetwork>, picture: PictureChoice) -> Harness<'static, Stage> {
    let document = Document::of(&Project { networks, active: 0, picture });
    let mut jobs = Jobs::start(|| ()).expect("a thread");
    let started = Instant::now();
    while !jobs.is_idle(&document) || jobs.running().is_some() {
        jobs.tend(&document);
        std::thread::sleep(Duration::from_millis(5));
        assert!(started.elapsed() < Duration::from_mins(1), "it does not end");
    }
    let stage = Stage {
        view: InspectView::default(),
        textures: GateTextures::default(),
        document,
        jobs,
        selection: Selection::default(),
        sent: vec![],
    };
    let builder = Harness::builder().with_size([700.0, 660.0]).with_context_setup(theme::install);
    let mut harness = builder.build_ui_state(
        |ui, stage: &mut Stage| {
            let mut out = Outbox::default();
            let shared = Shared {
                document: &stage.document,
                jobs: &stage.jobs,
                selection: &stage.selection,
                view: View::Inspect,
                theme: ThemeChoice::Dark,
                pictures: &[],
                can_undo: false,
                can_redo: false,
            };
            stage.view.ui(ui, &shared, &mut stage.textures, &mut out);
            stage.jobs.want(out.take_questions());
            stage.jobs.tend(&stage.document);
            for command in out.take() {
                if let Command::Select(selection) = &command {
                    stage.selection = selection.clone();
                }
                stage.sent.push(command);
            }
        },
        stage,
    );
    harness.run();
    harness
}

/// The view of a network that comes with the program, on an object it knows.
fn trained() -> Harness<'static, Stage> {
    let network = SavedNetwork::bundled("cbam").expect("there");
    let sample = crate::compute::lab::data::object_samples()[0].name.clone();
    view_of_network(network, PictureChoice::Sample(sample))
}

/// Goes on until nothing is being explained.
fn explained(harness: &mut Harness<Stage>) {
    let started = Instant::now();
    loop {
        harness.run();
        let stage = harness.state_mut();
        stage.jobs.tend(&stage.document);
        if stage.jobs.is_idle(&stage.document) && stage.jobs.explaining().is_none() {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
        assert!(started.elapsed() < Duration::from_mins(2), "it does not end");
    }
    harness.run();
}

fn cat() -> PictureChoice {
    PictureChoice::Sample("cat.png".to_owned())
}

/// The name of the active network's gate at this place.
fn gate(index: usize, harness: &Harness<Stage>) -> Option<String> {
    harness.state().document.active().map(|network| network.graph().gates[index].name.clone())
}

#[test]
fn frames_are_reached_by_click_and_by_arrow_keys() {
    let mut harness = view_of("resnet20+cbam", cat());
    harness.key_press(egui::Key::ArrowLeft);
    harness.run();
    assert_eq!(harness.state().selection.gate, gate(16, &harness));
    harness.key_press(egui::Key::Home);
    harness.run();
    assert_eq!(harness.state().selection.gate, gate(0, &harness));
    harness.get_by_label("layer1.0 SAM").click();
    harness.run();
    assert_eq!(harness.state().selection.gate, gate(1, &harness));
    assert_eq!(harness.state().selection.part.as_deref(), Some("layer1.0"));
    harness.get_by_label("show layer1.0 CAM").click();
    harness.run();
    assert_eq!(harness.state().selection.gate, gate(0, &harness));
}

#[test]
fn an_untrained_network_says_so_and_its_classes_have_numbers() {
    let harness = view_of("resnet20+se", cat());
    harness.get_by_label("untrained weights: predictions mean nothing");
    assert_eq!(harness.query_all_by_label_contains("class ").count(), 5);
}

#[test]
fn a_network_without_attention_says_what_to_do() {
    let harness = view_of("resnet20", cat());
    harness.get_by_label_contains("paint some in the matrix");
    assert!(harness.query_by_label_contains("in depth order").is_none());
}

#[test]
fn a_missing_picture_is_told_with_a_way_out() {
    let mut harness = view_of("resnet20+sam", PictureChoice::File("/nowhere/holiday.jpg".into()));
    harness.get_by_label_contains("holiday.jpg");
    harness.get_by_label("Use cat.png").click();
    harness.run();
    assert!(harness.state().sent.contains(&Command::SetPicture(cat())));
}

#[test]
fn strips_are_shown_alone_together_and_channel_by_channel() {
    let mut harness = view_of("resnet20+coord", cat());
    harness.key_press(egui::Key::Home);
    harness.run();
    harness.get_by_label("layer1.0 rows").click();
    harness.run();
    harness.get_by_label_contains("mean of 16 channels");
    harness.get_by_label("together").click();
    harness.run();
    harness.get_by_label_contains("what multiplies the features");
    harness.get_by_label("all values").click();
    harness.run();
    // A click in the middle of the table chooses the channel there.
    harness.get_by_label_contains("every channel: 32 rows").click();
    harness.run();
    harness.get_by_label_contains("of 16 · whole gate");
    // By its name: in a window as low as this it lies below the others.
    harness.get_by_label("show layer1.0 columns").click_accesskit();
    harness.run();
    assert_eq!(harness.state().selection.gate, gate(0, &harness));
    harness.get_by_label_contains("32 columns");
}

#[test]
fn a_matrix_is_looked_at_from_a_position_that_keys_move() {
    let mut harness = view_of("resnet20+nl@layer3", cat());
    harness.get_by_label_contains("mean of all positions");
    harness.get_by_label_contains("over cat.png").click();
    harness.run();
    harness.get_by_label_contains("looking from row 4, column 4");
    harness.get_by_label_contains("of one position, sums to 1");
    harness.key_press(egui::Key::ArrowUp);
    harness.key_press(egui::Key::ArrowLeft);
    harness.run();
    harness.get_by_label_contains("looking from row 3, column 3");
    harness.get_by_label("all positions").click();
    harness.run();
    harness.get_by_label_contains("mean of all positions");
}

#[test]
fn paths_are_named_with_their_mean_shares() {
    let harness = view_of("resnet20+sk", cat());
    harness.get_by_label_contains("3×3: mean share 0.");
    harness.get_by_label_contains("3×3 dilated 2: mean share 0.");
    harness.get_by_label_contains("a channel's sum to 1");
}

#[test]
fn a_volume_is_a_map_and_has_channels() {
    let mut harness = view_of("resnet20+bam", cat());
    harness.get_by_label_contains("whole gate 0.");
    harness.get_by_label("show each channel").click();
    harness.run();
    harness.get_by_label_contains("a channel's mean over its positions");
}

#[test]
fn a_gate_that_leaves_the_unit_says_that_its_scale_is_wider() {
    let harness = view_of("resnet20+se(gate=tanh)", cat());
    harness.get_by_label_contains("the scale is widened to its values");
}

/// The class asked about and the one against it are chosen by click and by name; the maps follow.
#[test]
fn evidence_is_asked_for_any_class_and_by_any_method() {
    let mut harness = trained();
    harness.key_press(egui::Key::C);
    explained(&mut harness);
    harness.get_by_label_contains("Evidence for ");
    // The most likely class, the next one and their difference; before and after the gates, the output.
    assert_eq!(harness.query_all_by_label_contains("evidence: ").count(), 6);
    assert!(harness.query_all_by_label_contains("rather than").count() >= 1);
    // On a slow machine it is asked for.
    if harness.query_by_label("Try it").is_some() {
        harness.get_by_label("Try it").click_accesskit();
        explained(&mut harness);
    }
    harness.get_by_label_contains("of 5 random orders did");
    let field = harness.get_by_label("class by number or name");
    field.focus();
    harness.run();
    harness.get_by_label("class by number or name").type_text("star");
    harness.run();
    harness.key_press(egui::Key::Enter);
    explained(&mut harness);
    harness.get_by_label("Evidence for star");
    harness.get_by_label("evidence: star");
    harness.get_by_label("class by number or name").focus();
    harness.run();
    harness.get_by_label("class by number or name").type_text("sqare");
    harness.run();
    harness.key_press(egui::Key::Enter);
    explained(&mut harness);
    harness.get_by_label_contains("no class is called so");
}

/// A gate is replaced by a click or a key, and the decision is shown before and after; all gates are ranked.
#[test]
fn a_gate_is_replaced_and_its_effect_is_told() {
    let mut harness = trained();
    harness.get_by_label("Effect").click();
    explained(&mut harness);
    harness.get_by_label_contains("they do not add");
    assert_eq!(harness.query_all_by_label_contains(", KL and Δ logit").count(), 14);
    harness.key_press(egui::Key::M);
    explained(&mut harness);
    harness.get_by_label_contains("1 of 14 gates replaced");
    assert!(harness.query_all_by_label_contains(" → ").count() >= 5, "classes before and after");
    harness.get_by_label("zeros").click();
    explained(&mut harness);
    harness.get_by_label_contains("branch closed");
    harness.get_by_label("All at their means").click();
    explained(&mut harness);
    harness.get_by_label_contains("14 of 14 gates replaced");
    harness.key_press(egui::Key::R);
    explained(&mut harness);
    assert!(harness.query_by_label_contains("gates replaced").is_none());
    harness.get_by_label_contains("nothing is changed");
}

/// A click paints a cell of a map or a bar of channels, and the network answers.
#[test]
fn a_gate_is_painted_by_hand() {
    let mut harness = trained();
    harness.key_press(egui::Key::E);
    explained(&mut harness);
    harness.get_by_label_contains("paint layer3").click();
    explained(&mut harness);
    harness.get_by_label_contains("1 of 14 gates replaced");
    assert!(harness.query_all_by_label_contains(" → ").count() >= 5, "classes before and after");
    harness.key_press(egui::Key::R);
    harness.key_press(egui::Key::Home);
    explained(&mut harness);
    harness.get_by_label_contains("EACH ALONE AT 0");
    harness.get_by_label("paint layer1.0 CAM").click();
    explained(&mut harness);
    harness.get_by_label_contains("1 of 14 gates replaced");
}

/// The grid of a layer's channels, the one chosen before and after its gate.
#[test]
fn channels_are_looked_at_before_and_after_their_gate() {
    let mut harness = trained();
    harness.key_press(egui::Key::F);
    explained(&mut harness);
    harness.get_by_label("after the gates");
    harness.get_by_label_contains("its channel gate");
    harness.get_by_label("index").click();
    explained(&mut harness);
    harness.get_by_label_contains("channel 1, adds").click();
    explained(&mut harness);
    harness.get_by_label("CHANNEL 1");
}

/// Two networks on one photo: both maps and their difference, and the classes of both in one table.
#[test]
fn two_networks_are_looked_at_side_by_side() {
    let sample = crate::compute::lab::data::object_samples()[0].name.clone();
    let networks = ["cbam", "sam"].map(|name| SavedNetwork::bundled(name).expect("there")).to_vec();
    let mut harness = view_of_networks(networks, PictureChoice::Sample(sample));
    harness.key_press(egui::Key::L);
    explained(&mut harness);
    harness.get_by_label("evidence: A − B");
    harness.get_by_label_contains("orange: more in A");
    assert!(harness.query_all_by_label_contains("Δ ").count() >= 5, "the classes of both");
}

#[test]
fn what_random_weights_say_is_said_to_be_nothing() {
    let mut harness = view_of("resnet20+cbam", cat());
    harness.key_press(egui::Key::E);
    explained(&mut harness);
    harness.get_by_label_contains("these numbers say nothing");
    harness.key_press(egui::Key::C);
    explained(&mut harness);
    assert!(harness.query_all_by_label_contains("these numbers say nothing").count() >= 1);
}

#[test]
fn evidence_works_without_attention_and_effect_says_what_is_missing() {
    let mut harness = view_of("resnet20", cat());
    harness.key_press(egui::Key::C);
    explained(&mut harness);
    assert_eq!(harness.query_all_by_label_contains("evidence: ").count(), 3);
    harness.key_press(egui::Key::E);
    explained(&mut harness);
    harness.get_by_label_contains("paint some in the matrix");
}
