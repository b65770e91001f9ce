//! `model_args`: what a model is built with, flattened to dotted names with values as Python writes them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Bounds on what is kept: entries, levels, characters of a value.
const MAX_ENTRIES: usize = 256;
const MAX_DEPTH: usize = 4;
const MAX_LENGTH: usize = 512;

/// Every value by its dotted name: `{"norm": {"eps": 1e-3}}` is `norm.eps = 0.001`, true is `True`.
pub(super) fn flattened(fields: &Map<String, Value>) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    add(&mut found, "", fields, 1);
    found
}

fn add(found: &mut BTreeMap<String, String>, prefix: &str, fields: &Map<String, Value>, depth: usize) {
    for (key, value) in fields {
        let name = format!("{prefix}{key}");
        match value {
            Value::Object(inner) if depth < MAX_DEPTH => add(found, &format!("{name}."), inner, depth + 1),
            Value::Object(_) => {}
            value if found.len() < MAX_ENTRIES => {
                found.insert(name, written(value).chars().take(MAX_LENGTH).collect());
            }
            _ => return,
        }
    }
}

fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Null => "None".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_python_does_and_bounded() {
        let json: Value = serde_json::from_str(
            r#"{"output_stride": 16, "aa_layer": "avg", "norm": {"eps": 1e-3}, "pretrained": false, "x": null,
                "deep": {"a": {"b": {"c": {"d": 1}}}}, "list": [1, 2]}"#,
        )
        .expect("JSON");
        let found = flattened(json.as_object().expect("an object"));
        let get = |key: &str| found.get(key).map(String::as_str);
        assert_eq!((get("output_stride"), get("aa_layer"), get("norm.eps")), (Some("16"), Some("avg"), Some("0.001")));
        assert_eq!((get("pretrained"), get("x"), get("list")), (Some("False"), Some("None"), Some("[1,2]")));
        assert!(found.keys().all(|key| !key.starts_with("deep.a.b.c.")), "{found:?}");
    }
}
