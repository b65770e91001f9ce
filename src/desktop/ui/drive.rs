//! One view on its own, driven through its accessibility tree: for the tests next to the views.

use eframe::egui;
use egui_kittest::Harness;

use super::{Outbox, Shared, Views, theme};
use crate::desktop::document::{Command, Document, PictureChoice, Project, SavedNetwork, Selection, ThemeChoice, View};
use crate::desktop::jobs::Jobs;
use crate::network::Model;

/// A view with everything it reads, and everything it asked for.
pub struct Stage {
    document: Document,
    jobs: Jobs,
    view: View,
    views: Views,
    /// What is selected.
    pub selection: Selection,
    /// Every command sent, but for selections, which are carried out.
    pub sent: Vec<Command>,
}

/// Shows the cost table or the comparison of these networks; the last one is the active one.
pub fn show(specs: &[&str], view: View) -> Harness<'static, Stage> {
    let project = Project {
        networks: specs.iter().map(|spec| SavedNetwork::untrained(Model::parse(spec).expect(spec))).collect(),
        active: specs.len().saturating_sub(1),
        picture: PictureChoice::Sample("cat.png".to_owned()),
    };
    let stage = Stage {
        document: Document::of(&project),
        jobs: Jobs::start(|| ()).expect("a thread"),
        view,
        views: Views::default(),
        selection: Selection::default(),
        sent: Vec::new(),
    };
    // A scroll bar takes a while to fade.
    let builder = Harness::builder().with_size([850.0, 1000.0]).with_max_steps(64).with_context_setup(theme::install);
    builder.build_ui_state(frame, stage)
}

fn frame(ui: &mut egui::Ui, stage: &mut Stage) {
    let shared = Shared {
        document: &stage.document,
        jobs: &stage.jobs,
        selection: &stage.selection,
        view: stage.view,
        theme: ThemeChoice::Dark,
        pictures: &[],
        can_undo: false,
        can_redo: false,
    };
    let mut out = Outbox::default();
    match stage.view {
        View::Compare => stage.views.compare.ui(ui, &shared, &mut out),
        _ => stage.views.costs.ui(ui, &shared, &mut out),
    }
    for command in out.take() {
        match command {
            Command::Select(selection) => stage.selection = selection,
            other => stage.sent.push(other),
        }
    }
}
