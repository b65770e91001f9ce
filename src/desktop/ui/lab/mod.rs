//! The Lab view: training, and the experiments that show what the papers claim.

mod atlas;
mod attention;
mod curves;
mod degradation;
mod dots;
mod form;
mod interrupted;
mod live;
mod parts;
mod runs;
mod shown;
#[cfg(test)]
mod tests;
mod train;

pub(in crate::desktop) use parts::spare_threads;

use std::sync::Arc;

use eframe::egui;
use egui::Ui;

use super::theme::size;
use super::{Outbox, Shared};
use crate::compute::lab::data::Source;
use crate::desktop::document::{Command, LabPage};
use crate::desktop::jobs::{Lab, Writable};

/// The view's own state.
#[derive(Default)]
pub struct LabView {
    page: LabPage,
    train: train::TrainPage,
    degradation: degradation::DegradationPage,
    attention: attention::AttentionPage,
    atlas: atlas::AtlasPage,
}

impl LabView {
    /// The page being shown.
    #[must_use]
    pub fn page(&self) -> LabPage {
        self.page
    }

    /// Shows another page.
    pub fn open(&mut self, page: LabPage) {
        self.page = page;
    }

    /// Chooses the data of the page that asked for a folder.
    pub fn set_source(&mut self, source: Source) {
        match self.page {
            LabPage::Atlas => self.atlas.source = source,
            _ => self.train.set_source(source),
        }
    }

    /// The result being shown, to be written into files.
    #[must_use]
    pub fn writable(&self, lab: &Lab) -> Option<Writable> {
        match self.page {
            LabPage::Train => None,
            LabPage::Degradation => self.degradation.shown.result(lab.degradation()).map(Writable::Degradation),
            LabPage::Attention => self.attention.shown.result(lab.attention()).map(Writable::Attention),
            LabPage::Atlas => {
                lab.atlas().result.as_ref().map(|result| Writable::Atlas(Arc::clone(result), self.atlas.order))
            }
        }
    }

    /// Shows the view.
    pub fn ui(&mut self, ui: &mut Ui, shared: &Shared, out: &mut Outbox) {
        egui::ScrollArea::vertical().id_salt(("lab", self.page)).auto_shrink(false).show(ui, |ui| {
            egui::Frame::new().inner_margin(size::PADDING).show(ui, |ui| {
                ui.set_width(ui.available_width());
                tabs(ui, self.page, shared.jobs.lab(), out);
                ui.add_space(size::GAP);
                match self.page {
                    LabPage::Train => self.train.ui(ui, shared, out),
                    LabPage::Degradation => self.degradation.ui(ui, shared, out),
                    LabPage::Attention => self.attention.ui(ui, shared, out),
                    LabPage::Atlas => self.atlas.ui(ui, shared, out),
                }
            });
        });
    }
}

/// The pages; the one where something runs is marked.
fn tabs(ui: &mut Ui, active: LabPage, lab: &Lab, out: &mut Outbox) {
    ui.horizontal_wrapped(|ui| {
        for page in LabPage::ALL {
            let text = match lab.running_on(page) {
                Some(run) => format!("{} · {:.0} %", page.title(), run.progress.fraction * 100.0),
                None => page.title().to_owned(),
            };
            let response = ui.selectable_label(page == active, text);
            let is_active = page == active;
            response.widget_info(|| {
                egui::WidgetInfo::selected(egui::Role::Button, true, is_active, format!("Lab: {}", page.title()))
            });
            if response.clicked() {
                out.send(Command::ShowLab(page));
            }
        }
    });
}
