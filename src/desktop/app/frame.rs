//! The window's layout: bars, panels, the active view, and what lies over them.

use eframe::egui;
use egui::{CentralPanel, Frame, Grid, Key, KeyboardShortcut, Margin, Modifiers, Panel, RichText};

use super::{App, Page, over, recognised};
use crate::desktop::document::{Command, View};
use crate::desktop::panels::{self, Side};
use crate::desktop::ui::actions::{ACTIONS, Action};
use crate::desktop::ui::theme::{self, palette, size};
use crate::desktop::ui::{Outbox, Shared, Views, selection, status, title, widgets};

impl App {
    pub(super) fn frame(&mut self, ui: &mut egui::Ui) {
        let is_covered = self.is_covered();
        let mut views = std::mem::take(&mut self.views);
        let mut out = std::mem::take(&mut self.outbox);
        let shared = self.shared();
        over::close_tooltips(ui, is_covered);
        bars(ui, &shared, &mut out);
        side_panels(ui, &shared, &mut views, &mut out);
        centre(ui, &shared, &mut views, &mut out);
        views.palette.ui(ui.ctx(), &shared, &mut out);
        views.prompt.ui(ui.ctx(), &mut out);
        views.choices.ui(ui.ctx(), &mut out);
        views.picker.ui(ui.ctx(), &shared, views.cards.is_open(), &mut out);
        views.cards.ui(ui.ctx());
        if self.jobs.want(out.take_questions()) {
            ui.ctx().request_repaint();
        }
        self.views = views;
        self.outbox = out;
        self.page(ui.ctx());
        self.notices.ui(ui.ctx());
        over::focus_ring(ui.ctx());
    }

    /// A page of help over everything.
    fn page(&mut self, ctx: &egui::Context) {
        let Some(page) = self.page else { return };
        let modal = egui::Modal::new(egui::Id::unique("page")).show(ctx, |ui| {
            match page {
                Page::Shortcuts => shortcuts(ui),
                Page::About => about(ui),
                Page::Recognised => recognised::page(ui, &self.recognised),
            }
            ui.add_space(size::GAP);
            ui.button("Close").clicked()
        });
        if modal.inner || modal.should_close() {
            self.page = None;
        }
    }

    /// Does something lie over the views that has to be answered first?
    fn is_covered(&self) -> bool {
        self.page.is_some()
            || self.views.prompt.is_open()
            || self.views.choices.is_open()
            || self.views.picker.is_open()
            || self.views.cards.is_open()
            || self.views.palette.is_open()
    }

    /// Shortcuts, dropped files, pasted text and pictures.
    pub(super) fn take_input(&mut self, ctx: &egui::Context) {
        let shared = self.shared();
        let mut commands = Vec::new();
        let busy_elsewhere = self.is_covered();
        let typing = ctx.egui_wants_keyboard_input();
        // With Shift first: Ctrl+Z would otherwise also answer to Ctrl+Shift+Z.
        let mut actions: Vec<(&Action, KeyboardShortcut)> =
            ACTIONS.iter().filter_map(|action| Some((action, action.shortcut?))).collect();
        actions.sort_by_key(|(_, shortcut)| !(shortcut.modifiers.shift || shortcut.modifiers.alt));
        for (action, shortcut) in actions.into_iter().filter(|_| !busy_elsewhere) {
            // While a field has the keyboard, undo and plain keys are its own.
            let is_fields = matches!(shortcut.logical_key, Key::Z | Key::C) || shortcut.modifiers == Modifiers::NONE;
            if !(typing && is_fields) && ctx.input_mut(|input| input.consume_shortcut(&shortcut)) {
                commands.extend((action.command)(&shared));
            }
        }
        let dropped = ctx.input(|input| input.raw.dropped_files.clone());
        if !dropped.is_empty() {
            commands.push(Command::Open(dropped.iter().map(|file| file.path().to_path_buf()).collect()));
        }
        for command in commands {
            self.outbox.send(command);
        }
        if !typing && !busy_elsewhere {
            self.take_paste(ctx);
        }
    }
}

fn bars(ui: &mut egui::Ui, shared: &Shared, out: &mut Outbox) {
    let fill = palette(ui).panel;
    let frame = Frame::new().fill(fill).inner_margin(Margin::symmetric(16, 0));
    Panel::top("menu-bar").exact_size(size::MENU_BAR).frame(frame).show(ui, |ui| title::menu_bar(ui, shared, out));
    Panel::bottom("status-bar").exact_size(size::STATUS_BAR).frame(frame).show(ui, |ui| status::ui(ui, shared, out));
}

