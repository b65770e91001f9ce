//! Every colour, size and font of the window. Nothing else in `desktop` names one.

use std::sync::Arc;

use eframe::egui;
use egui::{
    Color32, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Margin, Stroke, TextStyle, Theme, Vec2,
};

use crate::desktop::document::letters::DISTINCT;
use crate::drawing::Ink;
use crate::drawing::ink::{self, Inks, Rgb};
use crate::network::graph::GateKind;

/// The colours of one theme. An attention kind keeps its hue in every view.
#[derive(Clone, Copy, Debug)]
pub struct Palette {
    /// Behind everything: the canvas.
    pub canvas: Color32,
    /// Side, top and bottom panels.
    pub panel: Color32,
    /// Raised surfaces and selected rows.
    pub raised: Color32,
    /// Between `panel` and `raised`: empty cells, bar tracks.
    pub sunken: Color32,
    /// Hairlines and borders.
    pub line: Color32,
    /// Text.
    pub text: Color32,
    /// Secondary text.
    pub muted: Color32,
    /// Rules and ticks. It carries no words: it is too weak to be read.
    pub faint: Color32,
    /// The edge of what can be pressed or filled in: fields, boxes, empty cells.
    pub outline: Color32,
    /// Selection, focus, network A.
    pub accent: Color32,
    /// Text on the accent and on attention colours.
    pub on_accent: Color32,
    /// Warnings and nothing else: untrained weights, grafts, what is beyond a network.
    pub difference: Color32,
    /// Boxes of ordinary layers on the canvas.
    pub block: Color32,
    /// Wires and shortcuts on the canvas.
    pub wire: Color32,
    /// Errors.
    pub error: Color32,
    /// How strongly a hue tints the row behind a text, 0 to 1.
    pub tint: f32,
    networks: [Color32; DISTINCT],
    /// What drawings are painted with; the fields above that have the same names are these.
    inks: &'static Inks,
}

const fn rgb([red, green, blue]: Rgb) -> Color32 {
    Color32::from_rgb(red, green, blue)
}

const DARK: Palette = Palette {
    canvas: rgb(ink::DARK.canvas),
    panel: rgb(ink::DARK.panel),
    raised: Color32::from_rgb(0x23, 0x27, 0x2F),
    sunken: Color32::from_rgb(0x1F, 0x23, 0x2A),
    line: rgb(ink::DARK.line),
    text: rgb(ink::DARK.text),
    muted: rgb(ink::DARK.muted),
    faint: Color32::from_rgb(0x6C, 0x76, 0x86),
    outline: Color32::from_rgb(0x74, 0x7E, 0x8F),
    accent: rgb(ink::DARK.accent),
    on_accent: rgb(ink::DARK.on_accent),
    difference: Color32::from_rgb(0xF2, 0xC9, 0x4C),
    block: rgb(ink::DARK.block),
    wire: rgb(ink::DARK.wire),
    error: Color32::from_rgb(0xFF, 0x6B, 0x6B),
    tint: 0.10,
    networks: [
        Color32::from_rgb(0x6E, 0xA8, 0xFE),
        Color32::from_rgb(0x6F, 0xCF, 0x97),
        Color32::from_rgb(0xF2, 0x8F, 0xB0),
        Color32::from_rgb(0x4F, 0xD3, 0xE0),
        Color32::from_rgb(0xF0, 0x76, 0x5C),
        Color32::from_rgb(0xC9, 0xB6, 0xFF),
        Color32::from_rgb(0x2F, 0xA0, 0x8C),
        Color32::from_rgb(0xD8, 0x73, 0xDB),
        Color32::from_rgb(0xD5, 0xDA, 0xE3),
        Color32::from_rgb(0xB9, 0x8B, 0x78),
    ],
    inks: &ink::DARK,
};

