//! Beside the picture: what the network says it is, and the other gate of the same attention block.

use eframe::egui;
use egui::{CornerRadius, CursorIcon, Label, Rect, Response, RichText, Sense, Stroke, StrokeKind, Ui, pos2, vec2};

use super::super::Outbox;
use super::super::scripts::visual;
use super::super::textures::{Face, GateTextures};
use super::super::theme::{palette, size};
use super::super::widgets::{caption, section};
use super::channels::paint_bars;
use super::model::columns;
use super::picture::{Placed, paint_small};
use super::toolbar::weights_name;
use super::{Look, Scene, Settings, Shown, range_text};
use crate::compute::explain::Slice;
use crate::compute::lab::data::object_sample;
use crate::compute::labels::{Activation, Guess};
use crate::compute::weights::TrainedOn;
use crate::desktop::document::PictureChoice;
use crate::desktop::jobs::Inspection;
use crate::network::graph::GateKind;

/// The height a partner gate takes, at least and at most.
const PARTNER_MIN: f32 = 88.0;
const PARTNER_MAX: f32 = 190.0;

/// Whether there is anything in the numbers.
pub(super) fn untrained(ui: &mut Ui, scene: Scene) {
    if !scene.inspection.weights().is_trained() {
        let text = "weights are random: these numbers say nothing";
        ui.add(Label::new(RichText::new(text).color(palette(ui).difference)).wrap());
        ui.add_space(4.0);
    }
}

pub(super) fn show(
    ui: &mut Ui,
    scene: Scene,
    shown: Option<&Shown>,
    settings: &mut Settings,
    textures: &mut GateTextures,
    out: &mut Outbox,
) {
    let bottom = ui.max_rect().bottom();
    egui::ScrollArea::vertical().id_salt("side").auto_shrink([false, false]).show(ui, |ui| {
        prediction(ui, scene);
        ui.add_space(size::GAP);
        preparation(ui, scene);
        ui.add_space(size::PADDING);
        let room = (bottom - ui.cursor().top() - 2.0 * size::ROW).clamp(PARTNER_MIN, PARTNER_MAX);
        let Some(shown) = shown else { return };
        own_picture(ui, room, scene, shown, settings, textures);
        if let Some(partner) = shown.frame.partner.and_then(|partner| scene.gate(partner)) {
            partner_gate(ui, room, scene, shown, &partner, settings, textures, out);
        }
    });
}

/// Another picture of the gate that is shown, or what it looks at.
fn own_picture(
    ui: &mut Ui,
    room: f32,
    scene: Scene,
    shown: &Shown,
    settings: &mut Settings,
    textures: &mut GateTextures,
) {
    let width = ui.available_width();
    let centre = || {
        let (height, width) = (shown.lens.shape.height(), shown.lens.shape.width());
        (height / 2) * width + width / 2
    };
    let (title, face, click) = match shown.frame.kind {
        GateKind::Channel | GateKind::Paths { .. } if shown.frame.partner.is_none() => ("What it looks at", None, None),
        GateKind::Channel | GateKind::Spatial | GateKind::Paths { .. } => return,
        GateKind::Rows | GateKind::Columns if shown.frame.counterpart.is_none() => return,
        GateKind::Rows | GateKind::Columns if settings.look == Look::Together => return,
        GateKind::Rows | GateKind::Columns => {
            ("Rows × columns, together", Some(Face::Together(Slice::Mean)), Some(Click::Look(Look::Together)))
        }
        GateKind::Volume if settings.look == Look::Channels => {
            ("Mean of its channels", Some(Face::default()), Some(Click::Look(Look::Own)))
        }
        GateKind::Volume => return channel_means(ui, room, shown, settings),
        GateKind::Matrix if settings.from.is_some() => {
            ("Where all positions look, on average", Some(Face::default()), Some(Click::From(None)))
        }
        GateKind::Matrix => {
            ("Where the centre looks", Some(Face::Own(Slice::Query(centre()))), Some(Click::From(Some([0.5, 0.5]))))
        }
    };
    section(ui, title);
    ui.add_space(2.0);
    let height = Placed::height_for(width, room, scene.inspection);
    let sense = if click.is_some() { Sense::click() } else { Sense::hover() };
    let (rect, response) = ui.allocate_exact_size(vec2(width, height), sense);
    paint_small(ui, rect, scene, face.map(|face| (shown.index, face)), settings, textures);
    if let Some(click) = click {
        respond(ui, rect, &response, &format!("show {}", title.to_lowercase()));
        if response.clicked() {
            click.apply(settings);
        }
    }
    ui.add_space(size::GAP);
}

