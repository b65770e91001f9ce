//! Search and commands (Ctrl+K): actions, parts of the active network, networks to add, cards to read.

use std::collections::BTreeSet;

use eframe::egui;
use egui::{Align2, Key, RichText, ScrollArea, Sense, TextEdit, Ui, Vec2};

use super::actions::ACTIONS;
use super::theme::{self, palette, size};
use super::{Outbox, Shared, widgets};
use crate::desktop::document::{Command, Selection};
use crate::network::zoo::Subject;
use crate::network::{Model, attention, number, papers, zoo};

/// How many results are listed.
const LISTED: usize = 60;

/// The height of the list, whether there is anything in it or not.
const HEIGHT: f32 = 360.0;

/// The palette, open or closed.
#[derive(Default)]
pub struct PaletteState {
    query: Option<String>,
    chosen: usize,
    /// What was found last, and what for.
    found: Option<(String, Vec<Entry>)>,
}

/// One thing to choose.
struct Entry {
    title: String,
    note: String,
    command: Command,
}

impl PaletteState {
    /// Opens it; `typed` are letters that came with the key that opens it.
    pub fn open(&mut self, typed: String) {
        self.query = Some(typed);
        self.chosen = 0;
        self.found = None;
    }

    /// Is it open?
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.query.is_some()
    }

    /// Shows it over everything.
    pub fn ui(&mut self, ctx: &egui::Context, shared: &Shared, out: &mut Outbox) {
        let Some(mut query) = self.query.take() else { return };
        let mut done = false;
        let modal = egui::Modal::new(egui::Id::unique("palette")).show(ctx, |ui| {
            ui.set_width(520.0);
            done = self.search(ui, &mut query, shared, out);
        });
        if !done && !modal.should_close() {
            self.query = Some(query);
        }
    }

    fn search(&mut self, ui: &mut Ui, query: &mut String, shared: &Shared, out: &mut Outbox) -> bool {
        let (up, down, enter) = ui.input_mut(|input| {
            let none = egui::Modifiers::NONE;
            (
                input.consume_key(none, Key::ArrowUp),
                input.consume_key(none, Key::ArrowDown),
                input.consume_key(none, Key::Enter),
            )
        });
        let hint = "A command, a layer, or a network to add";
        let field = TextEdit::singleline(query).hint_text(hint).desired_width(f32::INFINITY);
        let response = widgets::held_field(ui, "palette", field.font(theme::regular(size::TITLE)), "Search", true);
        if response.changed() {
            self.chosen = 0;
        }
        // Looked for after the field has taken the keys of this frame.
        let mut entries = match self.found.take() {
            Some((of, entries)) if of == *query => entries,
            _ => find(query, shared),
        };
        let last = entries.len().saturating_sub(1);
        self.chosen = match (up, down) {
            (true, _) => self.chosen.saturating_sub(1),
            (_, true) => (self.chosen + 1).min(last),
            _ => self.chosen.min(last),
        };
        ui.add_space(size::GAP);
        let height = HEIGHT.min(ui.ctx().content_rect().height() - 160.0).max(96.0);
        let room = Vec2::new(ui.available_width(), height);
        let clicked = ui.allocate_ui(room, |ui| {
            ui.set_min_size(room);
            list(ui, &entries, self.chosen, up || down)
        });
        let chosen = clicked.inner.or(enter.then_some(self.chosen)).filter(|index| *index < entries.len());
        if let Some(index) = chosen {
            out.send(entries.swap_remove(index).command);
            return true;
        }
        self.found = Some((query.clone(), entries));
        false
    }
}

/// Shows the results; the index of the one clicked.
fn list(ui: &mut Ui, entries: &[Entry], chosen: usize, scroll: bool) -> Option<usize> {
    let colours = palette(ui);
    let mut clicked = None;
    if entries.is_empty() {
        ui.label(RichText::new("Nothing by that name").color(colours.muted));
    }
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for (index, entry) in entries.iter().enumerate() {
            let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 28.0), Sense::click());
            if index == chosen || response.hovered() {
                ui.painter().rect_filled(rect, f32::from(size::CELL_CORNER), colours.raised);
            }
            let inner = rect.shrink2(Vec2::new(8.0, 0.0));
            let note = ui.painter().text(
                inner.right_center(),
                Align2::RIGHT_CENTER,
                &entry.note,
                theme::regular(size::LABEL),
                colours.muted,
            );
            let clip = egui::Rect::from_min_max(inner.min, egui::pos2(note.left() - 8.0, inner.max.y));
            ui.painter_at(clip).text(
                inner.left_center(),
                Align2::LEFT_CENTER,
                &entry.title,
                theme::regular(size::TEXT),
                colours.text,
            );
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &entry.title));
            if index == chosen && scroll {
                response.scroll_to_me(None);
            }
            if response.clicked() {
                clicked = Some(index);
            }
        }
    });
    clicked
}

