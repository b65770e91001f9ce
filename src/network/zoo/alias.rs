//! Names that stand for a network together with its attention.

use super::{FAMILIES, find, model_names, parse};
use crate::network::attention::{self, Attention};
use crate::network::spec::{AttentionPlan, NetworkSpec, SpecError};
use crate::network::synonyms;

/// A well-known name for a longer spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alias {
    /// What people type: `legacy_seresnet50`.
    pub name: &'static str,
    /// The spec it stands for.
    pub meaning: &'static str,
}

/// Attention whose name in front of a model's means that model with it: `seresnet50`, `ecaresnet50d`.
const PREFIXES: [&str; 2] = ["se", "eca"];

/// What a name alone means: a model, an alias, or an attention's name in front of a model's.
///
/// # Errors
/// [`SpecError::UnknownModel`] with a suggestion.
pub(super) fn resolve(name: &str) -> Result<NetworkSpec, SpecError> {
    if let Some((_, model)) = find(name) {
        return Ok(NetworkSpec::of(model.name));
    }
    let mut aliases = FAMILIES.iter().flat_map(|family| family.aliases());
    if let Some(alias) = aliases.find(|alias| alias.name.eq_ignore_ascii_case(name)) {
        return parse(alias.meaning);
    }
    prefixed(name).ok_or_else(|| SpecError::UnknownModel { name: name.to_owned(), hint: hint(name) })
}

fn prefixed(name: &str) -> Option<NetworkSpec> {
    PREFIXES.iter().find_map(|prefix| {
        name.get(..prefix.len()).filter(|start| start.eq_ignore_ascii_case(prefix))?;
        let (_, model) = find(&name[prefix.len()..])?;
        let attention = AttentionPlan::everywhere(Attention::named(prefix).ok());
        Some(NetworkSpec { attention, ..NetworkSpec::of(model.name) })
    })
}

fn hint(name: &str) -> String {
    let models = model_names();
    let aliases = FAMILIES.iter().flat_map(|family| family.aliases()).map(|alias| alias.name);
    let prefixed: Vec<String> =
        PREFIXES.iter().flat_map(|prefix| models.iter().map(move |model| format!("{prefix}{model}"))).collect();
    let known: Vec<&str> = models.iter().copied().chain(aliases).collect();
    let all: Vec<&str> = known.iter().copied().chain(prefixed.iter().map(String::as_str)).collect();
    if let Some(hint) = FAMILIES.iter().find_map(|family| family.unlisted_hint(name)) {
        return hint;
    }
    if let Some(hint) = synonyms::of_tensorflow(name, &known) {
        return hint;
    }
    let exact = synonyms::exact(name, &all).map(str::to_owned);
    let attended = || synonyms::attended(name, &attention::names(), &known);
    if let Some(found) = exact.or_else(attended) {
        return format!("did you mean {found}?");
    }
    match synonyms::networks(name, &all).as_slice() {
        [] => "`gatescope list` shows what there is".to_owned(),
        [rest @ .., last] if !rest.is_empty() => format!("did you mean {} or {last}?", rest.join(", ")),
        near => format!("did you mean {}?", near.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::lower;

    #[test]
    fn every_alias_means_a_network_that_is_no_alias() {
        for alias in FAMILIES.iter().flat_map(|family| family.aliases()) {
            assert!(find(alias.name).is_none(), "{} is a model", alias.name);
            let spec = parse(alias.name).expect(alias.name);
            assert_eq!(spec.to_string(), alias.meaning);
            lower(&spec).expect(alias.name);
        }
    }
}
