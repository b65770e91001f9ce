//! Beside the list: what is chosen, in a sentence and a picture of its block.

use eframe::egui;
use egui::{Align, Button, Label, Layout, RichText, Ui, Vec2};

use super::list::cost;
use super::{Open, SIDE};
use crate::desktop::ui::theme::{palette, size};
use crate::desktop::ui::{Outbox, Shared, cards, diagram, widgets};
use crate::drawing::card::Diagram;
use crate::network::number;
use crate::network::zoo::{self, Subject};

/// What the words and the button need; the picture has the rest.
const WORDS: f32 = 276.0;

impl Open {
    /// True when the button has been clicked.
    pub(super) fn side(&mut self, ui: &mut Ui, shared: &Shared, height: f32, out: &mut Outbox) -> bool {
        let Some(choice) = self.choices.get(self.chosen) else { return false };
        let subject = Subject::Family(choice.family);
        ui.set_width(SIDE);
        ui.horizontal(|ui| {
            ui.label(widgets::strong(subject.title(), size::TITLE));
            cards::button(ui, &subject, out);
        });
        ui.add(Label::new(RichText::new(subject.sentences()[0]).color(palette(ui).muted)).wrap());
        ui.add_space(4.0);
        if self.picture.as_ref().is_none_or(|(name, _)| *name != choice.name) {
            let example = subject.example_in(&choice.spec);
            self.picture = example.map(|example| (choice.name.clone(), Diagram::of_example(&example)));
        }
        if let Some((title, picture)) = &self.picture {
            let room = Vec2::new(SIDE, (height - WORDS).max(80.0));
            diagram::show(ui, picture, &format!("A block of {title}"), room, room.y);
        }
        ui.add_space(size::GAP);
        let choice = &self.choices[self.chosen];
        ui.add(Label::new(widgets::strong(&choice.name, size::TEXT)).truncate());
        widgets::caption(ui, &choice.summary);
        let [channels, rows, columns] = zoo::input_of(&choice.spec);
        widgets::fact(ui, "Input", format!("{channels} × {rows} × {columns}"));
        let costs = cost(shared, choice);
        let written = |value: Option<u64>| value.map_or_else(|| "…".to_owned(), number::grouped);
        widgets::fact(ui, "Parameters", written(costs.map(|cost| cost.params)));
        widgets::fact(ui, "MACs", written(costs.map(|cost| cost.macs)));
        let verb = self.purpose.verb();
        let add = |ui: &mut Ui| {
            let button = Button::new(RichText::new(verb).color(palette(ui).on_accent)).fill(palette(ui).accent);
            let response = ui.add_sized([SIDE, 28.0], button);
            response
                .widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, format!("{verb} {}", choice.name)));
            response.clicked()
        };
        ui.with_layout(Layout::bottom_up(Align::Min), add).inner
    }
}
