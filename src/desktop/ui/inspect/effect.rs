//! What a changed gate does to the decision: the replacements, the gate as it was and as it became, every later gate,
//! the classes before and after, and which gates matter.

use std::borrow::Cow;
use std::sync::Arc;

use eframe::egui;
use egui::{Key, Label, Rect, RichText, ScrollArea, Sense, Stroke, StrokeKind, Ui, pos2, vec2};

use super::super::textures::{Face, GateTextures};
use super::super::theme::{palette, size};
use super::super::widgets::{caption, channel_bars, muted, section, sorted_descending, strong};
use super::super::{Outbox, Shared};
use super::asks::{Asks, OverAll};
use super::evidence::{answer, named};
use super::picture::{paint_small, paint_with};
use super::{Scene, Settings, Shown, brush, classes, states, within};
use crate::compute::explain::{Done, Effect, GateMap, Lens, Ranking, Replacement, Slice};
use crate::desktop::jobs::{Changed, Explained, Inspection};
use crate::network::graph::GateKind;
use crate::network::number::value;

/// What a gate can be replaced by, and the keys.
const REPLACEMENTS: [(&str, Key, Option<Replacement>, &str); 7] = [
    ("as it is", Key::A, None, "the gate's own values"),
    ("mean", Key::M, Some(Replacement::Mean), "its mean: the scale stays, the choice goes"),
    ("1 − g", Key::I, Some(Replacement::Invert), "one minus every value"),
    ("reversed", Key::V, Some(Replacement::Reverse), "backwards; a map turned by 180°"),
    ("shuffled", Key::U, Some(Replacement::Shuffle(0)), "the same values in another order"),
    ("zeros", Key::Num0, Some(Replacement::Zeros), "branch closed: measures the whole branch"),
    ("ones", Key::Num1, Some(Replacement::Ones), "scale only: outside what the network was trained on"),
];

/// The left part: replacements, maps, later gates.
pub(super) fn show(
    ui: &mut Ui,
    room: Rect,
    scene: Scene,
    shown: &Shown,
    settings: &mut Settings,
    shared: &Shared,
    textures: &mut GateTextures,
) {
    let head = Rect::from_min_size(room.min, vec2(room.width(), size::ROW));
    within(ui, head, |ui| heading(ui, scene, shown, settings));
    let row =
        Rect::from_min_size(pos2(room.left(), head.bottom() + size::GAP), vec2(room.width(), 2.0 * size::ROW + 4.0));
    within(ui, row, |ui| replacements(ui, shown, &mut settings.asks));
    let below = Rect::from_min_max(pos2(room.left(), row.bottom() + size::GAP), room.max);
    let question = settings.asks.effect(scene.inspection);
    let found = question.as_ref().map(|question| answer(shared, question));
    if let Some(Err(Some(problem))) = found {
        return within(ui, below, |ui| states::not_explained(ui, shared, Some(problem)));
    }
    // While the next one is worked on, the last answer stays.
    let latest = settings.asks.latest(scene.inspection, found.and_then(Result::ok));
    let changed = latest.as_deref().filter(|_| question.is_some()).and_then(|answer| match answer {
        Explained::Effect(changed) => Some(&**changed),
        _ => None,
    });
    let upper = Rect::from_min_max(below.min, pos2(below.right(), below.top() + below.height() * 0.56));
    before_and_after(ui, upper, scene, shown, changed, settings, textures);
    let lower = Rect::from_min_max(pos2(below.left(), upper.bottom() + size::GAP), below.max);
    within(ui, lower, |ui| later_gates(ui, scene, shown, changed));
}

fn heading(ui: &mut Ui, scene: Scene, shown: &Shown, settings: &mut Settings) {
    let graph = &scene.inspection.graph;
    egui::Sides::new().height(size::ROW).shrink_left().truncate().show(
        ui,
        |ui| {
            ui.label(strong(shown.frame.short(), size::TITLE)).on_hover_text(&shown.frame.gate);
            muted(ui, shown.extent());
        },
        |ui| {
            let count = settings.asks.changed(graph);
            if count > 0 && ui.button(format!("Reset {count}")).on_hover_text("every gate as it is (R)").clicked() {
                settings.asks.reset();
            }
            let all = ui.button("All at their means").on_hover_text("every gate replaced by its mean");
            if all.clicked() {
                settings.asks.all_at_their_means(graph);
            }
        },
    );
}

