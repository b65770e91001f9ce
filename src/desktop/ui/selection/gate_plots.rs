//! The gates of the selected part: bars of a channel gate, shares of paths, maps and strips over what the network saw.

use std::sync::Arc;

use eframe::egui;
use egui::{Align2, Color32, Label, Mesh, Rect, RichText, Sense, Stroke, StrokeKind, Ui, Vec2, pos2};

use crate::compute::explain::Stats;
use crate::compute::imaging::colour::viridis;
use crate::desktop::document::Network;
use crate::desktop::jobs::Inspection;
use crate::desktop::ui::shares::Shares;
use crate::desktop::ui::textures::{Detail, Face, GateTextures, Over, Scale};
use crate::desktop::ui::theme::{self, palette, size};
use crate::desktop::ui::{Outbox, Shared, widgets};
use crate::drawing::part::{is_block, scope_name};
use crate::network::graph::{Gate, GateKind, ScopeKind};
use crate::network::number;

/// Height of a channel gate's bars.
const BARS: f32 = 72.0;
/// From here on a channel counts as let through.
const OPEN: f32 = 0.95;

/// The gates with their numbers.
pub(super) fn show(
    ui: &mut Ui,
    shared: &Shared,
    network: &Network,
    gates: &[usize],
    textures: &mut GateTextures,
    out: &mut Outbox,
) {
    if gates.is_empty() {
        return;
    }
    let Some(inspection) = shared.inspection(network) else {
        waiting(ui, shared, network);
        return;
    };
    for index in gates {
        let gate = &network.graph().gates[*index];
        let (Some(values), Some(stats)) = (inspection.run.gates.get(*index), inspection.stats.get(*index)) else {
            continue;
        };
        ui.add_space(size::PADDING);
        let shape: Vec<String> = values.shape.dims().iter().map(ToString::to_string).collect();
        widgets::section(ui, &heading(gate.kind, &shape.join(" × ")));
        ui.add_space(2.0);
        let is_selected = shared.selection.gate.as_deref() == Some(gate.name.as_str());
        let range = inspection.lens(*index).map_or((0.0, 1.0), |lens| lens.scale(stats));
        let clicked = match gate.kind {
            GateKind::Channel => {
                let sorted = textures.sorted(inspection, *index);
                channel(ui, network, gate, sorted, range, is_selected)
            }
            GateKind::Paths { .. } => match textures.shares(inspection, *index) {
                Some(shares) => paths(ui, network, gate, &shares, is_selected),
                None => false,
            },
            GateKind::Spatial | GateKind::Rows | GateKind::Columns | GateKind::Volume | GateKind::Matrix => {
                over_picture(ui, inspection, gate, *index, range, is_selected, textures)
            }
        };
        if clicked {
            select(network, gate, out);
        }
        numbers(ui, stats);
        if inspection.is_grafted(*index) {
            widgets::pill(ui, "grafted", palette(ui).difference)
                .on_hover_text("This gate is not from the weights' file: the file has no such attention.");
        }
        if gate.kind == GateKind::Channel {
            let open = values.values.iter().filter(|value| **value > OPEN).count();
            let all = values.values.len();
            let text = format!("{} of {} above {OPEN}", number::grouped(open as u64), number::grouped(all as u64));
            widgets::caption(ui, text);
        }
    }
    if !network.weights.is_trained() {
        ui.add_space(size::GAP);
        widgets::pill(ui, "untrained weights", palette(ui).difference)
            .on_hover_text("The gates are real, but nothing has been learnt. Open weights with Ctrl+O.");
    }
}

fn heading(kind: GateKind, shape: &str) -> String {
    match kind {
        GateKind::Channel => format!("Channel gate · {shape} values"),
        GateKind::Spatial => format!("Spatial gate · {shape}"),
        GateKind::Rows => format!("Rows · {shape}"),
        GateKind::Columns => format!("Columns · {shape}"),
        GateKind::Volume => format!("Volume · {shape}"),
        GateKind::Paths { paths } => format!("Shares of {paths} paths · {shape}"),
        GateKind::Matrix => format!("Matrix · {shape}"),
    }
}

/// The colour of a gate's attention.
fn colour_of(ui: &Ui, network: &Network, gate: &Gate) -> Color32 {
    let attention = match network.graph()[gate.scope].kind {
        ScopeKind::Attention(name) => name,
        _ => "",
    };
    palette(ui).gate(gate.kind, attention)
}

