//! What the comparison says, in sentences made from its numbers.

use super::page::title;
use super::{AttentionCurves, AttentionResult, BlockSpread, CatchUp};
use crate::compute::lab::experiments::{Spread, listed, percent};

pub(super) fn of(result: &AttentionResult) -> Vec<String> {
    let measured: Vec<&AttentionCurves> =
        result.attentions.iter().filter(|known| known.measured().next().is_some()).collect();
    if measured.is_empty() {
        return vec!["No network has been measured yet.".to_owned()];
    }
    let mut sentences = Vec::new();
    sentences.extend(accuracy(&measured));
    sentences.extend(result.catch_ups().iter().map(budget));
    sentences.extend(grad_cam(&measured, result.chance));
    for known in &measured {
        sentences.extend(maps(known, result.chance));
    }
    let seeds = result.run.seeds.len();
    if seeds < 3 {
        sentences.push(format!(
            "{seeds} {}: too few to tell a difference from chance.",
            if seeds == 1 { "seed" } else { "seeds" }
        ));
    }
    if !result.is_complete() {
        let done: usize = measured.iter().map(|known| known.measured().count()).sum();
        sentences.push(format!("{done} of {} networks have been measured.", result.attentions.len() * seeds));
    }
    sentences
}

/// How each does against the trunk, and whether that is more than the seeds differ.
fn accuracy(measured: &[&AttentionCurves]) -> Vec<String> {
    let mut sentences = Vec::new();
    let ends: Vec<String> = measured
        .iter()
        .filter_map(|known| Some(format!("{} {}", subject(known), known.accuracy()?.percent())))
        .collect();
    sentences.push(format!("Test accuracy: {}.", listed(&ends)));
    let Some(trunk) = measured.iter().find(|known| known.attention == "none").and_then(|known| known.accuracy()) else {
        return sentences;
    };
    let compared: Vec<(&str, Spread)> = measured
        .iter()
        .filter(|known| known.attention != "none")
        .filter_map(|known| Some((known.attention.as_str(), known.accuracy()?)))
        .collect();
    let clear: Vec<String> = compared
        .iter()
        .filter(|(_, spread)| spread.stands_out_from(&trunk))
        .map(|(name, spread)| {
            format!("{} by {:+.1} points", title(name), (spread.mean - trunk.mean) * 100.0).replace('-', "−")
        })
        .collect();
    // One seed has no spread to stand out from.
    if compared.is_empty() || trunk.std.is_none() {
        return sentences;
    }
    sentences.push(match clear.is_empty() {
        true => "No attention differs from the trunk by more than the seeds differ among themselves.".to_owned(),
        false => format!("More than the seeds differ among themselves: {}.", listed(&clear)),
    });
    sentences
}

/// At which budget an attention is level with the trunk, or that it is not.
fn budget(known: &CatchUp) -> String {
    let images = crate::network::number::grouped;
    let (name, of) = (title(&known.attention), images(known.of_images));
    let at_end = format!("{} points at the end", known.difference());
    let behind = if known.at_end.std.is_some() { "never behind by more than the seeds differ" } else { "never behind" };
    match (known.epoch, known.images) {
        (Some(1), Some(seen)) => {
            format!(
                "{name} is level with the trunk from the first epoch on ({} of {of} images): {behind}; {at_end}.",
                images(seen)
            )
        }
        (Some(epoch), Some(seen)) => format!(
            "{name} catches up with the trunk after {} of {of} images (epoch {epoch}): from there on {behind}; {at_end}.",
            images(seen)
        ),
        _ => format!("{name} does not catch up with the trunk within {of} images: {at_end}."),
    }
}

fn grad_cam(measured: &[&AttentionCurves], chance: f64) -> Option<String> {
    let rows: Vec<(&AttentionCurves, Spread, Spread)> =
        measured.iter().filter_map(|known| Some((*known, known.pointing()?, known.energy()?))).collect();
    let by = |a: &&(&AttentionCurves, Spread, Spread), b: &&(&AttentionCurves, Spread, Spread)| {
        a.1.mean.total_cmp(&b.1.mean)
    };
    let (best, worst) = (rows.iter().max_by(by)?, rows.iter().min_by(by)?);
    let chance = percent(chance);
    if rows.len() == 1 {
        return Some(format!(
            "Grad-CAM of {} peaks on the object in {} of the images and lies on it with {}; chance would give {chance}.",
            subject(best.0),
            best.1.percent(),
            best.2.percent()
        ));
    }
    let verdict = match (best.1.std.is_some(), best.1.stands_out_from(&worst.1)) {
        (false, _) => "",
        (true, true) => "; the difference is larger than the spread over seeds",
        (true, false) => "; the difference is within the spread over seeds",
    };
    Some(format!(
        "Grad-CAM peaks on the object most often with {} ({}) and least with {} ({}){verdict}. Chance would give {chance}.",
        subject(best.0),
        best.1.percent(),
        subject(worst.0),
        worst.1.percent()
    ))
}

/// Where a network's own spatial gates look, from the first block to the last.
fn maps(known: &AttentionCurves, chance: f64) -> Option<String> {
    let maps = known.maps();
    let by = |a: &&BlockSpread, b: &&BlockSpread| a.pointing.mean.total_cmp(&b.pointing.mean);
    let (best, worst) = (maps.iter().max_by(by)?, maps.iter().min_by(by)?);
    let name = title(&known.attention);
    let chance_words = percent(chance);
    let below = maps.iter().filter(|map| map.pointing.mean < chance).count();
    let near = maps.iter().filter(|map| map.pointing.mean - map.pointing.std.unwrap_or(0.0) <= chance).count();
    let against = match below {
        0 if near > 0 && maps.len() > 1 => format!(
            "every block more often than chance ({chance_words}), {near} of {} within the spread over seeds",
            maps.len()
        ),
        0 => format!("every block more often than chance ({chance_words})"),
        _ if below == maps.len() => format!("every block less often than chance ({chance_words}): they look beside it"),
        _ => format!("{below} of {} blocks less often than chance ({chance_words})", maps.len()),
    };
    if maps.len() == 1 {
        return Some(format!(
            "{name}'s own maps peak on the object in {} of the images; {against}.",
            best.pointing.percent()
        ));
    }
    Some(format!(
        "{name}'s own maps peak on the object most often in {} ({}) and least in {} ({}); {against}.",
        best.block,
        best.pointing.percent(),
        worst.block,
        worst.pointing.percent()
    ))
}

fn subject(known: &AttentionCurves) -> String {
    if known.attention == "none" { "the trunk alone".to_owned() } else { title(&known.attention) }
}
