//! What of a diagram is in a row and what side by side.
//!
//! Between two boxes that everything passes, what is not connected stands side by side, and so on inside. Where that
//! does not take a part apart (coordinate attention's two strips, selective kernels), its longest wire is led round it
//! and it is tried again.

use std::collections::BTreeSet;

/// A part of the flow.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// A box.
    Step(usize),
    /// Branches side by side; an empty one is a wire past the others.
    Fork(Vec<Vec<Self>>),
    /// A wire from one box to another, led round what it would cross.
    Around {
        /// From which box to which.
        wire: (usize, usize),
        /// What it is led round.
        body: Vec<Self>,
    },
}

/// From the first box to the last.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow(pub Vec<Piece>);

impl Flow {
    /// Of so many boxes, in an order in which every wire goes forwards; the first and the last are the ends.
    pub(super) fn of(count: usize, wires: &[(usize, usize)]) -> Self {
        let last = count - 1;
        let mut sorter = Sorter { wires: wires.to_vec(), depth: depths(count, wires) };
        let inside: Vec<usize> = (1..last).collect();
        let is_direct = sorter.has(0, last);
        let mut pieces = vec![Piece::Step(0)];
        pieces.extend(sorter.between(0, &inside, last, is_direct));
        pieces.push(Piece::Step(last));
        Self(pieces)
    }
}

/// How many wires at most lead from the first box to each.
fn depths(count: usize, wires: &[(usize, usize)]) -> Vec<usize> {
    let mut depths = vec![0; count];
    for (from, to) in wires {
        depths[*to] = depths[*to].max(depths[*from] + 1);
    }
    depths
}

struct Sorter {
    wires: Vec<(usize, usize)>,
    depth: Vec<usize>,
}

impl Sorter {
    fn has(&self, from: usize, to: usize) -> bool {
        self.wires.contains(&(from, to))
    }

    /// What stands between two boxes.
    fn between(&mut self, source: usize, inside: &[usize], target: usize, is_direct: bool) -> Vec<Piece> {
        if inside.is_empty() {
            return Vec::new();
        }
        let passed: Vec<usize> = match is_direct {
            true => Vec::new(),
            false => inside.iter().copied().filter(|step| self.must_pass(source, inside, target, *step)).collect(),
        };
        if passed.is_empty() {
            return self.side_by_side(source, inside, target, is_direct);
        }
        let mut pieces = Vec::new();
        let mut before = source;
        for after in passed.iter().copied().chain([target]) {
            let segment: Vec<usize> = inside.iter().copied().filter(|step| before < *step && *step < after).collect();
            let is_direct = !segment.is_empty() && self.has(before, after);
            pieces.extend(self.between(before, &segment, after, is_direct));
            if after != target {
                pieces.push(Piece::Step(after));
            }
            before = after;
        }
        pieces
    }

    /// Do all ways from one box to another pass this one?
    fn must_pass(&self, source: usize, inside: &[usize], target: usize, step: usize) -> bool {
        let mut reached = BTreeSet::from([source]);
        for (from, to) in &self.wires {
            let is_way = (*from, *to) != (source, target) && *to != step;
            if is_way && reached.contains(from) && (inside.contains(to) || *to == target) {
                reached.insert(*to);
            }
        }
        !reached.contains(&target)
    }

    fn side_by_side(&mut self, source: usize, inside: &[usize], target: usize, is_direct: bool) -> Vec<Piece> {
        let parts = self.parts(inside);
        if parts.len() + usize::from(is_direct) > 1 {
            let mut branches: Vec<Vec<Piece>> =
                parts.iter().map(|part| self.between(source, part, target, false)).collect();
            branches.extend(is_direct.then(Vec::new));
            return vec![Piece::Fork(branches)];
        }
        let Some(wire) = self.longest(source, inside, target) else {
            return inside.iter().map(|step| Piece::Step(*step)).collect();
        };
        self.wires.retain(|other| *other != wire);
        let body = self.between(source, inside, target, false);
        vec![Piece::Around { wire, body }]
    }

