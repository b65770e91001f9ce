//! Where the boxes and wires of a diagram are: from top to bottom, branches side by side.
//!
//! The main way goes straight down. A shortcut passes it on the left, a gate is made on the right of what it
//! multiplies, branches of equal standing (an Inception module's) stand symmetrically. Boxes stand in rows; wires go
//! down through columns of their own and across between the rows, so that no wire crosses a box.

use emath::{Pos2, Rect, Vec2, pos2, vec2};

use super::{Diagram, Fork, Kind, Piece, Step, Tangle, first};
use crate::drawing::flow::Around;

/// A wire from the bottom of a box to the top of another, with corners where it turns.
#[derive(Clone, Debug, PartialEq)]
pub struct Wire {
    /// Its boxes.
    pub between: (usize, usize),
    /// Its corners, ends included.
    pub points: Vec<Pos2>,
    /// Does it pass other boxes?
    pub passes: bool,
}

/// A diagram's places.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// Width and height of it all; the top left corner is at zero.
    pub size: Vec2,
    /// Where each box is.
    pub boxes: Vec<Rect>,
    /// The wires.
    pub wires: Vec<Wire>,
}

/// Lengths in points.
#[derive(Clone, Copy, Debug)]
pub struct Lengths {
    /// Between rows.
    pub gap: f32,
    /// Between branches.
    pub lane: f32,
    /// Width of a wire's own column.
    pub wire: f32,
}

impl Default for Lengths {
    fn default() -> Self {
        Self { gap: 18.0, lane: 16.0, wire: 20.0 }
    }
}

/// Lays a diagram out; `measure` gives the width and the height of a box.
#[must_use]
pub fn layout(diagram: &Diagram, lengths: &Lengths, measure: &dyn Fn(&Step) -> Vec2) -> Layout {
    let sizes: Vec<Vec2> = diagram.steps.iter().map(measure).collect();
    let plan = Planner { diagram, lengths, sizes: &sizes }.row(&diagram.flow, None);
    // Rows are as high as their highest box.
    let mut heights = vec![0.0_f32; plan.rows];
    for (step, _, row) in &plan.boxes {
        heights[*row] = heights[*row].max(sizes[*step].y);
    }
    let tops: Vec<f32> = heights
        .iter()
        .scan(0.0, |next, height| {
            let top = *next;
            *next += height + lengths.gap;
            Some(top)
        })
        .collect();
    let mut boxes = vec![Rect::ZERO; diagram.steps.len()];
    for (step, x, row) in &plan.boxes {
        let middle = pos2(x + plan.left, tops[*row] + heights[*row] / 2.0);
        boxes[*step] = Rect::from_center_size(middle, sizes[*step]);
    }
    let row_of = |step: usize| plan.boxes.iter().find(|(other, ..)| *other == step).map_or(0, |(_, _, row)| *row);
    let wires = diagram.wires.iter().map(|(from, to)| {
        let column = plan.columns.iter().find(|(wire, _)| wire == &(*from, *to)).map(|(_, x)| x + plan.left);
        let (above, below) = (row_of(*from), row_of(*to));
        let leaving = tops[above] + heights[above] + lengths.gap / 2.0;
        let arriving = tops[below] - lengths.gap / 2.0;
        wire((*from, *to), [boxes[*from], boxes[*to]], column, [leaving, arriving])
    });
    let wires = wires.collect();
    let height = tops.last().zip(heights.last()).map_or(0.0, |(top, height)| top + height);
    Layout { size: vec2(plan.left + plan.right, height), boxes, wires }
}

