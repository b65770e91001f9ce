//! The ImageNet tables of "CBAM: Convolutional Block Attention Module" (Woo et al., ECCV 2018): 1 to 4.

use super::{EVERYTHING, PaperTable, Row, Verified, errors};

const CITATION: &str = "Woo, Park, Lee and Kweon, CBAM: Convolutional Block Attention Module, ECCV 2018";
const SETTING: &str = "Bottlenecks with their stride on the first 1×1, reduction 16; ImageNet, single-crop validation \
                       error in percent";

/// Everything but the errors has been counted.
const COSTS: Verified = Verified { errors: false, ..EVERYTHING };

const fn table(id: &'static str, place: &'static str, title: &'static str, rows: &'static [Row]) -> PaperTable {
    let (verified, remarks): (_, &[&str]) = (EVERYTHING, &[]);
    PaperTable { id, place, title, citation: CITATION, setting: SETTING, rows, verified, remarks }
}

const CBAM: &str = "resnet50(stride=v1)+cbam";

pub(super) const TABLES: &[PaperTable] = &[
    PaperTable {
        verified: Verified { params: false, gflops: false, errors: true },
        remarks: &[
            "The printed 25.92 M and 3.94 G cannot come from a shared MLP at reduction 16, which makes 28.09 M and \
             3.860 G: they are what ResNet-50 with BAM costs (25,915,099 parameters, 3.940 G).",
        ],
        ..table(
            "cbam-1",
            "CBAM, Table 1",
            "Channel attention: what the MLP sees",
            &[
                errors("ResNet50", "resnet50(stride=v1)", "24.56", "7.50").params("25.56").gflops("3.86"),
                errors("AvgPool (SE)", "resnet50(stride=v1)+cam(pool=avg)", "23.14", "6.70")
                    .params("25.92")
                    .gflops("3.94"),
                errors("MaxPool", "resnet50(stride=v1)+cam(pool=max)", "23.20", "6.83").params("25.92").gflops("3.94"),
                errors("AvgPool & MaxPool", "resnet50(stride=v1)+cam", "22.80", "6.52").params("25.92").gflops("4.02"),
            ],
        )
    },
    PaperTable {
        remarks: &[
            "The table's costs are not at hand: those shown are computed, the 1×1 convolution taken as one without a \
             bias from all channels to one. The first row is the best of Table 1.",
        ],
        ..table(
            "cbam-2",
            "CBAM, Table 2",
            "Spatial attention: what the convolution sees, and its kernel",
            &[
                errors("channel only", "resnet50(stride=v1)+cam", "22.80", "6.52"),
                errors("1×1 conv, k = 3", "resnet50(stride=v1)+cbam(k=3,map=conv)", "22.96", "6.64"),
                errors("1×1 conv, k = 7", "resnet50(stride=v1)+cbam(map=conv)", "22.90", "6.47"),
                errors("avg & max, k = 3", "resnet50(stride=v1)+cbam(k=3)", "22.68", "6.41"),
                errors("avg & max, k = 7", CBAM, "22.66", "6.31"),
            ],
        )
    },
    PaperTable {
        remarks: &[
            "How the two are joined in parallel is not said: here both see the features as they came, which are \
             multiplied with both gates.",
        ],
        ..table(
            "cbam-3",
            "CBAM, Table 3",
            "Arrangement of channel and spatial attention",
            &[
                errors("SE", "resnet50(stride=v1)+se(variant=floor)", "23.14", "6.70"),
                errors("channel, spatial", CBAM, "22.66", "6.31"),
                errors("spatial, channel", "resnet50(stride=v1)+cbam(order=sc)", "22.78", "6.42"),
                errors("in parallel", "resnet50(stride=v1)+cbam(order=parallel)", "22.95", "6.59"),
            ],
        )
    },
    PaperTable {
        verified: COSTS,
        remarks: &[
            "Parameters and GFLOPs are verified, the errors are not.",
            "Wide ResNets keep a stem of 64 channels.",
        ],
        ..table(
            "cbam-4",
            "CBAM, Table 4",
            "ImageNet: networks, with SE, with CBAM",
            &[
                errors("ResNet18", "resnet18", "29.60", "10.55").params("11.69").gflops("1.814"),
                errors("ResNet18 + SE", "resnet18+se(variant=floor)", "29.41", "10.22").params("11.78").gflops("1.814"),
                errors("ResNet18 + CBAM", "resnet18+cbam", "29.27", "10.09").params("11.78").gflops("1.815"),
                errors("ResNet34", "resnet34", "26.69", "8.60").params("21.80").gflops("3.664"),
                errors("ResNet34 + SE", "resnet34+se(variant=floor)", "26.13", "8.35").params("21.96").gflops("3.664"),
                errors("ResNet34 + CBAM", "resnet34+cbam", "25.99", "8.24").params("21.96").gflops("3.665"),
                errors("ResNet50", "resnet50(stride=v1)", "24.56", "7.50").params("25.56").gflops("3.858"),
                errors("ResNet50 + SE", "resnet50(stride=v1)+se(variant=floor)", "23.14", "6.70")
                    .params("28.09")
                    .gflops("3.860"),
                errors("ResNet50 + CBAM", "resnet50(stride=v1)+cbam", "22.66", "6.31").params("28.09").gflops("3.864"),
                errors("ResNet101", "resnet101(stride=v1)", "23.38", "6.88").params("44.55").gflops("7.570"),
                errors("ResNet101 + SE", "resnet101(stride=v1)+se(variant=floor)", "22.35", "6.19")
                    .params("49.33")
                    .gflops("7.575"),
                errors("ResNet101 + CBAM", "resnet101(stride=v1)+cbam", "21.51", "5.69")
                    .params("49.33")
                    .gflops("7.581"),
                errors("WRN18 (1.5)", "resnet18(stem_width=64,widths=96-192-384-768)", "26.85", "8.88")
                    .params("25.88")
                    .gflops("3.866"),
                errors(
                    "WRN18 (1.5) + SE",
                    "resnet18(stem_width=64,widths=96-192-384-768)+se(variant=floor)",
                    "26.21",
                    "8.47",
                )
                .params("26.07")
                .gflops("3.867"),
                errors("WRN18 (1.5) + CBAM", "resnet18(stem_width=64,widths=96-192-384-768)+cbam", "26.10", "8.43")
                    .params("26.08")
                    .gflops("3.868"),
                errors("WRN18 (2.0)", "resnet18(stem_width=64,widths=128-256-512-1024)", "25.63", "8.20")
                    .params("45.62")
                    .gflops("6.696"),
                errors(
                    "WRN18 (2.0) + SE",
                    "resnet18(stem_width=64,widths=128-256-512-1024)+se(variant=floor)",
                    "24.93",
                    "7.65",
                )
                .params("45.97")
                .gflops("6.696"),
                errors("WRN18 (2.0) + CBAM", "resnet18(stem_width=64,widths=128-256-512-1024)+cbam", "24.84", "7.63")
                    .params("45.97")
                    .gflops("6.697"),
                errors("ResNeXt50", "resnext50_32x4d(stride=v1)", "22.85", "6.48").params("25.03").gflops("3.768"),
                errors("ResNeXt50 + SE", "resnext50_32x4d(stride=v1)+se(variant=floor)", "21.91", "6.04")
                    .params("27.56")
                    .gflops("3.771"),
                errors("ResNeXt50 + CBAM", "resnext50_32x4d(stride=v1)+cbam", "21.92", "5.91")
                    .params("27.56")
                    .gflops("3.774"),
                errors("ResNeXt101", "resnext101_32x4d(stride=v1)", "21.54", "5.75").params("44.18").gflops("7.508"),
                errors("ResNeXt101 + SE", "resnext101_32x4d(stride=v1)+se(variant=floor)", "21.17", "5.66")
                    .params("48.96")
                    .gflops("7.512"),
                errors("ResNeXt101 + CBAM", "resnext101_32x4d(stride=v1)+cbam", "21.07", "5.59")
                    .params("48.96")
                    .gflops("7.519"),
            ],
        )
    },
    PaperTable {
        verified: Verified { params: false, gflops: false, errors: false },
        remarks: &[
            "Nothing printed here is verified. 5.07 M is met only with attention after every depthwise and every \
             pointwise convolution, as it is here; after the pointwise ones alone it would be 4.72 M.",
        ],
        ..table(
            "cbam-4-mobilenet",
            "CBAM, Table 4, MobileNet rows",
            "ImageNet: MobileNets, with SE, with CBAM",
            &[
                errors("MobileNet 0.7", "mobilenet_v1(width=70)", "34.86", "13.69").params("2.30").gflops("0.283"),
                errors("MobileNet 0.7 + SE", "mobilenet_v1(attend=both,width=70)+se(variant=floor)", "32.50", "12.49")
                    .params("2.71")
                    .gflops("0.283"),
                errors("MobileNet 0.7 + CBAM", "mobilenet_v1(attend=both,width=70)+cbam", "31.51", "11.48")
                    .params("2.71")
                    .gflops("0.289"),
                errors("MobileNet", "mobilenet_v1", "31.39", "11.51").params("4.23").gflops("0.570"),
                errors("MobileNet + SE", "mobilenet_v1(attend=both)+se(variant=floor)", "29.97", "10.63")
                    .params("5.07")
                    .gflops("0.570"),
                errors("MobileNet + CBAM", "mobilenet_v1(attend=both)+cbam", "29.01", "9.99")
                    .params("5.07")
                    .gflops("0.576"),
            ],
        )
    },
];
