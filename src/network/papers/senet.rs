//! The ablations of "Squeeze-and-Excitation Networks" (Hu et al., TPAMI): Tables 10 to 16, all on SE-ResNet-50.

use super::{EVERYTHING, PaperTable, Row, errors};

const CITATION: &str = "Hu, Shen, Albanie, Sun and Wu, Squeeze-and-Excitation Networks, TPAMI";
const SETTING: &str = "ResNet-50 with its stride on the first 1×1, no biases in the excitation's layers; ImageNet, \
                       single-crop validation error in percent";

/// A table of the paper, everything in it read and verified.
const fn table(id: &'static str, place: &'static str, title: &'static str, rows: &'static [Row]) -> PaperTable {
    let (verified, remarks): (_, &[&str]) = (EVERYTHING, &[]);
    PaperTable { id, place, title, citation: CITATION, setting: SETTING, rows, verified, remarks }
}

const RESNET: &str = "resnet50(stride=v1)";
const SE: &str = "resnet50(stride=v1)+se(variant=nobias)";

pub(super) const TABLES: &[PaperTable] = &[
    table(
        "senet-10",
        "SENet, Table 10",
        "Reduction ratio",
        &[
            errors("r = 2", "resnet50(stride=v1)+se(r=2,variant=nobias)", "22.29", "6.00").params("45.7"),
            errors("r = 4", "resnet50(stride=v1)+se(r=4,variant=nobias)", "22.25", "6.09").params("35.7"),
            errors("r = 8", "resnet50(stride=v1)+se(r=8,variant=nobias)", "22.26", "5.99").params("30.7").because(
                "0.06 M less than printed even with BatchNorm's running statistics counted; 30.7 M is met only with \
                 biases in the excitation's layers, too (30,603,912 parameters), which the other rows rule out",
            ),
            errors("r = 16", SE, "22.28", "6.03").params("28.1"),
            errors("r = 32", "resnet50(stride=v1)+se(r=32,variant=nobias)", "22.72", "6.20").params("26.9"),
            errors("original", RESNET, "23.30", "6.55").params("25.6"),
        ],
    ),
    table(
        "senet-11",
        "SENet, Table 11",
        "Squeeze operator",
        &[
            errors("Max", "resnet50(stride=v1)+se(squeeze=max,variant=nobias)", "22.57", "6.09"),
            errors("Avg", SE, "22.28", "6.03"),
        ],
    ),
    table(
        "senet-12",
        "SENet, Table 12",
        "Excitation operator: the function that makes the gate",
        &[
            errors("ReLU", "resnet50(stride=v1)+se(gate=relu,variant=nobias)", "23.47", "6.98"),
            errors("Tanh", "resnet50(stride=v1)+se(gate=tanh,variant=nobias)", "23.00", "6.38"),
            errors("Sigmoid", SE, "22.28", "6.03"),
        ],
    ),
    PaperTable {
        remarks: &["The paper counts stages as ResNet's authors do: its stage 2 is layer1 here."],
        ..table(
            "senet-13",
            "SENet, Table 13",
            "Stages with SE blocks",
            &[
                errors("ResNet-50", RESNET, "23.30", "6.55").params("25.6").gflops("3.86"),
                errors("SE_Stage_2", "resnet50(stride=v1)+se(variant=nobias)@layer1", "23.03", "6.48")
                    .params("25.6")
                    .gflops("3.86"),
                errors("SE_Stage_3", "resnet50(stride=v1)+se(variant=nobias)@layer2", "23.04", "6.32")
                    .params("25.7")
                    .gflops("3.86"),
                errors("SE_Stage_4", "resnet50(stride=v1)+se(variant=nobias)@layer3", "22.68", "6.22")
                    .params("26.4")
                    .gflops("3.86"),
                errors("SE_All", SE, "22.28", "6.03").params("28.1").gflops("3.87"),
            ],
        )
    },
    PaperTable {
        remarks: &[
            "SE-PRE stands before the residual unit and is as wide as the block's input, so it has fewer parameters; \
             the paper prints none here.",
        ],
        ..table(
            "senet-14",
            "SENet, Table 14",
            "Position of the SE block",
            &[
                errors("SE", SE, "22.28", "6.03"),
                errors("SE-PRE", "resnet50(stride=v1)+se(at=pre,variant=nobias)", "22.23", "6.00"),
                errors("SE-POST", "resnet50(stride=v1)+se(at=post,variant=nobias)", "22.78", "6.35"),
                errors("SE-Identity", "resnet50(stride=v1)+se(at=identity,variant=nobias)", "22.20", "6.15"),
            ],
        )
    },
    PaperTable {
        remarks: &["Whether SE_3×3 stands before or after the 3×3's BatchNorm and ReLU is not said: here, after."],
        ..table(
            "senet-15",
            "SENet, Table 15",
            "SE inside the residual unit, after the 3×3",
            &[
                errors("SE", SE, "22.28", "6.03").params("28.1").gflops("3.87"),
                errors("SE_3×3", "resnet50(stride=v1)+se(at=3x3,variant=nobias)", "22.48", "6.02")
                    .params("25.8")
                    .gflops("3.86"),
            ],
        )
    },
    PaperTable {
        remarks: &["ResNet-50 and SE are the rows of Table 13, here for comparison."],
        ..table(
            "senet-16",
            "SENet, Table 16",
            "No squeeze: 1×1 convolutions on the map itself",
            &[
                errors("ResNet-50", RESNET, "23.30", "6.55").params("25.6").gflops("3.86"),
                errors("NoSqueeze", "resnet50(stride=v1)+se(squeeze=none,variant=nobias)", "22.93", "6.39")
                    .params("28.1")
                    .gflops("4.27"),
                errors("SE", SE, "22.28", "6.03").params("28.1").gflops("3.87"),
            ],
        )
    },
];
