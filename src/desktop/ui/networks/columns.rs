//! Which attention blocks have a column in the matrix: the usual ones, those the network uses, and those asked for.

use eframe::egui;
use egui::{Align2, Popup, PopupCloseBehavior, Rect, RichText, Sense, Ui};

use super::brush::choices;
use crate::desktop::document::NetworkId;
use crate::desktop::ui::theme::{self, palette, size};
use crate::network::attention::{self, AttentionBlock, BLOCKS};
use crate::network::{NetworkSpec, zoo};

/// What every network's matrix begins with: the two papers' blocks.
const USUAL: [&str; 4] = ["se", "cam", "sam", "cbam"];
/// Width of the column that offers the others.
pub(super) const MORE: f32 = 26.0;
/// Width of the list of the others.
const LIST: f32 = 300.0;

/// The columns somebody asked for.
#[derive(Default)]
pub(super) struct Columns {
    added: Vec<&'static str>,
    /// The network shown, and what it had while it was: a column does not leave under the hand that empties it.
    kept: (Option<NetworkId>, Vec<&'static str>),
}

impl Columns {
    /// Nothing chosen first; where that leaves the network its own SE, what takes that out; then blocks in registry order.
    pub(super) fn shown(&mut self, id: NetworkId, spec: &NetworkSpec) -> Vec<Option<&'static str>> {
        if self.kept.0 != Some(id) {
            self.kept = (Some(id), Vec::new());
        }
        let used = attention::names().into_iter().filter(|name| choices(spec).any(|choice| choice.name() == *name));
        for name in used {
            if !self.kept.1.contains(&name) {
                self.kept.1.push(name);
            }
        }
        let is_shown =
            |name: &&'static str| USUAL.contains(name) || self.added.contains(name) || self.kept.1.contains(name);
        let off = zoo::has_built_in(spec).then_some(Some(attention::OFF));
        std::iter::once(None).chain(off).chain(attention::names().into_iter().filter(is_shown).map(Some)).collect()
    }

    /// A button that lists every block without a column; a click on one gives it a column, in this rectangle.
    pub(super) fn more(&mut self, ui: &mut Ui, rect: Rect, shown: &[Option<&'static str>]) {
        let response = ui.interact(rect, ui.scope_id().with("more attention"), Sense::click());
        let colours = palette(ui);
        let colour = if response.hovered() || response.has_focus() { colours.text } else { colours.muted };
        ui.painter().text(rect.center(), Align2::CENTER_CENTER, "+", theme::semibold(size::TEXT), colour);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, "More attention blocks"));
        let hidden = || BLOCKS.iter().copied().filter(|block| !shown.contains(&Some(block.card().name)));
        let popup = Popup::menu(&response).width(LIST).close_behavior(PopupCloseBehavior::CloseOnClick);
        popup.show(|ui| {
            if hidden().next().is_none() {
                ui.label("Every attention block has a column.");
            }
            egui::ScrollArea::vertical().max_height(420.0).show(ui, |ui| {
                for block in hidden() {
                    if offer(ui, block) {
                        self.added.push(block.card().name);
                    }
                }
            });
        });
        response.on_hover_text("More attention blocks");
    }
}

/// One block in the list; true when it was clicked.
fn offer(ui: &mut Ui, block: &dyn AttentionBlock) -> bool {
    let card = block.card();
    let title = RichText::new(card.title).color(palette(ui).attention(card.name)).strong();
    let mut text = egui::text::LayoutJob::default();
    let (style, fallback, align) = (ui.style().clone(), egui::FontSelection::Default, egui::Align::Center);
    title.append_to(&mut text, &style, fallback.clone(), align);
    let long = RichText::new(format!("  {}", card.long)).color(palette(ui).muted).size(size::LABEL);
    long.append_to(&mut text, &style, fallback, align);
    ui.add(egui::Button::new(text).frame(false).wrap().min_size(egui::Vec2::new(LIST - 16.0, 24.0)))
        .on_hover_text(card.summary)
        .clicked()
}

#[cfg(test)]
mod tests {
    use super::Columns;
    use crate::desktop::document::NetworkId;
    use crate::network::parse;

    #[test]
    fn the_usual_blocks_and_those_in_use_have_columns() {
        let names = |text: &str| Columns::default().shown(NetworkId(0), &parse(text).expect("parses"));
        let usual = [None, Some("se"), Some("cam"), Some("sam"), Some("cbam")];
        assert_eq!(names("resnet18"), usual);
        assert_eq!(names("resnet18+cbam+eca@layer4.0").len(), usual.len() + 1);
        assert_eq!(names("efficientnet_b0")[..3], [None, Some("off"), Some("se")]);
    }

    #[test]
    fn a_block_asked_for_has_a_column_too() {
        let mut columns = Columns { added: vec!["eca"], ..Columns::default() };
        assert!(columns.shown(NetworkId(0), &parse("resnet18").expect("parses")).contains(&Some("eca")));
    }

    #[test]
    fn a_column_stays_when_its_last_cell_is_painted_over() {
        let mut columns = Columns::default();
        let mut has_eca =
            |id: u64, text: &str| columns.shown(NetworkId(id), &parse(text).expect("parses")).contains(&Some("eca"));
        assert!(has_eca(0, "resnet18+eca@layer1.0"));
        assert!(has_eca(0, "resnet18+se@layer1.0"));
        assert!(!has_eca(1, "resnet18"));
    }
}
