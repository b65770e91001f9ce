//! What can be read and seen, computed from the colours themselves: WCAG 2's contrast.

use super::*;
use crate::network::attention::BLOCKS;

/// For words of any size.
const WORDS: f64 = 4.5;
/// For what can be pressed or filled in, and for marks that carry a meaning.
const SHAPES: f64 = 3.0;

fn luminance(colour: Color32) -> f64 {
    let [r, g, b] = [colour.r(), colour.g(), colour.b()].map(|band| {
        let band = f64::from(band) / 255.0;
        if band <= 0.040_45 { band / 12.92 } else { ((band + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

fn contrast(a: Color32, b: Color32) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// A ground with a colour over it as thin as `share`.
fn tinted(ground: Color32, colour: Color32, share: f32) -> Color32 {
    let mix = |a: u8, b: u8| (f32::from(a) + (f32::from(b) - f32::from(a)) * share).round() as u8;
    Color32::from_rgb(mix(ground.r(), colour.r()), mix(ground.g(), colour.g()), mix(ground.b(), colour.b()))
}

type Named = (String, Color32);

fn named(pairs: &[(&str, Color32)]) -> Vec<Named> {
    pairs.iter().map(|(name, colour)| ((*name).to_owned(), *colour)).collect()
}

/// The hues of attention, each of which is also a text: a formula's, a title's, a curve's name.
fn hues(palette: &Palette) -> Vec<Named> {
    let blocks = BLOCKS.iter().map(|block| block.card().name).chain(["cam", "sam", "off"]);
    let kinds = blocks.map(|name| (name.to_owned(), palette.attention(name)));
    let curves = (0..palette.series_count()).map(|at| (format!("curve {at}"), palette.series(at)));
    kinds.chain(curves).collect()
}

/// Surfaces that words of every role stand on.
fn surfaces(palette: &Palette) -> Vec<Named> {
    named(&[
        ("canvas", palette.canvas),
        ("panel", palette.panel),
        ("raised", palette.raised),
        ("sunken", palette.sunken),
    ])
}

/// Grounds on which there is only text and secondary text: layers, rows in an attention's hue, chosen rows.
fn grounds(palette: &Palette) -> Vec<Named> {
    let mut grounds = named(&[("block", palette.block)]);
    for (under, ground) in surfaces(palette) {
        let chosen = tinted(ground, palette.accent, palette.tint * 1.6);
        grounds.push((format!("a chosen row on {under}"), chosen));
        for (hue, colour) in hues(palette) {
            grounds.push((format!("a row of {hue} on {under}"), tinted(ground, colour, palette.tint)));
        }
    }
    grounds
}

#[track_caller]
fn assert_apart(theme: &str, marks: &[Named], grounds: &[Named], least: f64) {
    for (mark, colour) in marks {
        for (ground, under) in grounds {
            let found = contrast(*colour, *under);
            assert!(found >= least, "{theme}: {mark} on {ground}: {found:.2}, needs {least}");
        }
    }
}

fn themes() -> [(&'static str, &'static Palette); 2] {
    [("dark", &DARK), ("light", &LIGHT)]
}

#[test]
fn the_witness_knows_black_on_white() {
    assert!((contrast(Color32::BLACK, Color32::WHITE) - 21.0).abs() < 1e-9);
    // WebAIM's example: #777777 on white is 4.48, just too little.
    assert!((contrast(Color32::from_gray(119), Color32::WHITE) - 4.48).abs() < 0.005);
}

#[test]
fn every_word_can_be_read_on_every_ground_it_stands_on() {
    for (theme, palette) in themes() {
        let words = named(&[("text", palette.text), ("secondary text", palette.muted)]);
        assert_apart(theme, &words, &surfaces(palette), WORDS);
        assert_apart(theme, &words, &grounds(palette), WORDS);
        let coloured = named(&[("accent", palette.accent), ("warning", palette.difference), ("error", palette.error)]);
        assert_apart(theme, &coloured, &surfaces(palette), WORDS);
        assert_apart(theme, &hues(palette), &surfaces(palette), WORDS);
    }
}

#[test]
fn words_on_colours_and_on_what_is_chosen_can_be_read() {
    for (theme, palette) in themes() {
        let on = named(&[("text on a colour", palette.on_accent)]);
        let mut filled = hues(palette);
        filled.extend(named(&[("accent", palette.accent), ("warning", palette.difference)]));
        assert_apart(theme, &on, &filled, WORDS);
        let mut style = egui::Style::default();
        apply(&mut style, palette);
        let selection = style.visuals.selection;
        let share = f32::from(selection.bg_fill.a()) / 255.0;
        let chosen: Vec<Named> = surfaces(palette)
            .into_iter()
            .map(|(name, ground)| (format!("chosen on {name}"), tinted(ground, palette.accent, share)))
            .collect();
        assert_apart(theme, &[("chosen words".to_owned(), selection.stroke.color)], &chosen, WORDS);
    }
}

#[test]
fn what_can_be_pressed_or_filled_in_stands_out() {
    for (theme, palette) in themes() {
        let mut style = egui::Style::default();
        apply(&mut style, palette);
        let widgets = &style.visuals.widgets;
        // Boxes, fields and cells are known by their edge.
        let edges: Vec<Named> = [
            ("a field, box or button", widgets.inactive.bg_stroke.color),
            ("pointed at", widgets.hovered.bg_stroke.color),
            ("focused", widgets.active.bg_stroke.color),
            ("open", widgets.open.bg_stroke.color),
            ("an empty cell", palette.outline),
        ]
        .map(|(name, colour)| (name.to_owned(), colour))
        .into();
        assert_apart(theme, &edges, &surfaces(palette), SHAPES);
        // A mark inside a box, and a slider's handle.
        let marks: Vec<Named> =
            [("a tick or handle", widgets.inactive.fg_stroke.color)].map(|(a, b)| (a.to_owned(), b)).into();
        assert_apart(theme, &marks, &[("its box".to_owned(), widgets.inactive.bg_fill)], SHAPES);
        assert_apart(theme, &hues(palette), &surfaces(palette), SHAPES);
    }
}

#[test]
fn the_faint_colour_carries_no_words() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/desktop");
    let mut folders = vec![folder];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("theme/tests.rs") {
                sources.push(path);
            }
        }
    }
    assert!(sources.len() > 50);
    let letters = ["RichText", "text(", "layout_no_wrap", "galley", "label("];
    for path in sources {
        let source = std::fs::read_to_string(&path).expect("a source");
        for statement in source.split(';').filter(|statement| statement.contains(".faint")) {
            let guilty = letters.iter().find(|word| statement.contains(**word));
            assert!(guilty.is_none(), "{}: {statement}", path.display());
        }
    }
}

/// CIE L*a*b* under D65.
fn lab(colour: Color32) -> [f64; 3] {
    let [r, g, b] = [colour.r(), colour.g(), colour.b()].map(|band| {
        let band = f64::from(band) / 255.0;
        if band <= 0.040_45 { band / 12.92 } else { ((band + 0.055) / 1.055).powf(2.4) }
    });
    let x = (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.950_47;
    let y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    let z = (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.088_83;
    let [x, y, z] = [x, y, z].map(|t| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

fn apart(a: Color32, b: Color32) -> f64 {
    let (a, b) = (lab(a), lab(b));
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

#[test]
fn ten_networks_have_ten_colours_and_none_is_the_warning_s() {
    for (theme, palette) in themes() {
        for slot in 0..DISTINCT {
            let colour = palette.network(slot);
            assert!(apart(colour, palette.difference) > 25.0, "{theme}: {slot} looks like a warning");
            let others = (0..slot).map(|other| apart(colour, palette.network(other)));
            assert!(others.fold(f64::INFINITY, f64::min) > 15.0, "{theme}: {slot} looks like another");
            let name = [(format!("network {slot}"), colour)];
            assert_apart(theme, &name, &surfaces(palette)[..2], WORDS);
        }
        for curve in 0..palette.series_count() {
            assert!(apart(palette.series(curve), palette.difference) > 20.0, "{theme}: curve {curve}");
        }
    }
}
