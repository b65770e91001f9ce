//! Every action with its label, menu, shortcut and command, once: menus, shortcuts, palette and help all read it.

use eframe::egui::{Key, KeyboardShortcut, Modifiers};

use super::Shared;
use crate::compute::engine::DeviceKind;
use crate::desktop::document::{Command, LabPage, NetworkId, ThemeChoice, View, WeightsChoice};
use crate::desktop::panels::Side;

/// The menu an action is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Menu {
    /// Files and the program.
    File,
    /// The document.
    Edit,
    /// What is shown.
    View,
    /// Training and experiments.
    Experiments,
    /// About.
    Help,
}

impl Menu {
    /// Every menu, in order.
    pub const ALL: [Self; 5] = [Self::File, Self::Edit, Self::View, Self::Experiments, Self::Help];

    /// Its title.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::File => "File",
            Self::Edit => "Edit",
            Self::View => "View",
            Self::Experiments => "Experiments",
            Self::Help => "Help",
        }
    }
}

/// Something a user can do from anywhere.
#[derive(Clone, Copy)]
pub struct Action {
    /// What it is called.
    pub label: &'static str,
    /// Where it is found.
    pub menu: Menu,
    /// How it is reached by keyboard.
    pub shortcut: Option<KeyboardShortcut>,
    /// Starts a group in its menu.
    pub starts_group: bool,
    /// What it sends; `None` when it cannot be done now.
    pub command: fn(&Shared) -> Option<Command>,
}

const fn ctrl(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND, key)
}

const fn ctrl_shift(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), key)
}

const CTRL_ALT_B: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::ALT), Key::B);

const fn plain(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::NONE, key)
}

const fn action(
    menu: Menu,
    label: &'static str,
    shortcut: Option<KeyboardShortcut>,
    command: fn(&Shared) -> Option<Command>,
) -> Action {
    Action { label, menu, shortcut, starts_group: false, command }
}

const fn group(action: Action) -> Action {
    Action { starts_group: true, ..action }
}

fn active(shared: &Shared, command: fn(NetworkId) -> Command) -> Option<Command> {
    shared.active().map(|network| command(network.id))
}

/// The network `step` places after the active one, round the list.
fn neighbour(shared: &Shared, step: usize) -> Option<Command> {
    let networks = shared.document.networks();
    let position = shared.position(shared.active()?);
    let next = networks.get((position + step) % networks.len())?;
    (networks.len() > 1).then_some(Command::SelectNetwork(next.id))
}

/// Another of the pictures that were given together.
fn picture(shared: &Shared, step: isize) -> Option<Command> {
    (shared.pictures.len() > 1).then_some(Command::StepPicture(step))
}

