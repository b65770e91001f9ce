//! While files hover over the window: what dropping them will do.

use std::path::Path;

use eframe::egui;
use egui::{Align2, Id, LayerId, Order, Rect, Shape, Stroke, Ui, vec2};

use super::super::Shared;
use super::super::theme::{self, opacity, palette, size};

/// Endings by what a file is.
const PICTURES: [&str; 13] =
    ["png", "jpg", "jpeg", "webp", "bmp", "gif", "tif", "tiff", "jfif", "ppm", "pgm", "pbm", "pnm"];
const WEIGHTS: [&str; 1] = ["safetensors"];
const SPECS: [&str; 1] = ["toml"];

pub(super) fn overlay(ui: &Ui, rect: Rect, shared: &Shared) {
    let files = ui.input(|input| {
        input.raw.hovered_files.iter().map(|file| file.path.clone().unwrap_or_default()).collect::<Vec<_>>()
    });
    if files.is_empty() {
        return;
    }
    let active = shared.active().map(|network| format!("{} {}", network.letter(), network.graph().name));
    let (title, hint) = promise(&files.iter().map(AsRef::as_ref).collect::<Vec<_>>(), active.as_deref());
    let colours = palette(ui);
    let painter = ui.ctx().layer_painter(LayerId::new(Order::Foreground, Id::unique("inspect drop")));
    painter.rect_filled(rect, 0.0, colours.canvas.gamma_multiply(opacity::DROP));
    let edge = rect.shrink(size::PADDING);
    let corners = [edge.left_top(), edge.right_top(), edge.right_bottom(), edge.left_bottom(), edge.left_top()];
    painter.extend(Shape::dashed_line(&corners, Stroke::new(1.5, colours.accent), 8.0, 6.0));
    let middle = rect.center();
    painter.text(middle, Align2::CENTER_BOTTOM, title, theme::semibold(size::TITLE), colours.text);
    painter.text(middle + vec2(0.0, size::GAP), Align2::CENTER_TOP, hint, theme::regular(size::TEXT), colours.muted);
}

/// What dropping these files will do: a title and a sentence. Files without a name are not told apart.
fn promise(files: &[&Path], active: Option<&str>) -> (String, String) {
    let name = |file: &Path| file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let [file] = files else {
        return (
            format!("Drop to open {} files", files.len()),
            "pictures, weights and specs, each for what it is".into(),
        );
    };
    let ending = file.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    let is = |endings: &[&str]| endings.contains(&ending.as_str());
    let title = if name(file).is_empty() { "Drop to open".to_owned() } else { format!("Drop to open {}", name(file)) };
    let hint = if is(&PICTURES) {
        "as the picture: every network looks at it".to_owned()
    } else if is(&WEIGHTS) {
        active.map_or_else(
            || "add a network first: weights need one".to_owned(),
            |name| format!("as the weights of {name}"),
        )
    } else if is(&SPECS) {
        "as a network or a project".to_owned()
    } else {
        "pictures (PNG, JPEG, WebP, TIFF, ...), weights (.safetensors) and specs (.toml) can be opened".to_owned()
    };
    (title, hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(file: &str) -> String {
        promise(&[Path::new(file)], Some("B resnet50+cbam")).1
    }

    #[test]
    fn says_what_will_happen() {
        assert!(hint("photos/My Cat.JPG").contains("picture"));
        assert_eq!(hint("net.safetensors"), "as the weights of B resnet50+cbam");
        assert!(hint("net.toml").contains("project"));
        assert!(hint("notes.docx").contains(".safetensors"));
        assert_eq!(promise(&[Path::new("a.png"), Path::new("b.png")], None).0, "Drop to open 2 files");
        assert!(promise(&[Path::new("net.safetensors")], None).1.contains("add a network"));
    }
}
