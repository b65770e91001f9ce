//! Where it looks: the same trunk with every attention, measured on objects whose place is known.

use eframe::egui;
use egui::Ui;

use super::curves::{self, Axes, Curve};
use super::dots::{self, Measure, Row};
use super::shown::Shown;
use super::{form, parts};
use crate::compute::lab::experiments::attention::{
    AttentionCurves, AttentionResult, AttentionSettings, BlockSpread, CatchUp,
};
use crate::compute::lab::experiments::precomputed_attention;
use crate::desktop::document::{LabPage, LabTask};
use crate::desktop::ui::theme::{palette, size};
use crate::desktop::ui::{Outbox, Shared, widgets};
use crate::network::attention;

const CLAIM: &str = "The same small trunk with none, SE, CAM, SAM and CBAM. Does attention help, and does it look at \
                     the object? Objects have masks here, so it can be counted.";
/// Below this width plots stand under each other.
const BESIDE: f32 = 620.0;

/// The page's own state.
pub(super) struct AttentionPage {
    settings: AttentionSettings,
    pub(super) shown: Shown<AttentionResult>,
    open: bool,
}

impl Default for AttentionPage {
    fn default() -> Self {
        let settings = AttentionSettings { threads: parts::spare_threads(), ..AttentionSettings::default() };
        Self { settings, shown: Shown::new(precomputed_attention()), open: false }
    }
}

impl AttentionPage {
    pub(super) fn ui(&mut self, ui: &mut Ui, shared: &Shared, out: &mut Outbox) {
        let lab = shared.jobs.lab();
        let result = self.shown.result(lab.attention());
        let mut started = false;
        parts::title(ui, "Where it looks", CLAIM, |ui| {
            let task = || Some(LabTask::Attention(Box::new(self.settings.clone())));
            started = parts::start(ui, "Run", lab, task, out);
            parts::write_files(ui, result.is_some(), out);
            let words = if self.open { "Hide budget" } else { "Budget…" };
            if ui.button(words).clicked() {
                self.open = !self.open;
            }
        });
        if started {
            self.shown.prefer_own();
        }
        if self.open {
            self.budget(ui);
        }
        if let Some(run) = lab.running_on(LabPage::Attention) {
            parts::progress(ui, run, out);
        }
        parts::ending(ui, &lab.attention().ending, parts::GOES_ON);
        let Some(result) = result else {
            let hint = "Run trains the trunk with every attention on a few seeds, then counts where each looks.";
            return parts::nothing_yet(ui, LabPage::Attention, hint);
        };
        self.shown.ui(ui, lab.attention(), &result.run.budget());
        ui.add_space(size::GAP);
        measures(ui, &result);
        ui.add_space(size::PADDING);
        plots(ui, &result);
        budgets(ui, &result);
        parts::reading(ui, &result.reading());
    }

    fn budget(&mut self, ui: &mut Ui) {
        let AttentionSettings { recipe, seeds, threads, masks, test, .. } = &mut self.settings;
        form::budget(ui, recipe, Some(seeds), threads);
        ui.horizontal_wrapped(|ui| {
            form::whole(ui, "Images of accuracy", "Test images of the final accuracy", test, 16..=100_000, 16.0);
            form::whole(ui, "Images of masks", "Test images whose masks are looked at", masks, 16..=100_000, 8.0);
        });
        ui.add_space(size::GAP);
    }
}

/// Accuracy, pointing game and energy by attention, over seeds.
fn measures(ui: &mut Ui, result: &AttentionResult) {
    let rows: Vec<Row> = result
        .attentions
        .iter()
        .map(|known| Row { kind: known.attention.clone(), title: title(&known.attention) })
        .collect();
    let values = |of: fn(&AttentionCurves) -> Option<crate::compute::lab::experiments::Spread>| {
        result.attentions.iter().map(of).collect()
    };
    let chance = Some(result.chance);
    let measures = [
        Measure {
            title: "TEST ACCURACY",
            hint: "dot: mean over seeds, band: one standard deviation",
            chance: None,
            values: values(AttentionCurves::accuracy),
        },
        Measure {
            title: "GRAD-CAM PEAKS ON OBJECT",
            hint: "share of images where the largest value of Grad-CAM at the last stage lies on the object",
            chance,
            values: values(AttentionCurves::pointing),
        },
        Measure {
            title: "GRAD-CAM ON OBJECT",
            hint: "share of Grad-CAM at the last stage that lies on the object",
            chance,
            values: values(AttentionCurves::energy),
        },
    ];
    dots::show(ui, &rows, &measures);
    let masks = crate::network::number::grouped(result.masks);
    widgets::caption(
        ui,
        format!("Where it looks: {masks} test images. Chance is the share of the picture the object covers."),
    );
}

