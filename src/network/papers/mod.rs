//! Tables of the SENet and CBAM papers as data: what was printed, and the network each row means.
//!
//! Only what has been read in the paper or counted is marked as verified; the rest is kept, and said to be so.
//! [`read`] lowers the rows and sets the computed numbers beside the printed ones.

mod cbam;
mod reading;
mod senet;

pub use reading::{Agreement, Reading, explanations, read};

use super::suggest;

/// A number as it is printed: its digits say how exact it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Printed(pub &'static str);

impl Printed {
    /// The number.
    #[must_use]
    pub fn value(self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }

    /// How many digits stand behind the point.
    #[must_use]
    pub fn decimals(self) -> usize {
        self.0.split_once('.').map_or(0, |(_, digits)| digits.len())
    }

    /// Is this what `exact` is printed as with as many digits?
    #[must_use]
    pub fn is_rounded(self, exact: f64) -> bool {
        format!("{exact:.*}", self.decimals()) == self.0
    }
}

/// A row of a table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// What the paper calls it.
    pub label: &'static str,
    /// The network it means.
    pub spec: &'static str,
    /// Millions of parameters.
    pub params: Option<Printed>,
    /// Billions of multiply-accumulates.
    pub gflops: Option<Printed>,
    /// Top-1 and top-5 error in percent, on ImageNet's validation pictures.
    pub errors: [Printed; 2],
    /// Why a printed cost is not the computed one, where no general reason holds.
    pub note: Option<&'static str>,
}

/// Which columns of a table may be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Parameters.
    pub params: bool,
    /// Multiply-accumulates.
    pub gflops: bool,
    /// Both errors.
    pub errors: bool,
}

/// A table of a paper.
#[derive(Clone, Copy, Debug)]
pub struct PaperTable {
    /// What it is asked for by: `senet-14`.
    pub id: &'static str,
    /// Where it stands: `SENet, Table 14`.
    pub place: &'static str,
    /// What it compares.
    pub title: &'static str,
    /// Who wrote it.
    pub citation: &'static str,
    /// How the errors came about.
    pub setting: &'static str,
    /// Its rows, as the paper orders them.
    pub rows: &'static [Row],
    /// What may be relied on.
    pub verified: Verified,
    /// What to know about columns that are not verified, and about what the paper leaves open.
    pub remarks: &'static [&'static str],
}

impl PaperTable {
    /// Does any row print parameters or multiply-accumulates?
    #[must_use]
    pub fn prints_costs(&self) -> [bool; 2] {
        [self.rows.iter().any(|row| row.params.is_some()), self.rows.iter().any(|row| row.gflops.is_some())]
    }

    /// Is there a column that is not verified?
    #[must_use]
    pub fn has_unverified(&self) -> bool {
        let [params, gflops] = self.prints_costs();
        !self.verified.errors || (params && !self.verified.params) || (gflops && !self.verified.gflops)
    }
}

/// Every table, in the papers' order.
#[must_use]
pub fn tables() -> Vec<&'static PaperTable> {
    senet::TABLES.iter().chain(cbam::TABLES).collect()
}

/// The table of this name.
///
/// # Errors
/// A sentence with a suggestion.
pub fn find(id: &str) -> Result<&'static PaperTable, String> {
    let tables = tables();
    let found = tables.iter().copied().find(|table| table.id.eq_ignore_ascii_case(id));
    found.ok_or_else(|| {
        let ids: Vec<&str> = tables.iter().map(|table| table.id).collect();
        format!("{id}: no such table, {}", suggest::hint(id, &ids))
    })
}

const EVERYTHING: Verified = Verified { params: true, gflops: true, errors: true };

/// A row that prints errors only.
const fn errors(label: &'static str, spec: &'static str, top1: &'static str, top5: &'static str) -> Row {
    Row { label, spec, params: None, gflops: None, errors: [Printed(top1), Printed(top5)], note: None }
}

impl Row {
    const fn params(self, params: &'static str) -> Self {
        Self { params: Some(Printed(params)), ..self }
    }

    const fn gflops(self, gflops: &'static str) -> Self {
        Self { gflops: Some(Printed(gflops)), ..self }
    }

    const fn because(self, note: &'static str) -> Self {
        Self { note: Some(note), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_number_is_met_by_what_rounds_to_it() {
        assert!(Printed("28.1").is_rounded(28.071_976));
        assert!(!Printed("45.7").is_rounded(45.617));
        assert!(Printed("3.860").is_rounded(3.860_488));
        assert_eq!((Printed("3.860").decimals(), Printed("7").decimals()), (3, 0));
    }

    #[test]
    fn every_table_has_a_name_of_its_own_and_readable_numbers() {
        let tables = tables();
        for (index, table) in tables.iter().enumerate() {
            assert!(tables[..index].iter().all(|other| other.id != table.id), "{}", table.id);
            for row in table.rows {
                let printed = row.errors.into_iter().chain(row.params).chain(row.gflops);
                assert!(printed.into_iter().all(|number| number.value().is_finite()), "{} {}", table.id, row.label);
            }
        }
        assert!(find("SENet-14").is_ok());
        assert_eq!(find("senet14").map(|table| table.id), Err("senet14: no such table, did you mean senet-14?".into()));
    }
}
