//! Colour maps for values between 0 and 1: perceptually even ones, and turbo for depth.

/// What a value that is not a number looks like: no colour of any map.
pub const NOT_A_NUMBER: [u8; 3] = [128, 128, 128];

/// A named colour map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ColourMap {
    /// Dark violet to yellow; perceptually even, safe for colour-blind readers. The default.
    #[default]
    Viridis,
    /// Black through magenta to pale yellow; perceptually even.
    Magma,
    /// Blue through green to red; separates neighbours well, is not even.
    Turbo,
}

impl ColourMap {
    /// Every map, in the order a menu shows them.
    pub const ALL: [Self; 3] = [Self::Viridis, Self::Magma, Self::Turbo];

    /// The map's usual name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Viridis => "viridis",
            Self::Magma => "magma",
            Self::Turbo => "turbo",
        }
    }

    /// The sRGB colour of `t`, which is clamped to 0..1; NaN gives [`NOT_A_NUMBER`].
    #[must_use]
    pub fn at(self, t: f32) -> [u8; 3] {
        if t.is_nan() {
            return NOT_A_NUMBER;
        }
        let gradient = match self {
            Self::Viridis => colorous::VIRIDIS,
            Self::Magma => colorous::MAGMA,
            Self::Turbo => colorous::TURBO,
        };
        gradient.eval_continuous(f64::from(t.clamp(0.0, 1.0))).into_array()
    }
}

/// viridis at `t` in 0..1.
#[must_use]
pub fn viridis(t: f32) -> [u8; 3] {
    ColourMap::Viridis.at(t)
}

/// magma at `t` in 0..1.
#[must_use]
pub fn magma(t: f32) -> [u8; 3] {
    ColourMap::Magma.at(t)
}

/// turbo at `t` in 0..1.
#[must_use]
pub fn turbo(t: f32) -> [u8; 3] {
    ColourMap::Turbo.at(t)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_are_clamped_and_total() {
        for map in ColourMap::ALL {
            assert_eq!(map.at(-3.0), map.at(0.0), "{}", map.name());
            assert_eq!(map.at(f32::INFINITY), map.at(1.0), "{}", map.name());
            assert_eq!(map.at(f32::NAN), NOT_A_NUMBER, "{}", map.name());
        }
    }

    #[test]
    fn viridis_ends_are_matplotlibs() {
        assert_eq!(viridis(0.0), [0x44, 0x01, 0x54]);
        assert_eq!(viridis(1.0), [0xfd, 0xe7, 0x25]);
    }

    #[test]
    fn perceptual_maps_only_get_lighter() {
        let light = |[r, g, b]: [u8; 3]| 0.2126 * f32::from(r) + 0.7152 * f32::from(g) + 0.0722 * f32::from(b);
        for map in [ColourMap::Viridis, ColourMap::Magma] {
            for i in 0_u8..100 {
                let (here, next) = (f32::from(i) / 100.0, f32::from(i + 1) / 100.0);
                assert!(light(map.at(next)) >= light(map.at(here)) - 1.0, "{} at {here}", map.name());
            }
        }
    }
}
