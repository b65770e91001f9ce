//! Short messages at the head of the window, beside the menus and tabs: they cover nothing that is read. Each leaves by
//! itself, one that warns later than good news, and all of them by Escape.

use std::time::{Duration, Instant};

use eframe::egui;
use egui::{Align2, Color32, Frame, Id, Key, Modifiers, RichText, Stroke};

use crate::desktop::ui::theme::{self, palette, size};
use crate::desktop::ui::{scripts, title, widgets};

/// How long good news stays.
const GOOD_NEWS: Duration = Duration::from_secs(4);
/// How long a warning stays, at least.
const WARNING: Duration = Duration::from_secs(10);
/// Reading a letter takes about this long; a warning is read from its beginning.
const A_LETTER: Duration = Duration::from_millis(80);
/// What the pointer rests on stays this long after it has left.
const LINGERING: Duration = Duration::from_secs(2);
/// How many messages are kept at once.
const KEPT: usize = 4;
/// Room for a message's words is at least this wide where they are set as large as any text.
const ROOMY: f32 = 400.0;
/// As many lines of a message as the head has room for, until it is pointed at: of text, of small text.
const LINES: (usize, usize) = (3, 4);
/// How wide a message is, at least and at most.
const WIDTHS: (f32, f32) = (200.0, 620.0);

struct Notice {
    text: String,
    is_warning: bool,
    until: Instant,
}

/// Messages being shown.
#[derive(Default)]
pub(super) struct Notices {
    /// The newest last.
    notices: Vec<Notice>,
}

impl Notices {
    /// Something failed; the same message is not stacked.
    pub(super) fn error(&mut self, text: impl Into<String>) {
        let text = text.into();
        let reading = A_LETTER * u32::try_from(text.chars().count()).unwrap_or(u32::MAX).min(1000);
        self.push(text, true, WARNING.max(reading));
    }

    /// Something worked.
    pub(super) fn done(&mut self, text: impl Into<String>) {
        let text = text.into();
        let reading = A_LETTER / 2 * u32::try_from(text.chars().count()).unwrap_or(u32::MAX).min(300);
        self.push(text, false, GOOD_NEWS.max(reading));
    }

    fn push(&mut self, text: String, is_warning: bool, stays: Duration) {
        self.notices.retain(|notice| notice.text != text);
        self.notices.push(Notice { text, is_warning, until: Instant::now() + stays });
        let surplus = self.notices.len().saturating_sub(KEPT);
        self.notices.drain(..surplus);
    }

    pub(super) fn ui(&mut self, ctx: &egui::Context) {
        self.leave(ctx, Instant::now());
        if self.notices.is_empty() {
            return;
        }
        let room = title::free_room(ctx);
        let width = room.width().clamp(WIDTHS.0, WIDTHS.1).min(ctx.content_rect().width() - 2.0 * size::GAP);
        let shown = egui::Area::new(Id::unique("notices"))
            .order(egui::Order::Foreground)
            .pivot(Align2::RIGHT_TOP)
            .fixed_pos(egui::pos2(room.right(), 4.0))
            .constrain(true)
            .show(ctx, |ui| {
                ui.set_max_width(width);
                self.list(ui)
            });
        if let Some(index) = shown.inner {
            self.notices.remove(index);
        }
        self.is_pointed_at(ctx, shown.response.container_contains_pointer());
    }