/// A wire: down, across in the gap below its first box where it has a column of its own, down, across in the gap above
/// its second box, down.
fn wire(between: (usize, usize), [from, to]: [Rect; 2], column: Option<f32>, [leaving, arriving]: [f32; 2]) -> Wire {
    let (start, end) = (from.center_bottom(), to.center_top());
    let mut points = vec![start];
    if let Some(x) = column {
        points.extend([pos2(start.x, leaving), pos2(x, leaving), pos2(x, arriving)]);
    } else {
        points.push(pos2(start.x, arriving));
    }
    points.extend([pos2(end.x, arriving), end]);
    points.dedup_by(|a, b| (a.x - b.x).abs() < 0.01 && (a.y - b.y).abs() < 0.01);
    Wire { between, points, passes: column.is_some() }
}

/// Part of a diagram: x is relative to the way through it, rows count from its own first.
#[derive(Default)]
struct Plan {
    /// Box, x of its middle, row.
    boxes: Vec<(usize, f32, usize)>,
    /// Wires that have a column of their own, and its x.
    columns: Vec<((usize, usize), f32)>,
    /// How far it reaches to each side.
    left: f32,
    right: f32,
    rows: usize,
}

impl Plan {
    fn take_in(&mut self, other: Self, x: f32, row: usize) {
        self.boxes.extend(other.boxes.into_iter().map(|(step, at, below)| (step, at + x, below + row)));
        self.columns.extend(other.columns.into_iter().map(|(wire, at)| (wire, at + x)));
        self.left = self.left.max(other.left - x);
        self.right = self.right.max(other.right + x);
        self.rows = self.rows.max(row + other.rows);
    }

    fn width(&self) -> f32 {
        self.left + self.right
    }
}

struct Planner<'a> {
    diagram: &'a Diagram,
    lengths: &'a Lengths,
    sizes: &'a [Vec2],
}

