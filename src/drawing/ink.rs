//! Colours by what they are for. A scene names roles; who paints it looks them up in a theme's table.

use crate::network::attention::BLOCKS;
use crate::network::graph::GateKind;

/// Red, green and blue, sRGB.
pub type Rgb = [u8; 3];

/// What a colour is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Behind everything.
    Canvas,
    /// Behind the blocks of a stage.
    Panel,
    /// Hairlines and borders.
    Line,
    /// Text.
    Text,
    /// Secondary text.
    Muted,
    /// Wires and shortcuts.
    Wire,
    /// Boxes of ordinary layers.
    Block,
    /// What is selected.
    Accent,
    /// Text on the accent and on attention colours.
    OnAccent,
    /// An attention kind, by its name in specs.
    Attention(&'static str),
    /// A gate of an attention kind: CBAM's two are told apart as CAM and SAM.
    Gate(GateKind, &'static str),
}

/// A colour: a role's, perhaps on the way to another's, perhaps seen through.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ink {
    /// Whose colour.
    pub role: Role,
    /// Another role and how far on the way to its colour, 0 to 1, in gamma space.
    pub towards: Option<(Role, f32)>,
    /// Opacity, 0 to 1.
    pub opacity: f32,
}

impl Ink {
    /// On the way to another role's colour.
    #[must_use]
    pub fn towards(self, role: Role, share: f32) -> Self {
        Self { towards: Some((role, share)), ..self }
    }

    /// So much of it, 0 to 1.
    #[must_use]
    pub fn faded(self, opacity: f32) -> Self {
        Self { opacity: self.opacity * opacity, ..self }
    }

    /// Lighter on dark and darker on light: what is pointed at.
    #[must_use]
    pub fn lifted(self) -> Self {
        self.towards(Role::Text, 0.12)
    }
}

impl From<Role> for Ink {
    fn from(role: Role) -> Self {
        Self { role, towards: None, opacity: 1.0 }
    }
}