/// The channels' shares stacked, and the mean share of each path.
fn paths(ui: &mut Ui, network: &Network, gate: &Gate, shares: &Shares, is_selected: bool) -> bool {
    let colour = colour_of(ui, network, gate);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), BARS), Sense::click());
    let plot = Rect::from_min_max(rect.min, pos2(rect.right() - 16.0, rect.bottom()));
    scale(ui, plot, (0.0, 1.0));
    shares.paint_small(ui.painter(), plot, palette(ui), colour);
    outline(ui, rect, &response, is_selected);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &gate.name));
    for (path, (name, mean)) in shares.names.iter().zip(&shares.means).enumerate() {
        ui.horizontal(|ui| {
            let (square, _) = ui.allocate_exact_size(Vec2::splat(10.0), Sense::hover());
            ui.painter().rect_filled(square, 2.0, palette(ui).path(colour, path, shares.names.len()));
            widgets::muted(ui, format!("{name}: mean share {}", number::value(*mean)));
        });
    }
    response.on_hover_text(format!("{}\neach channel's shares of the paths, they sum to 1", gate.name)).clicked()
}

fn channel(ui: &mut Ui, network: &Network, gate: &Gate, sorted: &[f32], range: (f32, f32), is_selected: bool) -> bool {
    let colour = colour_of(ui, network, gate);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), BARS), Sense::click());
    let plot = Rect::from_min_max(rect.min, pos2(rect.right() - 16.0, rect.bottom()));
    scale(ui, plot, range);
    widgets::channel_bars(ui, plot, sorted, range, colour);
    outline(ui, rect, &response, is_selected);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &gate.name));
    let (low, high) = (end(range.0), end(range.1));
    response.on_hover_text(format!("{}\nsorted, on an absolute scale from {low} to {high}", gate.name)).clicked()
}

/// A map or strip over what the network saw.
fn over_picture(
    ui: &mut Ui,
    inspection: &Arc<Inspection>,
    gate: &Gate,
    index: usize,
    range: (f32, f32),
    is_selected: bool,
    textures: &mut GateTextures,
) -> bool {
    let crop = &inspection.prepared.crop;
    // The picture keeps its aspect and never grows beyond a square of the panel's width.
    let numbers = if range == (0.0, 1.0) { 0.0 } else { 64.0 };
    let side = (ui.available_width() - numbers).min(240.0);
    let aspect = crop.width() as f32 / crop.height().max(1) as f32;
    let shown = if aspect >= 1.0 { Vec2::new(side, side / aspect) } else { Vec2::new(side * aspect, side) };
    let (row, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), shown.y), Sense::click());
    let rect = Rect::from_min_size(row.min, shown);
    let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    let over = Over::new(Scale::Absolute, Detail::Smooth);
    if let Some(gate) = textures.over_photo(ui.ctx(), inspection, index, Face::default(), over) {
        ui.painter().image(gate, rect, whole, Color32::WHITE);
    }
    let bar = Rect::from_min_max(pos2(rect.right() + 8.0, rect.top()), pos2(rect.right() + 14.0, rect.bottom()));
    colour_bar(ui, bar, range);
    outline(ui, rect, &response, is_selected);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &gate.name));
    let uniform = inspection.lens(index).and_then(|lens| lens.uniform());
    let uniform = uniform.map_or_else(String::new, |uniform| format!("\nuniform: {}", number::value(uniform)));
    let scale = format!("viridis, on an absolute scale from {} to {}", end(range.0), end(range.1));
    let what = match gate.kind {
        GateKind::Rows | GateKind::Columns | GateKind::Volume => "\nmean of its channels",
        GateKind::Matrix => "\nmean of all positions",
        GateKind::Channel | GateKind::Spatial | GateKind::Paths { .. } => "",
    };
    response.on_hover_text(format!("{}{what}\n{scale}{uniform}", gate.name)).clicked()
}

fn select(network: &Network, gate: &Gate, out: &mut Outbox) {
    let graph = network.graph();
    let block = graph.ancestors(gate.scope).find(|id| is_block(graph[*id].kind)).unwrap_or(gate.scope);
    out.select_gate(scope_name(graph, block), gate.name.as_str());
}

/// The end of a scale.
fn end(number: f32) -> String {
    if number.fract() == 0.0 { format!("{number}") } else { number::value(number) }
}

