//! Short messages in the corner: what went wrong and stays until it is dismissed, what went well and goes by itself.

use std::time::{Duration, Instant};

use eframe::egui;
use egui::{Align2, Frame, RichText, Stroke, Vec2};

use crate::desktop::ui::theme::{palette, size};

/// How long good news stays.
const GOOD_NEWS: Duration = Duration::from_secs(4);
/// How many messages are shown at once.
const SHOWN: usize = 4;

struct Notice {
    text: String,
    until: Option<Instant>,
}

/// Messages being shown.
#[derive(Default)]
pub(super) struct Notices {
    notices: Vec<Notice>,
}

impl Notices {
    /// Something failed: stays until dismissed; the same message is not stacked.
    pub(super) fn error(&mut self, text: impl Into<String>) {
        self.push(text.into(), None);
    }

    /// Something worked.
    pub(super) fn done(&mut self, text: impl Into<String>) {
        self.push(text.into(), Some(Instant::now() + GOOD_NEWS));
    }

    fn push(&mut self, text: String, until: Option<Instant>) {
        self.notices.retain(|notice| notice.text != text);
        self.notices.push(Notice { text, until });
        let surplus = self.notices.len().saturating_sub(SHOWN);
        self.notices.drain(..surplus);
    }

    pub(super) fn ui(&mut self, ctx: &egui::Context) {
        let now = Instant::now();
        self.notices.retain(|notice| notice.until.is_none_or(|until| until > now));
        if self.notices.is_empty() {
            return;
        }
        if let Some(next) = self.notices.iter().filter_map(|notice| notice.until).min() {
            ctx.request_repaint_after(next.saturating_duration_since(now));
        }
        let offset = Vec2::new(0.0, -(size::STATUS_BAR + size::PADDING));
        egui::Area::new(egui::Id::unique("notices"))
            .order(egui::Order::Foreground)
            .anchor(Align2::CENTER_BOTTOM, offset)
            .show(ctx, |ui| {
                let mut dismissed = None;
                for (index, notice) in self.notices.iter().enumerate() {
                    if show(ui, notice) {
                        dismissed = Some(index);
                    }
                }
                if let Some(index) = dismissed {
                    self.notices.remove(index);
                }
            });
    }
}

/// One message; true when it was dismissed.
fn show(ui: &mut egui::Ui, notice: &Notice) -> bool {
    let colours = palette(ui);
    let edge = if notice.until.is_some() { colours.accent } else { colours.error };
    let frame = Frame::new()
        .fill(colours.raised)
        .stroke(Stroke::new(1.0, edge))
        .corner_radius(size::BOX_CORNER)
        .inner_margin(egui::Margin::symmetric(12, 8));
    let shown = frame.show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.set_max_width(620.0);
            ui.add(egui::Label::new(RichText::new(&notice.text).color(colours.text)).wrap());
            let cross = ui.add(egui::Button::new(RichText::new("×").color(colours.muted)).frame(false));
            cross.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, "dismiss"));
            cross.clicked()
        })
    });
    ui.add_space(4.0);
    shown.inner.inner
}
