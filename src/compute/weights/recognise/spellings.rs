//! Names a library gives where the graph has another's: timm's of networks that are named as in torchvision here.

use std::collections::BTreeMap;

use super::Dialect;
use crate::network::NetworkSpec;
use crate::network::graph::{Graph, Op, ScopeKind};
use crate::network::zoo;

/// How a library names the layers of a network.
pub(super) struct Spelling {
    /// Whose names they are, if they are not the graph's own.
    pub(super) dialect: Option<Dialect>,
    /// Names by the graph's; empty where they agree.
    layers: BTreeMap<String, String>,
    /// Options the library's network has.
    pub(super) options: &'static [(&'static str, &'static str)],
}

impl Spelling {
    /// A parameter's name in the library.
    pub(super) fn name(&self, ours: &str) -> String {
        let spelt = ours.rsplit_once('.').and_then(|(layer, role)| Some(format!("{}.{role}", self.layers.get(layer)?)));
        spelt.unwrap_or_else(|| ours.to_owned())
    }
}

/// The graph's own names, then the others there are.
pub(super) fn spellings(spec: &NetworkSpec, graph: &Graph) -> Vec<Spelling> {
    let mut all = vec![Spelling { dialect: None, layers: BTreeMap::new(), options: &[] }];
    let title = zoo::find(&spec.model).map_or("", |(family, _)| family.card().title);
    let timm = |layers, options| Spelling { dialect: Some(Dialect::Timm), layers, options };
    match title {
        "MobileNetV3" => all.push(timm(inverted_residuals(graph), &[("eps", "1e-5")])),
        "MobileNetV2" => all.push(timm(inverted_residuals(graph), &[])),
        // From B5 to B7 torchvision's BatchNorm differs from timm's.
        "EfficientNet" if ["efficientnet_b5", "efficientnet_b6", "efficientnet_b7"].contains(&&*spec.model) => {
            all.push(timm(inverted_residuals(graph), &[("eps", "1e-5")]));
        }
        "EfficientNet" => all.push(timm(inverted_residuals(graph), &[])),
        "RegNet" => all.push(timm(renamed(graph, regnet), &[])),
        "VGG" => all.push(timm(renamed(graph, vgg), &[])),
        _ => {}
    }
    all
}

/// The layers a library names otherwise, by our names.
fn renamed(graph: &Graph, theirs: fn(&str) -> Option<String>) -> BTreeMap<String, String> {
    graph.nodes.iter().filter_map(|node| Some((node.name.clone(), theirs(&node.name)?))).collect()
}

/// timm's name of a RegNet's layer: `trunk_output.block2.block2-3.f.b.0` is `s2.b4.conv2.conv`.
fn regnet(ours: &str) -> Option<String> {
    let part = |word: &str| match word {
        "0" => Some("conv"),
        "1" => Some("bn"),
        _ => None,
    };
    if ours == "fc" {
        return Some("head.fc".to_owned());
    }
    if let Some(word) = ours.strip_prefix("stem.") {
        return Some(format!("stem.{}", part(word)?));
    }
    let (stage, rest) = ours.strip_prefix("trunk_output.block")?.split_once('.')?;
    let (block, layer) = rest.split_once('-')?.1.split_once('.')?;
    let layer = match layer.rsplit_once('.')? {
        ("f.se", layer) => format!("se.{layer}"),
        ("proj", word) => format!("downsample.{}", part(word)?),
        ("f.a", word) => format!("conv1.{}", part(word)?),
        ("f.b", word) => format!("conv2.{}", part(word)?),
        ("f.c", word) => format!("conv3.{}", part(word)?),
        _ => return None,
    };
    Some(format!("s{stage}.b{}.{layer}", block.parse::<usize>().ok()? + 1))
}

/// timm's name of a VGG's linear layer; the first two are convolutions there, the first over the whole map.
fn vgg(ours: &str) -> Option<String> {
    let theirs = match ours {
        "classifier.0" => "pre_logits.fc1",
        "classifier.3" => "pre_logits.fc2",
        "classifier.6" => "head.fc",
        _ => return None,
    };
    Some(theirs.to_owned())
}

