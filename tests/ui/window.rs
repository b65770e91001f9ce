//! What lies over and around the views: messages, the palette, tooltips, the keyboard, what the window is opened with.

use std::path::PathBuf;

use eframe::egui;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use gatescope::desktop::App;
use gatescope::desktop::document::{Command, PictureChoice, ThemeChoice, View};
use gatescope::desktop::session::Session;
use gatescope::network::Model;

use crate::{ctrl, settle, window, window_with};

const SIZE: [f32; 2] = [1280.0, 800.0];

/// Pictures of one colour each, in a folder.
fn pictures(folder: &std::path::Path, names: &[&str]) -> Vec<PathBuf> {
    let one = |(index, name): (usize, &&str)| {
        let path = folder.join(name);
        let colour = image::Rgb([40 * index as u8, 90, 200]);
        image::RgbImage::from_pixel(48, 40, colour).save(&path).expect("writes");
        path
    };
    names.iter().enumerate().map(one).collect()
}

fn shown(harness: &Harness<'static, App>) -> PictureChoice {
    harness.state().document().picture().clone()
}

#[test]
fn pictures_given_together_are_all_there_to_be_stepped_through() {
    let folder = tempfile::tempdir().expect("a folder");
    let names = ["one.png", "猫の写真 🐱 قطة.png", "three.png"];
    let paths = pictures(folder.path(), &names);
    let mut harness = window_with(&Session::default(), SIZE, ThemeChoice::Dark);
    harness.state_mut().send(Command::Show(View::Inspect));
    harness.state_mut().send(Command::Open(paths.clone()));
    settle(&mut harness);
    assert_eq!(shown(&harness), PictureChoice::File(paths[0].clone()));
    harness.get_by_label_contains("1 of 3");
    for (key, at) in
        [(egui::Key::PageDown, 1), (egui::Key::PageDown, 2), (egui::Key::PageDown, 0), (egui::Key::PageUp, 2)]
    {
        harness.key_press(key);
        harness.run_ok();
        assert_eq!(shown(&harness), PictureChoice::File(paths[at].clone()));
    }
    harness.get_by_label("Next picture").click();
    harness.run_ok();
    assert_eq!(shown(&harness), PictureChoice::File(paths[0].clone()));
    settle(&mut harness);
    let app = harness.state();
    let network = app.document().active().expect("one");
    assert!(app.jobs().inspection(network).is_some(), "it is run");
}

#[test]
fn a_network_the_window_is_opened_with_is_the_one_that_is_shown() {
    let mut harness = window(SIZE, ThemeChoice::Dark);
    let specs = |harness: &Harness<'static, App>| -> Vec<String> {
        harness.state().document().networks().iter().map(|network| network.model.to_string()).collect()
    };
    let given =
        |texts: &[&str]| Command::ShowNetworks(texts.iter().map(|text| Model::parse(text).expect(text)).collect());
    harness.state_mut().send(given(&["resnet18+se", "resnet34"]));
    harness.run_ok();
    assert_eq!(specs(&harness), ["resnet50", "resnet50+cbam", "resnet18+se", "resnet34"]);
    let active = |harness: &Harness<'static, App>| harness.state().document().active().expect("one").model.to_string();
    assert_eq!(active(&harness), "resnet18+se");
    // The same again: it is there already.
    harness.state_mut().send(given(&["resnet50"]));
    harness.run_ok();
    assert_eq!((specs(&harness).len(), active(&harness).as_str()), (4, "resnet50"));
}

#[test]
fn the_palette_keeps_its_size_and_takes_every_letter() {
    let mut harness = window(SIZE, ThemeChoice::Dark);
    ctrl(&mut harness, egui::Key::K);
    let place = |harness: &Harness<'static, App>| harness.get_by_label("Search").rect();
    let before = place(&harness);
    harness.get_by_label("Search").type_text("zzzz");
    harness.run_ok();
    harness.get_by_label("Nothing by that name");
    assert_eq!(place(&harness), before, "nothing moves");
    harness.key_press(egui::Key::Escape);
    harness.run_ok();
    ctrl(&mut harness, egui::Key::K);
    assert_eq!(place(&harness), before, "nor the next time");
    harness.key_press(egui::Key::Escape);
    harness.run_ok();

    // Typed faster than frames are drawn: the letters come with the key that opens it, and in the frame after.
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::K);
    harness.event(egui::Event::Text("hug".to_owned()));
    harness.step();
    harness.event(egui::Event::Text("ging".to_owned()));
    harness.step();
    harness.run_ok();
    assert_eq!(harness.get_by_label("Search").value().as_deref(), Some("hugging"));
    harness.get_by_label_contains("Open from Hub");
}

