//! The attention a click paints: the kind of the column, with the options the network already uses.

use crate::network::NetworkSpec;
use crate::network::attention::{Attention, Site};
use crate::network::spec::Place;

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

/// The place a choice for `place` is set at: what stands between stages is its stage's.
pub(in crate::desktop::ui) fn reach(choice: Option<&Attention>, place: &Place) -> Place {
    let is_between = choice.is_some_and(|attention| attention.site() == Site::Stage);
    place.stage().filter(|_| is_between).unwrap_or_else(|| place.clone())
}

#[cfg(test)]
mod tests {
    use super::{brush, reach};
    use crate::network::parse;
    use crate::network::spec::Place;

    #[test]
    fn what_stands_between_stages_is_painted_on_the_stage() {
        let spec = parse("resnet18").expect("parses");
        let place = Place::new("layer2.1");
        assert_eq!(reach(brush(&spec, "bam").as_ref(), &place).path(), "layer2");
        assert_eq!(reach(brush(&spec, "se").as_ref(), &place), place);
        assert_eq!(reach(None, &place), place);
    }

    #[test]
    fn a_brush_takes_the_networks_options() {
        let spec = parse("resnet50+cbam(r=8,k=3)@layer3").expect("parses");
        assert_eq!(brush(&spec, "cbam").expect("one").to_string(), "cbam(k=3,r=8)");
        assert_eq!(brush(&spec, "sam").expect("one").to_string(), "sam(k=3)");
        assert_eq!(brush(&spec, "se").expect("one").to_string(), "se(r=8)");
    }
}
