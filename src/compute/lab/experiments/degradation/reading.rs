//! What a degradation says, in sentences made from its numbers.

use super::{DegradationResult, Kind};
use crate::compute::lab::experiments::{Spread, listed, percent, points};

/// Differences smaller than this share are called none: with a thousand test images chance alone gives a point.
const ALIKE: f64 = 0.01;
/// The same where there is one network of a kind: trained again from another seed, it ends elsewhere.
const ALIKE_ALONE: f64 = 0.03;

/// The shallowest depths and the deepest with the numbers they ended at.
struct Row {
    depth: usize,
    test: Spread,
    train: Spread,
}

pub(super) fn of(result: &DegradationResult) -> Vec<String> {
    let mut sentences = Vec::new();
    let rows = |kind: Kind| -> Vec<Row> {
        let mut depths = result.depths.clone();
        depths.sort_unstable();
        let row = |depth| {
            let (test, train) = (result.test_error(kind, depth)?, result.train_error(kind, depth)?);
            Some(Row { depth, test, train })
        };
        depths.into_iter().filter_map(row).collect()
    };
    let (plain, residual) = (rows(Kind::Plain), rows(Kind::Residual));
    let alike = if result.run.seeds.len() == 1 { ALIKE_ALONE } else { ALIKE };
    if plain.is_empty() && residual.is_empty() {
        return vec!["No network has come to its end yet.".to_owned()];
    }
    for (kind, rows) in [(Kind::Plain, &plain), (Kind::Residual, &residual)] {
        sentences.extend(ends(kind, rows));
        let has_hardly_learnt = |depth| result.has_hardly_learnt(kind, depth);
        sentences.extend(with_depth(kind, rows, alike, &has_hardly_learnt));
        // Where the deepest says nothing, a shallower one may.
        let told = rows.iter().rposition(|row| !has_hardly_learnt(row.depth)).map_or(0, |last| last + 1);
        if (2..rows.len()).contains(&told) {
            sentences.extend(with_depth(kind, &rows[..told], alike, &has_hardly_learnt));
        }
    }
    sentences.extend(shortcut(&plain, &residual, alike));
    if result.run.seeds.len() == 1 {
        sentences.push("One seed a network: up to three points of difference may be chance.".to_owned());
    }
    if !result.is_complete() {
        let all = result.depths.len() * Kind::ALL.len() * result.run.seeds.len();
        let ended = result.curves.iter().filter(|curve| curve.epochs.len() >= result.run.recipe.epochs).count();
        sentences.push(format!("{ended} of {all} networks have come to their end."));
    }
    sentences
}

/// Where the networks of a kind ended.
fn ends(kind: Kind, rows: &[Row]) -> Option<String> {
    if rows.is_empty() {
        return None;
    }
    let depths: Vec<String> = rows.iter().map(|row| row.depth.to_string()).collect();
    let errors: Vec<String> = rows.iter().map(|row| row.test.percent()).collect();
    let networks = if rows.len() == 1 { "network" } else { "networks" };
    let title = if kind == Kind::Plain { "Plain" } else { "Residual" };
    Some(format!("{title} {networks} of {} layers end at {} test error.", listed(&depths), listed(&errors)))
}

/// Does depth help or harm? The deepest against the best of the shallower ones, in training too: what is worse on the
/// images it was trained on does not overfit, it cannot be optimised.
fn with_depth(kind: Kind, rows: &[Row], alike: f64, has_hardly_learnt: &dyn Fn(usize) -> bool) -> Option<String> {
    let (deepest, shallower) = rows.split_last()?;
    let best = shallower.iter().min_by(|a, b| a.test.mean.total_cmp(&b.test.mean))?;
    let (test, train) = (deepest.test.mean - best.test.mean, deepest.train.mean - best.train.mean);
    let (deep, shallow) = (deepest.depth, best.depth);
    let subject = format!("With {deep} layers the {} network", kind.as_str());
    Some(match (test > alike, test < -alike) {
        (true, _) if train > alike && has_hardly_learnt(deep) => format!(
            "{subject} is {} worse than with {shallow}, but within this budget it has hardly begun to learn: whether \
             depth harms it or only slows it down, a longer run must tell.",
            points(test)
        ),
        (true, _) if train > alike => format!(
            "{subject} is {} worse than with {shallow}, and {} worse on the images it was trained on: that is \
             degradation, not overfitting.",
            points(test),
            points(train)
        ),
        (true, _) => format!(
            "{subject} is {} worse than with {shallow} on test images but not on the images it was trained on: \
             that is overfitting, not degradation.",
            points(test)
        ),
        (_, true) => format!("{subject} is {} better than with {shallow}: depth does not degrade it.", points(test)),
        _ => format!("{subject} does as well as with {shallow} ({} apart).", points(test)),
    })
}

/// What the shortcuts are worth at the largest depth that both kinds have.
fn shortcut(plain: &[Row], residual: &[Row], alike: f64) -> Option<String> {
    let both = plain.iter().rev().find_map(|a| Some((a, residual.iter().find(|b| b.depth == a.depth)?)))?;
    let (plain, residual) = both;
    let gain = plain.test.mean - residual.test.mean;
    let [a, b] = [plain.test.mean, residual.test.mean].map(percent);
    Some(match gain.abs() <= alike {
        true => format!("At {} layers shortcuts change little: {a} without, {b} with them.", plain.depth),
        false if gain > 0.0 => {
            format!(
                "At {} layers shortcuts take {} of error away: {a} without, {b} with them.",
                plain.depth,
                points(gain)
            )
        }
        false => format!("At {} layers shortcuts cost {}: {a} without, {b} with them.", plain.depth, points(gain)),
    })
}
