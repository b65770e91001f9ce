//! `gatescope weights`: which network a checkpoint is of, and how its tensors meet it.

use std::ffi::OsString;

use serde::Serialize;

use super::error::CliError;
use super::format::{self, Format};
use super::page::Page;
use super::table::{Cell, Table};
use super::{doubts, mismatch, output, source, spec};
use crate::compute::weights::checkpoint::{Metadata, StateDict};
use crate::compute::weights::{Checkpoint, LoadReport, Recognised, Weights, WeightsError};
use crate::network::number;
use crate::network::suggest::printable;

const EXAMPLES: &str = "\
Examples:
  gatescope weights resnet50.pth
  gatescope weights cbam.safetensors --format json
  gatescope weights hf:timm/seresnet50.a1_in1k
  gatescope weights cbam.pth --tensors         every tensor, by both its names
  gatescope weights run.pth --which teacher    one of several state_dicts

A file whose network is not recognised is listed tensor by tensor.";

/// Renamed tensors shown where not all are asked for.
const SHOWN: usize = 8;

/// The command's arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// A checkpoint: safetensors or PyTorch, a file or hf:OWNER/NAME[@REVISION][/FILE]
    #[arg(value_name = "FILE")]
    file: OsString,
    #[command(flatten)]
    which: source::Which,
    #[command(flatten)]
    print: format::Args,
    /// Every tensor, not only those with another name
    #[arg(long)]
    tensors: bool,
}

/// Opens, recognises, loads and reports.
///
/// # Errors
/// A file that cannot be read; one that is not recognised is a result, not an error.
pub fn run(args: &Args) -> Result<(), CliError> {
    let path = args.which.of(&source::resolve(&args.file)?.path);
    let opened = spec::opened(&path)?;
    let file = opened.file();
    let outcome = match opened.recognised() {
        Ok(found) => {
            let weights = Weights::of(&found.graph, &opened).map_err(CliError::input)?;
            Ok((found, weights.report().clone()))
        }
        // The tensors are listed below.
        Err(WeightsError::Unrecognised { path, reason }) => Err(format!("{}: {reason}", path.display())),
        Err(error) => Err(error.to_string()),
    };
    match args.print.format {
        Format::Json => output::print_json(&value(file, &outcome)),
        Format::Table => output::print(&page(file, &outcome, args.tensors).text()),
    }
}

type Outcome<'a> = Result<(&'a Recognised, LoadReport), String>;

fn page(file: &Checkpoint, outcome: &Outcome, all: bool) -> Page {
    let mut page = Page::default();
    match outcome {
        Ok((found, report)) => add_recognised(&mut page, file, found, report, all),
        Err(reason) => add_unknown(&mut page, file, reason),
    }
    page
}

fn add_file(page: &mut Page, file: &Checkpoint) {
    let tensors = file.entries().iter().filter(|entry| !entry.is_counter()).count();
    page.item("file", format!("{}, {} bytes", file.container(), number::grouped(file.size() as u64)));
    page.item("tensors", tensors.to_string());
    if !file.wrappers().is_empty() {
        page.item("taken from", file.wrappers().join(" → "));
    }
    for one in file.state_dicts().iter().filter(|one| !one.is_taken) {
        page.item("also there", one.sentence());
    }
    if !file.prefixes().is_empty() {
        page.item("prefixes taken away", file.prefixes().join(", "));
    }
}

fn add_recognised(page: &mut Page, file: &Checkpoint, found: &Recognised, report: &LoadReport, all: bool) {
    page.heading(format!("{} is {}", file.path().display(), found.spec));
    add_file(page, file);
    if !found.prefix.is_empty() {
        page.item("prefix taken away", printable(&found.prefix));
    }
    page.item("names", found.dialect.title());
    let dtypes: Vec<String> = report.dtypes.iter().map(|(dtype, count)| format!("{dtype} ({count})")).collect();
    page.item("types", dtypes.join(", "));
    let [missing, unexpected, mismatched] = [report.missing.len(), report.unexpected.len(), report.mismatched.len()];
    page.item(
        "load report",
        format!("{} matched, {missing} missing, {unexpected} unexpected, {mismatched} mismatched", report.matched),
    );
    if !report.left_over.is_empty() {
        let names: Vec<String> = report.left_over.iter().map(|name| printable(name)).collect();
        page.item("left over", names.join(", "));
    }
    if let [first, ..] = &report.non_finite[..] {
        page.item(
            "not finite",
            format!("{} tensors have NaN or infinite values: {first}, ...", report.non_finite.len()),
        );
    }
    for sentence in &report.verdict {
        page.item("verdict", sentence);
    }
    for doubt in &found.doubts {
        page.item("assumed", doubt.sentence());
    }
    let mapped: Vec<_> = if all { report.mapped.iter().collect() } else { report.renamed().collect() };
    if mapped.is_empty() {
        return;
    }
    let mut table = Table::new().words("in the file").words("in the network");
    let shown = if all { mapped.len() } else { SHOWN };
    for names in mapped.iter().take(shown) {
        table.row(vec![Cell::Text(names.file.clone()), Cell::Text(names.name.clone())]);
    }
    page.table(table);
    if let Some(more) = mapped.len().checked_sub(shown).filter(|more| *more > 0) {
        page.line(format!("and {more} more names; --tensors shows them all"));
    }
}

