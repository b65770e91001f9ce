//! The panels at the sides: how wide they are, and whether they are there. Plain data that is kept between starts.

use serde::{Deserialize, Serialize};

/// Below this width of the window, in points, both panels are folded until they are asked for.
pub const NARROW: f32 = 1000.0;
/// Below this width there is room for one panel at a time.
const CRAMPED: f32 = 760.0;
/// How narrow and how wide a panel can be.
pub const LEAST: f32 = 220.0;
/// The widest a panel can be.
pub const MOST: f32 = 480.0;

/// Which panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Networks, design, attention matrix.
    Left,
    /// What is selected.
    Right,
}

impl Side {
    /// What the panel is about, in a sentence with a verb: "Hide the networks".
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Left => "networks",
            Self::Right => "selection",
        }
    }
}

/// One panel.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Panel {
    /// Its width in points.
    pub width: f32,
    /// Is it there in a window with room for it?
    pub is_open: bool,
    /// Is it there in a narrow window? Never at the beginning.
    #[serde(skip)]
    pub is_open_narrow: bool,
}

impl Default for Panel {
    fn default() -> Self {
        Self { width: 296.0, is_open: true, is_open_narrow: false }
    }
}

/// Both panels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Panels {
    /// Networks, design, attention matrix.
    pub left: Panel,
    /// What is selected.
    pub right: Panel,
}

impl Panels {
    /// Widths that a file may say, within what can be.
    #[must_use]
    pub fn checked(self) -> Self {
        let check = |panel: Panel| {
            let width = if panel.width.is_finite() { panel.width } else { Panel::default().width };
            Panel { width: width.clamp(LEAST, MOST), ..panel }
        };
        Self { left: check(self.left), right: check(self.right) }
    }

    /// Is a panel there, in a window of this width?
    #[must_use]
    pub fn is_open(&self, side: Side, window: f32) -> bool {
        let panel = self.panel(side);
        if window < NARROW { panel.is_open_narrow } else { panel.is_open }
    }

    /// Hides a panel, or shows it; where there is room for one only, in place of the other.
    pub fn toggle(&mut self, side: Side, window: f32) {
        let is_open = !self.is_open(side, window);
        if window >= NARROW {
            self.panel_mut(side).is_open = is_open;
            return;
        }
        if window < CRAMPED {
            self.left.is_open_narrow = false;
            self.right.is_open_narrow = false;
        }
        self.panel_mut(side).is_open_narrow = is_open;
    }

    /// One of them.
    #[must_use]
    pub fn panel(&self, side: Side) -> &Panel {
        match side {
            Side::Left => &self.left,
            Side::Right => &self.right,
        }
    }

    /// One of them, to be changed.
    pub fn panel_mut(&mut self, side: Side) -> &mut Panel {
        match side {
            Side::Left => &mut self.left,
            Side::Right => &mut self.right,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrow_windows_fold_both_and_forget_nothing_of_wide_ones() {
        let mut panels = Panels::default();
        panels.toggle(Side::Right, 1280.0);
        assert_eq!([Side::Left, Side::Right].map(|side| panels.is_open(side, 1280.0)), [true, false]);
        assert_eq!([Side::Left, Side::Right].map(|side| panels.is_open(side, 999.0)), [false, false]);
        panels.toggle(Side::Left, 640.0);
        panels.toggle(Side::Right, 640.0);
        assert_eq!([Side::Left, Side::Right].map(|side| panels.is_open(side, 640.0)), [false, true]);
        assert_eq!([Side::Left, Side::Right].map(|side| panels.is_open(side, 1280.0)), [true, false]);
    }

    #[test]
    fn a_width_that_cannot_be_is_brought_within_what_can() {
        let odd = |width: f32| Panels { left: Panel { width, ..Panel::default() }, ..Panels::default() }.checked();
        assert_eq!([-1.0, f32::NAN, 1e9].map(|width| odd(width).left.width as u32), [LEAST as u32, 296, MOST as u32]);
    }
}
