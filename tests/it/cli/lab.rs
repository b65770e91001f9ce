//! The lab without a window.

use std::fs;

use image::{Rgb, RgbImage};

use super::{folder, listing, refused, run, success};

#[test]
fn a_contact_sheet_is_written_and_always_the_same() {
    let root = folder();
    let [one, two] = ["one.png", "two.png"].map(|name| root.path().join(name).display().to_string());
    let said = success(["lab", "sheet", "--rows", "2", "--out", &one]);
    assert!(said.contains("one.png") && said.contains("10 classes"), "{said}");
    success(["lab", "sheet", "--rows", "2", "--out", &two]);
    assert_eq!(fs::read(&one).expect("reads"), fs::read(&two).expect("reads"));
    assert!(image::open(&one).expect("a picture").width() > 640);
    assert_eq!(listing(root.path()), ["one.png", "two.png"]);
}

#[test]
fn a_folder_is_shown_without_its_broken_files() {
    let root = folder();
    let photos = root.path().join("photos");
    for (class, level) in [("day", 230), ("night", 20)] {
        fs::create_dir_all(photos.join(class)).expect("a folder");
        for index in 0..12_u8 {
            let picture = RgbImage::from_pixel(80, 64, Rgb([level, level, index]));
            picture.save(photos.join(class).join(format!("{index}.png"))).expect("writes");
        }
    }
    fs::write(photos.join("day/notes.txt"), "not a picture").expect("writes");
    let out = root.path().join("sheet.png");
    let arguments = ["lab", "sheet", "--split", "train", "--data"].map(Into::into);
    let output =
        run(arguments.into_iter().chain([photos.into_os_string(), "--out".into(), out.clone().into_os_string()]));
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let note = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(note.contains("notes.txt") && note.contains("no picture of night") && note.lines().count() == 2, "{note}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("2 classes"));
    let page = image::open(&out).expect("a picture").into_rgb8();
    assert!(page.get_pixel(10, 10).0[0] > 200 && page.get_pixel(80, 10).0[0] < 50, "columns are not classes");
}

#[test]
fn sheets_that_cannot_be_are_refused() {
    let root = folder();
    let inside = |name: &str| root.path().join(name).display().to_string();
    let out = inside("sheet.png");
    refused(["lab", "sheet", "--rows", "0", "--out", &out], &["rows", "0", "64"]);
    refused(["lab", "sheet", "--scale", "99", "--out", &out], &["99"]);
    refused(["lab", "sheet", "--data", &inside("none"), "--out", &out], &["none", "no such folder"]);
    refused(["lab", "sheet", "--data", &root.path().display().to_string(), "--out", &out], &["sub-folders"]);
    refused(["lab", "sheet", "--out", &inside("none/sheet.png")], &["--out", "no such folder"]);
    refused(["lab"], &["gatescope lab --help"]);
    assert_eq!(listing(root.path()), Vec::<String>::new());
}