/// Every action, in menu order. `Ctrl` is `Cmd` on macOS.
pub static ACTIONS: &[Action] = &[
    action(Menu::File, "Open…", Some(ctrl(Key::O)), |_| Some(Command::AskOpen)),
    action(Menu::File, "Open path…", Some(ctrl_shift(Key::O)), |_| Some(Command::AskPath)),
    action(Menu::File, "Open from Hub…", Some(ctrl_shift(Key::H)), |_| Some(Command::AskHub)),
    group(action(Menu::File, "Save project…", Some(ctrl(Key::S)), |_| Some(Command::AskSaveProject))),
    action(Menu::File, "Save network as TOML…", Some(ctrl_shift(Key::S)), |shared| {
        active(shared, |_| Command::AskSaveSpec)
    }),
    action(Menu::File, "New project", None, |_| Some(Command::NewProject)),
    group(action(Menu::File, "Quit", Some(ctrl(Key::Q)), |_| Some(Command::Quit))),
    action(Menu::Edit, "Undo", Some(ctrl(Key::Z)), |shared| shared.can_undo.then_some(Command::Undo)),
    action(Menu::Edit, "Redo", Some(ctrl_shift(Key::Z)), |shared| shared.can_redo.then_some(Command::Redo)),
    group(action(Menu::Edit, "Add network…", Some(ctrl(Key::N)), |_| Some(Command::AskSpec))),
    action(Menu::Edit, "Choose the model…", Some(ctrl(Key::M)), |shared| active(shared, Command::AskModel)),
    action(Menu::Edit, "Duplicate network", Some(ctrl(Key::D)), |shared| active(shared, Command::DuplicateNetwork)),
    action(Menu::Edit, "Make it the baseline", None, |shared| {
        let is_baseline = shared.document.baseline().map(|base| base.id) == shared.active().map(|network| network.id);
        (!is_baseline).then(|| active(shared, Command::SetBaseline)).flatten()
    }),
    action(Menu::Edit, "Remove network", None, |shared| active(shared, Command::RemoveNetwork)),
    action(Menu::Edit, "Copy network as text", Some(ctrl_shift(Key::C)), |shared| {
        active(shared, |_| Command::CopySpec)
    }),
    group(action(Menu::Edit, "Use untrained weights", None, |shared| {
        let network = shared.active()?;
        network.weights.is_trained().then_some(Command::SetWeights(network.id, WeightsChoice::Seeded(0)))
    })),
    action(Menu::Edit, "What was recognised…", None, |shared| {
        let network = shared.active()?;
        network.weights.path().map(|_| Command::ShowRecognised(network.id))
    }),
    action(Menu::Edit, "Run again", Some(plain(Key::F5)), |shared| active(shared, |_| Command::RunAgain)),
    action(Menu::Edit, "Measure time", Some(plain(Key::F6)), |shared| {
        shared.active().filter(|network| !shared.jobs.is_measured_soon(network)).map(|n| Command::Measure(n.id))
    }),
    action(Menu::Edit, "Cancel", None, |shared| {
        let jobs = shared.jobs;
        let is_busy = jobs.running().is_some()
            || jobs.explaining().is_some()
            || jobs.download().is_some()
            || jobs.measuring().is_some();
        is_busy.then_some(Command::Cancel)
    }),
    group(action(Menu::Edit, "Run on the CPU", None, |shared| device(shared, DeviceKind::Cpu))),
    action(Menu::Edit, "Run on CUDA", None, |shared| device(shared, DeviceKind::Cuda)),
    action(Menu::Edit, "Run on Metal", None, |shared| device(shared, DeviceKind::Metal)),
    action(Menu::View, "Network", Some(ctrl(Key::Num1)), |_| Some(Command::Show(View::Network))),
    action(Menu::View, "Costs", Some(ctrl(Key::Num2)), |_| Some(Command::Show(View::Costs))),
    action(Menu::View, "Compare", Some(ctrl(Key::Num3)), |_| Some(Command::Show(View::Compare))),
    action(Menu::View, "Inspect", Some(ctrl(Key::Num4)), |_| Some(Command::Show(View::Inspect))),
    action(Menu::View, "Lab", Some(ctrl(Key::Num5)), |_| Some(Command::Show(View::Lab))),
    group(action(Menu::View, "Paper tables", None, |_| Some(Command::ShowPaper(None)))),
    group(action(Menu::View, "Next network", Some(ctrl(Key::PageDown)), |shared| neighbour(shared, 1))),
    action(Menu::View, "Previous network", Some(ctrl(Key::PageUp)), |shared| {
        neighbour(shared, shared.document.networks().len().saturating_sub(1))
    }),
    group(action(Menu::View, "Next picture", Some(plain(Key::PageDown)), |shared| picture(shared, 1))),
    action(Menu::View, "Previous picture", Some(plain(Key::PageUp)), |shared| picture(shared, -1)),
    group(action(Menu::View, "Hide or show the networks", Some(ctrl(Key::B)), |_| {
        Some(Command::TogglePanel(Side::Left))
    })),
    action(Menu::View, "Hide or show the selection", Some(CTRL_ALT_B), |shared| {
        shared.view.has_selection().then_some(Command::TogglePanel(Side::Right))
    }),
    group(action(Menu::View, "Dark theme", None, |shared| theme(shared, ThemeChoice::Dark))),
    action(Menu::View, "Light theme", None, |shared| theme(shared, ThemeChoice::Light)),
    action(Menu::View, "System theme", None, |shared| theme(shared, ThemeChoice::System)),
    action(Menu::Experiments, "Train a network", Some(ctrl(Key::T)), |_| Some(Command::ShowLab(LabPage::Train))),
    action(Menu::Experiments, "Degradation", None, |_| Some(Command::ShowLab(LabPage::Degradation))),
    action(Menu::Experiments, "Where it looks", None, |_| Some(Command::ShowLab(LabPage::Attention))),
    action(Menu::Experiments, "Excitation atlas", None, |_| Some(Command::ShowLab(LabPage::Atlas))),
    group(action(Menu::Experiments, "Pause the run", None, |shared| {
        held(shared, false).then_some(Command::HoldLab(true))
    })),
    action(Menu::Experiments, "Resume the run", None, |shared| held(shared, true).then_some(Command::HoldLab(false))),
    action(Menu::Experiments, "Stop the run", None, |shared| shared.jobs.lab().running().map(|_| Command::StopLab)),
    group(action(Menu::Experiments, "Write the result's files…", None, |shared| {
        (shared.view == View::Lab).then_some(Command::AskWriteLab)
    })),
    action(Menu::Help, "Search and commands", Some(ctrl(Key::K)), |_| Some(Command::ShowPalette)),
    action(Menu::Help, "Shortcuts", Some(plain(Key::F1)), |_| Some(Command::ShowShortcuts)),
    group(action(Menu::Help, "About gatescope", None, |_| Some(Command::ShowAbout))),
];

fn device(shared: &Shared, choice: DeviceKind) -> Option<Command> {
    (shared.jobs.device() != choice).then_some(Command::SetDevice(choice))
}

/// Is there a run of the lab that is held, or that is not?
fn held(shared: &Shared, held: bool) -> bool {
    shared.jobs.lab().running().is_some_and(|run| run.is_held() == held)
}

fn theme(shared: &Shared, choice: ThemeChoice) -> Option<Command> {
    (shared.theme != choice).then_some(Command::SetTheme(choice))
}
