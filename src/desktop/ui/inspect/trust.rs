//! Beside the maps of evidence: the classes, and whether the map can be believed.

use eframe::egui;
use egui::{Label, RichText, Sense, Stroke, Ui, pos2, vec2};

use super::super::theme::{palette, size};
use super::super::widgets::{caption, section};
use super::super::{Outbox, Shared};
use super::asks::{Asks, OverAll};
use super::evidence::{answer, named};
use super::{Scene, classes, lockstep, side, states};
use crate::compute::explain::trust::Faithfulness;
use crate::compute::explain::{Layer, Outcome};
use crate::desktop::jobs::{Explained, Inspection};

pub(super) fn show(ui: &mut Ui, scene: Scene, asks: &mut Asks, shared: &Shared, out: &mut Outbox) {
    let inspection = scene.inspection;
    egui::ScrollArea::vertical().id_salt("evidence").auto_shrink([false, false]).show(ui, |ui| {
        side::untrained(ui, scene);
        section(ui, "Ask about");
        ui.add_space(2.0);
        if asks.is_beside {
            lockstep::predictions(ui, scene, asks, shared);
        }
        let listed = if asks.is_beside { Vec::new() } else { listed(inspection, asks) };
        for (class, probability) in listed {
            let name = named(inspection, class);
            let shares = (probability, probability);
            classes::row(ui, (inspection, asks), class, (&name, &side::percent(probability), 64.0), shares);
        }
        ui.add_space(4.0);
        classes::search(ui, inspection, asks);
        if asks.against(inspection).is_some() && ui.button("Swap").on_hover_text("the two classes (X)").clicked() {
            asks.swap(inspection);
        }
        ui.add_space(size::PADDING);
        section(ui, "Can this map be believed?");
        trust(ui, inspection, asks, shared, out);
    });
}

/// The most likely classes, and those that are asked about.
fn listed(inspection: &Inspection, asks: &Asks) -> Vec<(usize, f32)> {
    let mut classes: Vec<(usize, f32)> =
        inspection.reading.top.iter().map(|guess| (guess.class, guess.probability)).collect();
    for class in [asks.class(inspection), asks.against(inspection)].into_iter().flatten() {
        if !classes.iter().any(|(known, _)| *known == class) {
            let outcome = Outcome::of(&inspection.run.logits);
            classes.push((class, outcome.probabilities[class] as f32));
        }
    }
    classes
}

/// In words, with numbers.
fn trust(ui: &mut Ui, inspection: &Inspection, asks: &mut Asks, shared: &Shared, out: &mut Outbox) {
    let Some(question) = asks.trust(inspection) else { return };
    if !asks.card().is_some_and(|card| card.is_of_layer) {
        caption(ui, "asked of maps of layers only: cells are taken out, not pixels");
        return;
    }
    let cells = Layer::pooled(&inspection.graph).map_or(1, |layer| inspection.graph[layer.node].shape.positions());
    // The map's own curve both ways and five random orders; the map, and once more without its head.
    let passes = 7 * (cells + 1) + 2 * asks.passes(inspection);
    let asked = (inspection, &mut *asks, shared);
    let answer = states::worked_on(ui, asked, question, (passes, "Try it"), out);
    let Some(Explained::Trust(faith, steps)) = answer.as_deref() else { return };
    if !inspection.weights().is_trained() {
        caption(ui, "weights are random: these numbers say nothing");
    }
    curve(ui, faith);
    for sentence in faith.sentences() {
        ui.add(Label::new(RichText::new(sentence).size(size::LABEL)).wrap());
    }
    if faith.leaves_evidence() {
        let other = asks.baseline.other();
        if ui.button(format!("Take {} instead", other.word())).clicked() {
            asks.baseline = other;
        }
    }
    if let Some(step) = steps.first() {
        let said = step.correlation.map_or_else(|| "none".to_owned(), |value| format!("{value:.2}").replace('-', "−"));
        let text = format!("rank correlation after the head is replaced: {said}");
        ui.add(Label::new(RichText::new(text).size(size::LABEL)).wrap());
    }
    if shared.pictures.len() > 1 {
        let text = format!("over all {} pictures", shared.pictures.len());
        ui.checkbox(&mut asks.is_over_all, text).on_hover_text("each for its own most likely class");
        if asks.is_over_all {
            over_all(ui, inspection, asks, shared, out);
        }
    }
}

/// In how many of the pictures that were given together the map beats every random order.
fn over_all(ui: &mut Ui, inspection: &Inspection, asks: &Asks, shared: &Shared, out: &mut Outbox) {
    let (mut known, mut beats, mut leaves) = (0, [0, 0], 0);
    for question in asks.over_all(inspection, OverAll::Trust, shared.pictures) {
        out.ask(question.clone());
        let Ok(answer) = answer(shared, &question) else { continue };
        let Explained::Trust(faith, _) = &**answer else { continue };
        known += 1;
        for (sum, beaten) in beats.iter_mut().zip(faith.beaten()) {
            *sum += usize::from(beaten == faith.random.len());
        }
        leaves += usize::from(faith.leaves_evidence());
    }
    let text = format!(
        "Beats all random orders: deletion in {} of {known} pictures, insertion in {} of {known} ({known} of {} tried); \
         the baseline leaves the evidence in {leaves}.",
        beats[0],
        beats[1],
        shared.pictures.len()
    );
    ui.add(Label::new(RichText::new(text).size(size::LABEL)).wrap());
}

/// The probability as cells are taken out, and as they are put in.
fn curve(ui: &mut Ui, faith: &Faithfulness) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 84.0), Sense::hover());
    response
        .widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, "probability as cells go and come back"));
    let colours = palette(ui);
    ui.painter().rect_filled(rect, f32::from(size::BOX_CORNER), colours.sunken);
    let plot = rect.shrink(6.0);
    let line = |points: &[[f64; 2]]| -> Vec<egui::Pos2> {
        let last = points.len().saturating_sub(1).max(1) as f32;
        let at = |(index, point): (usize, &[f64; 2])| {
            pos2(plot.left() + plot.width() * index as f32 / last, plot.bottom() - plot.height() * point[1] as f32)
        };
        points.iter().enumerate().map(at).collect()
    };
    ui.painter().add(egui::Shape::line(line(&faith.insertion), Stroke::new(1.5, colours.muted)));
    ui.painter().add(egui::Shape::line(line(&faith.deletion), Stroke::new(2.0, colours.text)));
    caption(ui, "p as cells are taken out (bright) and put in (grey), most marked first");
}