fn add_unknown(page: &mut Page, file: &Checkpoint, reason: &str) {
    page.heading(reason);
    add_file(page, file);
    let mut table = Table::new().words("tensor").words("type").words("shape");
    for entry in file.entries() {
        let shape: Vec<String> = entry.shape.iter().map(ToString::to_string).collect();
        table.row(vec![
            Cell::Text(entry.name.clone()),
            Cell::Text(entry.dtype.to_string()),
            Cell::Text(shape.join("×")),
        ]);
    }
    page.table(table);
}

#[derive(Serialize)]
struct Report<'a> {
    file: String,
    format: String,
    bytes: usize,
    wrappers: &'a [String],
    alternatives: Vec<&'a str>,
    /// Of a file with several: each with what it holds.
    state_dicts: &'a [StateDict],
    /// Which of them was taken, what else there is, and how to take that.
    choice: Option<String>,
    /// The files of a checkpoint in several.
    files: Vec<String>,
    prefixes: Vec<&'a str>,
    metadata: &'a Metadata,
    network: Option<String>,
    params: Option<usize>,
    dialect: Option<&'static str>,
    /// Why the network is not recognised.
    problem: Option<&'a str>,
    verdict: &'a [String],
    evidence: Vec<doubts::EvidenceEntry<'a>>,
    doubts: Vec<doubts::DoubtEntry<'a>>,
    load: Option<Load<'a>>,
    tensors: Vec<TensorEntry<'a>>,
}

#[derive(Serialize)]
struct Load<'a> {
    matched: usize,
    missing: &'a [String],
    unexpected: &'a [String],
    left_over: &'a [String],
    mismatched: Vec<mismatch::MismatchEntry<'a>>,
    non_finite: &'a [String],
}

#[derive(Serialize)]
struct TensorEntry<'a> {
    /// In the file.
    key: &'a str,
    /// In the network.
    name: Option<&'a str>,
    dtype: String,
    shape: &'a [usize],
}

fn value<'a>(file: &'a Checkpoint, outcome: &'a Outcome) -> Report<'a> {
    let known = outcome.as_ref().ok();
    let names: std::collections::HashMap<&str, &str> = known
        .iter()
        .flat_map(|(_, report)| &report.mapped)
        .map(|mapped| (mapped.file.as_str(), mapped.name.as_str()))
        .collect();
    let tensor = |entry: &'a crate::compute::weights::checkpoint::Entry| TensorEntry {
        key: &entry.key,
        name: names.get(entry.key.as_str()).copied(),
        dtype: entry.dtype.to_string(),
        shape: &entry.shape,
    };
    Report {
        file: file.path().display().to_string(),
        format: file.container(),
        bytes: file.size(),
        wrappers: file.wrappers(),
        alternatives: file.alternatives().collect(),
        state_dicts: file.state_dicts(),
        choice: file.choice(),
        files: file.files().map(|path| path.display().to_string()).collect(),
        prefixes: file
            .prefixes()
            .iter()
            .map(String::as_str)
            .chain(known.map(|(found, _)| found.prefix.as_str()).filter(|prefix| !prefix.is_empty()))
            .collect(),
        metadata: file.metadata(),
        network: known.map(|(found, _)| found.spec.to_string()),
        params: known.map(|(found, _)| crate::network::cost::Ledger::of(&found.graph).total().params as usize),
        dialect: known.map(|(found, _)| found.dialect.title()),
        problem: outcome.as_ref().err().map(String::as_str),
        verdict: known.map(|(_, report)| report.verdict.as_slice()).unwrap_or_default(),
        evidence: known.map(|(found, _)| doubts::evidence(&found.evidence)).unwrap_or_default(),
        doubts: known.map(|(found, _)| doubts::entries(&found.doubts)).unwrap_or_default(),
        load: known.map(|(_, report)| load(report)),
        tensors: file.entries().iter().map(tensor).collect(),
    }
}

fn load(report: &LoadReport) -> Load<'_> {
    Load {
        matched: report.matched,
        missing: &report.missing,
        unexpected: &report.unexpected,
        left_over: &report.left_over,
        mismatched: mismatch::entries(report),
        non_finite: &report.non_finite,
    }
}
