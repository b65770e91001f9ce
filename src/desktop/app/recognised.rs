//! What was recognised in a file of weights: said once when it is opened, and read again here.

use std::path::{Path, PathBuf};

use eframe::egui;
use egui::{Label, RichText};

use super::{App, Page};
use crate::compute::weights::Recognised;
use crate::desktop::document::NetworkId;
use crate::desktop::ui::theme::{self, palette, size};
use crate::desktop::ui::{scripts, widgets};

/// How many files' verdicts are kept.
const KEPT: usize = 32;
/// Names that are shown where a file calls tensors otherwise than the network.
const EXAMPLES: usize = 6;

/// What was recognised in one file.
struct Verdict {
    path: PathBuf,
    spec: String,
    /// Sentences, and those of them that are assumptions.
    said: Vec<String>,
    assumed: Vec<String>,
    /// The tensors, and how many of them the file calls otherwise.
    tensors: usize,
    renamed: Vec<(String, String)>,
}

/// What was recognised, by file, the newest last.
#[derive(Default)]
pub(super) struct Verdicts {
    known: Vec<Verdict>,
    /// The file being shown.
    shown: PathBuf,
    /// The file that is read only to be spoken of.
    asked: Option<PathBuf>,
}

impl Verdicts {
    fn of(&self, path: &Path) -> Option<&Verdict> {
        self.known.iter().rfind(|known| known.path == path)
    }

    fn remember(&mut self, path: &Path, found: &Recognised) {
        self.known.retain(|known| known.path != path);
        self.known.push(Verdict::of(path, found));
        let surplus = self.known.len().saturating_sub(KEPT);
        self.known.drain(..surplus);
    }

    /// The file was read only to be spoken of.
    fn is_answer(&mut self, path: &Path) -> bool {
        self.asked.take_if(|asked| asked == path).is_some()
    }
}

impl Verdict {
    fn of(path: &Path, found: &Recognised) -> Self {
        let renamed = found.names.iter().filter(|(own, file)| own != file);
        Self {
            path: path.to_path_buf(),
            spec: found.spec.to_string(),
            said: found.verdict.clone(),
            assumed: found.doubts.iter().map(crate::compute::weights::Doubt::sentence).collect(),
            tensors: found.names.len(),
            renamed: renamed.map(|(own, file)| (own.clone(), file.clone())).collect(),
        }
    }
}

impl App {
    /// Keeps what was recognised; true where the file was read for nothing else.
    pub(super) fn take_verdict(&mut self, path: &Path, found: Option<&Recognised>) -> bool {
        if let Some(found) = found {
            self.recognised.remember(path, found);
        }
        let is_answer = self.recognised.is_answer(path);
        if is_answer && found.is_some() {
            self.show_verdict(path);
        }
        is_answer && found.is_some()
    }

    /// Shows what was recognised in the file of a network's weights; reads it again where that is forgotten.
    pub(super) fn show_recognised(&mut self, id: NetworkId) {
        let Some(path) = self.document.network(id).and_then(|network| network.weights.path()) else { return };
        let path = path.to_path_buf();
        if self.recognised.of(&path).is_some() {
            return self.show_verdict(&path);
        }
        self.recognised.asked = Some(path.clone());
        self.jobs.open_checkpoint(path);
    }

    fn show_verdict(&mut self, path: &Path) {
        self.recognised.shown = path.to_path_buf();
        self.page = Some(Page::Recognised);
    }
}

/// The page.
pub(super) fn page(ui: &mut egui::Ui, verdicts: &Verdicts) {
    ui.set_width(560.0);
    let Some(verdict) = verdicts.of(&verdicts.shown) else { return };
    let colours = palette(ui);
    ui.add(Label::new(widgets::strong(format!("Recognised: {}", verdict.spec), size::TITLE)).wrap());
    ui.add_space(4.0);
    widgets::muted(ui, scripts::visual(&verdict.path.display().to_string()).into_owned());
    ui.add_space(size::GAP);
    let room = ui.ctx().content_rect().height() - 240.0;
    egui::ScrollArea::vertical().max_height(room).auto_shrink([false, true]).show(ui, |ui| {
        for sentence in &verdict.said {
            ui.add(Label::new(sentence).wrap());
        }
        if !verdict.assumed.is_empty() {
            ui.add_space(size::GAP);
            widgets::section(ui, "Assumed: the file cannot tell");
            for sentence in &verdict.assumed {
                ui.add(Label::new(RichText::new(sentence).color(colours.difference)).wrap());
            }
        }
        ui.add_space(size::GAP);
        widgets::section(ui, "Names");
        names(ui, verdict);
    });
}

/// Whose names the tensors have.
fn names(ui: &mut egui::Ui, verdict: &Verdict) {
    let Verdict { tensors, renamed, .. } = verdict;
    let words = match renamed.len() {
        0 => format!("All {tensors} tensors have the names they have here."),
        some => format!("{some} of {tensors} tensors are called otherwise in the file, for example:"),
    };
    widgets::muted(ui, words);
    for (own, file) in renamed.iter().take(EXAMPLES) {
        ui.label(RichText::new(format!("{own}  is  {file}")).font(theme::mono(size::MONO)));
    }
}