/// The colours of one theme.
#[derive(Clone, Copy, Debug)]
pub struct Inks {
    /// Behind everything.
    pub canvas: Rgb,
    /// Behind the blocks of a stage, and of panels.
    pub panel: Rgb,
    /// Hairlines and borders.
    pub line: Rgb,
    /// Text.
    pub text: Rgb,
    /// Secondary text.
    pub muted: Rgb,
    /// Selection, focus.
    pub accent: Rgb,
    /// Text on the accent and on attention colours.
    pub on_accent: Rgb,
    /// Boxes of ordinary layers.
    pub block: Rgb,
    /// Wires and shortcuts.
    pub wire: Rgb,
    /// The four attentions this program is named for, and ECA.
    named: [(&'static str, Rgb); 5],
    /// Curves among many; other attentions take them in registry order.
    pub series: [Rgb; 10],
}

/// On black screens.
pub const DARK: Inks = Inks {
    canvas: [0x14, 0x16, 0x1A],
    panel: [0x1B, 0x1E, 0x24],
    line: [0x2E, 0x33, 0x3D],
    text: [0xE6, 0xE8, 0xEC],
    muted: [0xA2, 0xAB, 0xBA],
    accent: [0x6E, 0xA8, 0xFE],
    on_accent: [0x10, 0x13, 0x18],
    block: [0x2B, 0x31, 0x3C],
    wire: [0x6C, 0x76, 0x86],
    named: [
        ("se", [0xF2, 0xA6, 0x5A]),
        ("cam", [0xE4, 0x67, 0x7F]),
        ("sam", [0x4F, 0xB6, 0xC2]),
        ("cbam", [0xA7, 0x8B, 0xFA]),
        ("eca", [0x8B, 0xC3, 0x4A]),
    ],
    series: [
        [0x6E, 0xA8, 0xFE],
        [0xF2, 0xA6, 0x5A],
        [0x6F, 0xCF, 0x97],
        [0xF2, 0x8F, 0xB0],
        [0xA7, 0x8B, 0xFA],
        [0x4F, 0xB6, 0xC2],
        [0xD8, 0x73, 0xDB],
        [0xE0, 0x6B, 0x6B],
        [0x8B, 0xC3, 0x4A],
        [0xC9, 0xB0, 0x8A],
    ],
};

/// On white screens.
pub const LIGHT: Inks = Inks {
    canvas: [0xF4, 0xF6, 0xF9],
    panel: [0xFF, 0xFF, 0xFF],
    line: [0xD5, 0xDB, 0xE4],
    text: [0x1B, 0x1F, 0x27],
    muted: [0x50, 0x5A, 0x6C],
    accent: [0x1B, 0x66, 0xD9],
    on_accent: [0xFF, 0xFF, 0xFF],
    block: [0xDD, 0xE3, 0xEC],
    wire: [0x8A, 0x94, 0xA5],
    named: [
        ("se", [0xA3, 0x4A, 0x07]),
        ("cam", [0xBE, 0x12, 0x3C]),
        ("sam", [0x0B, 0x6B, 0x86]),
        ("cbam", [0x6D, 0x28, 0xD9]),
        ("eca", [0x44, 0x70, 0x0C]),
    ],
    series: [
        [0x1B, 0x66, 0xD9],
        [0xA3, 0x4A, 0x07],
        [0x18, 0x74, 0x44],
        [0xBE, 0x12, 0x3C],
        [0x6D, 0x28, 0xD9],
        [0x0B, 0x6B, 0x86],
        [0xA0, 0x1F, 0xB0],
        [0xA8, 0x32, 0x6B],
        [0x44, 0x70, 0x0C],
        [0x7A, 0x5C, 0x2E],
    ],
};

/// On paper: the canvas is the paper, lines are dark enough to survive a copier.
pub const PRINT: Inks = Inks {
    canvas: [0xFF, 0xFF, 0xFF],
    panel: [0xF3, 0xF4, 0xF6],
    line: [0xA9, 0xB0, 0xBB],
    text: [0x00, 0x00, 0x00],
    muted: [0x3C, 0x43, 0x4E],
    block: [0xE2, 0xE6, 0xEC],
    wire: [0x5E, 0x67, 0x75],
    ..LIGHT
};

impl Inks {
    /// The colour of a role.
    #[must_use]
    pub fn of(&self, role: Role) -> Rgb {
        match role {
            Role::Canvas => self.canvas,
            Role::Panel => self.panel,
            Role::Line => self.line,
            Role::Text => self.text,
            Role::Muted => self.muted,
            Role::Wire => self.wire,
            Role::Block => self.block,
            Role::Accent => self.accent,
            Role::OnAccent => self.on_accent,
            Role::Attention(name) => self.attention(name),
            Role::Gate(kind, attention) => self.gate(kind, attention),
        }
    }

    /// The colour of an attention kind, by its name in specs: the same in every drawing and every view.
    #[must_use]
    pub fn attention(&self, name: &str) -> Rgb {
        if name == "off" {
            return self.muted;
        }
        let place = || BLOCKS.iter().position(|block| block.card().name == name);
        let named = self.named.iter().find(|(known, _)| *known == name).map(|(_, colour)| *colour);
        // What nobody registered looks like ECA.
        named.or_else(|| place().map(|at| self.series[at % self.series.len()])).unwrap_or(self.named[4].1)
    }

    /// The colour of a gate: its attention's, CBAM's two as CAM and SAM.
    #[must_use]
    pub fn gate(&self, kind: GateKind, attention: &str) -> Rgb {
        match (kind, attention) {
            (GateKind::Channel, "cbam") => self.attention("cam"),
            (GateKind::Spatial, "cbam") => self.attention("sam"),
            (_, other) => self.attention(other),
        }
    }

    /// The colour of an ink, without its opacity.
    #[must_use]
    pub fn mixed(&self, ink: Ink) -> Rgb {
        let from = self.of(ink.role);
        let Some((role, share)) = ink.towards else { return from };
        let to = self.of(role);
        std::array::from_fn(|channel| {
            let (from, to) = (f32::from(from[channel]), f32::from(to[channel]));
            (from + (to - from) * share).round().clamp(0.0, 255.0) as u8
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_attention_has_a_colour_of_its_theme_and_cbams_gates_are_cam_and_sam() {
        for inks in [DARK, LIGHT, PRINT] {
            for block in BLOCKS {
                let colour = inks.attention(block.card().name);
                assert!(colour != inks.canvas && colour != inks.block, "{}", block.card().name);
            }
            assert_eq!(inks.gate(GateKind::Spatial, "cbam"), inks.attention("sam"));
            assert_eq!(inks.gate(GateKind::Channel, "se"), inks.attention("se"));
        }
    }

    #[test]
    fn an_ink_half_way_is_the_middle_of_both() {
        let ink = Ink::from(Role::Canvas).towards(Role::Panel, 0.5);
        assert_eq!(LIGHT.mixed(ink), [0xFA, 0xFB, 0xFC]);
    }
}
