//! How the layers of a part hang together: one after the other, or side by side until they join. Read off the edges
//! alone, so a residual block, an Inception module and a network that nobody has drawn yet are told apart by nothing
//! but their wires.

/// What a layer reads: another layer of the part, or something outside of it.
pub type Source = Option<usize>;

/// A piece of a way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// One layer.
    Layer(usize),
    /// Lanes side by side.
    Fork(Fork),
    /// Layers whose wires cross so that they are neither one after the other nor side by side.
    Tangle(Tangle),
}

/// Layers whose wires cross (coordinate attention's two strips, selective kernels).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tangle {
    /// All of them, in execution order.
    pub layers: Vec<usize>,
    /// The wire that skips most, and how the rest hangs together without it: it can be led round the others.
    pub around: Option<Around>,
}

/// A wire that is led round what it would cross.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Around {
    /// From what to which layer.
    pub wire: (Source, usize),
    /// What it is led round.
    pub body: Vec<Piece>,
}

/// Lanes that leave from one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fork {
    /// In the order in which the join reads them; an empty lane hands on what came in.
    pub lanes: Vec<Vec<Piece>>,
    /// The layer all of them lead to; `None` where their ends go on to the join of an outer fork.
    pub join: Option<usize>,
}

/// The way through `members` to `ends`, where `reads` says what each layer reads.
#[must_use]
pub fn flow(members: &[usize], reads: &[Vec<Source>], ends: &[usize]) -> Vec<Piece> {
    let order = in_order(members, reads);
    let place = |layer: usize| order.iter().position(|known| *known == layer);
    let inside = |sources: &Vec<Source>| sources.iter().map(|source| source.and_then(place)).collect();
    let local: Vec<Vec<Source>> = order.iter().map(|layer| inside(&reads[*layer])).collect();
    let ends: Vec<usize> = ends.iter().filter_map(|end| place(*end)).collect();
    let all: Vec<usize> = (0..order.len()).collect();
    let depth = depths(&local);
    let region = Region { reads: &local, depth: &depth, from: None, to: None, join: None, ends: &ends };
    let mut way = region.way(&all);
    rename(&mut way, &order);
    way
}

/// Members so that each comes after what it reads, else as they are: a layer that is used twice reads a later one.
fn in_order(members: &[usize], reads: &[Vec<Source>]) -> Vec<usize> {
    let mut order: Vec<usize> = Vec::with_capacity(members.len());
    while order.len() < members.len() {
        let waits = |source: &usize| members.contains(source) && !order.contains(source);
        let is_ready = |layer: &&usize| !order.contains(layer) && !reads[**layer].iter().flatten().any(waits);
        let next = members.iter().find(is_ready).or_else(|| members.iter().find(|layer| !order.contains(layer)));
        order.extend(next);
    }
    order
}

fn rename(way: &mut [Piece], names: &[usize]) {
    for piece in way {
        match piece {
            Piece::Layer(layer) => *layer = names[*layer],
            Piece::Tangle(tangle) => tangle.rename(names),
            Piece::Fork(fork) => {
                fork.join = fork.join.map(|join| names[join]);
                fork.lanes.iter_mut().for_each(|lane| rename(lane, names));
            }
        }
    }
}

impl Tangle {
    fn rename(&mut self, names: &[usize]) {
        self.layers.iter_mut().for_each(|layer| *layer = names[*layer]);
        if let Some(Around { wire: (from, to), body }) = &mut self.around {
            *from = from.map(|from| names[from]);
            *to = names[*to];
            rename(body, names);
        }
    }
}

/// How many wires at most lead to each layer; layers come after what they read.
fn depths(reads: &[Vec<Source>]) -> Vec<usize> {
    let mut depths: Vec<usize> = Vec::with_capacity(reads.len());
    for sources in reads {
        let before = sources.iter().flatten().filter_map(|source| depths.get(*source)).max();
        depths.push(before.map_or(0, |depth| depth + 1));
    }
    depths
}

/// What lies between two layers that everything passes; `None` is the outside.
#[derive(Clone, Copy)]
struct Region<'a> {
    reads: &'a [Vec<Source>],
    depth: &'a [usize],
    from: Source,
    to: Option<usize>,
    /// `to`, or of a lane the layer all lanes lead to.
    join: Option<usize>,
    /// The layers whose outputs leave, where `to` is outside.
    ends: &'a [usize],
}

