//! Names as the network gives them: what wrappers put in front of all of them is taken away.

use std::collections::HashSet;

use super::tensor::Entry;

/// What `DataParallel`, detectors, training frameworks and `torch.compile` put in front.
const PREFIXES: [&str; 4] = ["module.", "backbone.", "model.", "_orig_mod."];

/// No training script wraps a network more often.
const MAX_PREFIXES: usize = 16;

/// Strips prefixes that (nearly) all names share, as often as there are any, and returns them in that order.
///
/// A name in ten may be without: a classifier beside a `backbone.`, a loss beside a `model.`. Those keep their
/// names. Nothing is stripped where two tensors would then share a name.
pub(super) fn strip(entries: &mut [Entry]) -> Vec<String> {
    let mut stripped = Vec::new();
    while stripped.len() < MAX_PREFIXES
        && let Some(prefix) = PREFIXES.into_iter().find(|prefix| is_shared(entries, prefix))
    {
        for entry in &mut *entries {
            if let Some(rest) = entry.name.strip_prefix(prefix) {
                entry.name = rest.to_owned();
            }
        }
        stripped.push(prefix.to_owned());
    }
    stripped
}

fn is_shared(entries: &[Entry], prefix: &str) -> bool {
    let with = entries.iter().filter(|entry| entry.name.len() > prefix.len() && entry.name.starts_with(prefix)).count();
    if with == 0 || (entries.len() - with) * 10 > entries.len() {
        return false;
    }
    let mut names = HashSet::with_capacity(entries.len());
    entries.iter().all(|entry| names.insert(entry.name.strip_prefix(prefix).unwrap_or(&entry.name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compute::weights::checkpoint::Dtype;

    fn stripped(names: &[&str]) -> (Vec<String>, Vec<String>) {
        let entry = |name: &&str| Entry::packed((*name).to_owned(), Dtype::F32, vec![1], 1, 0);
        let mut entries: Vec<Entry> = names.iter().map(entry).collect();
        let prefixes = strip(&mut entries);
        (prefixes, entries.into_iter().map(|entry| entry.name).collect())
    }

    #[test]
    fn prefixes_go_in_any_order_and_as_often_as_they_come() {
        let (prefixes, names) =
            stripped(&["model._orig_mod.module.model.conv1.w", "model._orig_mod.module.model.fc.w"]);
        assert_eq!(prefixes, ["model.", "_orig_mod.", "module.", "model."]);
        assert_eq!(names, ["conv1.w", "fc.w"]);
    }

    #[test]
    fn a_few_names_may_be_without() {
        let mut names: Vec<String> = (0..20).map(|i| format!("backbone.layer1.{i}.w")).collect();
        names.push("fc.w".to_owned());
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let (prefixes, stripped) = stripped(&names);
        assert_eq!((prefixes.len(), &*stripped[0], &*stripped[20]), (1, "layer1.0.w", "fc.w"));
    }

    #[test]
    fn nothing_is_stripped_where_names_would_meet_or_vanish() {
        let mut names: Vec<String> = (0..20).map(|i| format!("module.{i}")).collect();
        names.push("3".to_owned());
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert!(stripped(&names).0.is_empty());
        assert!(stripped(&["module."]).0.is_empty());
        assert!(stripped(&["module.a", "b"]).0.is_empty());
    }
}