/// What a click on a small picture of the same gate changes.
#[derive(Clone, Copy)]
enum Click {
    Look(Look),
    From(Option<[f32; 2]>),
}

impl Click {
    fn apply(self, settings: &mut Settings) {
        match self {
            Self::Look(look) => settings.look = look,
            Self::From(from) => settings.from = from,
        }
    }
}

/// The means of a volume's channels, small.
fn channel_means(ui: &mut Ui, room: f32, shown: &Shown, settings: &mut Settings) {
    section(ui, "Mean of each channel");
    ui.add_space(2.0);
    let width = ui.available_width();
    let (rect, response) = ui.allocate_exact_size(vec2(width, room.min(width * 0.42)), Sense::click());
    sorted_bars(ui, rect, shown);
    respond(ui, rect, &response, "show each channel");
    if response.clicked() {
        settings.look = Look::Channels;
    }
    ui.add_space(size::GAP);
}

/// A gate's channels as bars, the largest first.
fn sorted_bars(ui: &Ui, rect: Rect, shown: &Shown) {
    let values = shown.frame.channels(&shown.lens);
    let sorted: Vec<f32> = shown.frame.order(values).iter().map(|index| values[*index]).collect();
    let colour = palette(ui).gate(shown.frame.kind, shown.frame.attention);
    paint_bars(ui.painter(), rect, &columns(&sorted, (rect.width() / 3.0) as usize), shown.scale(), colour);
    ui.painter().hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, palette(ui).line));
    ui.painter().hline(rect.x_range(), rect.top(), Stroke::new(1.0, palette(ui).line));
}

fn prediction(ui: &mut Ui, scene: Scene) {
    let colours = palette(ui);
    let reading = &scene.inspection.reading;
    section(ui, if matches!(reading.activation, Activation::Features(_)) { "Features" } else { "Prediction" });
    ui.add_space(2.0);
    let weights = scene.inspection.weights();
    if weights.is_trained() {
        ui.add(
            Label::new(RichText::new(format!("weights: {}", weights_name(weights))).color(colours.muted)).truncate(),
        );
        if let Some(trained) = &scene.inspection.trained_on {
            ui.add(Label::new(RichText::new(trained.sentence()).color(colours.muted)).wrap());
            if scene.inspection.asked_picture().is_some_and(|picture| is_beyond(trained, picture)) {
                ui.add(Label::new(RichText::new(knows_only(trained)).color(colours.difference)).wrap());
            }
        }
    } else {
        let text = "untrained weights: predictions mean nothing";
        ui.add(Label::new(RichText::new(text).color(colours.difference)).wrap());
    }
    if let Some(sentence) = reading.sentence() {
        let is_broken = matches!(reading.activation, Activation::Broken(_));
        let colour = if is_broken { colours.difference } else { colours.muted };
        ui.add(Label::new(RichText::new(sentence).color(colour)).wrap());
    }
    ui.add_space(4.0);
    for guess in &reading.top {
        guessed(ui, guess, weights.is_trained());
    }
}

/// What was done to the picture, so that it can be done again elsewhere.
fn preparation(ui: &mut Ui, scene: Scene) {
    section(ui, "Preparation");
    ui.add_space(2.0);
    let Inspection { question, picture, .. } = &**scene.inspection;
    let prepared = question.asked().picture.iter();
    let words = prepared.flat_map(|(_, preparation)| [preparation.words(), preparation.words_of_values()]);
    let words = words.chain(picture.changes.iter().map(|change| change.words().to_owned()));
    let words = words.collect::<Vec<_>>().join("; ");
    ui.add(Label::new(RichText::new(words).color(palette(ui).muted)).wrap());
}

/// Was the network trained on generated pictures, and is this one of another kind?
fn is_beyond(trained: &TrainedOn, picture: &PictureChoice) -> bool {
    let is_generated = matches!(picture, PictureChoice::Sample(name) if object_sample(name).is_some());
    trained.dataset == "objects" && !is_generated
}

/// `This network knows ten classes only: circle, square, …`
fn knows_only(trained: &TrainedOn) -> String {
    const NAMED: usize = 4;
    let count = trained.classes.len();
    let number = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    let number = number.get(count).map_or_else(|| count.to_string(), |word| (*word).to_owned());
    let named: Vec<&str> = trained.classes.iter().take(NAMED).map(String::as_str).collect();
    let more = if count > NAMED { ", …" } else { "" };
    format!(
        "This network knows {number} classes only ({}{more}): it calls anything by the nearest of them.",
        named.join(", ")
    )
}