#[test]
fn tooltips_leave_when_something_covers_what_they_are_of() {
    let mut harness = window(SIZE, ThemeChoice::Dark);
    harness.get_by_label("se at layer1.0").hover();
    for _ in 0..60 {
        harness.step();
    }
    let lines =
        |harness: &Harness<'static, App>| harness.query_all_by_label_contains("element-wise operations").count();
    assert_eq!(lines(&harness), 1, "the tooltip is there");
    ctrl(&mut harness, egui::Key::K);
    assert_eq!(lines(&harness), 0);
}

#[test]
fn messages_cover_nothing_that_is_read_and_leave_by_escape() {
    let mut harness = window(SIZE, ThemeChoice::Dark);
    harness.state_mut().send(Command::Show(View::Inspect));
    settle(&mut harness);
    let strip = harness.get_by_label("gates in depth order").rect();
    let folder = tempfile::tempdir().expect("a folder");
    harness.state_mut().send(Command::Open(vec![folder.path().to_path_buf()]));
    settle(&mut harness);
    let said = "a folder without files";
    let message = harness.get_by_label_contains(said).rect();
    assert!(!message.intersects(strip), "{message} {strip}");
    for name in ["Network", "Lab", "Open picture…"] {
        let other = harness.get_by_label(name).rect();
        assert!(!message.intersects(other), "{name}: {message} {other}");
    }
    assert!(message.bottom() < 80.0, "it stays in the window's head: {message}");
    // A long one, too: it is cut, and read in full under the pointer.
    let long = folder.path().join("a name that goes on and on ".repeat(8));
    std::fs::create_dir(&long).expect("a folder");
    harness.state_mut().send(Command::Open(vec![long]));
    settle(&mut harness);
    let message = harness.get_by_label_contains("goes on and on").rect();
    assert!(message.bottom() < 80.0 && message.left() > harness.get_by_label("Lab").rect().right(), "{message}");
    harness.key_press(egui::Key::Escape);
    harness.run_ok();
    assert!(harness.query_by_label_contains(said).is_none());
}

#[test]
fn what_was_recognised_can_be_read_again() {
    let mut harness = window_with(&Session::default(), SIZE, ThemeChoice::Dark);
    let network = harness.state().document().active().expect("one").id;
    harness.state_mut().send(Command::ShowRecognised(network));
    let started = std::time::Instant::now();
    while harness.query_by_label_contains("Recognised: resnet20").is_none() {
        assert!(started.elapsed() < crate::PATIENCE, "it is said");
        harness.step();
    }
    assert_eq!(harness.state().document().networks().len(), 2, "nothing is added");
    harness.key_press(egui::Key::Escape);
    harness.run_ok();
    assert!(harness.query_by_label_contains("Recognised: resnet20").is_none());
}

#[test]
fn a_photo_on_a_network_of_ten_shapes_is_said_to_be_beyond_it() {
    let mut harness = window_with(&Session::default(), SIZE, ThemeChoice::Dark);
    harness.state_mut().send(Command::Show(View::Inspect));
    settle(&mut harness);
    let said = "knows ten classes only";
    assert!(harness.query_by_label_contains(said).is_none(), "a generated picture is what it knows");
    harness.state_mut().send(Command::SetPicture(PictureChoice::Sample("cat.png".to_owned())));
    settle(&mut harness);
    harness.get_by_label_contains(said);
}

#[test]
fn a_wrong_file_is_named_and_leaves_the_picture_as_it_is() {
    let root = tempfile::tempdir().expect("a folder");
    let wrong = root.path().join("letter.png");
    std::fs::write(&wrong, "Dear Sir").expect("writes");
    let mut harness = window(SIZE, ThemeChoice::Dark);
    let before = shown(&harness);
    harness.state_mut().send(Command::Open(vec![wrong]));
    settle(&mut harness);
    assert_eq!(shown(&harness), before);
    let app = harness.state();
    let network = app.document().active().expect("one");
    assert!(app.jobs().inspection(network).is_some(), "the gates are gone");
    harness.get_by_label_contains("letter.png");
}

#[test]
fn a_folder_of_pictures_is_opened_without_its_bad_one() {
    let root = tempfile::tempdir().expect("a folder");
    for index in 0..4 {
        let picture = image::RgbImage::from_pixel(8, 8, image::Rgb([50 * index as u8; 3]));
        picture.save(root.path().join(format!("{index}.png"))).expect("writes");
    }
    std::fs::write(root.path().join("0.png"), "no picture").expect("writes");
    let mut harness = window(SIZE, ThemeChoice::Dark);
    harness.state_mut().send(Command::Open(vec![root.path().to_path_buf()]));
    settle(&mut harness);
    assert_eq!(shown(&harness), PictureChoice::File(root.path().join("1.png")));
    harness.state_mut().send(Command::StepPicture(-1));
    settle(&mut harness);
    assert_eq!(shown(&harness), PictureChoice::File(root.path().join("3.png")));
}
