//! The attention a click paints: the kind of the column, with the options the network already uses.

use crate::network::NetworkSpec;
use crate::network::attention::Attention;

/// Every attention chosen anywhere in a spec.
pub(super) fn choices(spec: &NetworkSpec) -> impl Iterator<Item = &Attention> {
    let overrides = spec.attention.overrides().filter_map(|(_, choice)| choice);
    spec.attention.default_choice().into_iter().chain(overrides)
}

/// The attention of this name: as the network has it elsewhere, else with the options its other attention
/// blocks share with it (a network with r=8 paints r=8).
pub(in crate::desktop::ui) fn brush(spec: &NetworkSpec, name: &str) -> Option<Attention> {
    if let Some(same) = choices(spec).find(|choice| choice.name() == name) {
        return Some(same.clone());
    }
    let plain = Attention::named(name).ok()?;
    let shared = choices(spec).flat_map(|choice| choice.options().iter());
    Some(shared.fold(plain, |attention, (key, value)| match key {
        // Variants mean different things in different blocks: only numbers carry over.
        "variant" | "pool" => attention,
        _ => attention.clone().with(key, value).unwrap_or(attention),
    }))
}

#[cfg(test)]
mod tests {
    use super::brush;
    use crate::network::parse;

    #[test]
    fn a_brush_takes_the_networks_options() {
        let spec = parse("resnet50+cbam(r=8,k=3)@layer3").expect("parses");
        assert_eq!(brush(&spec, "cbam").expect("one").to_string(), "cbam(k=3,r=8)");
        assert_eq!(brush(&spec, "sam").expect("one").to_string(), "sam(k=3)");
        assert_eq!(brush(&spec, "se").expect("one").to_string(), "se(r=8)");
    }
}
