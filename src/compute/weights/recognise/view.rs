//! The tensors of a file as a network would name them: what wrappers put in front is taken away, one level at a time.

use std::collections::{BTreeMap, HashSet};

use super::beside::is_counter;

/// More than any wrapper nests.
const MAX_LEVELS: usize = 8;

/// A tensor's name and shape.
pub(in crate::compute::weights) type Named<'a> = (&'a str, &'a [usize]);

/// Tensors under one reading of their names.
pub(in crate::compute::weights) struct View<'a> {
    /// What was taken away.
    pub(in crate::compute::weights) prefix: String,
    pub(super) tensors: Vec<Named<'a>>,
    /// Those of them that have not got the prefix.
    pub(super) kept: Vec<&'a str>,
    /// Tensors without the prefix that are left out, by their names in the file.
    pub(super) outside: Vec<Named<'a>>,
    /// Counters that scripts leave in every module, by their names in the file.
    pub(super) counters: Vec<Named<'a>>,
}

/// The ways to read these names, the likeliest first: as they are, then without what most of them begin with; a
/// prefix that not all share is tried with the others as they are, and without them.
pub(in crate::compute::weights) fn views<'a>(named: &[Named<'a>]) -> Vec<View<'a>> {
    let (counters, tensors): (Vec<Named<'a>>, Vec<Named<'a>>) =
        named.iter().copied().partition(|(name, _)| is_counter(name));
    let view = |prefix: &str, tensors, kept, outside| View {
        prefix: prefix.to_owned(),
        tensors,
        kept,
        outside,
        counters: counters.clone(),
    };
    let mut views = vec![view("", tensors.clone(), Vec::new(), Vec::new())];
    for prefix in prefixes(&tensors) {
        let (inside, outside): (Vec<Named<'a>>, Vec<Named<'a>>) =
            tensors.iter().copied().partition(|(name, _)| name.starts_with(&prefix));
        let inside: Vec<Named<'a>> = inside.into_iter().map(|(name, shape)| (&name[prefix.len()..], shape)).collect();
        let names: HashSet<&str> = inside.iter().map(|(name, _)| *name).collect();
        if !outside.is_empty() && !outside.iter().any(|(name, _)| names.contains(name)) {
            let kept = outside.iter().map(|(name, _)| *name).collect();
            views.push(view(&prefix, [inside.clone(), outside.clone()].concat(), kept, Vec::new()));
        }
        views.push(view(&prefix, inside, Vec::new(), outside));
    }
    views
}

/// What most names begin with: one part, two, three, as long as there is more behind.
fn prefixes(tensors: &[Named]) -> Vec<String> {
    let mut prefixes: Vec<String> = Vec::new();
    while prefixes.len() < MAX_LEVELS {
        let before = prefixes.last().cloned().unwrap_or_default();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let inside: Vec<&str> = tensors.iter().filter_map(|(name, _)| name.strip_prefix(&*before)).collect();
        for part in inside.iter().filter_map(|name| name.split_once('.').map(|(part, _)| part)) {
            *counts.entry(part).or_default() += 1;
        }
        // Of two alike the first in the file: `student` before `teacher`.
        let place = |part: &str| inside.iter().position(|name| name.split('.').next() == Some(part)).unwrap_or(0);
        let most = counts.iter().max_by_key(|(part, count)| (**count, std::cmp::Reverse(place(part))));
        match most {
            Some((part, count)) if count * 2 >= inside.len() => prefixes.push(format!("{before}{part}.")),
            _ => break,
        }
    }
    prefixes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(names: &[&'static str]) -> Vec<(String, Vec<&'static str>)> {
        let named: Vec<Named> = names.iter().map(|name| (*name, &[1][..])).collect();
        let pair = |view: View<'static>| (view.prefix, view.tensors.iter().map(|(name, _)| *name).collect());
        views(&named).into_iter().map(pair).collect()
    }

    #[test]
    fn prefixes_go_one_at_a_time() {
        let all = read(&["a.b.conv.weight", "a.b.fc.weight"]);
        let mut prefixes: Vec<&str> = all.iter().map(|(prefix, _)| &**prefix).collect();
        prefixes.dedup();
        assert_eq!(prefixes, ["", "a.", "a.b.", "a.b.conv."]);
        assert_eq!(all[2].1, ["conv.weight", "fc.weight"]);
    }

    #[test]
    fn what_does_not_share_it_is_kept_and_then_left_out() {
        let all = read(&["net.conv.weight", "net.fc.weight", "n_averaged"]);
        assert_eq!(all[1], ("net.".to_owned(), vec!["conv.weight", "fc.weight", "n_averaged"]));
        assert_eq!(all[2], ("net.".to_owned(), vec!["conv.weight", "fc.weight"]));
        let both = read(&["student.conv.w", "student.fc.w", "teacher.conv.w", "teacher.fc.w"]);
        assert_eq!(both[1].0, "student.");
        let meeting = read(&["net.fc.w", "net.x.w", "fc.w"]);
        assert_eq!(meeting[1].1, ["fc.w", "x.w"], "names that would meet are left out at once");
    }
}