fn side_panels(ui: &mut egui::Ui, shared: &Shared, views: &mut Views, out: &mut Outbox) {
    let window = ui.ctx().content_rect().width();
    let mut panels = views.panels;
    if panels.is_open(Side::Left, window) {
        let panel = Panel::left("networks");
        panels.left.width = side_panel(ui, panel, panels.left.width, window, |ui| views.networks.ui(ui, shared, out));
    }
    if shared.view.has_selection() && panels.is_open(Side::Right, window) {
        let panel = Panel::right("selection");
        let textures = &mut views.textures;
        panels.right.width =
            side_panel(ui, panel, panels.right.width, window, |ui| selection::ui(ui, shared, textures, out));
    }
    views.panels = panels;
}

/// A panel whose inner edge can be dragged; gives its width.
fn side_panel(ui: &mut egui::Ui, panel: Panel, width: f32, window: f32, add: impl FnOnce(&mut egui::Ui)) -> f32 {
    let frame = Frame::new().fill(palette(ui).panel).inner_margin(Margin { left: 16, right: 12, top: 0, bottom: 0 });
    // The view keeps some room, however narrow the window is.
    let most = (window * 0.6).clamp(panels::LEAST, panels::MOST);
    let shown = panel.resizable(true).default_size(width).size_range(panels::LEAST..=most).frame(frame).show(ui, add);
    shown.response.rect.width().clamp(panels::LEAST, panels::MOST)
}

fn centre(ui: &mut egui::Ui, shared: &Shared, views: &mut Views, out: &mut Outbox) {
    let frame = Frame::new().fill(palette(ui).canvas);
    CentralPanel::default().frame(frame).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        title::tabs(ui, shared.view, &views.panels, out);
        ui.spacing_mut().item_spacing.y = 4.0;
        if shared.document.networks().is_empty() && shared.view != View::Lab {
            widgets::empty_state(ui, "No networks", "Add one with Ctrl+N, or open a file with Ctrl+O.");
            return;
        }
        match shared.view {
            View::Network => views.network.ui(ui, shared, &mut views.textures, out),
            View::Costs => views.costs.ui(ui, shared, out),
            View::Compare => views.compare.ui(ui, shared, out),
            View::Inspect => views.inspect.ui(ui, shared, &mut views.textures, out),
            View::Lab => views.lab.ui(ui, shared, out),
        }
    });
}

fn shortcuts(ui: &mut egui::Ui) {
    ui.label(widgets::strong("Shortcuts", size::TITLE));
    ui.add_space(size::GAP);
    let room = ui.ctx().content_rect().height() - 160.0;
    egui::ScrollArea::vertical().max_height(room).auto_shrink([false, true]).show(ui, |ui| {
        Grid::new("shortcuts").num_columns(2).spacing([32.0, 0.0]).show(ui, |ui| {
            for (does, keys) in over::VIEW_KEYS {
                row(ui, does, (*keys).to_owned());
            }
            for action in ACTIONS {
                let Some(shortcut) = action.shortcut else { continue };
                row(ui, action.label.trim_end_matches('…'), ui.ctx().format_shortcut(&shortcut));
            }
        });
    });
}

/// What keys do, and which.
fn row(ui: &mut egui::Ui, does: &str, keys: String) {
    ui.label(does);
    ui.label(RichText::new(keys).font(theme::mono(size::MONO)).color(palette(ui).muted));
    ui.end_row();
}

fn about(ui: &mut egui::Ui) {
    ui.set_width(380.0);
    ui.label(widgets::strong(format!("gatescope {}", env!("CARGO_PKG_VERSION")), size::TITLE));
    ui.add_space(size::GAP);
    ui.label("Build, cost and inspect convolutional networks with attention.");
    ui.add_space(size::GAP);
    widgets::muted(ui, "MIT or Apache-2.0. Fonts: Inter and JetBrains Mono, SIL OFL.");
    widgets::muted(
        ui,
        "Pictures: cat (Stefan van der Walt, CC0), coffee (Rachel Michetti, CC0), astronaut (NASA, public domain).",
    );
}