    /// Takes away what has been there long enough, or everything at Escape while nothing else waits for that key.
    fn leave(&mut self, ctx: &egui::Context, now: Instant) {
        self.notices.retain(|notice| notice.until > now);
        let is_free = ctx.memory(|memory| memory.top_modal_layer().is_none());
        if !self.notices.is_empty() && is_free && ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape))
        {
            self.notices.clear();
        }
        if let Some(next) = self.notices.iter().map(|notice| notice.until).min() {
            ctx.request_repaint_after(next.saturating_duration_since(now));
        }
    }

    /// What is being read does not leave.
    fn is_pointed_at(&mut self, ctx: &egui::Context, pointed: bool) {
        ctx.data_mut(|data| data.insert_temp(Id::unique("notices-pointed"), pointed));
        if pointed {
            let least = Instant::now() + LINGERING;
            self.notices.iter_mut().for_each(|notice| notice.until = notice.until.max(least));
        }
    }

    /// The newest message, or all of them in full under the pointer; the one that was dismissed.
    fn list(&self, ui: &mut egui::Ui) -> Option<usize> {
        let pointed = ui.ctx().data(|data| data.get_temp(Id::unique("notices-pointed"))).unwrap_or(false);
        let shown = if pointed { self.notices.len() } else { 1 };
        let mut dismissed = None;
        for (index, notice) in self.notices.iter().enumerate().rev().take(shown) {
            let more = if pointed { 0 } else { self.notices.len() - 1 };
            if show(ui, notice, more, pointed) {
                dismissed = Some(index);
            }
        }
        dismissed
    }
}

/// One message, and how many more there are; true when it was dismissed.
fn show(ui: &mut egui::Ui, notice: &Notice, more: usize, in_full: bool) -> bool {
    let colours = palette(ui);
    let edge = if notice.is_warning { colours.error } else { colours.accent };
    let frame = Frame::new()
        .fill(colours.raised)
        .stroke(Stroke::new(1.0, edge))
        .corner_radius(size::BOX_CORNER)
        .inner_margin(egui::Margin::symmetric(10, 6));
    let shown = frame.show(ui, |ui| {
        ui.horizontal_top(|ui| {
            let room = ui.available_width() - if more > 0 { 56.0 } else { 24.0 };
            // Laid out here: a label beside a button would take one line of any length.
            let job = words(&notice.text, colours.text, room, in_full);
            let galley = ui.painter().layout_job(job);
            ui.label(galley);
            if more > 0 {
                widgets::muted(ui, format!("+{more}")).on_hover_text("point here to see them all");
            }
            let cross = ui.add(egui::Button::new(RichText::new("×").color(colours.muted)).frame(false));
            cross.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, "dismiss"));
            cross.clicked()
        })
    });
    ui.add_space(4.0);
    shown.inner.inner
}

/// A message's words, cut after some lines unless it is shown in full.
fn words(text: &str, colour: Color32, width: f32, in_full: bool) -> egui::text::LayoutJob {
    let (font, lines) = match width < ROOMY {
        true => (theme::regular(size::LABEL), LINES.1),
        false => (theme::regular(size::TEXT), LINES.0),
    };
    let mut job = egui::text::LayoutJob::simple(scripts::visual(text).into_owned(), font, colour, width.max(120.0));
    if !in_full {
        job.wrap.max_rows = lines;
    }
    job
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_stay_longer_than_good_news_and_both_leave() {
        let mut notices = Notices::default();
        notices.done("saved");
        notices.error("not saved");
        let ctx = egui::Context::default();
        let now = Instant::now();
        let left = |notices: &mut Notices, seconds| {
            notices.leave(&ctx, now + Duration::from_secs(seconds));
            notices.notices.iter().map(|notice| notice.text.clone()).collect::<Vec<_>>()
        };
        assert_eq!(left(&mut notices, 3), ["saved", "not saved"]);
        assert_eq!(left(&mut notices, 6), ["not saved"]);
        assert!(left(&mut notices, 12).is_empty());
    }

    #[test]
    fn the_same_message_is_not_stacked_and_a_long_one_can_be_read() {
        let mut notices = Notices::default();
        notices.error("a");
        notices.error("a");
        assert_eq!(notices.notices.len(), 1);
        notices.error("word ".repeat(60));
        let stays = notices.notices[1].until.saturating_duration_since(Instant::now());
        assert!(stays > Duration::from_secs(20), "{stays:?}");
    }
}
