//! Results that ship with the program, marked with their run. There may be none: the files then hold `null`.

use serde::de::DeserializeOwned;

use super::attention::AttentionResult;
use super::degradation::DegradationResult;

const DEGRADATION: &str = include_str!("../../../../assets/lab/degradation.json");
const ATTENTION: &str = include_str!("../../../../assets/lab/attention.json");

/// The degradation that ships with the program.
#[must_use]
pub fn precomputed_degradation() -> Option<DegradationResult> {
    read(DEGRADATION)
}

/// The comparison of attention that ships with the program.
#[must_use]
pub fn precomputed_attention() -> Option<AttentionResult> {
    read(ATTENTION)
}

/// A file of another version is as good as none: the run can be made again.
fn read<R: DeserializeOwned>(text: &str) -> Option<R> {
    serde_json::from_str(text).ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ships_can_be_read() {
        for text in [DEGRADATION, ATTENTION] {
            assert!(serde_json::from_str::<serde_json::Value>(text).is_ok());
        }
        assert_eq!(DEGRADATION.trim() == "null", precomputed_degradation().is_none());
        assert_eq!(ATTENTION.trim() == "null", precomputed_attention().is_none());
    }
}