/// The lines at 0, ½ and 1 with their numbers; of a wider scale those at its ends and at 0.
fn scale(ui: &Ui, plot: Rect, range: (f32, f32)) {
    let colours = palette(ui);
    let ends = [end(range.0), end(range.1)];
    let lines = match range {
        (0.0, 1.0) => vec![(0.0, "0"), (0.5, "½"), (1.0, "1")],
        (low, high) if low < 0.0 => vec![(low, ends[0].as_str()), (0.0, "0"), (high, ends[1].as_str())],
        (low, high) => vec![(low, ends[0].as_str()), (high, ends[1].as_str())],
    };
    for (value, text) in lines {
        let y = plot.bottom() - plot.height() * widgets::along(value, range);
        ui.painter().hline(
            plot.x_range(),
            y.clamp(plot.top() + 0.5, plot.bottom() - 0.5),
            Stroke::new(1.0, colours.line),
        );
        let at = pos2(plot.right() + 14.0, y.clamp(plot.top() + 6.0, plot.bottom() - 6.0));
        ui.painter().text(at, Align2::RIGHT_CENTER, text, theme::regular(size::LABEL), colours.muted);
    }
}

/// viridis upwards, with the ends of the scale.
fn colour_bar(ui: &Ui, rect: Rect, (low, high): (f32, f32)) {
    const STEPS: u32 = 16;
    let mut mesh = Mesh::default();
    for step in 0..=STEPS {
        let t = step as f32 / STEPS as f32;
        let [r, g, b] = viridis(t);
        let y = rect.bottom() - rect.height() * t;
        mesh.colored_vertex(pos2(rect.left(), y), Color32::from_rgb(r, g, b));
        mesh.colored_vertex(pos2(rect.right(), y), Color32::from_rgb(r, g, b));
        if step > 0 {
            let at = 2 * step;
            mesh.add_triangle(at - 2, at - 1, at);
            mesh.add_triangle(at - 1, at, at + 1);
        }
    }
    ui.painter().add(egui::Shape::mesh(mesh));
    let (font, colour) = (theme::regular(size::LABEL), palette(ui).muted);
    ui.painter().text(rect.right_top() + Vec2::new(5.0, -2.0), Align2::LEFT_TOP, end(high), font.clone(), colour);
    ui.painter().text(rect.right_bottom() + Vec2::new(5.0, 2.0), Align2::LEFT_BOTTOM, end(low), font, colour);
}

fn outline(ui: &Ui, rect: Rect, response: &egui::Response, is_selected: bool) {
    let colours = palette(ui);
    let corner = f32::from(size::CELL_CORNER);
    if is_selected {
        ui.painter().rect_stroke(rect, corner, Stroke::new(2.0, colours.accent), StrokeKind::Outside);
    } else if response.hovered() || response.has_focus() {
        ui.painter().rect_stroke(rect, corner, Stroke::new(1.0, colours.faint), StrokeKind::Outside);
    }
}

/// Min, mean and max in three columns that never move.
fn numbers(ui: &mut Ui, stats: &Stats) {
    let (row, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), size::ROW), Sense::hover());
    let [min, mean, max] = [stats.min, stats.mean, stats.max].map(number::value);
    let spoken = format!("min {min}, mean {mean}, max {max}");
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &spoken));
    let colours = palette(ui);
    let column = row.width() / 3.0;
    for (index, (label, value)) in [("min", min), ("mean", mean), ("max", max)].into_iter().enumerate() {
        let left = row.left_center() + Vec2::new(column * index as f32, 0.0);
        let label = ui.painter().text(left, Align2::LEFT_CENTER, label, theme::regular(size::TEXT), colours.muted);
        let at = pos2(label.right() + 6.0, left.y);
        ui.painter().text(at, Align2::LEFT_CENTER, value, theme::regular(size::TEXT), colours.text);
    }
}

fn waiting(ui: &mut Ui, shared: &Shared, network: &Network) {
    let colours = palette(ui);
    ui.add_space(size::PADDING);
    widgets::section(ui, "Gates");
    let (text, colour) = match shared.jobs.failure(network) {
        Some(message) => (message.to_owned(), colours.error),
        None if shared.jobs.is_stopped(network) => ("Stopped: run again with F5.".to_owned(), colours.muted),
        None => match shared.jobs.running().filter(|running| running.question.is_of(network)) {
            Some(running) => (format!("{}… {:.0} %", running.phase.label(), running.fraction * 100.0), colours.muted),
            None => ("inferring…".to_owned(), colours.muted),
        },
    };
    ui.add(Label::new(RichText::new(text).color(colour)).wrap());
}
