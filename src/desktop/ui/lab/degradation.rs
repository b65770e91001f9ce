//! Degradation: plain beside residual, error by epoch, at every depth.

use eframe::egui;
use egui::Ui;

use super::curves::{self, Axes, Curve};
use super::shown::Shown;
use super::{form, parts};
use crate::compute::lab::experiments::degradation::{DEPTHS, DegradationResult, DegradationSettings, Kind};
use crate::compute::lab::experiments::{EpochPoint, precomputed_degradation};
use crate::desktop::document::{LabPage, LabTask};
use crate::desktop::ui::theme::{palette, size};
use crate::desktop::ui::{Outbox, Shared, widgets};

const CLAIM: &str = "Deep plain networks are worse than shallow ones, in training too. Shortcuts take that away. \
                     (He et al., 2016)";
/// Depths one can choose from.
const CHOICES: [usize; 6] = [8, 14, 20, 32, 44, 56];

/// The page's own state.
pub(super) struct DegradationPage {
    settings: DegradationSettings,
    pub(super) shown: Shown<DegradationResult>,
    open: bool,
}

impl Default for DegradationPage {
    fn default() -> Self {
        let settings = DegradationSettings { threads: parts::spare_threads(), ..DegradationSettings::default() };
        Self { settings, shown: Shown::new(precomputed_degradation()), open: false }
    }
}

impl DegradationPage {
    pub(super) fn ui(&mut self, ui: &mut Ui, shared: &Shared, out: &mut Outbox) {
        let lab = shared.jobs.lab();
        let result = self.shown.result(lab.degradation());
        let mut started = false;
        parts::title(ui, "Degradation", CLAIM, |ui| {
            let task = || Some(LabTask::Degradation(Box::new(self.settings.clone())));
            started = parts::start(ui, "Run", lab, task, out);
            parts::write_files(ui, result.as_ref().is_some_and(|result| !result.curves.is_empty()), out);
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
        if let Some(run) = lab.running_on(LabPage::Degradation) {
            parts::progress(ui, run, out);
        }
        parts::ending(ui, &lab.degradation().ending, parts::GOES_ON);
        let Some(result) = result else {
            let hint = "Run trains plain and residual networks side by side, live, at the budget you choose.";
            return parts::nothing_yet(ui, LabPage::Degradation, hint);
        };
        self.shown.ui(ui, lab.degradation(), &result.run.budget());
        ui.add_space(size::GAP);
        plots(ui, &result);
        numbers(ui, &result);
        parts::reading(ui, &result.reading());
    }

    fn budget(&mut self, ui: &mut Ui) {
        let DegradationSettings { recipe, seeds, threads, depths, .. } = &mut self.settings;
        form::budget(ui, recipe, Some(seeds), threads);
        ui.horizontal_wrapped(|ui| {
            widgets::caption(ui, "Layers");
            for depth in CHOICES {
                let mut is_on = depths.contains(&depth);
                let response = ui.checkbox(&mut is_on, depth.to_string());
                response.widget_info(|| {
                    egui::WidgetInfo::selected(egui::Role::CheckBox, true, is_on, format!("{depth} layers"))
                });
                if response.changed() {
                    depths.retain(|known| *known != depth);
                    depths.extend(is_on.then_some(depth));
                    depths.sort_unstable();
                }
            }
            if depths.is_empty() {
                depths.extend(DEPTHS);
            }
        });
        ui.add_space(size::GAP);
    }
}

/// Both kinds on one scale, side by side.
fn plots(ui: &mut Ui, result: &DegradationResult) {
    let errors = result.curves.iter().flat_map(|curve| &curve.epochs);
    let highest = errors.map(|point| point.train_error.max(point.test_error)).fold(0.05, f32::max);
    let up = (0.0, f64::from(highest) * 104.0);
    let across = (1.0, result.run.recipe.epochs.max(2) as f64);
    ui.columns(2, |columns| {
        for (ui, kind) in columns.iter_mut().zip(Kind::ALL) {
            let (title, name) = match kind {
                Kind::Plain => ("Plain", "Plain networks: error by epoch"),
                Kind::Residual => ("Residual", "Residual networks: error by epoch"),
            };
            ui.horizontal(|ui| {
                widgets::section(ui, title);
                widgets::caption(ui, "error by epoch · line: test · dashes: training");
            });
            let axes = Axes { name, height: 260.0, up: Some(up), across: Some(across), unit: " %", ..Axes::default() };
            curves::show(ui, &axes, &lines(ui, result, kind));
        }
    });
    ui.add_space(size::GAP);
}

fn lines(ui: &Ui, result: &DegradationResult, kind: Kind) -> Vec<Curve> {
    let colours = palette(ui);
    let mut lines = Vec::new();
    for (index, depth) in result.depths.iter().enumerate() {
        let curve = result.mean_curve(kind, *depth);
        let mut add = |dashed: bool, what: &str, of: fn(&EpochPoint) -> f32| {
            lines.push(Curve {
                name: format!("{} {depth} layers, {what}", kind.as_str()),
                label: (!dashed).then(|| depth.to_string()),
                colour: colours.series(index),
                dashed,
                points: curve.iter().map(|point| [point.epoch as f64, f64::from(of(point)) * 100.0]).collect(),
            });
        };
        add(true, "training", |point| point.train_error);
        add(false, "test", |point| point.test_error);
    }
    lines
}

/// Where every network ended.
fn numbers(ui: &mut Ui, result: &DegradationResult) {
    let colours = palette(ui);
    let rows: Vec<_> = result
        .depths
        .iter()
        .enumerate()
        .map(|(index, depth)| {
            let cell = |spread: Option<crate::compute::lab::experiments::Spread>| {
                spread.map_or_else(|| "–".to_owned(), |spread| spread.percent())
            };
            let cells = vec![
                format!("{depth} layers"),
                cell(result.test_error(Kind::Plain, *depth)),
                cell(result.test_error(Kind::Residual, *depth)),
                cell(result.train_error(Kind::Plain, *depth)),
                cell(result.train_error(Kind::Residual, *depth)),
            ];
            (colours.series(index), cells)
        })
        .collect();
    widgets::section(ui, "Error at the end");
    let header = ["", "plain, test", "residual, test", "plain, training", "residual, training"];
    parts::table(ui, &header, &rows);
}
