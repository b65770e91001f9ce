//! Carrying out commands: the only code that changes the document.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use eframe::egui;

use super::{App, Page};
use crate::compute::hub::Reference;
use crate::compute::kind::{Kind, opened_as};
use crate::compute::weights::bundled::is_bundled;
use crate::desktop::dialogs::{Answer, Purpose};
use crate::desktop::document::{
    Command, Document, NetworkId, PictureChoice, Project, View, parse_project, print_project,
};
use crate::desktop::session::write_whole;
use crate::desktop::ui::picker::For;
use crate::desktop::ui::prompt::Question;
use crate::network::Model;
use crate::network::spec::toml::to_toml;

/// A spec or project file larger than this is not one.
const MAX_TEXT: u64 = 1 << 20;

impl App {
    pub(super) fn perform(&mut self, ctx: &egui::Context, command: Command) {
        match command {
            Command::Undo => self.history.undo(&mut self.document),
            Command::Redo => self.history.redo(&mut self.document),
            Command::Show(view) => {
                // Asking for the comparison again leads from a paper's table back to it.
                if view == View::Compare && self.view == view {
                    self.views.compare.close_paper();
                }
                self.view = view;
            }
            Command::ShowPaper(id) => {
                self.view = View::Compare;
                self.views.compare.open_paper(id);
            }
            Command::ShowLab(page) => {
                self.view = View::Lab;
                self.views.lab.open(page);
            }
            Command::TogglePanel(side) => self.views.panels.toggle(side, ctx.content_rect().width()),
            Command::Select(selection) => return self.selection = selection,
            Command::SetTheme(theme) => {
                self.theme = theme;
                self.apply_theme(ctx);
            }
            Command::SetDevice(device) => {
                self.device = device;
                self.jobs.use_device(device);
            }
            Command::Open(paths) => return self.open_all(&paths),
            Command::StepPicture(step) => return self.step_picture(step),
            Command::ShowRecognised(id) => return self.show_recognised(id),
            Command::ShowNetworks(models) => self.show_networks(&models),
            Command::OpenHub(text) => {
                return match Reference::parse(&text) {
                    Ok(reference) => self.jobs.fetch(reference),
                    Err(problem) => self.notices.error(problem.to_string()),
                };
            }
            Command::NewProject => return self.replace(Document::first_start()),
            Command::Cancel => return self.jobs.cancel(&self.document),
            Command::Measure(id) => return self.measure(ctx, id),
            Command::RunAgain => {
                if let Some(network) = self.document.active() {
                    self.jobs.rerun(network);
                }
                return;
            }
            command if self.ask(ctx, &command) || self.perform_lab(ctx, &command) => return,
            command => return self.change(&command),
        }
        self.changed = Some(std::time::Instant::now());
        self.keep_settings();
    }

    pub(super) fn keep_settings(&mut self) {
        let (page, panels) = (self.views.lab.page(), self.views.panels);
        self.kept_panels = panels;
        if let Err(problem) = self.session.keep_settings(self.view, page, self.theme, self.device, panels) {
            self.notices.error(format!("Settings are not kept: {problem}"));
        }
    }

    /// Measures a network, unless the lab takes the time that would be measured.
    fn measure(&mut self, ctx: &egui::Context, id: NetworkId) {
        if self.jobs.lab().running().is_some_and(|run| !run.is_held()) {
            return self
                .notices
                .error("Not measured: the lab is running and takes time from what is measured. Pause it first.");
        }
        if let Some(network) = self.document.network(id) {
            self.jobs.measure(network);
            ctx.request_repaint();
        }
    }

    /// Changes the document, or says why not.
    pub(super) fn change(&mut self, command: &Command) {
        let before = self.document.clone();
        match self.document.apply(command) {
            Ok(false) => {}
            Ok(true) => {
                if let Command::OpenNetworks(models) = command {
                    let before = before.networks().len();
                    let opened = models.len();
                    self.notices.done(format!("{opened} networks in place of {before}: Undo brings those back"));
                }
                if command.is_undoable() {
                    self.history.record(before, command);
                }
                self.changed = Some(std::time::Instant::now());
            }
            Err(problem) => self.notices.error(problem.to_string()),
        }
    }

    /// Changes that are one to the user: undone together.
    pub(super) fn as_one(&mut self, changes: impl FnOnce(&mut Self)) {
        let since = self.history.recorded();
        changes(self);
        self.history.join(since);
    }