const LIGHT: Palette = Palette {
    canvas: rgb(ink::LIGHT.canvas),
    panel: rgb(ink::LIGHT.panel),
    raised: Color32::from_rgb(0xE9, 0xED, 0xF3),
    sunken: Color32::from_rgb(0xF1, 0xF3, 0xF7),
    line: rgb(ink::LIGHT.line),
    text: rgb(ink::LIGHT.text),
    muted: rgb(ink::LIGHT.muted),
    faint: Color32::from_rgb(0x7B, 0x84, 0x94),
    outline: Color32::from_rgb(0x72, 0x7B, 0x8C),
    accent: rgb(ink::LIGHT.accent),
    on_accent: rgb(ink::LIGHT.on_accent),
    difference: Color32::from_rgb(0x8A, 0x5C, 0x00),
    block: rgb(ink::LIGHT.block),
    wire: rgb(ink::LIGHT.wire),
    error: Color32::from_rgb(0xC6, 0x28, 0x28),
    tint: 0.07,
    networks: [
        Color32::from_rgb(0x1B, 0x66, 0xD9),
        Color32::from_rgb(0x18, 0x74, 0x44),
        Color32::from_rgb(0xC2, 0x34, 0x7F),
        Color32::from_rgb(0x0A, 0x77, 0x9C),
        Color32::from_rgb(0xC2, 0x3A, 0x22),
        Color32::from_rgb(0x7A, 0x4B, 0xD6),
        Color32::from_rgb(0x2B, 0x6E, 0x73),
        Color32::from_rgb(0xA0, 0x1F, 0xB0),
        Color32::from_rgb(0x3A, 0x41, 0x4D),
        Color32::from_rgb(0x7A, 0x46, 0x32),
    ],
    inks: &ink::LIGHT,
};

impl Palette {
    /// The colour of an ink.
    #[must_use]
    pub fn ink(&self, ink: Ink) -> Color32 {
        rgb(self.inks.mixed(ink)).gamma_multiply(ink.opacity)
    }

    /// The colour of an attention kind, by its name in specs.
    #[must_use]
    pub fn attention(&self, name: &str) -> Color32 {
        rgb(self.inks.attention(name))
    }

    /// The colour of a gate: its attention's, CBAM's two as CAM and SAM.
    #[must_use]
    pub fn gate(&self, kind: GateKind, attention: &str) -> Color32 {
        rgb(self.inks.gate(kind, attention))
    }

    /// The colour of one of several paths: shades of the attention's, the first the strongest.
    #[must_use]
    pub fn path(&self, attention: Color32, path: usize, paths: usize) -> Color32 {
        let share = path as f32 / paths.saturating_sub(1).max(1) as f32;
        attention.lerp_to_gamma(self.canvas, share * 0.68)
    }

    /// The colour of the network whose letter has this place: never the warning's.
    #[must_use]
    pub fn network(&self, slot: usize) -> Color32 {
        self.networks[slot % self.networks.len()]
    }

    /// The colour of a curve among many: depths, classes. More curves begin again.
    #[must_use]
    pub fn series(&self, position: usize) -> Color32 {
        rgb(self.inks.series[position % self.inks.series.len()])
    }

    /// How many curves can be told apart by colour.
    #[must_use]
    pub fn series_count(&self) -> usize {
        self.inks.series.len()
    }
}

/// The palette of the theme in force.
#[must_use]
pub fn palette(ui: &egui::Ui) -> &'static Palette {
    palette_of(ui.visuals().dark_mode)
}

/// The palette of a theme.
#[must_use]
pub fn palette_of(dark: bool) -> &'static Palette {
    if dark { &DARK } else { &LIGHT }
}

/// Sizes in points; the rhythm is 8.
pub mod size {
    /// Between related things.
    pub const GAP: f32 = 8.0;
    /// Inside panels.
    pub const PADDING: f32 = 16.0;
    /// Height of a row of text.
    pub const ROW: f32 = 24.0;
    /// Corners of cells and bars.
    pub const CELL_CORNER: u8 = 4;
    /// Corners of panels and boxes.
    pub const BOX_CORNER: u8 = crate::drawing::CORNER as u8;
    /// Text.
    pub const TEXT: f32 = crate::drawing::TEXT;
    /// Labels in capitals, captions.
    pub const LABEL: f32 = crate::drawing::LABEL;
    /// Titles.
    pub const TITLE: f32 = crate::drawing::TITLE;
    /// The triangle on a button that opens a menu.
    pub const MENU_MARK: f32 = 7.0;
    /// The round button that opens a card.
    pub const INFO: f32 = 14.0;
    /// The one number that matters.
    pub const HERO: f32 = 28.0;
    /// Formulas and tensor names.
    pub const MONO: f32 = 12.0;
    /// Height of the menu bar.
    pub const MENU_BAR: f32 = 36.0;
    /// Height of the status bar.
    pub const STATUS_BAR: f32 = 32.0;
}

