//! What a file seems to be when it is no network known here: by parts of its names, the most telling first.

use super::marks::MARKS;
use super::view::Named;
use crate::compute::weights::checkpoint::fault::shown;

/// Names shown.
const SHOWN: usize = 3;

/// What names and shapes look like and the first of them. `odd` is what keeps a file that is nearly a network from
/// being one.
pub(super) fn describe(named: &[Named], odd: Option<&str>) -> String {
    let seems =
        MARKS.iter().find(|mark| mark.needs.iter().all(|part| named.iter().any(|(name, _)| name.contains(part))));
    let has_stages = named.iter().any(|(name, _)| name.contains("layer1.0."));
    let what = match (seems, odd) {
        (Some(mark), None) => seems_to_be(mark.what),
        (Some(mark), Some(_)) if mark.is_sure => seems_to_be(mark.what),
        (_, Some(odd)) => return format!("looks like a ResNet, but {odd}"),
        (None, None) if has_stages && has_group_norm(named) => {
            "seems to be a ResNet with group normalisation, which this program does not have".to_owned()
        }
        (None, None) if has_stages => "has stages like a ResNet, but no stem (conv1) as one".to_owned(),
        (None, None) => "no network this program recognises (`gatescope list` shows which there are)".to_owned(),
    };
    let mut first: Vec<String> = named.iter().take(SHOWN).map(|(name, _)| shown(name)).collect();
    if named.len() > SHOWN {
        first.push("...".to_owned());
    }
    format!("{what}; its first tensors are {}", first.join(", "))
}

fn seems_to_be(what: &str) -> String {
    match what {
        what if what.contains("not read yet") => format!("seems to be {what}"),
        what if what.contains("another size") || what.contains("another form") => {
            format!("seems to be {what} than those this program knows")
        }
        what => format!("seems to be {what}, which this program does not have"),
    }
}

/// Are there norms without running statistics?
fn has_group_norm(named: &[Named]) -> bool {
    let ends = |end: &str| named.iter().any(|(name, _)| name.ends_with(end));
    ends("bn1.weight") && !ends("running_mean")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names of timm's and others' networks, and the word that has to be said of them.
    #[test]
    fn networks_are_called_what_their_names_say() {
        for (names, want) in [
            (
                &["stages.0.blocks.0.conv_dw.weight", "stages.0.blocks.0.mlp.fc1.weight", "stages.0.blocks.0.gamma"][..],
                "ConvNeXt",
            ),
            (&["stages.0.blocks.0.conv_dw.weight", "stages.0.blocks.0.mlp.grn.weight"], "ConvNeXt V2"),
            (&["features.1.0.layer_scale", "features.1.0.block.0.weight"], "ConvNeXt"),
            (&["convnext.encoder.stages.0.layers.0.dwconv.weight"], "ConvNeXt"),
            (&["stages.0.blocks.0.conv_mid.0.conv.weight", "stages.0.blocks.0.conv_concat.conv.weight"], "VoVNet"),
            (
                &[
                    "conv1.weight",
                    "layer1.0.conv1.weight",
                    "stage2.0.branches.0.0.conv1.weight",
                    "stage2.0.fuse_layers.0.1.0.weight",
                ],
                "HRNet",
            ),
            (&["patch_embed.proj.weight", "stages.0.blocks.0.spatial_mixing.partial_conv3.weight"], "FasterNet"),
            (&["conv1.weight", "layer1.0.convs.0.weight", "layer1.0.bns.0.weight"], "Res2Net"),
            (&["layer1.0.conv2.fc1.weight", "layer1.0.conv2.conv.weight"], "ResNeSt"),
            (&["layer1.0.conv2.paths.0.conv.weight"], "SKNet"),
            (&["patch_embed.proj.weight", "layers.0.blocks.0.attn.relative_position_bias_table"], "Swin"),
            (
                &[
                    "cls_token",
                    "pos_embed",
                    "patch_embed.proj.weight",
                    "blocks.0.attn.qkv.weight",
                    "blocks.0.ls1.gamma",
                ],
                "DINOv2",
            ),
            (&["cls_token", "patch_embed.proj.weight", "blocks.0.attn.qkv.weight"], "vision transformer"),
            (&["model.22.dfl.conv.weight", "model.0.conv.weight"], "YOLO"),
            (&["inc.double_conv.0.weight", "down1.maxpool_conv.1.double_conv.0.weight"], "U-Net"),
            (&["encoder.conv1.weight", "decoder.blocks.0.conv1.0.weight", "segmentation_head.0.weight"], "U-Net"),
            (&["stem.in_conv.conv.weight", "stages.2.blocks.1.context_module.main.qkv.conv.weight"], "EfficientViT"),
            (&["features.denseblock1.denselayer1.conv1.weight"], "DenseNet"),
            (&["backbone.body.layer1.0.conv1.weight", "rpn.head.conv.0.0.weight"], "detector"),
        ] {
            let named: Vec<Named> = names.iter().map(|name| (*name, &[8, 8, 3, 3][..])).collect();
            let said = describe(&named, None);
            assert!(said.contains(want), "{want}: {said}");
        }
    }

    #[test]
    fn what_is_nearly_a_resnet_is_called_what_it_is() {
        let named: Vec<Named> =
            vec![("layer1.0.conv1.weight", &[8]), ("stage2.0.branches.0.0.conv1.weight", &[8]), ("fuse_layers", &[8])];
        assert!(describe(&named, Some("classifier.weight is 1000×2048")).contains("HRNet"));
        let said = describe(&named[..1], Some("fc2.weight has no place in resnet18"));
        assert_eq!(said, "looks like a ResNet, but fc2.weight has no place in resnet18");
    }
}
