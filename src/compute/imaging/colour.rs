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
    /// Of signed values, 0 in the middle: blue against, dark grey for nothing, orange for. On dark grounds.
    Evidence,
    /// The same on light grounds: nothing is light grey.
    EvidenceOnLight,
}

/// Blue, dark grey, orange.
const EVIDENCE: [[u8; 3]; 7] = [
    [0x7e, 0xb6, 0xff],
    [0x4a, 0x86, 0xd8],
    [0x42, 0x60, 0x8f],
    [0x4a, 0x4f, 0x58],
    [0x8f, 0x63, 0x40],
    [0xcf, 0x7f, 0x35],
    [0xff, 0xa6, 0x4d],
];

/// The same with its lightness turned round.
const EVIDENCE_ON_LIGHT: [[u8; 3]; 7] = [
    [0x0d, 0x4b, 0x94],
    [0x35, 0x74, 0xc4],
    [0x93, 0xb2, 0xd9],
    [0xe2, 0xe3, 0xe6],
    [0xdc, 0xb0, 0x88],
    [0xbd, 0x6c, 0x20],
    [0x87, 0x41, 0x00],
];

/// Between colours at even distances.
fn between(colours: [[u8; 3]; 7], t: f32) -> [u8; 3] {
    let place = t * (colours.len() - 1) as f32;
    let first = (place as usize).min(colours.len() - 2);
    let share = place - first as f32;
    let band = |band: usize| {
        let [from, to] = [colours[first][band], colours[first + 1][band]].map(f32::from);
        (from + (to - from) * share).round() as u8
    };
    [band(0), band(1), band(2)]
}

impl ColourMap {
    /// Every map for values that have no sign, in the order a menu shows them.
    pub const ALL: [Self; 3] = [Self::Viridis, Self::Magma, Self::Turbo];

    /// The map's usual name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Viridis => "viridis",
            Self::Magma => "magma",
            Self::Turbo => "turbo",
            Self::Evidence => "evidence",
            Self::EvidenceOnLight => "evidence on light",
        }
    }

    /// The sRGB colour of `t`, which is clamped to 0..1; NaN gives [`NOT_A_NUMBER`].
    #[must_use]
    pub fn at(self, t: f32) -> [u8; 3] {
        if t.is_nan() {
            return NOT_A_NUMBER;
        }
        let t = t.clamp(0.0, 1.0);
        let gradient = match self {
            Self::Viridis => colorous::VIRIDIS,
            Self::Magma => colorous::MAGMA,
            Self::Turbo => colorous::TURBO,
            Self::Evidence => return between(EVIDENCE, t),
            Self::EvidenceOnLight => return between(EVIDENCE_ON_LIGHT, t),
        };
        gradient.eval_continuous(f64::from(t)).into_array()
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
    fn evidence_has_its_greyest_colour_at_zero_and_two_sides() {
        for map in [ColourMap::Evidence, ColourMap::EvidenceOnLight] {
            let [r, g, b] = map.at(0.5).map(i32::from);
            assert!((r - b).abs() <= 14 && (r - g).abs() <= 14, "{}: {r} {g} {b}", map.name());
            let ([against, _, blue], [orange, _, on]) = (map.at(0.0), map.at(1.0));
            assert!(blue > against && orange > on, "{}", map.name());
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