    /// Questions and pages; true if the command was one of them.
    fn ask(&mut self, ctx: &egui::Context, command: &Command) -> bool {
        let prompt = &mut self.views.prompt;
        match command {
            Command::AskSpec => {
                self.jobs.count_catalogue();
                self.views.picker.open(For::Adding, None, typed_ahead(ctx));
            }
            Command::AskModel(id) => {
                let Some(network) = self.document.network(*id) else { return true };
                self.jobs.count_catalogue();
                let model = network.model.spec().map(|spec| spec.model.as_str());
                self.views.picker.open(For::Network(*id), model, String::new());
            }
            Command::ShowCard(name) => self.views.cards.open(name),
            Command::AskEditSpec(id) => {
                let text = self.document.network(*id).map(|network| network.model.to_string());
                prompt.ask(Question::EditSpec(*id), text.unwrap_or_default());
            }
            Command::AskHub => prompt.ask(Question::Hub, ""),
            Command::AskPath => prompt.ask(Question::OpenPath, ""),
            Command::AskOpen => self.ask_dialog(ctx, Purpose::Open, String::new()),
            Command::AskSaveProject => self.ask_dialog(ctx, Purpose::SaveProject, "networks.toml".to_owned()),
            Command::AskSaveSpec => {
                let spec = self.document.active().and_then(|network| network.model.spec());
                let name = spec.map_or("network", |spec| spec.model.as_str());
                self.ask_dialog(ctx, Purpose::SaveSpec, format!("{name}.toml"));
            }
            Command::SaveProject(path) => {
                let text = print_project(&self.document.project());
                self.save(path, &text);
            }
            Command::SaveSpec(path) => self.save_spec(path),
            Command::CopySpec => {
                if let Some(network) = self.document.active() {
                    ctx.copy_text(network.model.to_string());
                    self.notices.done(format!("Copied {}", network.model));
                }
            }
            Command::ShowPalette => self.views.palette.open(typed_ahead(ctx)),
            Command::ShowShortcuts => self.page = Some(Page::Shortcuts),
            Command::ShowAbout => self.page = Some(Page::About),
            Command::StopAndQuit => {
                self.jobs.stop_lab();
                self.is_closing = true;
                self.notices.done("Stopping: the window closes as soon as the run is written");
            }
            Command::Quit => ctx.send_viewport_cmd(egui::ViewportCommand::Close),
            _ => return false,
        }
        true
    }

    pub(super) fn ask_dialog(&mut self, ctx: &egui::Context, purpose: Purpose, name: String) {
        let waker = ctx.clone();
        self.dialogs.ask(purpose, name, move || waker.request_repaint());
    }

    /// What the dialogs brought; where a system has none, a path is asked for instead.
    pub(super) fn take_answers(&mut self) {
        let answers: Vec<Answer> = self.dialogs.answers().collect();
        for answer in answers {
            match answer {
                Answer::Chosen(command) => self.outbox.send(command),
                Answer::Nothing(Purpose::Open) => self.views.prompt.ask(Question::OpenPath, ""),
                Answer::Nothing(Purpose::SaveProject) => self.views.prompt.ask(Question::SaveProject, "networks.toml"),
                Answer::Nothing(Purpose::SaveSpec) => self.views.prompt.ask(Question::SaveSpec, "network.toml"),
                Answer::Nothing(Purpose::LabFolder) => self.views.prompt.ask(Question::LabFolder, ""),
                Answer::Nothing(Purpose::WriteLab) => self.views.prompt.ask(Question::WriteLab, "gatescope-lab"),
            }
        }
    }

    /// What the Hub brought is opened like any file.
    pub(super) fn take_fetched(&mut self) {
        for outcome in self.jobs.take_fetched() {
            match outcome {
                Ok(fetched) => {
                    if let Some(note) = fetched.note {
                        self.notices.done(note);
                    }
                    self.outbox.send(Command::Open(vec![fetched.weights]));
                }
                Err(problem) => self.notices.error(problem),
            }
        }
    }

