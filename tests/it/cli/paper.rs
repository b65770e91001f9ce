//! `gatescope paper`.

use gatescope::network::papers;

use super::{assert_narrow, json, success};

#[test]
fn every_table_is_listed_and_fits_80_columns() {
    let list = success(["paper"]);
    assert_narrow(&list);
    for table in papers::tables() {
        assert!(list.contains(table.id), "{list}");
        let text = success(["paper", table.id]);
        assert_narrow(&text);
        assert_eq!(text.contains("* not verified"), table.has_unverified(), "{text}");
        assert!(success(["paper", table.id, "--format", "md"]).contains("| "), "{}", table.id);
        let lines = success(["paper", table.id, "--format", "csv"]);
        assert_eq!(lines.lines().count(), table.rows.len() + 1, "{lines}");
    }
    assert_eq!(json(["paper", "--format", "json"]).as_array().expect("a list").len(), papers::tables().len());
}

#[test]
fn a_table_has_the_printed_number_the_computed_one_and_why_they_differ() {
    let report = json(["paper", "senet-10", "--format", "json"]);
    let row = &report["rows"][1];
    assert_eq!((&row["params"], &row["printed"]["params_m"]), (&35_616_808.into(), &35.7.into()));
    assert!(row["why"][0].as_str().expect("a reason").contains("running statistics"), "{row}");
    assert_eq!(report["not_verified"], serde_json::json!([]));
    let report = json(["paper", "cbam-1", "--format", "json"]);
    assert_eq!(report["not_verified"], serde_json::json!(["params", "gflops"]));
    let text = success(["paper", "senet-15"]).split_whitespace().collect::<Vec<_>>().join(" ");
    for word in ["25,714,216", "25.8", "22.48", "SE_3×3", "running statistics", "every number a gate scales"] {
        assert!(text.contains(word), "{text} does not say {word}");
    }
}
