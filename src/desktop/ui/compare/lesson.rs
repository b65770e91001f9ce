//! The lesson card: two 3×3 convolutions against a bottleneck, at a number of channels the user chooses.

use eframe::egui;
use egui::{Align, Layout, Ui};

use crate::desktop::ui::theme::{self, palette, size};
use crate::desktop::ui::widgets;
use crate::network::cost::{Lesson, Term, lesson};
use crate::network::number::grouped;

/// The channels there are to choose from; 256 is the paper's.
const CHANNELS: [usize; 5] = [64, 128, 256, 512, 1024];
/// From this width on, the ratio stands beside the calculation; below, under it.
const BESIDE: f32 = 600.0;

/// The card's own state.
pub(super) struct Card {
    lesson: Lesson,
}

impl Default for Card {
    fn default() -> Self {
        Self { lesson: lesson(256) }
    }
}

impl Card {
    /// Shows the card.
    pub(super) fn show(&mut self, ui: &mut Ui) {
        let colours = palette(ui);
        let frame = egui::Frame::new()
            .fill(colours.panel)
            .stroke(egui::Stroke::new(1.0, colours.line))
            .corner_radius(size::BOX_CORNER)
            .inner_margin(size::PADDING);
        frame.show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.horizontal(|ui| {
                widgets::section(ui, "Lesson · two 3×3 against a bottleneck");
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    widgets::muted(ui, "channels");
                    for channels in CHANNELS.into_iter().rev() {
                        let chosen = channels == self.lesson.channels;
                        let response = ui.selectable_label(chosen, channels.to_string());
                        let spoken = format!("{channels} channels");
                        response
                            .widget_info(|| egui::WidgetInfo::selected(egui::Role::RadioButton, true, chosen, &spoken));
                        if response.clicked() {
                            self.lesson = lesson(channels);
                        }
                    }
                });
            });
            ui.add_space(size::GAP);
            if ui.available_width() >= BESIDE {
                ui.horizontal(|ui| {
                    ui.vertical(|ui| self.calculation(ui));
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| self.ratio(ui));
                });
            } else {
                self.calculation(ui);
                self.ratio(ui);
            }
            ui.add_space(size::GAP);
            let channels = self.lesson.channels;
            widgets::caption(ui, format!("Counts {}. Both take and give {channels} channels.", Lesson::COUNTS));
            widgets::caption(ui, "18·C² against 17/16·C²: the same ratio at every width. He et al., 2015.");
        });
    }

    /// Both ways written out, results under each other.
    fn calculation(&self, ui: &mut Ui) {
        let lines = [
            ("two 3×3", expression(&self.lesson.basic), self.lesson.basic_weights()),
            ("bottleneck", expression(&self.lesson.bottleneck), self.lesson.bottleneck_weights()),
        ];
        let width = |texts: [String; 2]| texts.iter().map(|text| text.chars().count()).max().unwrap_or(0);
        let left = width([lines[0].1.clone(), lines[1].1.clone()]);
        let right = width([grouped(lines[0].2), grouped(lines[1].2)]);
        for (name, expression, weights) in lines {
            widgets::code(ui, format!("{name:<10} {expression:<left$} = {:>right$}", grouped(weights)));
        }
    }

    fn ratio(&self, ui: &mut Ui) {
        let colour = palette(ui).accent;
        let text = format!("{:.2}×", self.lesson.ratio());
        ui.label(egui::RichText::new(text).font(theme::semibold(size::HERO)).color(colour));
    }
}

fn expression(terms: &[Term]) -> String {
    terms.iter().map(|term| term.expression.as_str()).collect::<Vec<_>>().join(" + ")
}
