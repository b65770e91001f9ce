//! What a gate can be replaced by, as it is written and as it is said.

use std::fmt;

use crate::compute::holds::{Change, Hold};

/// What takes the place of a gate's own values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Replacement {
    /// The mean of its own values: the scale stays, the choice goes.
    Mean,
    /// 1 less every value.
    Invert,
    /// The values backwards; of a map: turned by 180°.
    Reverse,
    /// The values in another order, drawn from a seed.
    Shuffle(u64),
    /// Ones.
    Ones,
    /// Zeros.
    Zeros,
    /// One value everywhere.
    Value(f32),
    /// Every value times a factor.
    Scale(f32),
    /// No value below the first or above the second.
    Clamp(f32, f32),
}

/// How replacements are written.
const FORMS: &str = "ones, mean, zeros, invert, reverse, shuffle:SEED, a number, xFACTOR or clamp:LOW..HIGH";

impl Replacement {
    /// Reads `ones`, `mean`, `zeros`, `invert`, `reverse`, `shuffle:SEED`, `0.5`, `x0.5`, `clamp:0.2..0.8`.
    ///
    /// # Errors
    /// A sentence with the forms there are.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let number = |text: &str| text.parse::<f32>().ok().filter(|value| value.is_finite());
        let clamped = |text: &str| {
            let (low, high) = text.split_once("..")?;
            Some((number(low)?, number(high)?))
        };
        match text {
            "ones" | "1" => return Ok(Self::Ones),
            "mean" => return Ok(Self::Mean),
            "zeros" | "0" => return Ok(Self::Zeros),
            "invert" => return Ok(Self::Invert),
            "reverse" => return Ok(Self::Reverse),
            "shuffle" => return Ok(Self::Shuffle(0)),
            _ => {}
        }
        let found = match text.split_once(':') {
            Some(("shuffle", seed)) => seed.parse().ok().map(Self::Shuffle),
            Some(("clamp", ends)) => clamped(ends).filter(|(low, high)| low <= high).map(|(l, h)| Self::Clamp(l, h)),
            Some(_) => None,
            None => match text.strip_prefix(['x', '*', '×']) {
                Some(factor) => number(factor).map(Self::Scale),
                None => number(text).map(Self::Value),
            },
        };
        found.ok_or_else(|| format!("{text}: give {FORMS}"))
    }

    /// What is held of a whole gate.
    #[must_use]
    pub fn hold(self) -> Hold {
        match self {
            Self::Mean => Hold::Mean,
            Self::Invert => Hold::Inverted,
            Self::Reverse => Hold::Reversed,
            Self::Shuffle(seed) => Hold::Shuffled(seed),
            Self::Ones => Hold::Value(1.0),
            Self::Zeros => Hold::Value(0.0),
            Self::Value(value) => Hold::Value(value),
            Self::Scale(factor) => Hold::Scaled(factor),
            Self::Clamp(low, high) => Hold::Clamped(low, high),
        }
    }

    /// What is held of some of a gate's values, from `first` to `last`, both included; `None` of what needs all.
    #[must_use]
    pub fn hold_of(self, first: usize, last: usize) -> Option<Hold> {
        let change = match self {
            Self::Ones => Change::Set(1.0),
            Self::Zeros => Change::Set(0.0),
            Self::Value(value) => Change::Set(value),
            Self::Scale(factor) => Change::Scale(factor),
            Self::Clamp(low, high) => Change::Clamp(low, high),
            Self::Invert => Change::Invert,
            Self::Mean => Change::Mean,
            Self::Reverse | Self::Shuffle(_) => return None,
        };
        Some(Hold::Part { first, last, change })
    }

    /// What is to be known of it before its effect is believed.
    #[must_use]
    pub fn caution(self) -> Option<&'static str> {
        match self {
            Self::Zeros => Some("branch closed: this measures the whole branch, not what the gate chose"),
            Self::Ones => {
                Some("scale only: outside what the network was trained on, not the network without attention")
            }
            _ => None,
        }
    }
}

impl fmt::Display for Replacement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mean => f.write_str("mean"),
            Self::Invert => f.write_str("invert"),
            Self::Reverse => f.write_str("reverse"),
            Self::Shuffle(seed) => write!(f, "shuffle:{seed}"),
            Self::Ones => f.write_str("ones"),
            Self::Zeros => f.write_str("zeros"),
            Self::Value(value) => write!(f, "{value}"),
            Self::Scale(factor) => write!(f, "x{factor}"),
            Self::Clamp(low, high) => write!(f, "clamp:{low}..{high}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for text in ["mean", "invert", "reverse", "shuffle:7", "ones", "zeros", "0.25", "x0.5", "clamp:0.2..0.8"] {
            assert_eq!(Replacement::parse(text).map(|found| found.to_string()), Ok(text.to_owned()));
        }
        assert_eq!(Replacement::parse("0"), Ok(Replacement::Zeros));
        for text in ["", "meen", "shuffle:x", "clamp:0.8..0.2", "nan", "inf", "x"] {
            assert!(Replacement::parse(text).expect_err(text).contains("clamp:LOW..HIGH"), "{text}");
        }
    }

    #[test]
    fn a_part_is_changed_as_the_whole_is() {
        let own = [0.2, 0.4, 0.9];
        let held = |hold: Hold| {
            let mut values = own.to_vec();
            hold.apply(&mut values);
            values
        };
        for text in ["ones", "zeros", "invert", "mean", "0.3", "x2", "clamp:0.3..0.5"] {
            let change = Replacement::parse(text).expect(text);
            let whole = held(change.hold());
            let part = held(change.hold_of(1, 1).expect(text));
            assert_eq!((part[0], part[1], part[2]), (own[0], whole[1], own[2]), "{text}");
        }
        assert_eq!(Replacement::Reverse.hold_of(0, 1), None);
    }
}