    /// What is connected without the ends.
    fn parts(&self, inside: &[usize]) -> Vec<Vec<usize>> {
        let mut part: Vec<usize> = (0..inside.len()).collect();
        let place = |step: &usize| inside.iter().position(|other| other == step);
        for (from, to) in &self.wires {
            if let (Some(from), Some(to)) = (place(from), place(to)) {
                let (low, high) = (part[from].min(part[to]), part[from].max(part[to]));
                part.iter_mut().filter(|number| **number == high).for_each(|number| *number = low);
            }
        }
        let numbers: BTreeSet<usize> = part.iter().copied().collect();
        let of = |number: usize| inside.iter().zip(&part).filter(move |(_, other)| **other == number);
        numbers.into_iter().map(|number| of(number).map(|(step, _)| *step).collect()).collect()
    }

    /// The wire that skips most, of those without which both its ends still stand on a way.
    fn longest(&self, source: usize, inside: &[usize], target: usize) -> Option<(usize, usize)> {
        let starts = |step: usize| step == source || inside.contains(&step);
        let ends = |step: usize| step == target || inside.contains(&step);
        let here: Vec<(usize, usize)> = self
            .wires
            .iter()
            .copied()
            .filter(|(from, to)| starts(*from) && ends(*to) && (*from, *to) != (source, target))
            .collect();
        let is_spare = |(from, to): &(usize, usize)| {
            here.iter().filter(|(other, _)| other == from).count() > 1
                && here.iter().filter(|(_, other)| other == to).count() > 1
        };
        let span = |(from, to): &(usize, usize)| self.depth[*to] - self.depth[*from];
        // The first of equals.
        here.iter().copied().filter(is_spare).rev().max_by_key(span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Piece::{Around, Fork, Step};

    fn flow(count: usize, wires: &[(usize, usize)]) -> Vec<Piece> {
        let Flow(pieces) = Flow::of(count, wires);
        pieces[1..pieces.len() - 1].to_vec()
    }

    #[test]
    fn a_row_a_shortcut_and_branches() {
        assert_eq!(flow(4, &[(0, 1), (1, 2), (2, 3)]), [Step(1), Step(2)]);
        let residual = [(0, 1), (1, 2), (0, 3), (2, 3), (3, 4)];
        assert_eq!(flow(5, &residual), [Fork(vec![vec![Step(1), Step(2)], vec![]]), Step(3)]);
        let lanes = [(0, 1), (0, 2), (2, 3), (1, 4), (3, 4), (4, 5)];
        assert_eq!(flow(6, &lanes), [Fork(vec![vec![Step(1)], vec![Step(2), Step(3)]]), Step(4)]);
    }

    #[test]
    fn branches_open_and_close_inside_branches() {
        // A channel gate: two pools, a sum, a product with what comes in.
        let gate = [(0, 1), (0, 2), (1, 3), (2, 3), (0, 4), (3, 4), (4, 5)];
        let pools = Fork(vec![vec![Step(1)], vec![Step(2)]]);
        assert_eq!(flow(6, &gate), [Fork(vec![vec![pools, Step(3)], vec![]]), Step(4)]);
    }

    #[test]
    fn what_cannot_be_taken_apart_has_its_longest_wire_led_round() {
        // Coordinate attention: two strips meet, part again, and multiply one after the other.
        let strips = [(0, 1), (0, 2), (1, 3), (2, 3), (3, 4), (3, 5), (0, 6), (4, 6), (5, 7), (6, 7), (7, 8)];
        let pieces = flow(9, &strips);
        let [Around { wire, body }, Step(7)] = &pieces[..] else { panic!("{pieces:?}") };
        assert_eq!(*wire, (0, 6));
        assert_eq!(body[..2], [Fork(vec![vec![Step(1)], vec![Step(2)]]), Step(3)]);
        // Selective kernels: each branch is read again at the end.
        let kernels = [(0, 1), (0, 2), (1, 3), (2, 3), (3, 4), (1, 5), (4, 5), (2, 6), (4, 6), (5, 7), (6, 7), (7, 8)];
        let mut led = 0;
        let mut pieces = &flow(9, &kernels)[..];
        while let [Around { body, .. }, ..] = pieces {
            led += 1;
            pieces = body;
        }
        assert_eq!(led, 2);
    }
}
