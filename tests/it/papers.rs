//! The papers' tables: computed costs to the unit, and what was printed met or explained.

use gatescope::network::papers::{self, Agreement, Reading};

fn readings(id: &str) -> Vec<Reading> {
    papers::read(papers::find(id).expect(id)).expect(id)
}

/// A row's label, parameters and, where they are known, multiply-accumulates.
type Row = (&'static str, u64, Option<u64>);

/// Counted with PyTorch's layers.
#[test]
fn computed_costs_are_exact() {
    let exact: &[(&str, &[Row])] = &[
        (
            "senet-10",
            &[
                ("r = 2", 45_676_584, None),
                ("r = 4", 35_616_808, None),
                ("r = 8", 30_586_920, None),
                ("r = 16", 28_071_976, Some(3_860_488_192)),
                ("r = 32", 26_814_504, None),
                ("original", 25_557_032, Some(3_857_973_248)),
            ],
        ),
        (
            "senet-13",
            &[
                ("SE_Stage_2", 25_581_608, None),
                ("SE_Stage_3", 25_688_104, None),
                ("SE_Stage_4", 26_343_464, None),
                ("SE_All", 28_071_976, Some(3_860_488_192)),
            ],
        ),
        (
            "senet-14",
            &[
                ("SE", 28_071_976, None),
                ("SE-PRE", 27_548_200, None),
                ("SE-POST", 28_071_976, None),
                ("SE-Identity", 28_071_976, None),
            ],
        ),
        ("senet-15", &[("SE_3×3", 25_714_216, None)]),
        ("senet-16", &[("NoSqueeze", 28_071_976, Some(4_269_015_040))]),
        ("cbam-1", &[("AvgPool & MaxPool", 28_088_024, Some(3_863_003_136))]),
        (
            "cbam-2",
            &[
                ("channel only", 28_088_024, Some(3_863_003_136)),
                ("1×1 conv, k = 3", 28_103_304, Some(3_868_647_299)),
                ("1×1 conv, k = 7", 28_103_944, Some(3_869_201_979)),
                ("avg & max, k = 7", 28_089_624, Some(3_864_362_102)),
            ],
        ),
        (
            "cbam-4",
            &[
                ("ResNet18", 11_689_512, Some(1_814_073_344)),
                ("ResNet18 + SE", 11_778_592, Some(1_814_160_384)),
                ("ResNet18 + CBAM", 11_779_392, Some(1_815_063_764)),
                ("ResNet34 + SE", 21_958_868, Some(3_663_918_592)),
                ("ResNet34 + CBAM", 21_960_468, Some(3_665_434_742)),
                ("ResNet50 + SE", 28_088_024, Some(3_860_488_192)),
                ("ResNet50 + CBAM", 28_089_624, Some(3_864_362_102)),
                ("ResNet101 + SE", 49_326_872, Some(7_574_937_600)),
                ("ResNet101 + CBAM", 49_330_172, Some(7_581_366_270)),
                ("WRN18 (1.5)", 25_875_816, Some(3_866_327_040)),
                ("WRN18 (1.5) + SE", 26_074_716, Some(3_866_522_880)),
                ("WRN18 (1.5) + CBAM", 26_075_516, Some(3_867_535_060)),
                ("WRN18 (2.0) + SE", 45_970_456, Some(6_696_054_784)),
                ("WRN18 (2.0) + CBAM", 45_971_256, Some(6_697_219_284)),
                ("ResNeXt50 + SE", 27_559_896, Some(3_770_572_800)),
                ("ResNeXt50 + CBAM", 27_561_496, Some(3_774_446_710)),
                ("ResNeXt101 + SE", 48_955_416, Some(7_512_317_952)),
                ("ResNeXt101 + CBAM", 48_958_716, Some(7_518_746_622)),
            ],
        ),
        (
            "cbam-4-mobilenet",
            &[
                ("MobileNet", 4_231_976, None),
                ("MobileNet + SE", 5_072_114, None),
                ("MobileNet + CBAM", 5_074_714, None),
                ("MobileNet 0.7", 2_298_747, None),
                ("MobileNet 0.7 + SE", 2_704_594, None),
                ("MobileNet 0.7 + CBAM", 2_707_194, None),
            ],
        ),
    ];
    for (id, rows) in exact {
        let readings = readings(id);
        for (label, params, macs) in *rows {
            let found = readings.iter().find(|reading| reading.row.label == *label);
            let found = found.unwrap_or_else(|| panic!("{id}: no row {label}"));
            assert_eq!(found.params, *params, "{id}, {label}");
            assert!(macs.is_none_or(|macs| macs == found.macs), "{id}, {label}: {}", found.macs);
        }
    }
}

/// Verified costs are printed as the computed ones round, with what the explanation names counted, or within a tenth
/// of a million where a note says why.
#[test]
fn printed_costs_are_met_or_explained() {
    for table in papers::tables() {
        let readings = papers::read(table).expect(table.id);
        assert_eq!(readings.len(), table.rows.len());
        for reading in &readings {
            let what = format!("{}, {}", table.id, reading.row.label);
            let [params, gflops] = reading.agreements();
            if table.verified.gflops {
                assert_ne!(gflops, Some(Agreement::Apart), "{what}: {}", reading.macs);
            }
            if table.verified.params && params == Some(Agreement::Apart) {
                let printed = reading.row.params.expect("it is apart from something").value();
                let counted = (reading.params + reading.statistics) as f64 / 1e6;
                assert!(reading.row.note.is_some() && (printed - counted).abs() < 0.1, "{what}: {counted}");
            }
        }
        let explained = papers::explanations(table, &readings);
        assert!(explained.iter().all(|(_, rows)| !rows.is_empty()), "{}", table.id);
        assert!(!table.has_unverified() || !table.remarks.is_empty(), "{}: says what is not verified", table.id);
    }
    let tables = papers::tables();
    let apart: usize = tables.iter().map(|table| table.rows.iter().filter(|row| row.note.is_some()).count()).sum();
    assert_eq!(apart, 1, "one printed number of all is not met: r = 8");
}

#[test]
fn rows_are_networks_of_their_own() {
    for table in papers::tables() {
        let readings = papers::read(table).expect(table.id);
        for (index, reading) in readings.iter().enumerate() {
            assert!(readings[..index].iter().all(|other| other.model != reading.model), "{}", reading.row.label);
            assert_eq!(reading.model.to_string(), reading.row.spec, "{}: the shortest form", table.id);
        }
    }
}