/// A class, its probability as a bar and in figures.
fn guessed(ui: &mut Ui, guess: &Guess, is_trained: bool) {
    let colours = palette(ui);
    let (row, _) = ui.allocate_exact_size(vec2(ui.available_width(), size::ROW), Sense::hover());
    let figures = 64.0;
    let names = (row.width() - figures) * 0.55;
    let name =
        guess.label.as_deref().map_or_else(|| format!("class {}", guess.class), |label| visual(label).into_owned());
    let text = Rect::from_min_size(row.min, vec2(names, row.height()));
    let mut line =
        ui.new_child(egui::UiBuilder::new().max_rect(text).layout(egui::Layout::left_to_right(egui::Align::Center)));
    let hover = format!("{name}\nclass {}, logit {:.3}", guess.class, guess.logit);
    line.add(Label::new(name).truncate()).on_hover_text(hover);
    let track = Rect::from_min_max(
        pos2(text.right() + size::GAP, row.center().y - 4.0),
        pos2(row.right() - figures, row.center().y + 4.0),
    );
    let corner = CornerRadius::same(2);
    let fill = if is_trained { colours.accent } else { colours.faint };
    ui.painter().rect_filled(track, corner, colours.raised);
    let share = if guess.probability.is_nan() { 0.0 } else { guess.probability.clamp(0.0, 1.0) };
    let length = (track.width() * share).max(1.0);
    ui.painter().rect_filled(Rect::from_min_size(track.min, vec2(length, track.height())), corner, fill);
    let figures = Rect::from_min_max(pos2(track.right(), row.top()), row.max);
    let mut line =
        ui.new_child(egui::UiBuilder::new().max_rect(figures).layout(egui::Layout::right_to_left(egui::Align::Center)));
    line.label(percent(guess.probability));
}

pub(super) fn percent(probability: f32) -> String {
    if probability.is_nan() { "no number".to_owned() } else { format!("{:.1} %", probability * 100.0) }
}

#[expect(clippy::too_many_arguments, reason = "what is drawn, how, where, and who is told")]
fn partner_gate(
    ui: &mut Ui,
    room: f32,
    scene: Scene,
    shown: &Shown,
    partner: &Shown,
    settings: &Settings,
    textures: &mut GateTextures,
    out: &mut Outbox,
) {
    let place = if partner.index < shown.index { "before it" } else { "after it" };
    let width = ui.available_width();
    let (kind, extent) = match partner.frame.kind {
        GateKind::Channel => ("channel", partner.lens.values.len().to_string()),
        GateKind::Spatial => ("spatial", partner.extent()),
        GateKind::Rows | GateKind::Columns | GateKind::Volume | GateKind::Paths { .. } | GateKind::Matrix => {
            (partner.frame.kind.as_str(), String::new())
        }
    };
    let extent = if extent.is_empty() { extent } else { format!(" · {extent}") };
    let height = match partner.frame.kind.has_places() {
        true => Placed::height_for(width, room, scene.inspection),
        false => room.min(width * 0.42),
    };
    section(ui, &format!("{kind} gate {place}{extent}"));
    ui.add_space(2.0);
    let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::click());
    match partner.frame.kind {
        GateKind::Channel => sorted_bars(ui, rect, partner),
        GateKind::Paths { .. } => {
            if let Some(shares) = textures.shares(scene.inspection, partner.index) {
                let colour = palette(ui).gate(partner.frame.kind, partner.frame.attention);
                shares.paint_small(ui.painter(), rect, palette(ui), colour);
            }
        }
        GateKind::Spatial | GateKind::Rows | GateKind::Columns | GateKind::Volume | GateKind::Matrix => {
            paint_small(ui, rect, scene, Some((partner.index, Face::default())), settings, textures);
        }
    }
    let name = format!("show {}", partner.frame.short());
    respond(ui, rect, &response, &name);
    if response.clicked() {
        partner.select(out);
    }
    caption(ui, range_text(&partner.stats));
}

/// Hover, focus and name of something painted that can be clicked.
fn respond(ui: &Ui, rect: Rect, response: &Response, name: &str) {
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, name));
    let colours = palette(ui);
    let colour = if response.has_focus() {
        colours.accent
    } else if response.hovered() {
        colours.faint
    } else {
        return;
    };
    ui.ctx().set_cursor_icon(CursorIcon::PointingHand);
    ui.painter().rect_stroke(
        rect.expand(2.0),
        f32::from(size::CELL_CORNER),
        Stroke::new(1.0, colour),
        StrokeKind::Outside,
    );
}