impl Planner<'_> {
    /// Pieces one below the other; the last of them leads to `target`.
    fn row(&self, pieces: &[Piece], target: Option<usize>) -> Plan {
        let mut plan = Plan::default();
        for (index, piece) in pieces.iter().enumerate() {
            let below = plan.rows;
            let target = match pieces.get(index + 1) {
                Some(Piece::Layer(step)) => Some(*step),
                _ => target,
            };
            let part = match piece {
                Piece::Layer(step) => self.step(*step),
                Piece::Fork(Fork { lanes, .. }) => self.fork(lanes, target),
                Piece::Tangle(Tangle { around: Some(around), .. }) => self.around(around, target),
                Piece::Tangle(Tangle { layers, around: None }) => {
                    self.row(&layers.iter().copied().map(Piece::Layer).collect::<Vec<_>>(), target)
                }
            };
            plan.take_in(part, 0.0, below);
        }
        plan
    }

    fn step(&self, step: usize) -> Plan {
        let half = self.sizes[step].x / 2.0;
        Plan { boxes: vec![(step, 0.0, 0)], left: half, right: half, rows: 1, ..Plan::default() }
    }

    /// A wire led round a part, on the side where its boxes are.
    fn around(&self, Around { wire: (from, to), body }: &Around, target: Option<usize>) -> Plan {
        let mut plan = self.row(body, target);
        // What comes in is a box of its own.
        let wire = (from.unwrap_or(0), *to);
        let place = |step: usize| plan.boxes.iter().find(|(other, ..)| *other == step).map_or(0.0, |(_, x, _)| *x);
        let is_right = place(wire.0) + place(wire.1) > 1.0;
        let wide = self.lengths.wire;
        let x = if is_right { plan.right + wide / 2.0 } else { -plan.left - wide / 2.0 };
        plan.columns.push((wire, x));
        if is_right {
            plan.right += wide;
        } else {
            plan.left += wide;
        }
        plan
    }

    /// Branches side by side that lead to `target`.
    fn fork(&self, branches: &[Vec<Piece>], target: Option<usize>) -> Plan {
        let is_product = target.is_some_and(|step| self.diagram.steps[step].is_product);
        let (past, ways): (Vec<&Vec<Piece>>, Vec<&Vec<Piece>>) = branches.iter().partition(|branch| branch.is_empty());
        let (short, main): (Vec<_>, Vec<_>) = ways.into_iter().partition(|branch| self.is_shortcut(branch));
        // With nothing beside it, a projection is the main way itself.
        let (short, main) = if main.is_empty() { (Vec::new(), short) } else { (short, main) };
        let plans = |branches: Vec<&Vec<Piece>>| branches.into_iter().map(|branch| self.row(branch, target)).collect();
        let (short, main): (Vec<Plan>, Vec<Plan>) = (plans(short), plans(main));
        let passing = (!past.is_empty()).then(|| self.passing(branches, target)).flatten();
        let Lengths { lane, wire, .. } = *self.lengths;
        let mut plan = Plan::default();
        match passing {
            // What is multiplied goes straight down, what it is multiplied with is made beside it.
            Some(between) if is_product => {
                (plan.left, plan.right) = (wire / 2.0, wire / 2.0);
                plan.columns.push((between, 0.0));
                place(&mut plan, main, f32::midpoint(wire, lane), lane);
                self.beside(plan, short, None)
            }
            _ => {
                let start = -way_through(&main, lane);
                place(&mut plan, main, start, lane);
                self.beside(plan, short, passing)
            }
        }
    }

    /// Shortcuts with layers, then a bare one, on the left of everything.
    fn beside(&self, mut plan: Plan, short: Vec<Plan>, past: Option<(usize, usize)>) -> Plan {
        let Lengths { lane, wire, .. } = *self.lengths;
        for part in short {
            let x = -plan.left - lane - part.right;
            plan.take_in(part, x, 0);
        }
        if let Some(between) = past {
            let x = -plan.left - wire / 2.0;
            plan.columns.push((between, x));
            plan.left += wire;
        }
        plan
    }

    /// The wire that passes these branches on its way to `target`.
    fn passing(&self, branches: &[Vec<Piece>], target: Option<usize>) -> Option<(usize, usize)> {
        let target = target.unwrap_or(self.diagram.steps.len() - 1);
        let first = branches.iter().filter_map(|branch| first(branch)).min()?;
        // What all branches start from is the last box in front of them that leads to the target too.
        let source = self.diagram.inputs(target).filter(|source| *source < first).max()?;
        Some((source, target))
    }

    fn is_shortcut(&self, branch: &[Piece]) -> bool {
        branch.iter().all(|piece| match piece {
            Piece::Layer(step) => self.diagram.steps[*step].is_shortcut,
            Piece::Fork(Fork { lanes, .. }) => lanes.iter().all(|lane| self.is_shortcut(lane)),
            Piece::Tangle(Tangle { layers, .. }) => layers.iter().all(|step| self.diagram.steps[*step].is_shortcut),
        })
    }
}

/// Where the way through branches side by side is, from their left edge: of an odd number the middle one's, else
/// halfway.
fn way_through(plans: &[Plan], lane: f32) -> f32 {
    let middle = plans.len() / 2;
    if plans.len() % 2 == 1 {
        return plans[..middle].iter().map(|plan| plan.width() + lane).sum::<f32>() + plans[middle].left;
    }
    let gaps = lane * plans.len().saturating_sub(1) as f32;
    f32::midpoint(plans.iter().map(Plan::width).sum::<f32>(), gaps)
}

/// Plans from left to right, the first one's left edge at `start`.
fn place(plan: &mut Plan, parts: Vec<Plan>, start: f32, lane: f32) {
    let mut next = start;
    for part in parts {
        let x = next + part.left;
        next += part.width() + lane;
        plan.take_in(part, x, 0);
    }
}

