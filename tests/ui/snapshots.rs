//! Pictures of each view, one theme and size each, compared with `tests/snapshots`; what the other theme says is compared
//! by the accessibility tree, its colours by the theme's own tests. Pictures are drawn by a software Vulkan driver (lavapipe);
//! where there is none, the views are still laid out and their accessibility trees read.
//!
//! `UPDATE_SNAPSHOTS=1 cargo test --test ui snapshots` writes them anew: look at every one before you commit it.

use eframe::egui;
use egui_kittest::kittest::{NodeT, Queryable};
use egui_kittest::{Harness, SnapshotOptions};
use gatescope::compute::lab::data::object_samples;
use gatescope::desktop::App;
use gatescope::desktop::document::{
    Command, Document, PictureChoice, Project, SavedNetwork, Selection, ThemeChoice, View,
};
use gatescope::desktop::session::Session;
use gatescope::network::Model;

use crate::{has_vulkan, settle, window, window_with};

/// Every view in one theme and size.
fn views(name: &str, size: [f32; 2], theme: ThemeChoice) {
    let drawn = has_vulkan();
    if !drawn {
        eprintln!(
            "no Vulkan driver: {name} is laid out but not compared (Debian: apt-get install mesa-vulkan-drivers)"
        );
    }
    let mut harness = window(size, theme);
    let selection =
        Selection { part: Some("layer3.2".to_owned()), gate: Some("layer3.2.cbam.SpatialGate.gate".to_owned()) };
    harness.state_mut().send(Command::Select(selection));
    for view in View::ALL {
        harness.state_mut().send(Command::Show(view));
        settle(&mut harness);
        harness.get_by_label(view.title());
        if drawn {
            hide_times(&mut harness, size, view);
            // Different CPUs round differently in inference and in the rasteriser: a few pixels of slack.
            let options = SnapshotOptions::new().threshold(1.0).max_failed_pixels(200_usize);
            harness.snapshot_options(format!("{}-{name}", view.title().to_lowercase()), &options);
        }
    }
}

/// The cost table with times, which are other ones each time: they are covered, what stands around them is compared.
fn measured(name: &str, size: [f32; 2], theme: ThemeChoice) {
    let mut harness = window(size, theme);
    let selection = Selection { part: Some("layer3.2.conv2".to_owned()), gate: None };
    harness.state_mut().send(Command::Select(selection));
    harness.state_mut().send(Command::Show(View::Costs));
    let active = harness.state().document().active().expect("one").id;
    harness.state_mut().send(Command::Measure(active));
    harness.step();
    settle(&mut harness);
    // Whatever the numbers are, the same places are covered.
    let [width, height] = size;
    let line = harness.get_by_label_contains("Written out: ").rect();
    let foot = harness.get_by_label_contains("Time: ").rect().y_range();
    let mut masks = vec![line, egui::Rect::from_x_y_ranges(line.x_range(), foot)];
    for title in ["ms", "% time", "GF/s"] {
        masks.extend(harness.query_all_by_label(&format!("Sort by {title}")).map(|heading| {
            let heading = heading.rect();
            egui::Rect::from_min_max(heading.left_bottom(), egui::pos2(heading.right(), line.top() - 4.0))
        }));
    }
    masks.extend(harness.query_all_by_label_contains("of Time").map(|share| share.rect()));
    for words in [" ms · ", " GF/s"] {
        let facts = harness.query_all_by_label_contains(words).filter(|value| value.rect().left() > width - 300.0);
        masks.extend(
            facts.map(|value| {
                egui::Rect::from_x_y_ranges(width - 200.0..=width - 4.0, value.rect().expand(2.0).y_range())
            }),
        );
    }
    // The status bar, from the time on.
    masks.push(egui::Rect::from_min_max(egui::pos2(440.0, height - 30.0), egui::pos2(width - 140.0, height - 2.0)));
    if has_vulkan() {
        for mask in masks {
            harness.mask(mask);
        }
        let options = SnapshotOptions::new().threshold(1.0).max_failed_pixels(200_usize);
        harness.snapshot_options(format!("costs-measured-{name}"), &options);
    }
}

/// How long inference took is another number each time: the places that say so are covered.
fn hide_times(harness: &mut Harness<'static, App>, [width, height]: [f32; 2], view: View) {
    let corner = |x: f32, y: f32| egui::pos2(x, y);
    harness.mask(egui::Rect::from_min_max(corner(width - 520.0, height - 30.0), corner(width - 140.0, height - 2.0)));
    if view == View::Inspect {
        // The picture's line stands beside the buttons, at the right edge.
        harness.mask(egui::Rect::from_min_max(corner(width - 380.0, 84.0), corner(width - 12.0, 122.0)));
    }
}

