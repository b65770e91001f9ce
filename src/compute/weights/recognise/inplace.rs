//! ResNets whose blocks have given a convolution to their attention, as timm names them: SKNet and ResNeSt.

use std::collections::BTreeMap;

use super::beside::{is_beside, top};
use super::{Dialect, Doubt, Recognised};
use crate::network::{Graph, lower, parse};

type Tensors<'a> = BTreeMap<&'a str, &'a [usize]>;

/// What timm's networks have of the least channels and the reduction of selective kernels.
const SELECTIVE: [(usize, usize); 6] = [(8, 16), (16, 8), (32, 16), (16, 16), (8, 8), (32, 8)];
/// More blocks in a stage than any file has.
const MAX_BLOCKS: usize = 512;

/// Finds the network; `None` if it is none of these.
pub(super) fn of(named: &[(&str, &[usize])]) -> Option<Recognised> {
    let tensors: Tensors = named.iter().copied().filter(|(name, _)| !name.ends_with("num_batches_tracked")).collect();
    let file = File { tensors: &tensors };
    let trunk = file.trunk()?;
    file.attentions().into_iter().find_map(|(groups, attention)| {
        let base_width = file.base_width(groups)?;
        let grouped = match (groups, base_width) {
            (1, 64) => String::new(),
            _ => format!(",groups={groups},base_width={base_width}"),
        };
        let spec = parse(&format!("{trunk}{grouped})+{attention}")).ok()?;
        let graph = lower(&spec).ok()?;
        let left_over = beside_all(&graph, &tensors)?;
        let names = graph.params.iter().map(|param| (param.name.clone(), param.name.clone())).collect();
        let mut verdict = vec![format!("the names are those of timm for {spec}")];
        verdict.extend(file.remark(groups));
        let doubts = file.doubts();
        Some(Recognised { names, left_over, verdict, doubts, ..Recognised::of(spec, graph, Dialect::Timm) })
    })
}

/// What the file has beside every tensor of the graph in its shape; `None` if one is missing, or not all of it is
/// beside the network.
fn beside_all(graph: &Graph, tensors: &Tensors) -> Option<Vec<String>> {
    let known: BTreeMap<&str, &[usize]> = graph.params.iter().map(|p| (&*p.name, &*p.shape)).collect();
    let tops = known.keys().map(|name| top(name)).collect();
    let rest = tensors.iter().filter(|(name, _)| !known.contains_key(*name));
    let has_all = known.iter().all(|(name, shape)| tensors.get(name).is_some_and(|found| found == shape));
    let rest: Vec<(&str, &[usize])> = rest.map(|(name, shape)| (*name, *shape)).collect();
    let is_beside = rest.iter().all(|(name, shape)| is_beside(name, shape, &tops));
    (has_all && is_beside).then(|| rest.into_iter().map(|(name, _)| name.to_owned()).collect())
}

struct File<'a> {
    tensors: &'a Tensors<'a>,
}

