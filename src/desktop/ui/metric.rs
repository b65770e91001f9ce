//! What a cost table or chart can show: one of the numbers of a [`Cost`].

use crate::network::cost::Cost;
use crate::network::number;

/// One of the numbers of a [`Cost`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Metric {
    /// Learnable numbers.
    #[default]
    Params,
    /// Multiply-accumulates.
    Macs,
    /// Multiply-accumulates of products of two activations.
    Products,
    /// Element-wise operations.
    Elementwise,
    /// Bytes of activations.
    Activations,
}

impl Metric {
    /// Every metric, in the order of columns and switches.
    pub const ALL: [Self; 5] = [Self::Params, Self::Macs, Self::Products, Self::Elementwise, Self::Activations];

    /// The metrics that say something about networks with this total: products only where there are any.
    pub fn of_network(total: Cost) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |metric| *metric != Self::Products || total.products > 0)
    }

    /// Its name, for switches and headings.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Params => "Parameters",
            Self::Macs => "MACs",
            Self::Products => "Products",
            Self::Elementwise => "Element-wise",
            Self::Activations => "Activations",
        }
    }

    /// The number itself.
    #[must_use]
    pub fn of(self, cost: Cost) -> u64 {
        match self {
            Self::Params => cost.params,
            Self::Macs => cost.macs,
            Self::Products => cost.products,
            Self::Elementwise => cost.elementwise,
            Self::Activations => cost.activation_bytes,
        }
    }

    /// To the last digit, with its unit where it has one: `28,089,624`, `108,334,592 B`.
    #[must_use]
    pub fn exact(self, value: u64) -> String {
        match self {
            Self::Activations => format!("{} B", number::grouped(value)),
            _ => number::grouped(value),
        }
    }

    /// Four digits and a unit of thousands: `28.09 M`, `108.3 MB`.
    #[must_use]
    pub fn short(self, value: u64) -> String {
        match self {
            Self::Activations => number::bytes(value),
            _ => number::short(value),
        }
    }

    /// What the number counts, in a sentence.
    #[must_use]
    pub fn counts(self) -> &'static str {
        match self {
            Self::Params => "Learnable numbers; running statistics are buffers and not counted",
            Self::Macs => "Multiply-accumulates of convolution and linear layers, no bias, one image",
            Self::Products => {
                "Multiply-accumulates of products of two activations, on top of MACs, which are counted by layer"
            }
            Self::Elementwise => {
                "Operations that are not MACs: bias, BatchNorm 2, ReLU, sigmoid, add, scale 1, pooling 1 an element read"
            }
            Self::Activations => "Bytes of every layer's output in f32, one image; views take none",
        }
    }
}

/// Nanoseconds in milliseconds: `12.345`, `151.9` from a hundred on, `<0.001`, `0`.
#[must_use]
pub fn milliseconds(nanoseconds: u64) -> String {
    match nanoseconds {
        0 => "0".to_owned(),
        1..500 => "<0.001".to_owned(),
        99_999_500.. => format!("{:.1}", nanoseconds as f64 / 1e6),
        _ => format!("{:.3}", nanoseconds as f64 / 1e6),
    }
}

/// A share in percent: `9.02 %`, `57.1 %`, `<0.01 %`, `0`.
#[must_use]
pub fn percent(part: u64, whole: u64) -> String {
    if part == 0 || whole == 0 {
        return "0".to_owned();
    }
    let share = part as f64 / whole as f64 * 100.0;
    match share {
        s if s < 0.01 => "<0.01 %".to_owned(),
        s if s < 9.995 => format!("{s:.2} %"),
        s if s < 99.95 => format!("{s:.1} %"),
        // 100 % is only said of the whole.
        _ if part < whole => ">99.9 %".to_owned(),
        s => format!("{s:.0} %"),
    }
}

/// A share from 0 to 1, for bars.
#[must_use]
pub fn share(part: u64, whole: u64) -> f32 {
    if whole == 0 { 0.0 } else { (part as f64 / whole as f64).clamp(0.0, 1.0) as f32 }
}

#[cfg(test)]
mod tests {
    use super::{milliseconds, percent};

    #[test]
    fn short_times_are_not_nothing() {
        assert_eq!([0, 400, 600, 12_345_678].map(milliseconds), ["0", "<0.001", "0.001", "12.346"]);
    }

    #[test]
    fn shares_keep_their_meaning_at_both_ends() {
        for (part, whole, wanted) in [
            (0, 5, "0"),
            (1, 1_000_000, "<0.01 %"),
            (2_532_592, 28_089_624, "9.02 %"),
            (571, 1000, "57.1 %"),
            (999_999, 1_000_000, ">99.9 %"),
            (7, 7, "100 %"),
            (7, 0, "0"),
        ] {
            assert_eq!(percent(part, whole), wanted, "{part} of {whole}");
        }
    }
}
