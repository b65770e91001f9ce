//! `gatescope draw`: figures of networks and blocks, as vectors with their text, and what is refused.

use std::fs;
use std::path::Path;

use super::{refused, run};

fn photo() -> String {
    format!("{}/tests/reference/photos/cat224.png", env!("CARGO_MANIFEST_DIR"))
}

fn drawn(folder: &Path, name: &str, arguments: &[&str]) -> Vec<u8> {
    let out = folder.join(name);
    let output = run(["draw"].iter().chain(arguments).copied().chain(["--out", out.to_str().expect("text")]));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    // Who asks for gates without weights is told what they are.
    assert_eq!(said.contains("gates of untrained weights"), arguments.contains(&"--gates"), "{said}");
    fs::read(&out).expect("was written")
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("text")
}

#[test]
fn a_block_is_drawn_with_every_layer_as_text_at_the_width_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let figure = text(drawn(
        folder.path(),
        "a.svg",
        &["resnet50+cbam", "--open", "layer3.2", "--width", "180", "--theme", "print"],
    ));
    assert!(figure.contains("width=\"180mm\"") && figure.contains("<title>resnet50+cbam, layer3.2</title>"));
    // The three convolutions with their weights, both gates, what they are made of, the sum.
    for wanted in ["1×1, 256", "3×3, 256", "589,824", "1×1, 1024", "CAM", "SAM", "fc 64", "7×7, 1", "σ", "gate 14 × 14"]
    {
        assert!(figure.contains(&format!(">{wanted}</text>")), "{wanted}");
    }
    let twice = text(drawn(
        folder.path(),
        "a.svg",
        &["resnet50+cbam", "--open", "layer3.2", "--width", "180", "--theme", "print"],
    ));
    assert_eq!(twice, figure, "the same figure every time, over its own file");
}

#[test]
fn an_overview_names_the_stages_and_folds_as_the_window_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let folded = text(drawn(folder.path(), "a.svg", &["resnet152+se"]));
    assert!(
        folded.contains(">layer3</text>") && folded.contains(">× 35</text>") && folded.contains(">1024 × 14²</text>")
    );
    let whole = text(drawn(folder.path(), "b.svg", &["resnet152+se", "--unfold"]));
    assert!(!whole.contains("× 35") && whole.len() > 2 * folded.len());
}

#[test]
fn gates_are_those_of_the_picture() {
    let folder = tempfile::tempdir().expect("a folder");
    let photo = photo();
    let block = ["resnet18+cbam", "--open", "layer4.1", "--gates", &photo];
    let figure = text(drawn(folder.path(), "a.svg", &block));
    assert!(
        figure.contains("data:image/png;base64,") && figure.contains("Gates of cat224.png with untrained weights.")
    );
    let without = text(drawn(folder.path(), "b.svg", &["resnet18+cbam", "--open", "layer4.1"]));
    assert!(!without.contains("data:image/png") && without.contains("Gates not run."));
    let other = text(drawn(folder.path(), "c.svg", &block.into_iter().chain(["--seed", "7"]).collect::<Vec<_>>()));
    assert_ne!(other, figure, "other weights, other gates");
}

#[test]
fn pdf_and_png_have_the_figures_size() {
    let folder = tempfile::tempdir().expect("a folder");
    let pdf = drawn(folder.path(), "a.pdf", &["resnet18+se", "--width", "127"]);
    assert!(pdf.starts_with(b"%PDF-") && String::from_utf8_lossy(&pdf).contains("/MediaBox[0 0 360 "));
    let png = drawn(folder.path(), "a.png", &["resnet18+se", "--width", "127", "--dpi", "100"]);
    assert_eq!(image::load_from_memory(&png).expect("a PNG").width(), 500);
}

#[test]
fn what_cannot_be_drawn_is_said_before_any_work() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = |name: &str| folder.path().join(name).to_str().expect("text").to_owned();
    refused(["draw", "resnet18", "--out", &out("a.gif")], &["a.gif", ".svg, .pdf or .png"]);
    refused(["draw", "resnet18", "--out", &out("a.svg"), "--open", "layer9.0"], &["--open layer9.0", "layer"]);
    refused(["draw", "resnet18", "--out", &out("a.svg"), "--width", "3"], &["--width 3", "10 to 2000 millimetres"]);
    refused(["draw", "resnet18", "--out", &out("none/a.svg")], &["no such folder"]);
    fs::write(out("mine.svg"), "<svg/>").expect("can be written");
    refused(["draw", "resnet18", "--out", &out("mine.svg")], &["mine.svg"]);
    assert_eq!(fs::read_to_string(out("mine.svg")).expect("there"), "<svg/>");
    let status = run(["draw", "resnet18", "--out", &out("a.svg"), "--gates", &out("nothing.png")]).status;
    assert_eq!(status.code(), Some(2));
}
