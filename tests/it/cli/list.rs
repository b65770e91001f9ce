//! `gatescope list`: what there is, and the cards.

use super::{assert_narrow, json, refused, success};

#[test]
fn a_card_says_what_it_is_where_it_sits_and_draws_it() {
    let text = success(["list", "se", "--long"]);
    assert_narrow(&text);
    for part in
        ["Squeeze-and-Excitation", "s = σ(", "arXiv 1709.01507", "Where attention sits:", "├─ mean over H, W", "r=16"]
    {
        assert!(text.contains(part), "no {part} in\n{text}");
    }
    assert!(!text.contains("CBAM"), "only what was asked for");
    let text = success(["list", "googlenet", "--long"]);
    assert_narrow(&text);
    assert_eq!(text.matches("├─ ").count(), 4, "four branches:\n{text}");
    assert!(text.contains("join") && text.contains("attention"), "{text}");
}

#[test]
fn everything_has_a_card_and_json_says_the_same() {
    assert_narrow(&success(["list"]));
    let text = success(["list", "--long"]);
    assert_narrow(&text);
    let listing = json(["list", "--long", "--format", "json"]);
    for (kind, least) in [("families", 14), ("attention", 5)] {
        let entries = listing[kind].as_array().expect("a list");
        assert!(entries.len() >= least);
        for entry in entries {
            let card = &entry["card"];
            assert!(text.contains(card["paper"].as_str().expect("a paper")), "{entry}");
            let diagram = card["diagram"].as_array().expect("lines");
            assert!(diagram.iter().all(|line| text.contains(line.as_str().expect("a line"))), "{entry}");
        }
    }
    assert!(json(["list", "--format", "json"])["families"][0].get("card").is_none());
}

#[test]
fn a_name_that_is_nothing_is_refused_with_a_suggestion() {
    refused(["list", "resnet51"], &["resnet51", "did you mean resnet50?"]);
    refused(["list", "--long", "transformer"], &["transformer", "gatescope list"]);
}
