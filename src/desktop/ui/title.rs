//! The bar at the top: name, menus, search; and the tabs of the views.

use eframe::egui;
use egui::{Align, Button, Layout, Rect, RichText, Sense, Stroke, Ui, Vec2};

use super::actions::{ACTIONS, Menu};
use super::theme::{self, palette, size};
use super::{Outbox, Shared, widgets};
use crate::desktop::document::{Command, View};
use crate::desktop::panels::{Panels, Side};

/// The menu bar.
pub fn menu_bar(ui: &mut Ui, shared: &Shared, out: &mut Outbox) {
    ui.horizontal_centered(|ui| {
        ui.label(widgets::strong("gatescope", size::TEXT));
        ui.add_space(size::GAP);
        ui.spacing_mut().item_spacing.x = size::PADDING;
        for menu in Menu::ALL {
            let title = RichText::new(menu.title()).color(palette(ui).muted);
            egui::containers::menu::MenuButton::from_button(Button::new(title).frame(false))
                .ui(ui, |ui| menu_items(ui, menu, shared, out));
        }
        let left = ui.cursor().left();
        let search = ui.with_layout(Layout::right_to_left(Align::Center), |ui| search_field(ui, out));
        let right = search.inner.left() - size::GAP;
        remember(ui, |room| (room.min.x, room.max.x) = (left, right));
    });
}

/// Where nothing stands in the head of the window: beside the menus and the tabs, left of the search field.
#[must_use]
pub fn free_room(ctx: &egui::Context) -> Rect {
    let room = ctx.data(|data| data.get_temp::<Rect>(free_id()));
    room.filter(|room| room.right() > room.left()).unwrap_or_else(|| ctx.content_rect().shrink(size::GAP))
}

fn free_id() -> egui::Id {
    egui::Id::unique("free-room")
}

fn remember(ui: &Ui, change: impl FnOnce(&mut Rect)) {
    ui.ctx().data_mut(|data| change(data.get_temp_mut_or(free_id(), Rect::ZERO)));
}

fn menu_items(ui: &mut Ui, menu: Menu, shared: &Shared, out: &mut Outbox) {
    ui.set_min_width(220.0);
    for action in ACTIONS.iter().filter(|action| action.menu == menu) {
        if action.starts_group {
            ui.separator();
        }
        let command = (action.command)(shared);
        let mut button = Button::new(action.label).frame(false);
        if let Some(shortcut) = action.shortcut {
            button = button.shortcut_text(ui.ctx().format_shortcut(&shortcut));
        }
        if ui.add_enabled(command.is_some(), button).clicked() {
            out.commands.extend(command);
            ui.close();
        }
    }
}

/// Looks like a text field, opens the palette.
fn search_field(ui: &mut Ui, out: &mut Outbox) -> Rect {
    let colours = palette(ui);
    let text = RichText::new("Search layers and commands   Ctrl K").color(colours.muted);
    let button = Button::new(text).fill(colours.canvas).stroke(Stroke::new(1.0, colours.outline));
    let width = ui.available_width().clamp(80.0, 280.0);
    let response = ui.add_sized(Vec2::new(width, size::ROW), button.truncate());
    if response.clicked() {
        out.send(Command::ShowPalette);
    }
    response.rect
}

/// The tabs, the active one underlined in the accent; at both ends what hides and shows the panel there.
pub fn tabs(ui: &mut Ui, active: View, panels: &Panels, out: &mut Outbox) {
    let colours = palette(ui);
    let top = ui.cursor().top();
    let window = ui.ctx().content_rect().width();
    let bar = ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        ui.add_space(4.0);
        panel_switch(ui, Side::Left, panels.is_open(Side::Left, window), out);
        let padding = tab_padding(ui);
        for view in View::ALL {
            tab(ui, view, view == active, padding, out);
        }
        let end = ui.cursor().left();
        if active.has_selection() {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.add_space(4.0);
                panel_switch(ui, Side::Right, panels.is_open(Side::Right, window), out);
            });
        }
        end
    });
    remember(ui, |room| room.min.x = room.min.x.max(bar.inner));
    let bottom = bar.response.rect.bottom().max(top);
    ui.painter().hline(ui.max_rect().x_range(), bottom, Stroke::new(1.0, colours.line));
}

/// A small window with a bar at its side: filled where the panel is there.
fn panel_switch(ui: &mut Ui, side: Side, is_open: bool, out: &mut Outbox) {
    let colours = palette(ui);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(32.0, 40.0), Sense::click());
    let strong = response.hovered() || response.has_focus();
    let colour = if strong { colours.text } else { colours.muted };
    let frame = Rect::from_center_size(rect.center(), Vec2::new(16.0, 13.0));
    ui.painter().rect_stroke(frame, 2.0, Stroke::new(1.2, colour), egui::StrokeKind::Inside);
    let bar = match side {
        Side::Left => frame.with_max_x(frame.left() + 5.5),
        Side::Right => frame.with_min_x(frame.right() - 5.5),
    };
    if is_open {
        ui.painter().rect_filled(bar, 1.0, colour);
    } else {
        ui.painter().rect_stroke(bar, 2.0, Stroke::new(1.0, colour), egui::StrokeKind::Inside);
    }
    let keys = if side == Side::Left { "Ctrl+B" } else { "Ctrl+Alt+B" };
    let spoken = format!("{} the {}", if is_open { "Hide" } else { "Show" }, side.title());
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, is_open, &spoken));
    if response.clicked() {
        out.send(Command::TogglePanel(side));
    }
    response.on_hover_text(format!("{spoken} ({keys})"));
}

/// Room around a tab's word: less where the window is narrow, so that the switch at the end stays in reach.
fn tab_padding(ui: &Ui) -> f32 {
    const WIDEST: f32 = 32.0;
    const LEAST: f32 = 6.0;
    let words: f32 = View::ALL.iter().map(|view| tab_width(ui, *view)).sum();
    // The switch at the other end, and the gap beside it.
    let room = ui.available_width() - words - 36.0;
    (room / View::ALL.len() as f32).clamp(LEAST, WIDEST)
}

/// The width of a tab's word in the bolder face, so that nothing moves when the tab changes.
fn tab_width(ui: &Ui, view: View) -> f32 {
    let font = theme::semibold(size::TEXT);
    ui.painter().layout_no_wrap(view.title().to_owned(), font, palette(ui).text).size().x
}

fn tab(ui: &mut Ui, view: View, is_active: bool, padding: f32, out: &mut Outbox) {
    let colours = palette(ui);
    let font = if is_active { theme::semibold(size::TEXT) } else { theme::regular(size::TEXT) };
    let (rect, response) = ui.allocate_exact_size(Vec2::new(tab_width(ui, view) + padding, 40.0), Sense::click());
    let colour = if is_active || response.hovered() || response.has_focus() { colours.text } else { colours.muted };
    ui.painter().text(rect.center(), egui::Align2::CENTER_CENTER, view.title(), font, colour);
    if is_active {
        ui.painter().hline(rect.x_range(), rect.bottom() - 1.0, Stroke::new(2.0, colours.accent));
    }
    if response.has_focus() {
        ui.painter().rect_stroke(rect.shrink(4.0), 4.0, Stroke::new(1.0, colours.accent), egui::StrokeKind::Inside);
    }
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, is_active, view.title()));
    if response.clicked() {
        out.send(Command::Show(view));
    }
}
