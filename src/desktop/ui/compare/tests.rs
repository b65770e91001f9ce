//! The comparison as users drive it.

use egui_kittest::kittest::Queryable;

use crate::desktop::document::{Command, NetworkId, View};
use crate::desktop::ui::drive::show;
use crate::network::Model;

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

#[test]
fn a_paper_table_opens_with_a_click_and_its_networks_with_another() {
    let mut harness = show(&["resnet50", "resnet20"], View::Compare);
    harness.run();
    harness.get_by_label("Paper tables").click();
    harness.run();
    harness.get_by_label("Position of the SE block");
    harness.get_by_label_contains("SENet, Table 14: Position").click();
    harness.get_by_label("CBAM, Table 3: Arrangement of channel and spatial attention").click();
    harness.run();
    harness.get_by_label_contains("How the two are joined in parallel is not said");
    // Without the first row.
    harness.get_by_label("SE").click();
    harness.run();
    harness.get_by_label("Open these networks").click();
    harness.run();
    let model = |text: &str| Model::parse(text).expect(text);
    let wanted = ["+cbam", "+cbam(order=sc)", "+cbam(order=parallel)"];
    let wanted = wanted.map(|attention| model(&format!("resnet50(stride=v1){attention}")));
    assert_eq!(harness.state().sent, [Command::OpenNetworks(wanted.into())]);
    harness.get_by_label("Expand layer1");
}

#[test]
fn what_is_not_verified_is_marked_and_said() {
    let mut harness = show(&["resnet50"], View::Compare);
    harness.run();
    harness.get_by_label("Paper tables").click();
    harness.run();
    assert!(harness.query_by_label_contains("not verified").is_none(), "everything in Table 14 is");
    harness.get_by_label("CBAM, Table 1: Channel attention: what the MLP sees").click();
    harness.run();
    harness.get_by_label_contains("* not verified");
    harness.get_by_label_contains("25.92 M and 3.94 G cannot come from a shared MLP");
    harness.get_by_label("Back to my networks").click();
    harness.run();
    harness.get_by_label("Duplicate it");
}

#[test]
fn without_networks_the_papers_are_still_there() {
    let mut harness = show(&[], View::Compare);
    harness.run();
    harness.get_by_label("Paper tables").click();
    harness.run();
    harness.get_by_label("Position of the SE block");
}
