//! The application: ties document, worker and views together. The one place where commands are carried out.

mod frame;
mod lab;
mod notices;
mod opened;
mod over;
mod perform;
mod recognised;
mod tray;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use eframe::egui;

use self::notices::Notices;
use super::dialogs::Dialogs;
use super::document::{Command, Document, History, Selection, ThemeChoice, View};
use super::jobs::Jobs;
use super::panels::Panels;
use super::session::Session;
use super::ui::{Outbox, Shared, Views, theme};
use crate::compute::engine::DeviceKind;
use crate::compute::hub::Hub;
use crate::network::graph::Gate;

/// The document is kept this long after its last change.
const KEEP_AFTER: Duration = Duration::from_millis(500);
/// A run waits until the user has stopped painting for this long.
const SETTLE: Duration = Duration::from_millis(250);

/// Which page of help is shown over everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Page {
    Shortcuts,
    About,
    Recognised,
}

/// The window's state.
pub struct App {
    document: Document,
    history: History,
    jobs: Jobs,
    selection: Selection,
    view: View,
    theme: ThemeChoice,
    /// Where the user wants networks to run.
    device: DeviceKind,
    session: Session,
    dialogs: Dialogs,
    views: Views,
    notices: Notices,
    page: Option<Page>,
    /// The panels at the sides as they were last kept.
    kept_panels: Panels,
    /// The pictures that were given together, to be stepped through.
    pictures: Vec<PathBuf>,
    /// What was recognised, by file.
    recognised: recognised::Verdicts,
    /// The window closes as soon as the lab's run has been written.
    is_closing: bool,
    /// When the document last changed without having been kept.
    changed: Option<Instant>,
    outbox: Outbox,
}

impl App {
    /// Restores the session; `commands` are carried out in the first frame.
    ///
    /// # Errors
    /// When the worker thread cannot be started.
    pub fn new(ctx: &egui::Context, session: Session, commands: Vec<Command>) -> std::io::Result<Self> {
        theme::install(ctx);
        let waker = ctx.clone();
        let restored = session.restore();
        let mut app = Self {
            document: restored.document,
            history: History::default(),
            jobs: Jobs::start(move || waker.request_repaint())?,
            selection: Selection::default(),
            view: restored.view,
            theme: restored.theme,
            device: restored.device,
            session,
            dialogs: Dialogs::default(),
            views: Views::default(),
            notices: Notices::default(),
            page: None,
            kept_panels: restored.panels,
            pictures: Vec::new(),
            recognised: recognised::Verdicts::default(),
            is_closing: false,
            changed: None,
            outbox: Outbox::default(),
        };
        app.views.lab.open(restored.lab_page);
        app.views.panels = restored.panels;
        app.apply_theme(ctx);
        app.choose_device();
        app.select_something();
        app.look_for_interrupted();
        if let Some(problem) = restored.problem {
            app.notices.error(problem);
        }
        for command in commands {
            app.outbox.send(command);
        }
        Ok(app)
    }

    /// The document as it is now.
    #[must_use]
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The worker and what it found.
    #[must_use]
    pub fn jobs(&self) -> &Jobs {
        &self.jobs
    }

    /// The view being shown.
    #[must_use]
    pub fn view(&self) -> View {
        self.view
    }

    /// Does a recent change still wait before it is run and kept?
    #[must_use]
    pub fn is_settling(&self) -> bool {
        self.changed.is_some()
    }

    /// Sends a command as if the user had: it is carried out at the end of the next frame.
    pub fn send(&mut self, command: Command) {
        self.outbox.send(command);
    }

    /// Fetches from this Hub instead of the one the environment names.
    pub fn use_hub(&mut self, hub: Hub) {
        self.jobs.use_hub(hub);
    }

    /// What the environment says goes before what was chosen here.
    fn choose_device(&mut self) {
        match DeviceKind::from_env() {
            Ok(named) => self.jobs.use_device(named.unwrap_or(self.device)),
            Err(problem) => self.notices.error(problem.to_string()),
        }
    }