/// What matches, best first.
fn find(query: &str, shared: &Shared) -> Vec<Entry> {
    let query = query.trim();
    let mut found: Vec<(usize, Entry)> = Vec::new();
    // Anything that reads as a spec can be added as it stands.
    if let Ok(model) = Model::parse(query) {
        let note = cost(&model);
        found.push((0, Entry { title: format!("Add {model}"), note, command: Command::AddNetwork(model) }));
    }
    let mut offer = |title: &str, note: &str, bias: usize, command: &dyn Fn() -> Option<Command>| {
        if let Some(score) = score(query, title)
            && let Some(command) = command()
        {
            found.push((score + bias, Entry { title: title.to_owned(), note: note.to_owned(), command }));
        }
    };
    for action in ACTIONS {
        offer(action.label, action.menu.title(), 1, &|| (action.command)(shared));
    }
    let mut also = Vec::new();
    for (label, words) in OTHER_WORDS {
        let actions = ACTIONS.iter().filter(|action| action.label == *label && query.len() > 2);
        for action in actions.filter(|action| score(query, action.label).is_none()) {
            if words.split(' ').any(|word| word.starts_with(&query.to_lowercase())) {
                also.extend((action.command)(shared).map(|command| (action.label, action.menu.title(), command)));
            }
        }
    }
    if !query.is_empty() {
        parts(shared, &mut offer);
        networks_to_add(&mut offer);
        cards(&mut offer);
        paper_tables(&mut offer);
    }
    let others = also
        .into_iter()
        .map(|(title, note, command)| (1, Entry { title: title.to_owned(), note: note.to_owned(), command }));
    found.extend(others);
    found.sort_by_key(|(score, _)| *score);
    let mut seen = BTreeSet::new();
    found.retain(|(_, entry)| seen.insert(entry.title.clone()));
    found.truncate(LISTED);
    found.into_iter().map(|(_, entry)| entry).collect()
}

/// What else people call an action.
static OTHER_WORDS: &[(&str, &str)] = &[
    ("Open…", "load file import checkpoint weights photo picture image"),
    ("Open from Hub…", "hugging huggingface download pretrained timm internet"),
    ("Save network as TOML…", "export spec"),
    ("Save project…", "export workspace session"),
    ("Inspect", "heatmap attention gates prediction photo overlay"),
    ("Costs", "flops macs parameters params memory layers"),
    ("Compare", "difference versus chart"),
    ("Network", "graph canvas architecture diagram"),
    ("Lab", "train experiment"),
    ("Measure time", "benchmark profile latency speed milliseconds"),
    ("Duplicate network", "copy clone"),
    ("Remove network", "delete close"),
    ("Shortcuts", "help keys hotkeys keyboard"),
];

/// What a network costs, in few words.
fn cost(model: &Model) -> String {
    let total = model.ledger().total();
    format!("{} parameters · {} MACs", number::short(total.params), number::short(total.macs))
}

type Offer<'a> = dyn FnMut(&str, &str, usize, &dyn Fn() -> Option<Command>) + 'a;

/// Scopes, layers and gates of the active network.
fn parts(shared: &Shared, offer: &mut Offer) {
    let Some(network) = shared.active() else { return };
    let graph = network.graph();
    let select = |part: &str, gate: Option<&str>| {
        Some(Command::Select(Selection { part: Some(part.to_owned()), gate: gate.map(str::to_owned) }))
    };
    for scope in graph.scopes.iter().filter(|scope| !scope.path.is_empty()) {
        offer(&scope.path, &scope.label, 2, &|| select(&scope.path, None));
    }
    for gate in &graph.gates {
        let scope = &graph[gate.scope];
        let part = scope.parent.map_or("", |parent| graph[parent].path.as_str());
        offer(&gate.name, "gate", 3, &|| select(part, Some(&gate.name)));
    }
    for node in graph.nodes.iter().filter(|node| !node.params.is_empty()) {
        offer(&node.name, node.op.name(), 4, &|| select(&node.name, None));
    }
}

/// What there is to read about families and attention blocks.
fn cards(offer: &mut Offer) {
    for subject in Subject::all() {
        offer(&format!("About {}", subject.title()), subject.long(), 1, &|| Some(Command::ShowCard(subject.name())));
    }
}

fn networks_to_add(offer: &mut Offer) {
    let attentions =
        std::iter::once(String::new()).chain(attention::names().into_iter().map(|name| format!("+{name}")));
    let attentions: Vec<String> = attentions.collect();
    for model in zoo::model_names() {
        for attention in &attentions {
            let text = format!("{model}{attention}");
            offer(&format!("Add {text}"), "network", 5, &|| Model::parse(&text).ok().map(Command::AddNetwork));
        }
    }
}

fn paper_tables(offer: &mut Offer) {
    for table in papers::tables() {
        let title = format!("{}: {}", table.place, table.title);
        offer(&title, "paper table", 2, &|| Some(Command::ShowPaper(Some(table.id))));
    }
}

/// How well a title answers a query: lower is better; `None` if its letters do not appear in order.
fn score(query: &str, title: &str) -> Option<usize> {
    let title = title.to_lowercase();
    let query = query.to_lowercase();
    if let Some(position) = title.find(&query) {
        return Some(position);
    }
    let mut letters = title.char_indices();
    let mut gaps = 100;
    let mut last = None;
    for wanted in query.chars().filter(|c| !c.is_whitespace()) {
        let (index, _) = letters.find(|(_, letter)| *letter == wanted)?;
        gaps += last.map_or(index, |last: usize| index - last - 1);
        last = Some(index);
    }
    Some(gaps)
}

#[cfg(test)]
mod tests {
    use super::score;

    #[test]
    fn words_win_over_scattered_letters() {
        assert!(score("undo", "Undo") < score("undo", "Use untrained done"));
        assert!(score("l3.2", "layer3.2").is_some());
        assert!(score("zzz", "layer3.2").is_none());
        assert_eq!(score("", "anything"), Some(0));
    }
}