    /// Opens a file of any kind by its content: weights for the active network, a picture, a spec, a project.
    pub(super) fn open(&mut self, path: &Path) {
        let path = match is_bundled(path) {
            true => path.to_path_buf(),
            false => std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()),
        };
        let path = opened_as(&path);
        let problem = match Kind::of(&path) {
            Kind::Spec | Kind::Project => self.open_text(&path),
            // What is no checkpoint is told what it is: the same words as on the command line.
            Kind::Checkpoint | Kind::Other => {
                self.jobs.open_checkpoint(path);
                Ok(())
            }
            Kind::Folder | Kind::Picture | Kind::Absent => {
                self.jobs.open_pictures(vec![path]);
                Ok(())
            }
        };
        if let Err(problem) = problem {
            self.notices.error(problem);
        }
    }

    /// The same file may have been mended since it failed: opening it again tries again.
    pub(super) fn forget_failures(&mut self) {
        for network in self.document.networks() {
            if self.jobs.failure(network).is_some() {
                self.jobs.rerun(network);
            }
        }
    }

    /// A TOML file is a project or a single spec.
    fn open_text(&mut self, path: &Path) -> Result<(), String> {
        let describe = |problem: String| format!("{}: {problem}", path.display());
        let length = std::fs::metadata(path).map_err(|error| describe(error.to_string()))?.len();
        if length > MAX_TEXT {
            return Err(describe("too large for a spec or project".to_owned()));
        }
        let text = std::fs::read_to_string(path).map_err(|error| describe(error.to_string()))?;
        if text.contains("gatescope_project") {
            let project: Project = parse_project(&text).map_err(|error| describe(error.to_string()))?;
            self.replace(Document::of(&project));
        } else {
            let model = Model::parse_toml(&text).map_err(|error| describe(error.to_string()))?;
            self.change(&Command::AddNetwork(model));
        }
        Ok(())
    }

    /// Another document in place of this one; undo brings it back.
    fn replace(&mut self, document: Document) {
        let before = std::mem::replace(&mut self.document, document);
        self.history.record(before, &Command::NewProject);
        self.changed = Some(std::time::Instant::now());
    }

    fn save(&mut self, path: &Path, text: &str) {
        match write_whole(path, text.as_bytes()) {
            Ok(()) => self.notices.done(format!("Saved {}", path.display())),
            Err(problem) => self.notices.error(format!("Not saved: {problem}")),
        }
    }

    fn save_spec(&mut self, path: &Path) {
        let Some(network) = self.document.active() else { return };
        let text =
            network.model.editable("saving a spec").and_then(|spec| to_toml(spec).map_err(|error| error.to_string()));
        match text {
            Ok(text) => self.save(path, &text),
            Err(problem) => self.notices.error(problem),
        }
    }

    /// A pasted picture becomes a file of the session; pasted text is a path or a spec.
    pub(super) fn take_paste(&mut self, ctx: &egui::Context) {
        for event in ctx.input(|input| input.events.clone()) {
            match event {
                egui::Event::PasteImage(image) => match self.keep_pasted(&image) {
                    Ok(path) => self.outbox.send(Command::SetPicture(PictureChoice::File(path))),
                    Err(problem) => self.notices.error(format!("The pasted picture cannot be used: {problem}")),
                },
                egui::Event::Paste(text) => self.paste_text(text.trim()),
                _ => {}
            }
        }
    }

    fn paste_text(&mut self, text: &str) {
        let path = Path::new(text.strip_prefix("file://").unwrap_or(text));
        if path.is_file() {
            self.outbox.send(Command::Open(vec![path.to_path_buf()]));
        } else {
            match Model::parse(text) {
                Ok(model) => self.outbox.send(Command::AddNetwork(model)),
                Err(problem) => self.notices.error(format!("Pasted neither a file's path nor a network: {problem}")),
            }
        }
    }

    fn keep_pasted(&self, image: &egui::ColorImage) -> Result<PathBuf, String> {
        let [width, height] = image.size;
        let rgba: Vec<u8> = image.pixels.iter().flat_map(egui::Color32::to_srgba_unmultiplied).collect();
        let picture = crate::compute::imaging::from_rgba("pasted.png", width, height, &rgba)
            .map_err(|error| error.to_string())?;
        let mut hasher = DefaultHasher::new();
        picture.pixels.as_raw().hash(&mut hasher);
        let folder = self.session.folder().map_or_else(std::env::temp_dir, |folder| folder.join("pasted"));
        let path = folder.join(format!("pasted-{:016x}.png", hasher.finish()));
        let mut png = std::io::Cursor::new(Vec::new());
        picture.pixels.write_to(&mut png, image::ImageFormat::Png).map_err(|error| error.to_string())?;
        write_whole(&path, png.get_ref())?;
        Ok(path)
    }
}

/// Letters that came in the same frame as the key that opens a field, and that no other field has taken: typed fast,
/// they are meant for it.
fn typed_ahead(ctx: &egui::Context) -> String {
    if ctx.egui_wants_keyboard_input() {
        return String::new();
    }
    ctx.input(|input| {
        let letters = input.events.iter().filter_map(|event| match event {
            egui::Event::Text(text) => Some(text.as_str()),
            _ => None,
        });
        letters.collect()
    })
}