/// The spatial gates by block, and how the networks learnt.
fn plots(ui: &mut Ui, result: &AttentionResult) {
    let mapped: Vec<(&AttentionCurves, Vec<BlockSpread>)> =
        result.attentions.iter().map(|known| (known, known.maps())).filter(|(_, maps)| !maps.is_empty()).collect();
    let show = |ui: &mut Ui, index: usize| match index {
        0 => gates(ui, result, &mapped, "Spatial gates peak on the object", |map| map.pointing.mean),
        1 => gates(ui, result, &mapped, "Spatial gates on the object", |map| map.energy.mean),
        _ => learning(ui, result),
    };
    let shown: Vec<usize> = if mapped.is_empty() { vec![2] } else { vec![0, 1, 2] };
    match ui.available_width() >= BESIDE {
        true => ui.columns(shown.len().min(2), |columns| {
            for (place, index) in shown.iter().enumerate() {
                show(&mut columns[place % 2], *index);
            }
        }),
        false => shown.iter().for_each(|index| show(ui, *index)),
    }
}

/// From which training budget on each attention is level with the trunk.
fn budgets(ui: &mut Ui, result: &AttentionResult) {
    let catch_ups = result.catch_ups();
    if catch_ups.is_empty() {
        return;
    }
    ui.add_space(size::PADDING);
    widgets::section(ui, "Against the trunk");
    let colours = palette(ui);
    let row = |known: &CatchUp| {
        let cells = vec![title(&known.attention), known.cell(), known.difference()];
        (parts::kind(colours, &known.attention), cells)
    };
    let rows: Vec<_> = catch_ups.iter().map(row).collect();
    parts::table(ui, &["attention", "level from", "points at the end"], &rows);
    widgets::caption(
        ui,
        "Level: never again behind by more than the seeds differ. Points of test accuracy, seed by seed.",
    );
}

/// One measure of the spatial gates, from the first block to the last.
fn gates(
    ui: &mut Ui,
    result: &AttentionResult,
    mapped: &[(&AttentionCurves, Vec<BlockSpread>)],
    name: &'static str,
    of: fn(&BlockSpread) -> f64,
) {
    let colours = palette(ui);
    let Some((_, first)) = mapped.first() else { return };
    let names: Vec<String> = first.iter().map(|map| map.block.trim_start_matches("layer").to_owned()).collect();
    let mut curves: Vec<Curve> = mapped
        .iter()
        .map(|(known, maps)| Curve {
            name: title(&known.attention),
            label: Some(title(&known.attention)),
            colour: parts::kind(colours, &known.attention),
            dashed: false,
            points: maps.iter().enumerate().map(|(x, map)| [x as f64, of(map) * 100.0]).collect(),
        })
        .collect();
    let last = (names.len().max(2) - 1) as f64;
    curves.push(Curve {
        name: "chance".to_owned(),
        label: Some("chance".to_owned()),
        colour: colours.muted,
        dashed: true,
        points: vec![[0.0, result.chance * 100.0], [last, result.chance * 100.0]],
    });
    widgets::section(ui, name);
    let top = curves.iter().flat_map(|curve| &curve.points).map(|point| point[1]).fold(20.0, f64::max);
    let up = Some((0.0, (top * 1.06).min(100.0)));
    curves::show(ui, &Axes { name, up, unit: " %", step: "block", names: &names, ..Axes::default() }, &curves);
}

/// Test error by epoch, averaged over the seeds that have come that far.
fn learning(ui: &mut Ui, result: &AttentionResult) {
    let colours = palette(ui);
    let curves: Vec<Curve> = result
        .attentions
        .iter()
        .map(|known| Curve {
            name: title(&known.attention),
            label: Some(title(&known.attention)),
            colour: parts::kind(colours, &known.attention),
            dashed: false,
            points: known.mean_test_error().into_iter().map(|(epoch, error)| [epoch as f64, error * 100.0]).collect(),
        })
        .filter(|curve| !curve.points.is_empty())
        .collect();
    if curves.is_empty() {
        return;
    }
    let name = "Test error by epoch";
    widgets::section(ui, name);
    let across = Some((1.0, result.run.recipe.epochs.max(2) as f64));
    curves::show(ui, &Axes { name, across, unit: " %", ..Axes::default() }, &curves);
}

/// How people write an attention's name.
fn title(name: &str) -> String {
    attention::find(name).map_or_else(|| name.to_owned(), |block| block.card().title.to_owned())
}