impl Region<'_> {
    fn enters(&self, layer: usize, within: &[usize]) -> bool {
        let reads = &self.reads[layer];
        let is_outside = |source: &Source| source.is_none_or(|source| !within.contains(&source));
        reads.is_empty() || reads.iter().any(is_outside)
    }

    fn leaves(&self, layer: usize) -> bool {
        match self.to {
            Some(to) => self.reads[to].contains(&Some(layer)),
            None => self.ends.contains(&layer),
        }
    }

    /// Does something go straight past all layers between?
    fn is_bypassed(&self) -> bool {
        match self.to {
            Some(to) => self.reads[to].contains(&self.from),
            None => self.from.is_some_and(|from| self.ends.contains(&from)),
        }
    }

    fn way(&self, members: &[usize]) -> Vec<Piece> {
        if members.is_empty() {
            return Vec::new();
        }
        let parts = self.parts(members);
        if parts.len() > 1 || self.is_bypassed() {
            return vec![Piece::Fork(self.fork(parts))];
        }
        let cuts: Vec<usize> = members.iter().copied().filter(|layer| self.is_passed_by_all(*layer, members)).collect();
        if cuts.is_empty() {
            return vec![Piece::Tangle(Tangle { layers: members.to_vec(), around: self.around(members) })];
        }
        let mut way = Vec::new();
        let mut from = self.from;
        let mut after = None;
        for cut in cuts.iter().copied().map(Some).chain([None]) {
            let is_between =
                |layer: &usize| after.is_none_or(|after| *layer > after) && cut.is_none_or(|cut| *layer < cut);
            let between: Vec<usize> = members.iter().copied().filter(is_between).collect();
            let region = Region { from, to: cut.or(self.to), join: cut.or(self.join), ..*self };
            way.extend(region.way(&between));
            way.extend(cut.map(Piece::Layer));
            (from, after) = (cut, cut);
        }
        way
    }

    fn fork(&self, parts: Vec<Vec<usize>>) -> Fork {
        let order = |source: &dyn Fn(&Source) -> bool| {
            self.to.and_then(|to| self.reads[to].iter().position(source)).unwrap_or(usize::MAX)
        };
        let mut lanes: Vec<(usize, Vec<Piece>)> = Vec::new();
        if self.is_bypassed() {
            lanes.push((order(&|source| *source == self.from), Vec::new()));
        }
        for part in parts {
            let place = order(&|source| source.is_some_and(|source| part.contains(&source)));
            // Within a lane nothing goes past: what did is a lane of its own.
            lanes.push((place, self.lane(&part)));
        }
        lanes.sort_by_key(|(place, _)| *place);
        Fork { lanes: lanes.into_iter().map(|(_, lane)| lane).collect(), join: self.to }
    }

    /// The way through one of several parallel parts. Several of its layers may feed the join.
    fn lane(&self, part: &[usize]) -> Vec<Piece> {
        let ends: Vec<usize> = part.iter().copied().filter(|layer| self.leaves(*layer)).collect();
        Region { to: None, ends: &ends, ..*self }.way(part)
    }

    /// What remains when the wire that skips most is led round it.
    fn around(&self, members: &[usize]) -> Option<Around> {
        let wire = self.longest(members)?;
        let (from, to) = wire;
        let mut reads = self.reads.to_vec();
        reads[to].retain(|source| *source != from);
        let leaves = |end: &usize| !(Some(to) == self.join && Some(*end) == from);
        let ends: Vec<usize> = self.ends.iter().copied().filter(leaves).collect();
        let body = Region { reads: &reads, ends: &ends, ..*self }.way(members);
        Some(Around { wire, body })
    }

    /// The wire that skips most, of those without which both its ends still stand on a way; the first of equals.
    fn longest(&self, members: &[usize]) -> Option<(Source, usize)> {
        let is_here = |source: &Source| *source == self.from || source.is_some_and(|source| members.contains(&source));
        let targets = members.iter().copied().chain(self.join);
        let here: Vec<(Source, usize)> = targets
            .flat_map(|to| {
                let mut sources: Vec<Source> = self.reads[to].iter().copied().filter(is_here).collect();
                sources.sort_unstable();
                sources.into_iter().map(move |from| (from, to))
            })
            .filter(|(from, to)| (*from, Some(*to)) != (self.from, self.join))
            .collect();
        let is_spare = |(from, to): &(Source, usize)| {
            here.iter().filter(|(other, _)| other == from).count() > 1
                && here.iter().filter(|(_, other)| other == to).count() > 1
        };
        let span = |(from, to): &(Source, usize)| self.depth[*to] - from.map_or(0, |from| self.depth[from]);
        here.iter().copied().filter(is_spare).rev().max_by_key(span)
    }

    /// Layers that hang together, in execution order.
    fn parts(&self, members: &[usize]) -> Vec<Vec<usize>> {
        let mut parts: Vec<Vec<usize>> = Vec::new();
        for layer in members {
            let touches = |part: &Vec<usize>| self.reads[*layer].iter().flatten().any(|source| part.contains(source));
            let (touched, mut others): (Vec<_>, Vec<_>) = parts.into_iter().partition(touches);
            let mut part: Vec<usize> = touched.into_iter().flatten().chain([*layer]).collect();
            part.sort_unstable();
            others.push(part);
            parts = others;
        }
        parts.sort_by_key(|part| part[0]);
        parts
    }

    /// Is there no way from outside to an end without this layer?
    fn is_passed_by_all(&self, layer: usize, members: &[usize]) -> bool {
        let mut reached: Vec<usize> = Vec::new();
        for candidate in members.iter().copied().filter(|candidate| *candidate != layer) {
            let is_fed = self.reads[candidate].iter().flatten().any(|source| reached.contains(source));
            if is_fed || self.enters(candidate, members) {
                if self.leaves(candidate) {
                    return false;
                }
                reached.push(candidate);
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Piece::{Fork as F, Layer as L};

    fn fork(lanes: Vec<Vec<Piece>>, join: Option<usize>) -> Piece {
        F(Fork { lanes, join })
    }

    fn way(reads: &[&[Source]]) -> Vec<Piece> {
        let reads: Vec<Vec<Source>> = reads.iter().map(|sources| sources.to_vec()).collect();
        let members: Vec<usize> = (0..reads.len()).collect();
        flow(&members, &reads, &[reads.len() - 1])
    }

    #[test]
    fn a_residual_block_is_a_lane_and_an_empty_lane() {
        let block = way(&[&[None], &[Some(0)], &[Some(1), None], &[Some(2)]]);
        assert_eq!(block, [fork(vec![vec![L(0), L(1)], vec![]], Some(2)), L(2), L(3)]);
    }

    #[test]
    fn a_lane_may_open_into_several_that_go_on_to_the_outer_join() {
        // Inception-v3's last modules: 1×1 | 3×3 → (1×3, 3×1) | pool.
        let module = way(&[&[None], &[None], &[Some(1)], &[Some(1)], &[None], &[Some(0), Some(2), Some(3), Some(4)]]);
        let inner = fork(vec![vec![L(2)], vec![L(3)]], None);
        assert_eq!(module, [fork(vec![vec![L(0)], vec![L(1), inner], vec![L(4)]], Some(5)), L(5)]);
    }

    #[test]
    fn a_layer_used_twice_joins_what_it_reads() {
        // Two squeezes through one MLP, whose box comes before the second squeeze.
        let shared = way(&[&[None], &[Some(0), Some(2)], &[None], &[Some(1)]]);
        assert_eq!(shared, [fork(vec![vec![L(0)], vec![L(2)]], Some(1)), L(1), L(3)]);
    }

    #[test]
    fn what_crosses_is_taken_apart_by_leading_the_longest_wire_round() {
        // Coordinate attention: two strips meet, part again, and multiply one after the other.
        let strips = way(&[
            &[],
            &[Some(0)],
            &[Some(0)],
            &[Some(1), Some(2)],
            &[Some(3)],
            &[Some(3)],
            &[Some(0), Some(4)],
            &[Some(6), Some(5)],
            &[Some(7)],
        ]);
        let [L(0), Piece::Tangle(tangle), L(7), L(8)] = &strips[..] else { panic!("{strips:?}") };
        let around = tangle.around.as_ref().expect("a wire to lead round");
        assert_eq!(around.wire, (Some(0), 6));
        assert_eq!(around.body[..2], [fork(vec![vec![L(1)], vec![L(2)]], Some(3)), L(3)]);
        // Selective kernels: each branch is read again at the end.
        let kernels = way(&[
            &[],
            &[Some(0)],
            &[Some(0)],
            &[Some(1), Some(2)],
            &[Some(3)],
            &[Some(1), Some(4)],
            &[Some(2), Some(4)],
            &[Some(5), Some(6)],
            &[Some(7)],
        ]);
        let mut led = 0;
        let mut pieces = &kernels[1..];
        while let [Piece::Tangle(Tangle { around: Some(around), .. }), ..] = pieces {
            led += 1;
            pieces = &around.body;
        }
        assert_eq!(led, 2);
    }

    #[test]
    fn lanes_within_a_lane_are_found_and_crossed_wires_are_a_tangle() {
        let nested = way(&[&[None], &[None], &[Some(0), Some(1)], &[Some(2)], &[None, Some(3)]]);
        let inner = fork(vec![vec![L(0)], vec![L(1)]], Some(2));
        assert_eq!(nested, [fork(vec![vec![], vec![inner, L(2), L(3)]], Some(4)), L(4)]);
        let crossed = way(&[&[None], &[None], &[Some(0), Some(1)], &[Some(0), Some(1)], &[Some(2), Some(3)]]);
        let [Piece::Tangle(tangle), L(4)] = &crossed[..] else { panic!("{crossed:?}") };
        assert_eq!(tangle.layers, [0, 1, 2, 3]);
    }
}