impl File<'_> {
    fn size(&self, name: &str, axis: usize) -> Option<usize> {
        self.tensors.get(name)?.get(axis).copied()
    }

    fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    fn is_bottleneck(&self) -> bool {
        self.has("layer1.0.conv3.weight") || self.has("layer1.0.conv3.conv.weight")
    }

    /// The channels that a convolution of a block gives, however it is named.
    fn gives(&self, block: &str, conv: &str) -> Option<usize> {
        self.size(&format!("{block}.{conv}.weight"), 0).or_else(|| self.size(&format!("{block}.{conv}.conv.weight"), 0))
    }

    fn width(&self, stage: usize) -> Option<usize> {
        let block = format!("layer{stage}.0");
        if self.is_bottleneck() { Some(self.gives(&block, "conv3")? / 4) } else { self.gives(&block, "conv2") }
    }

    /// The spec without its attention, its bracket open.
    fn trunk(&self) -> Option<String> {
        let has_block = |stage: usize, block: usize| {
            let prefix = format!("layer{stage}.{block}.");
            self.tensors.range(prefix.as_str()..).next().is_some_and(|(name, _)| name.starts_with(&prefix))
        };
        let count = |stage: usize| (0..MAX_BLOCKS).take_while(|block| has_block(stage, *block)).count();
        let blocks: Vec<usize> = (1..=6).map(count).take_while(|blocks| *blocks > 0).collect();
        let widths = (1..=blocks.len()).map(|stage| self.width(stage)).collect::<Option<Vec<usize>>>()?;
        let model = if self.is_bottleneck() { "resnet50" } else { "resnet18" };
        let stem = if self.has("conv1.0.weight") { "deep" } else { "imagenet" };
        let pools =
            self.tensors.keys().any(|name| name.ends_with("downsample.1.weight") && self.size(name, 1).is_some());
        let splits = self.has("layer1.0.conv2.fc1.weight");
        let avd = if splits { format!(",avd={}", self.averages()) } else { String::new() };
        let joined = |sizes: &[usize]| sizes.iter().map(ToString::to_string).collect::<Vec<_>>().join("-");
        Some(format!(
            "{model}(blocks={},widths={},classes={},stem={stem},stem_width={},shortcut={}{avd}",
            joined(&blocks),
            joined(&widths),
            self.size("fc.weight", 0).unwrap_or(0),
            self.size("bn1.weight", 0)?,
            if pools { "pool" } else { "b" },
        ))
    }

    /// Splits and groups of a split attention.
    fn split_of(&self, block: &str) -> Option<(usize, usize)> {
        let inner = self.gives(block, "conv1")?;
        let radix = self.size(&format!("{block}.conv2.conv.weight"), 0)?.checked_div(inner)?;
        let groups = inner.checked_div(self.size(&format!("{block}.conv2.fc1.weight"), 1)?)?;
        Some((radix, groups))
    }

    /// Groups and attention, each as it might be.
    fn attentions(&self) -> Vec<(usize, String)> {
        if let Some((radix, groups)) = self.split_of("layer1.0") {
            return vec![(groups, format!("splat(radix={radix},site=conv)"))];
        }
        let conv = if self.is_bottleneck() { "conv2" } else { "conv1" };
        let Some(seen) = self.size(&format!("layer1.0.{conv}.paths.0.conv.weight"), 1) else { return Vec::new() };
        let inner = if self.is_bottleneck() { self.gives("layer1.0", "conv1") } else { self.size("bn1.weight", 0) };
        let each = |split: &str, by: usize| {
            let groups = inner.unwrap_or(0).checked_div(by * seen).unwrap_or(0);
            let one =
                |(least, r): &(usize, usize)| (groups, format!("sk(least={least},r={r},split={split},site=conv)"));
            SELECTIVE.iter().map(one).collect::<Vec<_>>()
        };
        // Halves in half of the groups and all channels in all of them have the same tensors. What is published with
        // groups sees all (SKNet-50, timm's skresnext50_32x4d), what has none sees halves.
        match self.has_grouped_paths() {
            true => [each("no", 1), each("yes", 2)].concat(),
            false => [each("yes", 2), each("no", 1)].concat(),
        }
    }

    /// Are there groups in the paths of selective kernels, even if each path sees half of the channels?
    fn has_grouped_paths(&self) -> bool {
        let seen = self.size("layer1.0.conv2.paths.0.conv.weight", 1).unwrap_or(0);
        self.is_bottleneck() && self.gives("layer1.0", "conv1").unwrap_or(0).checked_div(2 * seen).unwrap_or(0) > 1
    }

    /// What the tensors leave open and no option of the network alone decides, with what to write instead.
    fn remark(&self, groups: usize) -> Option<String> {
        (self.has_grouped_paths() && groups > 1).then(|| {
            format!(
                "each path is taken to see all channels in {groups} groups (split=no); halves in {} groups have the \
                 same tensors: if those are meant, give the network by name with groups={},base_width={} and sk(split=yes)",
                groups / 2,
                groups / 2,
                self.base_width(groups / 2).unwrap_or(64)
            )
        })
    }

    fn base_width(&self, groups: usize) -> Option<usize> {
        if !self.is_bottleneck() {
            return Some(64);
        }
        let inner = self.gives("layer1.0", "conv1")?;
        (inner * 64).checked_div(self.width(1)? * groups)
    }

    /// Where timm's networks with these splits and groups average.
    fn averages(&self) -> &'static str {
        let has_groups = self.split_of("layer1.0").is_some_and(|(radix, groups)| groups > 1 || radix > 2);
        if has_groups { "first" } else { "last" }
    }

    /// Where ResNeSt averages leaves no trace in the tensors.
    fn doubts(&self) -> Vec<Doubt> {
        if self.split_of("layer1.0").is_none() {
            return Vec::new();
        }
        let assumed = self.averages();
        let other = if assumed == "first" { "last" } else { "first" };
        let reason =
            "where a block averages leaves no trace in the tensors, and timm's networks of these splits do it so";
        vec![Doubt::between("avd", [assumed, other], reason)]
    }
}
