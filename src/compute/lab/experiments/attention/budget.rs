//! At which training budget each attention is level with the trunk.

use serde::Serialize;

use super::{AttentionCurves, AttentionResult, SeedResult};
use crate::compute::lab::experiments::Spread;

/// Where an attention stands against the trunk alone, by how many images both have seen. Differences are taken seed by
/// seed: the same seed has the same pictures in the same order.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CatchUp {
    /// The attention's name in specs.
    pub attention: String,
    /// From this epoch on, to the end, it is never behind by more than one standard deviation over seeds; `None` if it
    /// is behind at the end. With one seed, it is never behind at all.
    pub epoch: Option<usize>,
    /// The images seen by the end of that epoch.
    pub images: Option<u64>,
    /// The images seen by the end of the run.
    pub of_images: u64,
    /// Test accuracy less the trunk's after the last epoch, over seeds, −1 to 1.
    pub at_end: Spread,
    /// The same after each epoch.
    pub by_epoch: Vec<Spread>,
}

impl CatchUp {
    /// The budget as a cell: `24,000 images`, `never`.
    #[must_use]
    pub fn cell(&self) -> String {
        match self.images {
            Some(images) => format!("{} images", crate::network::number::grouped(images)),
            None => "never".to_owned(),
        }
    }

    /// The difference at the end in points: `−1.2 ± 0.4`.
    #[must_use]
    pub fn difference(&self) -> String {
        let Spread { mean, std, .. } = self.at_end;
        let spread = std.map(|std| format!(" ± {:.1}", std * 100.0)).unwrap_or_default();
        // Not −0.0.
        let points = (mean * 1000.0).round() / 10.0 + 0.0;
        format!("{points:+.1}{spread}").replace('-', "−")
    }
}

/// Every attention against the trunk, over the seeds that have come to the end in both; none without a trunk.
pub(super) fn catch_ups(result: &AttentionResult) -> Vec<CatchUp> {
    let Some(trunk) = result.of("none") else { return Vec::new() };
    let others = result.attentions.iter().filter(|known| known.attention != "none");
    others.filter_map(|known| catch_up(result, trunk, known)).collect()
}

fn catch_up(result: &AttentionResult, trunk: &AttentionCurves, known: &AttentionCurves) -> Option<CatchUp> {
    let recipe = &result.run.recipe;
    let is_whole = |seed: &&SeedResult| seed.epochs.len() == recipe.epochs;
    let pairs: Vec<(&SeedResult, &SeedResult)> = known
        .seeds
        .iter()
        .filter(is_whole)
        .filter_map(|own| Some((own, trunk.seeds.iter().filter(is_whole).find(|other| other.seed == own.seed)?)))
        .collect();
    let difference = |epoch: usize| {
        let of = |seed: &SeedResult| f64::from(seed.epochs[epoch].test_error);
        Spread::of(pairs.iter().map(|(own, trunk)| of(trunk) - of(own)))
    };
    let by_epoch: Vec<Spread> = (0..recipe.epochs).map_while(difference).collect();
    let at_end = *by_epoch.last()?;
    let is_behind = |difference: &Spread| difference.mean + difference.std.unwrap_or(0.0) < 0.0;
    let level_from = by_epoch.iter().rposition(is_behind).map_or(0, |last| last + 1);
    let epoch = (level_from < by_epoch.len()).then_some(level_from + 1);
    let batch = recipe.batch as u64;
    let of_an_epoch = recipe.samples.max(batch) / batch * batch;
    Some(CatchUp {
        attention: known.attention.clone(),
        epoch,
        images: epoch.map(|epoch| of_an_epoch * epoch as u64),
        of_images: of_an_epoch * recipe.epochs as u64,
        at_end,
        by_epoch,
    })
}
