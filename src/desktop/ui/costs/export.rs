//! The table as text for other programs: CSV for spreadsheets, Markdown for documents. No painting.

use super::model::{Row, Tree};
use super::shown::Shown;
use crate::compute::engine::Timing;
use crate::desktop::ui::metric::milliseconds;
use crate::network::number::grouped;

/// The layers of the list as CSV, in the order shown; folded parts are left out of nothing.
#[must_use]
pub fn csv(tree: &Tree, layers: &[usize]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let titles =
        ["layer", "op", "output", "params", "macs", "products", "elementwise", "activation_bytes", "attention"];
    let measured = tree.timing().map(|_| "ms");
    let mut records: Vec<Vec<String>> = vec![titles.into_iter().chain(measured).map(ToOwned::to_owned).collect()];
    records.extend(layers.iter().map(|index| {
        let row = &tree.rows[*index];
        let cost = row.cost;
        let mut record = vec![
            row.path.clone(),
            row.long.clone(),
            row.output.replace('×', "x"),
            cost.params.to_string(),
            cost.macs.to_string(),
            cost.products.to_string(),
            cost.elementwise.to_string(),
            cost.activation_bytes.to_string(),
            row.attention.unwrap_or_default().to_owned(),
        ];
        // Nothing where a layer is computed with one before it: the column adds up.
        let time = tree.time(*index).map(|time| (time as f64 / 1e6).to_string());
        record.extend(measured.map(|_| time.unwrap_or_default()));
        record
    }));
    for record in records {
        // Memory does not refuse a write.
        let _ = writer.write_record(record);
    }
    writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

/// The rows as they are shown, as a Markdown table with the total.
#[must_use]
pub fn markdown(tree: &Tree, shown: &Shown, flat: bool) -> String {
    let mut text = format!("**{}**\n\n", tree.graph.name);
    let timing = tree.timing();
    let (title, rule) = if timing.is_some() { (" ms |", "--:|") } else { ("", "") };
    text += &format!("| part | op | output | params | MACs | products | element-wise | activation bytes |{title}\n");
    text += &format!("|:--|:--|--:|--:|--:|--:|--:|--:|{rule}\n");
    let mut line = |name: &str, op: &str, output: &str, cost: crate::network::cost::Cost, time: Option<u64>| {
        let numbers = [cost.params, cost.macs, cost.products, cost.elementwise, cost.activation_bytes].map(grouped);
        let time = timing.map(|_| format!(" {} |", time.map(milliseconds).unwrap_or_default())).unwrap_or_default();
        text += &format!("| {name} | {op} | {output} | {} |{time}\n", numbers.join(" | "));
    };
    for index in &shown.rows {
        let row = &tree.rows[*index];
        line(&name(row, flat), &row.long, &row.output, row.cost, tree.time(*index));
    }
    if let Some(matching) = shown.matching {
        line(&format!("**{} matching layers**", matching.layers), "", "", matching.cost, matching.time);
    }
    line("**total**", "", "", tree.total, timing.map(Timing::total));
    text
}

fn name(row: &Row, flat: bool) -> String {
    match flat {
        true => row.path.clone(),
        false => format!("{}{}", "&emsp;".repeat(row.depth), row.label),
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::tests::{measured, tree};
    use super::super::shown::{Folds, shown};
    use super::*;

    #[test]
    fn csv_has_every_layer_and_adds_up() {
        let tree = tree("resnet18+se");
        let layers: Vec<usize> = (0..tree.rows.len()).filter(|row| tree.rows[*row].is_layer()).collect();
        let text = csv(&tree, &layers);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let records: Vec<csv::StringRecord> = reader.records().map(|record| record.expect("reads")).collect();
        assert_eq!(records.len(), tree.graph.nodes.len());
        let params: u64 = records.iter().map(|record| record[3].parse::<u64>().expect("a number")).sum();
        assert_eq!(params, tree.total.params);
    }

    #[test]
    fn times_are_a_column_that_adds_up_once_measured() {
        let tree = measured("resnet18(input=64)+se");
        let layers: Vec<usize> = (0..tree.rows.len()).filter(|row| tree.rows[*row].is_layer()).collect();
        let text = csv(&tree, &layers);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        assert_eq!(reader.headers().expect("a line").iter().next_back(), Some("ms"));
        let times = reader.records().map(|record| record.expect("reads")[9].parse::<f64>().unwrap_or_default());
        let total = tree.timing().expect("measured").total() as f64 / 1e6;
        assert!((times.sum::<f64>() - total).abs() < 1e-6 * total);
        let table = markdown(&tree, &shown(&tree, &Folds::default(), None, &[]), false);
        let bars: Vec<usize> = table.lines().skip(2).map(|line| line.matches('|').count()).collect();
        assert!(bars.iter().all(|count| *count == 10) && table.contains(" ms |"), "{table}");
    }

    #[test]
    fn markdown_ends_with_the_total() {
        let tree = tree("resnet50");
        let text = markdown(&tree, &shown(&tree, &Folds::default(), None, &[]), false);
        let last = text.lines().last().expect("not empty");
        assert!(last.contains("**total**") && last.contains("25,557,032") && last.contains("4,089,184,256"), "{last}");
    }
}