fn replacements(ui: &mut Ui, shown: &Shown, asks: &mut Asks) {
    let current = asks.change(&shown.frame.gate);
    let is_painted = asks.painted(&shown.frame.gate).is_some();
    ui.horizontal_wrapped(|ui| {
        for (title, key, replacement, hover) in REPLACEMENTS {
            let is_chosen = !is_painted && current == replacement;
            let line = ui.selectable_label(is_chosen, title).on_hover_text(format!("{hover} ({})", key.name()));
            if line.clicked() {
                asks.set_change(&shown.frame.gate, replacement);
            }
        }
    });
    ui.horizontal(|ui| {
        ui.set_min_height(size::ROW);
        match current.and_then(Replacement::caution) {
            Some(caution) => {
                ui.add(Label::new(RichText::new(caution).size(size::LABEL).color(palette(ui).muted)).truncate());
            }
            None => brush::controls(ui, shown, asks),
        }
    });
}

/// The keys of the mode, where nothing else has them.
pub(super) fn keys(ui: &Ui, gate: Option<&str>, asks: &mut Asks) {
    let pressed = |key: Key| ui.input(|input| input.key_pressed(key) && !input.modifiers.any());
    if pressed(Key::R) {
        asks.reset();
    }
    let Some(gate) = gate else { return };
    for (_, key, replacement, _) in REPLACEMENTS {
        if pressed(key) {
            asks.set_change(gate, replacement);
        }
    }
}

/// The gate as it was, and as it became: on that one can paint.
fn before_and_after(
    ui: &mut Ui,
    room: Rect,
    scene: Scene,
    shown: &Shown,
    changed: Option<&Changed>,
    settings: &mut Settings,
    textures: &mut GateTextures,
) {
    let half = (room.width() - size::PADDING) / 2.0;
    let own = shown.lens.values;
    let painted = settings.asks.painted(&shown.frame.gate).filter(|values| values.len() == own.len()).cloned();
    let became = changed.and_then(|changed| changed.gates.get(shown.index)).map(|gate| gate.values.as_slice());
    let after = painted.as_deref().or(became).unwrap_or(own);
    for (place, (title, values)) in [("as it is", own), ("changed", after)].into_iter().enumerate() {
        let left = room.left() + (half + size::PADDING) * place as f32;
        let part = Rect::from_min_size(pos2(left, room.top()), vec2(half, room.height()));
        let head = Rect::from_min_size(part.min, vec2(half, size::LABEL + 6.0));
        let body = Rect::from_min_max(pos2(part.left(), head.bottom()), part.max);
        let mean = values.iter().map(|value| f64::from(*value)).sum::<f64>() / values.len().max(1) as f64;
        within(ui, head, |ui| caption(ui, format!("{title} · mean {}", value(mean as f32))));
        if !shown.frame.kind.has_places() {
            bars(ui, body, shown, values);
        } else if place == 0 {
            paint_small(ui, body, scene, Some((shown.index, Face::default())), settings, textures);
        } else {
            let means = changed.filter(|_| painted.is_none()).map(|changed| changed.means.as_slice());
            changed_map(ui, body, scene, shown, (values, means), textures);
        }
        if place == 1 {
            brush::on(ui, body, scene, shown, after, &mut settings.asks);
        }
    }
}

/// A gate's channels; both gates in the order of the one as it is, so that a channel keeps its place.
fn bars(ui: &Ui, room: Rect, shown: &Shown, values: &[f32]) {
    let order = shown.frame.order(shown.lens.values);
    let ordered: Vec<f32> = match order.len() == values.len() {
        true => order.iter().map(|index| values[*index]).collect(),
        false => sorted_descending(values),
    };
    let colour = palette(ui).gate(shown.frame.kind, shown.frame.attention);
    ui.painter().rect_filled(room, f32::from(size::BOX_CORNER), palette(ui).sunken);
    channel_bars(ui, room.shrink(size::GAP), &ordered, shown.scale(), colour);
}