impl Step {
    /// Is it drawn with a line of its own for what follows at once?
    #[must_use]
    pub fn has_second_line(&self) -> bool {
        !self.notes.is_empty() && self.kind != Kind::End
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::graph::ScopeKind;
    use crate::network::zoo::{FAMILIES, Subject};
    use crate::network::{lower, parse};

    /// As wide as its longer line, seven points a letter.
    fn measure(step: &Step) -> Vec2 {
        let notes = step.notes.join(" · ");
        let letters = step.title.chars().count().max(notes.chars().count());
        vec2(letters as f32 * 7.0 + 16.0, if step.has_second_line() { 36.0 } else { 24.0 })
    }

    /// Also where one of them has no height.
    fn overlap(a: &Rect, b: &Rect) -> bool {
        a.left() < b.right() && b.left() < a.right() && a.top() < b.bottom() && b.top() < a.bottom()
    }

    /// Boxes stand apart and inside, and no wire crosses a box.
    fn check(name: &str, diagram: &Diagram) {
        let placed = layout(diagram, &Lengths::default(), &measure);
        for (index, one) in placed.boxes.iter().enumerate() {
            assert!(one.left() >= -0.01 && one.right() <= placed.size.x + 0.01, "{name}: {index} is outside");
            assert!(one.bottom() <= placed.size.y + 0.01, "{name}: {index} is below");
            for (other, two) in placed.boxes.iter().enumerate().skip(index + 1) {
                assert!(!overlap(one, two), "{name}: {index} lies over {other}");
            }
        }
        assert_eq!(placed.wires.len(), diagram.wires.len());
        for wire in &placed.wires {
            for pair in wire.points.windows(2) {
                let line = Rect::from_two_pos(pair[0], pair[1]);
                let is_inside = line.left() >= -0.01 && line.right() <= placed.size.x + 0.01;
                assert!(is_inside, "{name}: a wire is outside");
                let line = Rect::from_min_max(line.min + vec2(-0.5, 0.5), line.max + vec2(0.5, -0.5));
                for (index, area) in placed.boxes.iter().enumerate() {
                    assert!(!overlap(&line, area), "{name}: the wire {:?} crosses {index}", wire.between);
                }
            }
        }
    }

    #[test]
    fn nothing_lies_over_anything_in_any_card() {
        for subject in Subject::all() {
            for example in [subject.example(), subject.placed()].into_iter().flatten() {
                check(subject.title(), &Diagram::of_example(&example));
            }
        }
    }

    #[test]
    fn nothing_lies_over_anything_in_any_block_of_any_family() {
        for (family, attention) in FAMILIES.iter().zip(["", "+cbam", "+se"].iter().cycle()) {
            for model in [family.models().first(), family.models().last()].into_iter().flatten() {
                let text = format!("{}{attention}", model.name);
                let graph = lower(&parse(&text).expect("parses")).expect("lowers");
                for scope in graph.scope_ids().filter(|id| is_drawn(graph[*id].kind)) {
                    check(&format!("{text} {}", graph[scope].path), &Diagram::of(&graph, scope));
                }
            }
        }
    }

    fn is_drawn(kind: ScopeKind) -> bool {
        matches!(kind, ScopeKind::Block | ScopeKind::Stem | ScopeKind::Attention(_))
    }

    #[test]
    fn the_way_is_straight_and_the_shortcut_passes_it() {
        let graph = lower(&parse("resnet50").expect("parses")).expect("lowers");
        let diagram = Diagram::of(&graph, graph.scope_at("layer1.1").expect("a block"));
        check("bottleneck", &diagram);
        let placed = layout(&diagram, &Lengths::default(), &measure);
        let middles: Vec<f32> = placed.boxes.iter().map(|area| area.center().x).collect();
        assert!(middles.iter().all(|x| (x - middles[0]).abs() < 0.01), "{middles:?}");
        let passing: Vec<&Wire> = placed.wires.iter().filter(|wire| wire.passes).collect();
        let [shortcut] = passing[..] else { panic!("one shortcut") };
        assert_eq!(shortcut.between, (0, diagram.steps.len() - 2));
        assert!(shortcut.points.iter().any(|point| placed.boxes.iter().all(|area| point.x < area.left())));
    }
}