/// timm's names of networks made of inverted residuals.
fn inverted_residuals(graph: &Graph) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    let layers = |scope| graph.nodes_in(scope).filter(|id| !graph[*id].params.is_empty());
    let convolutions = |scope| layers(scope).filter(|id| matches!(graph[*id].op, Op::Conv2d(_))).count();
    for scope in graph.scope_ids() {
        let base = place(graph[scope].path.as_str());
        let theirs: Vec<String> = match graph[scope].kind {
            ScopeKind::Stem => vec!["conv_stem".to_owned(), "bn1".to_owned()],
            ScopeKind::Head => head(layers(scope).count(), graph.scopes_of(ScopeKind::Stage).count()),
            ScopeKind::Attention(_) => {
                ["conv_reduce", "conv_expand"].map(|layer| format!("{base}.se.{layer}")).to_vec()
            }
            ScopeKind::Block => {
                let squeezes = 2 * graph.attention_of(scope).map_or(0, |_| 1);
                let triples: &[&str] = match convolutions(scope) - squeezes {
                    2 => &["conv_dw", "bn1", "conv_pw", "bn2"],
                    _ => &["conv_pw", "bn1", "conv_dw", "bn2", "conv_pwl", "bn3"],
                };
                triples.iter().map(|layer| format!("{base}.{layer}")).collect()
            }
            _ => continue,
        };
        let own = layers(scope).filter(|id| graph[*id].scope == scope);
        names.extend(own.zip(theirs).map(|(id, theirs)| (graph[id].name.clone(), theirs)));
    }
    names
}

/// `stage2.1`, or what is inside, is `blocks.1.1`.
fn place(path: &str) -> String {
    let mut words = path.split('.');
    let stage = words.next().and_then(|stage| stage.strip_prefix("stage")?.parse::<usize>().ok());
    match (stage, words.next()) {
        (Some(stage), Some(block)) => format!("blocks.{}.{block}", stage.saturating_sub(1)),
        _ => String::new(),
    }
}

/// Three layers, or MobileNetV3's four, whose convolution is a block more and whose hidden layer a convolution.
fn head(layers: usize, stages: usize) -> Vec<String> {
    match layers {
        3 => ["conv_head", "bn2", "classifier"].map(str::to_owned).to_vec(),
        _ => vec![
            format!("blocks.{stages}.0.conv"),
            format!("blocks.{stages}.0.bn1"),
            "conv_head".to_owned(),
            "classifier".to_owned(),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{lower, parse};

    #[test]
    fn timms_names_by_rule() {
        for (text, pairs) in [
            (
                "mobilenet_v3_large",
                &[
                    ("features.0.0.weight", "conv_stem.weight"),
                    ("features.1.block.0.0.weight", "blocks.0.0.conv_dw.weight"),
                    ("features.2.block.2.1.bias", "blocks.1.0.bn3.bias"),
                    ("features.15.block.2.fc1.bias", "blocks.5.2.se.conv_reduce.bias"),
                    ("features.16.0.weight", "blocks.6.0.conv.weight"),
                    ("classifier.0.weight", "conv_head.weight"),
                    ("classifier.3.weight", "classifier.weight"),
                ][..],
            ),
            (
                "efficientnet_b0",
                &[
                    ("features.1.0.block.2.0.weight", "blocks.0.0.conv_pw.weight"),
                    ("features.4.2.block.3.0.weight", "blocks.3.2.conv_pwl.weight"),
                    ("features.8.1.running_var", "bn2.running_var"),
                ],
            ),
            (
                "regnet_y_400mf",
                &[
                    ("stem.1.weight", "stem.bn.weight"),
                    ("trunk_output.block1.block1-0.proj.0.weight", "s1.b1.downsample.conv.weight"),
                    ("trunk_output.block3.block3-4.f.se.fc2.bias", "s3.b5.se.fc2.bias"),
                    ("trunk_output.block2.block2-1.f.c.1.running_mean", "s2.b2.conv3.bn.running_mean"),
                    ("fc.bias", "head.fc.bias"),
                ],
            ),
            (
                "vgg16_bn",
                &[
                    ("features.1.running_var", "features.1.running_var"),
                    ("classifier.0.weight", "pre_logits.fc1.weight"),
                    ("classifier.6.bias", "head.fc.bias"),
                ],
            ),
        ] {
            let spec = parse(text).expect(text);
            let all = spellings(&spec, &lower(&spec).expect(text));
            for (ours, theirs) in pairs {
                assert_eq!(all[1].name(ours), *theirs);
            }
        }
    }
}