    /// What went wrong on the worker; a device that is not there is not chosen any longer.
    fn take_problems(&mut self) {
        for problem in self.jobs.take_problems() {
            self.notices.error(problem);
            self.device = self.jobs.device();
        }
    }

    /// A part the active network has not got cannot stay selected.
    fn follow_selection(&mut self) {
        let Some(graph) = self.document.active().map(|network| network.graph().clone()) else { return };
        let is_there = |part: &String| {
            // Stem and head have no path of their own: they are selected by their name.
            matches!(part.as_str(), "stem" | "head")
                || graph.scope_at(part).is_some()
                || graph.nodes.iter().any(|node| node.name == *part)
        };
        if !self.selection.part.as_ref().is_none_or(is_there) {
            self.selection = Selection::default();
            self.select_something();
        }
    }

    /// Selects the attention in the middle of the active network: a first look should show a gate.
    fn select_something(&mut self) {
        let Some(graph) = self.document.active().map(|network| network.graph().clone()) else { return };
        let maps: Vec<&Gate> = graph.gates.iter().filter(|gate| gate.kind.has_places()).collect();
        let Some(gate) = maps.get(maps.len() * 2 / 3).copied().or(graph.gates.last()) else { return };
        let block = graph[gate.scope].parent.map(|block| graph[block].path.clone());
        self.selection = Selection { part: block, gate: Some(gate.name.clone()) };
    }

    /// Everything views may read.
    fn shared(&self) -> Shared<'_> {
        Shared {
            document: &self.document,
            jobs: &self.jobs,
            selection: &self.selection,
            view: self.view,
            theme: self.theme,
            pictures: &self.pictures,
            can_undo: self.history.can_undo(),
            can_redo: self.history.can_redo(),
        }
    }

    fn apply_theme(&self, ctx: &egui::Context) {
        ctx.set_theme(match self.theme {
            ThemeChoice::Dark => egui::ThemePreference::Dark,
            ThemeChoice::Light => egui::ThemePreference::Light,
            ThemeChoice::System => egui::ThemePreference::System,
        });
    }

    /// Takes in what the worker and the dialogs have to say, and keeps the document.
    pub fn tend(&mut self, ctx: &egui::Context) {
        let painting = self.changed.map_or(Duration::MAX, |changed| changed.elapsed());
        if painting >= SETTLE {
            self.jobs.tend(&self.document);
        } else {
            ctx.request_repaint_after(SETTLE.saturating_sub(painting));
        }
        self.take_answers();
        self.take_problems();
        self.take_fetched();
        self.take_opened();
        self.take_pictures();
        self.take_lab_news();
        self.guard_closing(ctx);
        match self.changed {
            Some(changed) if changed.elapsed() >= KEEP_AFTER => self.keep(),
            Some(changed) => ctx.request_repaint_after(KEEP_AFTER.saturating_sub(changed.elapsed())),
            None => {}
        }
    }

    fn keep(&mut self) {
        self.changed = None;
        if let Err(problem) = self.session.keep(&self.document) {
            self.notices.error(format!("The session is not kept: {problem}"));
        }
    }

    /// One frame of the whole window.
    pub fn show(&mut self, ui: &mut egui::Ui) {
        let ctx = ui.ctx().clone();
        self.take_input(&ctx);
        self.frame(ui);
        // A panel that is being dragged is kept once it is let go.
        if self.views.panels != self.kept_panels && !ctx.input(|input| input.pointer.any_down()) {
            self.keep_settings();
        }
        let commands = self.outbox.take();
        let is_quiet = commands.is_empty();
        for command in commands {
            self.perform(&ctx, command);
        }
        if !is_quiet {
            self.follow_selection();
            // What a command changed is seen in the next frame, whatever else happens.
            ctx.request_repaint();
        }
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        self.tend(ctx);
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        self.show(ui);
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        if self.changed.is_some() {
            self.keep();
        }
    }
}