/// A changed gate's mean over the picture, on the scale of the gate as it is.
fn changed_map(
    ui: &Ui,
    room: Rect,
    scene: Scene,
    shown: &Shown,
    (values, means): (&[f32], Option<&[Option<GateMap<'static>>]>),
    textures: &mut GateTextures,
) {
    let graph = &scene.inspection.graph;
    let Some(gate) = graph.gates.get(shown.index) else { return };
    let known = means.and_then(|means| means.get(shown.index)).and_then(Option::as_ref);
    let map = match known {
        Some(mean) => Some(GateMap { size: mean.size, values: Cow::Borrowed(&mean.values) }),
        None => Lens::of(graph, gate, values).map(Slice::Mean),
    };
    let Some(map) = map else { return };
    let over = textures.passing(ui.ctx(), scene.inspection, (&map, shown.scale()));
    paint_with(ui, room, scene.inspection, over, textures);
}

/// How every later gate changed.
fn later_gates(ui: &mut Ui, scene: Scene, shown: &Shown, changed: Option<&Changed>) {
    section(ui, "Later gates, mean before and after");
    let Some(changed) = changed else {
        caption(ui, "nothing is changed");
        return;
    };
    caption(ui, format!("{:.0} % of the network ran again, from the first changed gate on", changed.share * 100.0));
    ScrollArea::vertical().id_salt("later").auto_shrink([false, false]).show(ui, |ui| {
        for (index, [before, after]) in changed.effect.gates.iter().enumerate() {
            let is_changed = before.to_bits() != after.to_bits();
            let Some(gate) = scene.gate(index).filter(|_| is_changed) else { continue };
            let (row, _) = ui.allocate_exact_size(vec2(ui.available_width(), size::ROW - 6.0), Sense::hover());
            let mut line = ui.new_child(
                egui::UiBuilder::new().max_rect(row).layout(egui::Layout::left_to_right(egui::Align::Center)),
            );
            let mark = if index == shown.index {
                strong(gate.frame.short(), size::TEXT)
            } else {
                RichText::new(gate.frame.short())
            };
            line.add(Label::new(mark).truncate());
            let mut figures = ui.new_child(
                egui::UiBuilder::new().max_rect(row).layout(egui::Layout::right_to_left(egui::Align::Center)),
            );
            figures.label(signed(f64::from(after - before), 3));
            muted(&mut figures, format!("{before:.3} → {after:.3}"));
        }
    });
}

/// `+0.131`, with a minus that is one.
pub(super) fn signed(value: f64, digits: usize) -> String {
    format!("{value:+.digits$}").replace('-', "−")
}

/// The right part: the decision before and after, then which gates matter.
pub(super) fn side(
    ui: &mut Ui,
    scene: Scene,
    shown: Option<&Shown>,
    settings: &mut Settings,
    shared: &Shared,
    out: &mut Outbox,
) {
    let inspection = scene.inspection;
    let asks = &mut settings.asks;
    let effect = asks.effect(inspection);
    if let Some(question) = &effect {
        out.ask(question.clone());
    }
    let known = effect.as_ref().and_then(|question| shared.jobs.explained(question));
    let latest = asks.latest(inspection, known);
    let changed = latest.as_deref().filter(|_| effect.is_some()).and_then(|answer| match answer {
        Explained::Effect(changed) => Some(&changed.effect),
        _ => None,
    });
    ScrollArea::vertical().id_salt("effect").auto_shrink([false, false]).show(ui, |ui| {
        super::side::untrained(ui, scene);
        section(ui, "Prediction, before and after");
        ui.add_space(2.0);
        classes_of(ui, inspection, changed, asks);
        ui.add_space(4.0);
        if let (Some(effect), Some(target)) = (changed, asks.target(inspection)) {
            let text = sentence(inspection, effect, target);
            ui.add(Label::new(RichText::new(text).size(size::TITLE)).wrap());
        }
        classes::search(ui, inspection, asks);
        ui.add_space(size::PADDING);
        ranking(ui, scene, shown, asks, shared, out);
        if let Some(shown) = shown.filter(|shown| shown.frame.kind == GateKind::Channel) {
            ui.add_space(size::PADDING);
            channels(ui, scene, shown, asks, shared, out);
        }
    });
}

/// Every channel of the gate alone at 0, those that matter most.
fn channels(ui: &mut Ui, scene: Scene, shown: &Shown, asks: &mut Asks, shared: &Shared, out: &mut Outbox) {
    const SHOWN: usize = 10;
    section(ui, &format!("Channels of {}, each alone at 0", shown.frame.short()));
    let Some(question) = asks.channels(scene.inspection, shown.index) else { return };
    let count = shown.lens.channels();
    let asked = (&**scene.inspection, &mut *asks, shared);
    let answer = states::worked_on(ui, asked, question, (count, "Rank the channels"), out);
    let Some(Explained::Ranking(ranking)) = answer.as_deref() else { return };
    let order = ranking.order();
    let most = order.first().map_or(0.0, |first| ranking.singles[*first].median_kl());
    let colour = palette(ui).gate(shown.frame.kind, shown.frame.attention);
    for index in order.into_iter().take(SHOWN) {
        let done = &ranking.singles[index];
        let text = format!("{}  {}", value(done.median_kl() as f32), signed(done.logit().0, 3));
        let share = if most > 0.0 { (done.median_kl() / most) as f32 } else { 0.0 };
        let is_chosen = asks.painted(&shown.frame.gate).is_some_and(|values| values.get(index) == Some(&0.0));
        if ranked(ui, (&format!("channel {index}"), &text), share, Some(colour), is_chosen) {
            let now =
                asks.painted(&shown.frame.gate).map_or_else(|| shown.lens.values.to_vec(), |known| known.to_vec());
            asks.paint(&shown.frame.gate, &now, |values| values[index] = 0.0);
        }
    }
    caption(ui, format!("{SHOWN} of {count}; a click sets a channel to 0"));
}

/// The five classes of either run: outline before, fill after.
fn classes_of(ui: &mut Ui, inspection: &Inspection, effect: Option<&Effect>, asks: &mut Asks) {
    let mut listed: Vec<usize> = inspection.reading.top.iter().map(|guess| guess.class).collect();
    if let Some(effect) = effect {
        let mut order: Vec<usize> = (0..effect.after.logits.len()).collect();
        order.sort_by(|a, b| effect.after.logits[*b].total_cmp(&effect.after.logits[*a]));
        for class in order.into_iter().take(3) {
            if !listed.contains(&class) {
                listed.push(class);
            }
        }
    }
    let before = crate::compute::explain::Outcome::of(&inspection.run.logits);
    for class in listed {
        let after = effect.map(|effect| effect.after.probabilities[class]);
        let delta = effect.map(|effect| {
            let target = crate::compute::explain::Target::Class(class);
            f64::from(effect.delta_logit(target))
        });
        let name = named(inspection, class);
        let figures = match (after, delta) {
            (Some(after), Some(delta)) => {
                format!("{:.1} → {:.1} %  {}", before.probabilities[class] * 100.0, after * 100.0, signed(delta, 2))
            }
            _ => format!("{:.1} %", before.probabilities[class] * 100.0),
        };
        let shares = (before.probabilities[class] as f32, after.unwrap_or(before.probabilities[class]) as f32);
        classes::row(ui, (inspection, asks), class, (&name, &figures, 178.0), shares);
    }
}

/// What the change did, in a sentence.
fn sentence(inspection: &Inspection, effect: &Effect, target: crate::compute::explain::Target) -> String {
    let (before, after) = (effect.before.class(), effect.after.class());
    let points = effect.delta_probability(target) * 100.0;
    match effect.is_kept() {
        true => format!(
            "Class kept, Δ p {} points, Δ logit {}, KL {}",
            signed(points, 1),
            signed(f64::from(effect.delta_logit(target)), 2),
            value(effect.kl() as f32)
        ),
        false => format!(
            "{} {:.1} % becomes {} {:.1} %",
            named(inspection, before),
            effect.before.probabilities[before] * 100.0,
            named(inspection, after),
            effect.after.probabilities[after] * 100.0
        ),
    }
}

/// Every gate at its mean, the one that changes most first.
fn ranking(ui: &mut Ui, scene: Scene, shown: Option<&Shown>, asks: &mut Asks, shared: &Shared, out: &mut Outbox) {
    section(ui, "Every gate at its mean, alone");
    let Some(question) = asks.ranking(scene.inspection) else {
        caption(ui, "this network has no attention; add some");
        return;
    };
    out.ask(question.clone());
    if shared.pictures.len() > 1 {
        let text = format!("over all {} pictures", shared.pictures.len());
        ui.checkbox(&mut asks.is_over_all, text).on_hover_text("each for its own most likely class");
        if asks.is_over_all {
            return over_all(ui, scene, shown, asks, shared, out);
        }
    }
    let answer = match answer(shared, &question) {
        Ok(answer) => Arc::clone(answer),
        Err(said) => return states::not_explained(ui, shared, said),
    };
    let Explained::Ranking(ranking) = &*answer else { return };
    caption(ui, "KL to the untouched run · Δ logit · this photo only: rankings of two photos seldom agree");
    rows(ui, scene, shown, ranking, out);
}

/// The same over all pictures that were given together, as far as they are known.
fn over_all(ui: &mut Ui, scene: Scene, shown: Option<&Shown>, asks: &Asks, shared: &Shared, out: &mut Outbox) {
    let questions = asks.over_all(scene.inspection, OverAll::Gates, shared.pictures);
    let (mut all, mut failed) = (Ranking::default(), 0);
    for question in &questions {
        out.ask(question.clone());
        match answer(shared, question) {
            Ok(answer) => {
                if let Explained::Ranking(one) = &**answer {
                    all.extend(one);
                }
            }
            Err(problem) => failed += usize::from(problem.is_some()),
        }
    }
    let known = all.together.pictures();
    if known == 0 {
        return states::not_explained(ui, shared, None);
    }
    let left_out = if failed > 0 { format!(", {failed} could not be read") } else { String::new() };
    caption(
        ui,
        format!("median KL · Δ logit ± spread · class kept · {known} of {} pictures{left_out}", questions.len()),
    );
    rows(ui, scene, shown, &all, out);
}

/// By gate, its divergence beside the largest; empty of anything else.
pub(super) fn shares(answer: &Explained) -> Vec<f32> {
    let Explained::Ranking(ranking) = answer else { return Vec::new() };
    let most = ranking.singles.iter().map(Done::median_kl).fold(0.0, f64::max);
    ranking.singles.iter().map(|done| if most > 0.0 { (done.median_kl() / most) as f32 } else { 0.0 }).collect()
}

fn rows(ui: &mut Ui, scene: Scene, shown: Option<&Shown>, ranking: &Ranking, out: &mut Outbox) {
    let order = ranking.order();
    let most = order.first().map_or(0.0, |first| ranking.singles[*first].median_kl());
    for index in order {
        let Some(gate) = scene.gate(index) else { continue };
        let done = &ranking.singles[index];
        let is_chosen = shown.is_some_and(|shown| shown.index == index);
        let name = gate.frame.short();
        let text = figures(done);
        let share = if most > 0.0 { (done.median_kl() / most) as f32 } else { 0.0 };
        let colour = palette(ui).gate(gate.frame.kind, gate.frame.attention);
        if ranked(ui, (&name, &text), share, Some(colour), is_chosen) {
            gate.select(out);
        }
    }
    let together = &ranking.together;
    let text = figures(together);
    ranked(ui, ("all at once", &text), 0.0, None, false);
    let sum: f64 = ranking.singles.iter().map(|done| done.logit().0).sum();
    let said = format!(
        "singles sum to {} logits, together {}: they do not add",
        signed(sum, 2),
        signed(together.logit().0, 2)
    );
    ui.add(Label::new(RichText::new(said).size(size::LABEL).color(palette(ui).muted)).wrap());
}

/// The divergence and the logit's change; over several pictures with spread, and how many kept their class.
fn figures(done: &Done) -> String {
    let (mean, deviation) = done.logit();
    let kl = value(done.median_kl() as f32);
    match deviation {
        Some(deviation) => {
            format!("{kl}  {} ± {deviation:.2}  {}/{}", signed(mean, 2), done.kept, done.pictures())
        }
        None => format!("{kl}  {}", signed(mean, 3)),
    }
}

/// A row with a bar; is it clicked?
fn ranked(
    ui: &mut Ui,
    (name, figures): (&str, &str),
    share: f32,
    colour: Option<egui::Color32>,
    is_chosen: bool,
) -> bool {
    let colours = palette(ui);
    let sense = if colour.is_some() { Sense::click() } else { Sense::hover() };
    let (row, response) = ui.allocate_exact_size(vec2(ui.available_width(), size::ROW - 6.0), sense);
    if let Some(colour) = colour {
        response.widget_info(|| {
            egui::WidgetInfo::selected(
                egui::Role::Button,
                true,
                is_chosen,
                format!("gate {name}, KL and Δ logit {figures}"),
            )
        });
        if is_chosen || response.hovered() {
            ui.painter().rect_filled(row, 2.0, colours.raised);
        }
        let track = Rect::from_min_max(pos2(row.left() + row.width() * 0.42, row.center().y - 4.0), row.max);
        let length = (row.width() * 0.22 * share).max(1.0);
        let bar = Rect::from_min_size(track.min, vec2(length, 8.0));
        ui.painter().rect_filled(bar, 1.0, colour);
        if response.has_focus() {
            ui.painter().rect_stroke(row, 2.0, Stroke::new(1.0, colours.accent), StrokeKind::Inside);
        }
    } else {
        ui.painter().hline(row.x_range(), row.top(), Stroke::new(1.0, colours.line));
    }
    let names = Rect::from_min_max(row.min, pos2(row.left() + row.width() * 0.4, row.bottom()));
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    let mut line = ui.new_child(egui::UiBuilder::new().max_rect(names).layout(layout));
    line.add(Label::new(name).selectable(false).truncate());
    let layout = egui::Layout::right_to_left(egui::Align::Center);
    let mut line = ui.new_child(egui::UiBuilder::new().max_rect(row).layout(layout));
    line.add(Label::new(figures).selectable(false));
    response.clicked()
}