/// One network with one of its blocks opened.
fn opened(name: &str, spec: &str, part: &str, theme: ThemeChoice) {
    let networks = vec![SavedNetwork::untrained(Model::parse(spec).expect(spec))];
    let picture = PictureChoice::Sample("cat.png".to_owned());
    let document = Document::of(&Project { networks, active: 0, picture });
    let size = [1280.0, 800.0];
    let mut harness = window_with(&Session::beginning_with(document), size, theme);
    harness.state_mut().send(Command::Select(Selection { part: Some(part.to_owned()), gate: None }));
    settle(&mut harness);
    if harness.query_by_label("Fold repeated blocks").is_some() {
        harness.get_by_label("Fold repeated blocks").click();
        harness.run_ok();
    }
    harness.get_by_label("Unfold all");
    if has_vulkan() {
        hide_times(&mut harness, size, View::Network);
        let options = SnapshotOptions::new().threshold(1.0).max_failed_pixels(200_usize);
        harness.snapshot_options(name, &options);
    }
}

#[test]
fn an_inception_module() {
    opened("network-inception", "inception_v4(input=139)+se", "stage3.2", ThemeChoice::Dark);
}

#[test]
fn a_shufflenet_unit() {
    opened("network-shufflenet", "shufflenet_v2_x1_0+se", "stage3.2", ThemeChoice::Light);
}

#[test]
fn dark_1280() {
    views("dark-1280", [1280.0, 800.0], ThemeChoice::Dark);
}

/// What Inspect asks of networks that have learnt something: evidence, in one network and in two, channels, and what a
/// changed gate does.
#[test]
fn inspect_asks() {
    let size = [1280.0, 800.0];
    let networks = ["sam", "cbam"].map(|name| SavedNetwork::bundled(name).expect("there")).to_vec();
    let picture = PictureChoice::Sample(object_samples()[0].name.clone());
    let document = Document::of(&Project { networks, active: 1, picture });
    let mut harness = window_with(&Session::beginning_with(document), size, ThemeChoice::Light);
    let selection =
        Selection { part: Some("layer2.0".to_owned()), gate: Some("layer2.0.cbam.SpatialGate.gate".to_owned()) };
    harness.state_mut().send(Command::Select(selection));
    harness.state_mut().send(Command::Show(View::Inspect));
    settle(&mut harness);
    for (keys, name, said) in [
        (vec![egui::Key::C], "evidence", "evidence: "),
        (vec![egui::Key::L], "lockstep", "orange: more in"),
        (vec![egui::Key::F], "features", "its channel gate"),
        (vec![egui::Key::E, egui::Key::M], "effect", "they do not add"),
    ] {
        for key in keys {
            harness.key_press(key);
            harness.run_ok();
        }
        settle(&mut harness);
        // On a slow machine it is asked for.
        if harness.query_by_label("Try it").is_some() {
            // Not with the pointer: it would be seen.
            harness.get_by_label("Try it").click_accesskit();
            harness.run_ok();
            settle(&mut harness);
        }
        assert!(harness.query_all_by_label_contains(said).count() > 0, "{name}: {said}");
        if has_vulkan() {
            hide_times(&mut harness, size, View::Inspect);
            // Trained weights have no pill in the status bar: the time stands at its end.
            harness.mask(egui::Rect::from_min_max(egui::pos2(760.0, 770.0), egui::pos2(1270.0, 798.0)));
            let options = SnapshotOptions::new().threshold(1.0).max_failed_pixels(200_usize);
            harness.snapshot_options(format!("inspect-{name}-light-1280"), &options);
        }
    }
}

// One harness a test: a second one's pictures would be lost.
#[test]
fn measured_dark_1280() {
    measured("dark-1280", [1280.0, 800.0], ThemeChoice::Dark);
}

/// Everything that is said in the window, in its order.
fn said(harness: &Harness<'static, App>) -> Vec<String> {
    harness.root().children_recursive().filter_map(|node| node.accesskit_node().label()).collect()
}

#[test]
fn the_light_theme_says_in_every_view_what_the_dark_one_says() {
    let mut harness = window([1920.0, 1080.0], ThemeChoice::Dark);
    for view in View::ALL {
        harness.state_mut().send(Command::Show(view));
        settle(&mut harness);
        let dark = said(&harness);
        assert!(dark.len() > 20, "{}: {dark:?}", view.title());
        harness.state_mut().send(Command::SetTheme(ThemeChoice::Light));
        settle(&mut harness);
        assert_eq!(said(&harness), dark, "{}", view.title());
        harness.state_mut().send(Command::SetTheme(ThemeChoice::Dark));
    }
}
