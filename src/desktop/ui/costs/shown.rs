//! Which rows of the tree are shown, in which order: folding, filtering, sorting. No painting.

use std::collections::HashSet;

use super::model::{Row, Tree};
use crate::desktop::ui::metric::Metric;
use crate::network::cost::Cost;

/// What a column is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// What the layer does, alphabetically.
    Op,
    /// Elements of the output.
    Output,
    /// One of the costs.
    Cost(Metric),
    /// Measured time.
    Time,
    /// Operations a second.
    Speed,
}

impl Key {
    /// Does it need a measurement?
    #[must_use]
    pub fn is_measured(self) -> bool {
        matches!(self, Self::Time | Self::Speed)
    }
}

/// A sorted list of layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    /// By what.
    pub key: Key,
    /// Largest (or last letter) first?
    pub descending: bool,
}

impl Sort {
    /// What a click on a column's heading leads to: largest first, smallest first, the tree again.
    #[must_use]
    pub fn clicked(now: Option<Self>, key: Key) -> Option<Self> {
        let first = key != Key::Op;
        match now {
            Some(sort) if sort.key == key && sort.descending == first => Some(Self { key, descending: !first }),
            Some(sort) if sort.key == key => None,
            _ => Some(Self { key, descending: first }),
        }
    }

    /// In words: `by MACs, largest first`.
    #[must_use]
    pub fn words(self) -> String {
        let what = match self.key {
            Key::Op => return format!("by op, {}", if self.descending { "Z to A" } else { "A to Z" }),
            Key::Output => "output size",
            Key::Cost(Metric::Params) => "parameters",
            Key::Cost(Metric::Macs) => "MACs",
            Key::Cost(Metric::Products) => "products of activations",
            Key::Cost(Metric::Elementwise) => "element-wise operations",
            Key::Cost(Metric::Activations) => "activations",
            Key::Time => "time",
            Key::Speed => "operations a second",
        };
        format!("by {what}, {} first", if self.descending { "largest" } else { "smallest" })
    }

    fn order(self, tree: &Tree, first: usize, second: usize) -> std::cmp::Ordering {
        let (a, b) = (&tree.rows[first], &tree.rows[second]);
        let speed = |row| tree.speed(row).unwrap_or_default();
        let order = match self.key {
            Key::Op => a.long.cmp(&b.long),
            Key::Output => a.elements.cmp(&b.elements),
            Key::Cost(metric) => metric.of(a.cost).cmp(&metric.of(b.cost)),
            Key::Time => tree.time(first).cmp(&tree.time(second)),
            Key::Speed => speed(first).total_cmp(&speed(second)),
        };
        if self.descending { order.reverse() } else { order }
    }
}

/// Which parts are open before the user touches any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Base {
    /// Stages are, so that their blocks are seen.
    #[default]
    Stages,
    /// All.
    All,
    /// None.
    None,
}

/// Which parts are open; it survives a change of network, since parts are known by their paths.
#[derive(Clone, Debug, Default)]
pub struct Folds {
    base: Base,
    exceptions: HashSet<String>,
}

impl Folds {
    /// Everything like `base`.
    #[must_use]
    pub fn all(base: Base) -> Self {
        Self { base, exceptions: HashSet::new() }
    }

    /// Is this part open?
    #[must_use]
    pub fn is_open(&self, row: &Row) -> bool {
        let open = match self.base {
            Base::Stages => row.is_stage,
            Base::All => true,
            Base::None => false,
        };
        open != self.exceptions.contains(&row.path)
    }

    /// Opens or closes a part.
    pub fn set(&mut self, row: &Row, open: bool) {
        if self.is_open(row) != open && !self.exceptions.remove(&row.path) {
            self.exceptions.insert(row.path.clone());
        }
    }
}

/// The layers a filter found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matching {
    /// How many.
    pub layers: usize,
    /// What they cost together.
    pub cost: Cost,
    /// Nanoseconds they take together, once measured.
    pub time: Option<u64>,
}

/// The rows to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// Indices into the tree's rows, top to bottom.
    pub rows: Vec<usize>,
    /// What the filter found; `None` without a filter.
    pub matching: Option<Matching>,
}

/// A filter's words.
#[must_use]
pub fn words(filter: &str) -> Vec<String> {
    filter.split_whitespace().map(str::to_lowercase).collect()
}