/// How much of what lies below shows through.
pub mod opacity {
    /// The veil over what the network does not see of a picture.
    pub const CROPPED_AWAY: f32 = 0.72;
    /// A bar that is neither chosen nor pointed at.
    pub const BAR: f32 = 0.6;
    /// A classifier on the side, which is no part of what is computed.
    pub const SIDE: f32 = 0.55;
    /// The part of a bar between its mean and its largest value.
    pub const SPREAD: f32 = 0.4;
    /// The veil over a view while files hover above it.
    pub const DROP: f32 = 0.94;
}

/// The semibold face.
#[must_use]
pub fn semibold(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name("semibold".into()))
}

/// The regular face.
#[must_use]
pub fn regular(size: f32) -> FontId {
    FontId::new(size, FontFamily::Proportional)
}

/// The monospaced face.
#[must_use]
pub fn mono(size: f32) -> FontId {
    FontId::new(size, FontFamily::Monospace)
}

/// Installs fonts and both themes.
pub fn install(ctx: &egui::Context) {
    ctx.set_fonts(fonts());
    super::scripts::install(ctx);
    for (theme, palette) in [(Theme::Dark, &DARK), (Theme::Light, &LIGHT)] {
        ctx.style_mut_of(theme, |style| apply(style, palette));
    }
}

fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let faces: [(&str, &'static [u8]); 3] = [
        ("inter", include_bytes!("../../../assets/fonts/Inter-Regular.otf")),
        ("inter-semibold", include_bytes!("../../../assets/fonts/Inter-SemiBold.otf")),
        ("jetbrains-mono", include_bytes!("../../../assets/fonts/JetBrainsMono-Regular.ttf")),
    ];
    for (name, bytes) in faces {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    }
    let fallback = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    let family = |first: &[&str]| first.iter().map(|name| (*name).to_owned()).chain(fallback.clone()).collect();
    fonts.families.insert(FontFamily::Proportional, family(&["inter"]));
    fonts.families.insert(FontFamily::Name("semibold".into()), family(&["inter-semibold", "inter"]));
    fonts.families.insert(FontFamily::Monospace, family(&["jetbrains-mono", "inter"]));
    fonts
}

fn apply(style: &mut egui::Style, palette: &Palette) {
    style.text_styles = [
        (TextStyle::Body, regular(size::TEXT)),
        (TextStyle::Button, regular(size::TEXT)),
        (TextStyle::Small, regular(size::LABEL)),
        (TextStyle::Heading, semibold(size::TITLE)),
        (TextStyle::Monospace, mono(size::MONO)),
    ]
    .into();
    let spacing = &mut style.spacing;
    spacing.item_spacing = Vec2::new(size::GAP, 4.0);
    spacing.button_padding = Vec2::new(size::GAP, 4.0);
    spacing.interact_size = Vec2::new(32.0, size::ROW);
    spacing.menu_margin = Margin::same(6);
    spacing.window_margin = Margin::same(16);
    spacing.scroll = egui::style::ScrollStyle::thin();
    style.interaction.selectable_labels = false;
    visuals(&mut style.visuals, palette);
}

fn visuals(visuals: &mut egui::Visuals, palette: &Palette) {
    visuals.panel_fill = palette.panel;
    visuals.window_fill = palette.panel;
    visuals.extreme_bg_color = palette.canvas;
    visuals.faint_bg_color = palette.sunken;
    visuals.code_bg_color = palette.sunken;
    visuals.window_stroke = Stroke::new(1.0, palette.line);
    visuals.weak_text_color = Some(palette.muted);
    visuals.hyperlink_color = palette.accent;
    visuals.warn_fg_color = palette.difference;
    visuals.error_fg_color = palette.error;
    visuals.selection.bg_fill = palette.accent.gamma_multiply(0.35);
    // The text of what is chosen: the accent would be too weak on its own ground.
    visuals.selection.stroke = Stroke::new(1.0, palette.text);
    visuals.slider_trailing_fill = true;
    let corner = CornerRadius::same(size::CELL_CORNER);
    let surface = |fill: Color32, border: Color32, text: Color32| egui::style::WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::new(1.0, border),
        corner_radius: corner,
        fg_stroke: Stroke::new(1.0, text),
        expansion: 0.0,
    };
    let widgets = &mut visuals.widgets;
    widgets.noninteractive = surface(palette.panel, palette.line, palette.text);
    widgets.inactive = surface(palette.sunken, palette.outline, palette.text);
    widgets.hovered = surface(palette.raised, palette.muted, palette.text);
    widgets.active = surface(palette.raised, palette.accent, palette.text);
    widgets.open = surface(palette.raised, palette.outline, palette.text);
}

#[cfg(test)]
mod tests;
