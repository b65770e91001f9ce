//! The comparison as users drive it.

use egui_kittest::kittest::Queryable;

use crate::desktop::document::{Command, NetworkId, View};
use crate::desktop::ui::drive::show;

#[test]
fn stages_open_to_their_blocks_and_rows_select() {
    let mut harness = show(&["resnet50", "resnet101+cbam"], View::Compare);
    harness.run();
    assert!(harness.query_by_label("layer1.0").is_none());
    harness.get_by_label("Expand layer1").click();
    harness.run();
    harness.get_by_label("layer1.2").click();
    harness.run();
    assert_eq!(harness.state().selection.part.as_deref(), Some("layer1.2"));
    harness.get_by_label("Collapse layer1").click();
    harness.run();
    assert!(harness.query_by_label("layer1.2").is_none());
}

#[test]
fn one_network_offers_a_second() {
    let mut harness = show(&["resnet50"], View::Compare);
    harness.run();
    harness.get_by_label("Duplicate it").click();
    harness.run();
    assert_eq!(harness.state().sent, [Command::DuplicateNetwork(NetworkId(0))]);
    let mut two = show(&["resnet50", "resnet20"], View::Compare);
    two.run();
    assert!(two.query_by_label("Duplicate it").is_none());
}

#[test]
fn the_lesson_is_counted_at_the_channels_chosen() {
    let mut harness = show(&["resnet50", "resnet50+cbam"], View::Compare);
    harness.run();
    harness.get_by_label_contains("1,179,648");
    harness.get_by_label("16.94×");
    harness.get_by_label("64 channels").click();
    harness.run();
    harness.get_by_label_contains("3·3·64·64 + 3·3·64·64");
    assert!(harness.query_by_label_contains("1,179,648").is_none());
}
