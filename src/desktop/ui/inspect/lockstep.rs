//! Two networks, one photo: the evidence of both on one scale, and what one has that the other has not.

use std::sync::{Arc, Weak};

use eframe::egui;
use egui::{Rect, Ui, pos2};

use super::super::textures::{EvidenceLook, GateTextures};
use super::super::widgets::muted;
use super::super::{Outbox, Shared};
use super::asks::Asks;
use super::effect::signed;
use super::evidence::{columns, named, one, ramp};
use super::{Scene, classes, states, within};
use crate::compute::explain::{Evidence, Outcome, Target};
use crate::desktop::document::Network;
use crate::desktop::jobs::{Explained, Inspection};
use crate::network::number::value;

/// A map of two answers, and the answers it was made of: held weakly, they pin their addresses, so that no others can
/// be taken for them.
type Made = ([Weak<Explained>; 2], Arc<Explained>);

/// The difference of two maps, worked out once.
#[derive(Default)]
pub(super) struct Difference(Option<Made>);

impl Difference {
    fn of(&mut self, own: &Arc<Explained>, other: &Arc<Explained>) -> Option<Arc<Explained>> {
        let is_of = |made: &&Made| {
            made.0.iter().zip([own, other]).all(|(known, answer)| std::ptr::eq(known.as_ptr(), Arc::as_ptr(answer)))
        };
        if let Some((_, known)) = self.0.as_ref().filter(is_of) {
            return Some(known.clone());
        }
        let made_of = [own, other].map(Arc::downgrade);
        let (Explained::Evidence(own), Explained::Evidence(other)) = (&**own, &**other) else { return None };
        let (own, other) = (own.first()?, other.first()?);
        if own.size != other.size {
            return None;
        }
        let values = own.values.iter().zip(&other.values).map(|(a, b)| a - b).collect();
        let map = Evidence { values, notes: Vec::new(), ..own.clone() };
        let made = Arc::new(Explained::Evidence(vec![map]));
        self.0 = Some((made_of, made.clone()));
        Some(made)
    }
}

/// The network that the active one stands beside: the baseline, else the first other, if it has as many classes.
pub(super) fn other<'a>(shared: &Shared<'a>, inspection: &Inspection) -> Option<(&'a Network, &'a Arc<Inspection>)> {
    let active = shared.active()?.id;
    let mut others = shared.document.baseline().into_iter().chain(shared.document.networks());
    others.find_map(|network| {
        let found = shared.inspection(network).filter(|_| network.id != active)?;
        (found.run.logits.len() == inspection.run.logits.len()).then_some((network, found))
    })
}

/// Both maps on one scale, and their difference on its own.
pub(super) fn show(
    ui: &mut Ui,
    room: Rect,
    scene: Scene,
    (asks, difference, shared): (&mut Asks, &mut Difference, &Shared),
    textures: &mut GateTextures,
    out: &mut Outbox,
) {
    let inspection = scene.inspection;
    let (Some(active), Some((network, beside))) = (shared.active(), other(shared, inspection)) else {
        return within(ui, room, |ui| {
            muted(ui, "There is no second network with as many classes: add one on the left.");
        });
    };
    let Some(class) = asks.class(inspection) else { return };
    let questions = [inspection, beside].map(|inspection| asks.evidence(inspection, vec![Target::Class(class)]));
    let passes = asks.passes(inspection);
    let [own, others] = questions;
    let answers = within(ui, room, |ui| {
        let own = states::worked_on(ui, (inspection, &mut *asks, shared), own, (passes, "Run it"), out)?;
        let others = states::worked_on(ui, (beside, asks, shared), others, (passes, "Run it beside"), out)?;
        Some((own, others))
    });
    let Some((own, others)) = answers.as_ref().map(|(own, others)| (own, others)) else { return };
    let reach = [own, others].into_iter().filter_map(|answer| first(answer)).map(Evidence::reach).fold(0.0, f32::max);
    let upper = Rect::from_min_max(room.min, pos2(room.right(), room.bottom() - 26.0));
    let places = columns(upper, 3);
    let is_on_dark = ui.visuals().dark_mode;
    let look = |reach: f32| EvidenceLook { index: 0, reach, for_only: asks.for_only, is_on_dark };
    let letters = [active.letter(), network.letter()];
    for ((answer, inspection), (letter, rect)) in
        [(own, inspection), (others, beside)].into_iter().zip(letters.iter().zip(&places))
    {
        let Some(map) = first(answer) else { continue };
        let name = format!("{letter}: {}", named(inspection, class));
        let logit = Target::Class(class).value(&inspection.run.logits);
        let said = format!("cells sum to {} · logit {}", value(map.sum() as f32), value(logit));
        one(ui, *rect, (inspection, answer, map), look(reach), [&name, &said], textures);
    }
    match difference.of(own, others) {
        Some(made) => {
            if let Some(map) = first(&made) {
                let name = format!("{} − {}", letters[0], letters[1]);
                let said =
                    format!("orange: more in {}, blue: more in {} · ±{}", letters[0], letters[1], value(map.reach()));
                one(ui, places[2], (inspection, &made, map), look(map.reach()), [&name, &said], textures);
            }
        }
        None => within(ui, places[2], |ui| {
            muted(ui, "their maps have other sizes: no difference cell by cell");
        }),
    }
    let below = Rect::from_min_max(pos2(room.left(), upper.bottom()), room.max);
    within(ui, below, |ui| ramp(ui, reach, first(own), "one scale for both"));
}

fn first(answer: &Explained) -> Option<&Evidence> {
    match answer {
        Explained::Evidence(maps) => maps.first(),
        _ => None,
    }
}

/// The classes of both, with the difference of their logits.
pub(super) fn predictions(ui: &mut Ui, scene: Scene, asks: &mut Asks, shared: &Shared) {
    let inspection = scene.inspection;
    let Some((_, beside)) = other(shared, inspection) else { return };
    let (own, others) = (Outcome::of(&inspection.run.logits), Outcome::of(&beside.run.logits));
    let mut listed: Vec<usize> = inspection.reading.top.iter().map(|guess| guess.class).collect();
    for guess in &beside.reading.top {
        if !listed.contains(&guess.class) {
            listed.push(guess.class);
        }
    }
    for class in listed {
        let delta = f64::from(inspection.run.logits[class]) - f64::from(beside.run.logits[class]);
        let [here, there] = [own.probabilities[class], others.probabilities[class]];
        let figures = format!("{:.1} · {:.1} %  Δ {}", here * 100.0, there * 100.0, signed(delta, 2));
        let name = named(inspection, class);
        classes::row(ui, (inspection, asks), class, (&name, &figures, 160.0), (there as f32, here as f32));
    }
}
