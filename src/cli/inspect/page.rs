//! The text form of an inspection.

use std::path::Path;

use super::result::Inspected;
use super::{All, Setting};
use crate::cli::page::Page;
use crate::cli::subject::UNTRAINED;
use crate::cli::table::{Cell, Table};

/// Every image's guesses and gates; `index` is the page that was written.
pub(super) fn page(setting: &Setting, all: &All, index: Option<&Path>) -> Page {
    let mut page = Page::default();
    for result in all.results {
        add(&mut page, setting, result);
    }
    for skipped in all.skipped {
        page.line(format!("Left out: {}", skipped.reason));
    }
    if let Some(index) = index {
        page.line(format!("Wrote {}", index.display()));
    }
    page
}

fn add(page: &mut Page, setting: &Setting, result: &Inspected) {
    page.heading(format!("{} on {}", setting.graph.name, result.path.display()));
    let report = setting.weights.report();
    page.line(match setting.weights.is_trained() {
        true => format!("Weights: {}, {} tensors matched", setting.source(), report.matched),
        false => format!("Weights: UNTRAINED, {}; {UNTRAINED}", setting.source()),
    });
    for sentence in &report.verdict {
        page.line(format!("  {sentence}"));
    }
    for doubt in &setting.doubts {
        page.line(format!("  {}", doubt.command()));
    }
    if let Some(sentence) = setting.non_finite() {
        page.line(format!("  {sentence}"));
    }
    page.line(format!("{} ({:.0} ms)", input_line(setting, result), result.elapsed.as_secs_f64() * 1e3));
    for line in preparation_lines(setting, result) {
        page.line(format!("  {line}"));
    }
    if let Some(sentence) = result.reading.sentence() {
        page.line(sentence);
    }
    if !result.reading.top.is_empty() {
        page.table(guesses(result));
    }
    if result.gates.is_empty() {
        page.line("No gates: this network has no attention; add some, like +cbam.");
    } else {
        page.table(gates(setting, result));
    }
}

/// `Image: 451×300, shorter side to 256, centre crop 224×224, bilinear`.
pub(super) fn input_line(setting: &Setting, result: &Inspected) -> String {
    let [width, height] = result.size;
    format!("Image: {width}×{height}, {}", setting.preprocessing.words())
}

/// What becomes of the values, what decoding changed, and who says so: a line each.
pub(super) fn preparation_lines(setting: &Setting, result: &Inspected) -> Vec<String> {
    let mut lines = vec![setting.preprocessing.words_of_values()];
    lines.extend(result.changes.iter().map(|change| change.words().to_owned()));
    lines.push(format!("prepared as {} says", setting.prepared_by).replace("defaults says", "defaults say"));
    lines
}

fn guesses(result: &Inspected) -> Table {
    let mut table = Table::new().numbers("class").words("label").numbers("logit").numbers("probability");
    for guess in &result.reading.top {
        table.row(vec![
            Cell::Text(guess.class.to_string()),
            Cell::Text(guess.label.as_deref().unwrap_or("").to_owned()),
            Cell::Value(guess.logit),
            Cell::Value(guess.probability),
        ]);
    }
    table
}

fn gates(setting: &Setting, result: &Inspected) -> Table {
    let mut table = Table::new().words("gate").words("kind").numbers("shape");
    for title in ["mean", "std", "min", "max"] {
        table = table.numbers(title);
    }
    for (index, (gate, found)) in setting.graph.gates.iter().zip(&result.gates).enumerate() {
        let stats = found.stats;
        let mark = if setting.is_grafted(index) { ", grafted" } else { "" };
        let mut row = vec![
            Cell::Text(gate.name.clone()),
            Cell::Text(format!("{}{mark}", gate.kind.as_str())),
            Cell::Text(shape_text(&found.shape)),
        ];
        row.extend([stats.mean, stats.std, stats.min, stats.max].map(Cell::Value));
        table.row(row);
    }
    table
}

/// `256` or `56×56`.
pub(super) fn shape_text(shape: &[usize]) -> String {
    shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("×")
}