/// The rows to show: the tree, or with a `sort` the layers as a flat list. A filter keeps the layers that match
/// and, in the tree, the parts they are in.
#[must_use]
pub fn shown(tree: &Tree, folds: &Folds, sort: Option<Sort>, words: &[String]) -> Shown {
    let layers: Vec<usize> =
        (0..tree.rows.len()).filter(|row| tree.rows[*row].is_layer() && tree.rows[*row].matches(words)).collect();
    let matching = (!words.is_empty()).then(|| Matching {
        layers: layers.len(),
        cost: layers.iter().map(|row| tree.rows[*row].cost).sum(),
        time: tree.timing().map(|_| layers.iter().filter_map(|row| tree.time(*row)).sum()),
    });
    let rows = match sort {
        Some(sort) => {
            let mut rows = layers;
            rows.sort_by(|a, b| sort.order(tree, *a, *b));
            rows
        }
        None => unfolded(tree, folds, &layers),
    };
    Shown { rows, matching }
}

/// The wanted layers and the parts they are in, less what closed parts hide.
fn unfolded(tree: &Tree, folds: &Folds, layers: &[usize]) -> Vec<usize> {
    let mut wanted = vec![false; tree.rows.len()];
    for layer in layers {
        wanted[*layer] = true;
        for part in tree.ancestors(*layer) {
            wanted[part] = true;
        }
    }
    // Parents come before their children.
    let mut visible = vec![false; tree.rows.len()];
    for (index, row) in tree.rows.iter().enumerate() {
        let reachable = row.parent.is_none_or(|parent| visible[parent] && folds.is_open(&tree.rows[parent]));
        visible[index] = wanted[index] && reachable;
    }
    (0..tree.rows.len()).filter(|row| visible[*row]).collect()
}

#[cfg(test)]
mod tests {
    use super::super::model::tests::{measured, tree};
    use super::*;

    fn paths<'a>(tree: &'a Tree, shown: &Shown) -> Vec<&'a str> {
        shown.rows.iter().map(|row| tree.rows[*row].path.as_str()).collect()
    }

    #[test]
    fn stages_are_open_at_first_and_parts_fold() {
        let tree = tree("resnet18");
        let mut folds = Folds::default();
        let first = shown(&tree, &folds, None, &[]);
        assert_eq!(paths(&tree, &first)[..4], ["input", "stem", "layer1", "layer1.0"]);
        folds.set(&tree.rows[tree.row_of("layer1").expect("exists")], false);
        folds.set(&tree.rows[tree.row_of("stem").expect("exists")], true);
        let after = shown(&tree, &folds, None, &[]);
        assert_eq!(paths(&tree, &after)[..3], ["input", "stem", "conv1"]);
        assert!(!paths(&tree, &after).contains(&"layer1.0"));
        let all = shown(&tree, &Folds::all(Base::All), None, &[]);
        assert_eq!(all.rows.len(), tree.rows.len());
        let none = shown(&tree, &Folds::all(Base::None), None, &[]);
        assert_eq!(paths(&tree, &none), ["input", "stem", "layer1", "layer2", "layer3", "layer4", "head"]);
    }

    #[test]
    fn a_filter_shows_layers_with_what_they_are_in_and_their_sum() {
        let tree = tree("resnet18+cbam@layer2.1");
        let found = shown(&tree, &Folds::all(Base::All), None, &words("CBAM sigmoid"));
        let paths = paths(&tree, &found);
        assert_eq!(paths[..3], ["layer2", "layer2.1", "layer2.1.cbam"]);
        let matching = found.matching.expect("filtered");
        assert_eq!(paths.len(), 3 + matching.layers);
        let everything = shown(&tree, &Folds::default(), None, &words("attention")).matching.expect("filtered");
        assert_eq!(everything.cost, tree.attention);
    }

    #[test]
    fn sorting_by_time_puts_the_slowest_first_and_what_has_no_time_last() {
        let tree = measured("resnet18(input=64)+se");
        let list = shown(&tree, &Folds::default(), Sort::clicked(None, Key::Time), &[]);
        let times: Vec<Option<u64>> = list.rows.iter().map(|row| tree.time(*row)).collect();
        assert!(times.is_sorted_by(|a, b| a >= b) && times[0].is_some() && times[times.len() - 1].is_none());
        let found = shown(&tree, &Folds::default(), None, &words("attention")).matching.expect("filtered");
        assert_eq!(
            found.time,
            tree.timing().and_then(|timing| timing.attention).map(|ledger| ledger.nanoseconds.attention)
        );
    }

    #[test]
    fn sorting_lists_layers_largest_first_then_smallest_then_the_tree_again() {
        let tree = tree("resnet18");
        let key = Key::Cost(Metric::Params);
        let down = Sort::clicked(None, key);
        let list = shown(&tree, &Folds::default(), down, &[]);
        assert_eq!(list.rows.len(), tree.graph.nodes.len());
        let params: Vec<u64> = list.rows.iter().map(|row| tree.rows[*row].cost.params).collect();
        assert!(params.is_sorted_by(|a, b| a >= b));
        let up = Sort::clicked(down, key);
        assert_eq!(up.map(|sort| sort.descending), Some(false));
        assert_eq!(Sort::clicked(up, key), None);
    }
}
