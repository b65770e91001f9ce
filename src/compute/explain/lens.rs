//! A gate's values as what they are: maps and strips over the picture, channels, shares of paths.

use std::borrow::Cow;

use super::Stats;
use crate::network::graph::{Gate, GateKind, Graph, NodeId, Op, Shape};

/// The end of a matrix's scale, in shares as they would be if all positions were looked at alike.
const UNIFORM_SHARES: f32 = 4.0;

/// Which map of a gate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Slice {
    /// The mean: over channels, and of a matrix over the positions that look.
    #[default]
    Mean,
    /// One channel's.
    Channel(usize),
    /// Where one position looks: its row of a matrix, row-major.
    Query(usize),
}

/// Values over the picture.
#[derive(Clone, Debug, PartialEq)]
pub struct GateMap<'a> {
    /// `[H, W]`; a strip of rows is 1 wide, a strip of columns 1 high.
    pub size: [usize; 2],
    /// Row-major.
    pub values: Cow<'a, [f32]>,
}

/// A gate's values together with what they are.
#[derive(Clone, Copy, Debug)]
pub struct Lens<'a> {
    /// What the gate is.
    pub kind: GateKind,
    /// Its own shape: [`Graph::gate_shape`].
    pub shape: Shape,
    /// All of them, row-major.
    pub values: &'a [f32],
    /// Are they shares: does each map sum to 1?
    pub is_shares: bool,
}

impl GateMap<'_> {
    /// The value of a row and a column; none outside.
    #[must_use]
    pub fn at(&self, (row, column): (usize, usize)) -> Option<f32> {
        let [height, width] = self.size;
        (row < height && column < width).then(|| self.values.get(row * width + column).copied())?
    }

    /// The row and column of the largest value, the first of equals; none where there is no number.
    #[must_use]
    pub fn peak(&self) -> Option<(usize, usize)> {
        let numbers = self.values.iter().enumerate().filter(|(_, value)| !value.is_nan());
        let larger = |best: (usize, f32), (index, value): (usize, &f32)| match *value > best.1 {
            true => (index, *value),
            false => best,
        };
        let first = numbers.clone().next().map(|(index, value)| (index, *value))?;
        let index = numbers.fold(first, larger).0;
        Some((index / self.size[1].max(1), index % self.size[1].max(1)))
    }

    /// The same map, holding its values itself.
    #[must_use]
    pub fn into_owned(self) -> GateMap<'static> {
        GateMap { size: self.size, values: Cow::Owned(self.values.into_owned()) }
    }
}

impl<'a> Lens<'a> {
    /// A gate of a graph with its values.
    #[must_use]
    pub fn of(graph: &Graph, gate: &Gate, values: &'a [f32]) -> Self {
        // A softmax over positions shares out 1, whatever it is the gate of.
        let is_shares = gate.kind == GateKind::Matrix || graph[gate.node].op == Op::SoftmaxPositions;
        Self { kind: gate.kind, shape: graph.gate_shape(gate), values, is_shares }
    }

    /// A map or strip over the picture; none of a gate that does not say where, or without such a channel or position.
    #[must_use]
    pub fn map(&self, slice: Slice) -> Option<GateMap<'a>> {
        let size = match self.kind {
            GateKind::Channel | GateKind::Paths { .. } => return None,
            GateKind::Spatial | GateKind::Rows | GateKind::Columns | GateKind::Volume | GateKind::Matrix => {
                [self.shape.height(), self.shape.width()]
            }
        };
        let plane = size[0] * size[1];
        if plane == 0 || self.values.len() < plane {
            return None;
        }
        let values = match (slice, self.kind) {
            (Slice::Mean, _) if self.values.len() == plane => Cow::Borrowed(self.values),
            (Slice::Mean, _) => Cow::Owned(mean_of_planes(self.values, plane)),
            (Slice::Query(index), GateKind::Matrix)
            | (Slice::Channel(index), GateKind::Rows | GateKind::Columns | GateKind::Volume) => {
                Cow::Borrowed(self.values.get(index * plane..(index + 1) * plane)?)
            }
            (Slice::Query(_) | Slice::Channel(_), _) => return None,
        };
        Some(GateMap { size, values })
    }

    /// What rows and columns of one attention block do together: their product, which is what multiplies the
    /// features, of one channel or its mean over channels. None where the two are not such a pair.
    #[must_use]
    pub fn together(&self, other: &Lens, slice: Slice) -> Option<GateMap<'static>> {
        let (rows, columns) = match (self.kind, other.kind) {
            (GateKind::Rows, GateKind::Columns) => (self, other),
            (GateKind::Columns, GateKind::Rows) => (other, self),
            _ => return None,
        };
        let (height, width) = (rows.shape.height(), columns.shape.width());
        let count = rows.shape.channels().min(columns.shape.channels());
        let channels = match slice {
            Slice::Mean => 0..count,
            Slice::Channel(channel) if channel < count => channel..channel + 1,
            Slice::Channel(_) | Slice::Query(_) => return None,
        };
        let share = 1.0 / channels.len().max(1) as f32;
        let mut values = vec![0.0_f32; height * width];
        for channel in channels {
            let row = rows.values.get(channel * height..(channel + 1) * height)?;
            let column = columns.values.get(channel * width..(channel + 1) * width)?;
            for (line, row) in values.chunks_exact_mut(width.max(1)).zip(row) {
                line.iter_mut().zip(column).for_each(|(value, column)| *value += row * column * share);
            }
        }
        Some(GateMap { size: [height, width], values: Cow::Owned(values) })
    }

    /// Every value of a strip as one picture that lies as the strip does: rows downwards and channels to the right,
    /// or columns to the right and channels downwards.
    #[must_use]
    pub fn table(&self) -> Option<GateMap<'a>> {
        let channels = self.shape.channels();
        match self.kind {
            GateKind::Rows => {
                let height = self.shape.height();
                let across = |row: usize| (0..channels).map(move |channel| (channel, row));
                let values = (0..height).flat_map(across).map(|(channel, row)| self.values[channel * height + row]);
                let is_whole = self.values.len() == channels * height;
                is_whole.then(|| GateMap { size: [height, channels], values: values.collect() })
            }
            GateKind::Columns => {
                Some(GateMap { size: [channels, self.shape.width()], values: Cow::Borrowed(self.values) })
            }
            GateKind::Channel | GateKind::Spatial | GateKind::Volume | GateKind::Paths { .. } | GateKind::Matrix => {
                None
            }
        }
    }

    /// One value a channel: the gate's own, or the mean over its positions. None where channels have none.
    #[must_use]
    pub fn by_channel(&self) -> Option<Cow<'a, [f32]>> {
        match self.kind {
            GateKind::Channel => Some(Cow::Borrowed(self.values)),
            GateKind::Rows | GateKind::Columns | GateKind::Volume => {
                let plane = (self.shape.height() * self.shape.width()).max(1);
                let mean = |plane: &[f32]| Stats::of(plane).mean;
                Some(self.values.chunks_exact(plane).map(mean).collect())
            }
            GateKind::Spatial | GateKind::Paths { .. } | GateKind::Matrix => None,
        }
    }

    /// How many channels, paths told apart: how many choices [`Slice::Channel`] has, 0 where it has none.
    #[must_use]
    pub fn channels(&self) -> usize {
        match self.kind {
            GateKind::Channel | GateKind::Rows | GateKind::Columns | GateKind::Volume => self.shape.channels(),
            GateKind::Paths { paths } => self.values.len() / paths.max(1),
            GateKind::Spatial | GateKind::Matrix => 0,
        }
    }

    /// The mean share of each path over the channels; empty of other gates.
    #[must_use]
    pub fn shares(&self) -> Vec<f32> {
        match self.kind {
            GateKind::Paths { .. } if self.channels() > 0 => {
                self.values.chunks_exact(self.channels()).map(|path| Stats::of(path).mean).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The value of shares if every position were looked at alike: one over the number of positions. None of gates that
    /// are no shares.
    #[must_use]
    pub fn uniform(&self) -> Option<f32> {
        let positions = self.shape.height() * self.shape.width();
        (self.is_shares && positions > 0).then(|| 1.0 / positions as f32)
    }

    /// The ends of the scale that is the same for every gate of its kind: 0 and 1, wider where values lie outside;
    /// of shares, which are small by nature, from 0 to four times the uniform one.
    #[must_use]
    pub fn scale(&self, stats: &Stats) -> (f32, f32) {
        match self.uniform() {
            Some(uniform) => (0.0, (UNIFORM_SHARES * uniform).min(1.0)),
            None => widened(stats),
        }
    }
}

/// 0 and 1, or further out where finite values are.
#[must_use]
pub fn widened(stats: &Stats) -> (f32, f32) {
    let finite = |value: f32, otherwise: f32| if value.is_finite() { value } else { otherwise };
    (finite(stats.min, 0.0).min(0.0), finite(stats.max, 1.0).max(1.0))
}

/// The gate that another one of the same attention block acts together with: the columns of rows, the rows of columns.
#[must_use]
pub fn counterpart(graph: &Graph, index: usize) -> Option<usize> {
    let gate = graph.gates.get(index)?;
    let wanted = match gate.kind {
        GateKind::Rows => GateKind::Columns,
        GateKind::Columns => GateKind::Rows,
        GateKind::Channel | GateKind::Spatial | GateKind::Volume | GateKind::Paths { .. } | GateKind::Matrix => {
            return None;
        }
    };
    graph.gates.iter().position(|other| other.scope == gate.scope && other.kind == wanted)
}

/// What the paths of a gate are, in the order of its values: `3×3`, `3×3 dilated 2`; `path 1` where the graph does
/// not tell them apart. Empty of other gates.
#[must_use]
pub fn path_names(graph: &Graph, gate: &Gate) -> Vec<String> {
    let GateKind::Paths { paths } = gate.kind else { return Vec::new() };
    let features = graph[gate.scale].inputs.iter().copied().find(|input| *input != gate.node);
    let joined = features.and_then(|features| upstream(graph, features, |op| matches!(op, Op::Concat)));
    let ends = joined.map(|id| graph[id].inputs.clone()).filter(|ends| ends.len() == paths).unwrap_or_default();
    let names: Vec<String> = ends.iter().filter_map(|end| convolution(graph, *end)).collect();
    let is_told_apart = names.len() == paths && (1..paths).all(|index| !names[..index].contains(&names[index]));
    if is_told_apart { names } else { (1..=paths).map(|path| format!("path {path}")).collect() }
}

/// The nearest node up the first inputs with such an operator.
fn upstream(graph: &Graph, from: NodeId, is_wanted: impl Fn(&Op) -> bool) -> Option<NodeId> {
    std::iter::successors(Some(from), |id| graph[*id].inputs.first().copied()).find(|id| is_wanted(&graph[*id].op))
}

fn convolution(graph: &Graph, from: NodeId) -> Option<String> {
    match graph[upstream(graph, from, |op| matches!(op, Op::Conv2d(_)))?].op {
        Op::Conv2d(conv) => {
            let [height, width] = conv.kernel;
            let dilation = conv.dilation[0].max(conv.dilation[1]);
            let dilated = if dilation > 1 { format!(" dilated {dilation}") } else { String::new() };
            Some(format!("{height}×{width}{dilated}"))
        }
        _ => None,
    }
}

/// The mean of planes that lie one after the other.
fn mean_of_planes(values: &[f32], plane: usize) -> Vec<f32> {
    let mut sums = vec![0.0_f64; plane];
    for values in values.chunks_exact(plane) {
        sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += f64::from(*value));
    }
    let count = (values.len() / plane).max(1) as f64;
    sums.into_iter().map(|sum| (sum / count) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::graph::{Conv2d, GraphBuilder};

    fn lens(kind: GateKind, shape: Shape, values: &[f32]) -> Lens<'_> {
        Lens { kind, shape, values, is_shares: kind == GateKind::Matrix }
    }

    #[test]
    fn strips_are_means_channels_and_products() {
        let rows = [0.0, 1.0, 0.5, 0.5];
        let rows = lens(GateKind::Rows, Shape::map(2, 2, 1), &rows);
        let columns = [1.0, 0.5, 0.0, 0.2, 0.4, 0.6];
        let columns = lens(GateKind::Columns, Shape::map(2, 1, 3), &columns);
        let mean = rows.map(Slice::Mean).expect("a strip");
        assert_eq!((mean.size, &mean.values[..]), ([2, 1], &[0.25, 0.75][..]));
        assert_eq!(&columns.map(Slice::Channel(1)).expect("a strip").values[..], [0.2, 0.4, 0.6]);
        assert_eq!(columns.map(Slice::Channel(2)), None);
        let second = rows.together(&columns, Slice::Channel(1)).expect("a pair");
        assert_eq!((second.size, &second.values[..]), ([2, 3], &[0.1, 0.2, 0.3, 0.1, 0.2, 0.3][..]));
        let both = columns.together(&rows, Slice::Mean).expect("a pair");
        assert_eq!(both.at((1, 0)), Some(f32::midpoint(1.0, 0.1)), "a mean of products, not a product of means");
        assert_eq!(rows.together(&rows, Slice::Mean), None);
        let table = rows.table().expect("a strip");
        assert_eq!((table.size, &table.values[..]), ([2, 2], &[0.0, 0.5, 1.0, 0.5][..]));
    }

    #[test]
    fn a_matrix_says_where_each_position_looks() {
        let mut values = vec![0.25_f32; 16];
        values[8..12].copy_from_slice(&[0.1, 0.1, 0.1, 0.7]);
        let matrix = lens(GateKind::Matrix, Shape::map(4, 2, 2), &values);
        let third = matrix.map(Slice::Query(2)).expect("a position");
        assert_eq!((third.size, third.peak()), ([2, 2], Some((1, 1))));
        assert!(matches!(third.values, Cow::Borrowed(_)), "looking copies nothing");
        assert_eq!(matrix.map(Slice::Query(4)), None);
        assert_eq!(matrix.uniform(), Some(0.25));
        assert_eq!(matrix.scale(&Stats::of(&values)), (0.0, 1.0));
        let mean: f32 = matrix.map(Slice::Mean).expect("a map").values.iter().sum();
        assert!((mean - 1.0).abs() < 1e-6);
    }

    #[test]
    fn the_scale_holds_every_finite_value() {
        let values = [-0.5, 0.2, 3.0];
        let gate = lens(GateKind::Channel, Shape::vector(3), &values);
        assert_eq!(gate.scale(&Stats::of(&values)), (-0.5, 3.0));
        assert_eq!(widened(&Stats::of(&[0.3, f32::NAN])), (0.0, 1.0));
        assert_eq!(widened(&Stats::of(&[0.3, f32::INFINITY])), (0.0, 1.0));
    }

    #[test]
    fn volumes_have_channels_and_paths_have_shares() {
        let values = [0.0, 1.0, 0.5, 0.7];
        let volume = lens(GateKind::Volume, Shape::map(2, 1, 2), &values);
        assert_eq!(volume.by_channel().expect("channels")[..], [0.5, 0.6]);
        let values = [0.25, 0.75, 0.75, 0.25];
        let paths = lens(GateKind::Paths { paths: 2 }, Shape::map(4, 1, 1), &values);
        assert_eq!((paths.shares(), paths.channels()), (vec![0.5, 0.5], 2));
        assert!(paths.map(Slice::Mean).is_none() && paths.by_channel().is_none());
    }

    #[test]
    fn paths_go_by_their_convolutions() {
        let mut b = GraphBuilder::new("test".to_owned(), Shape::map(4, 8, 8));
        let image = b.input();
        let near = b.add("near", Op::Conv2d(Conv2d::new(4, 3)), &[image]);
        let far = Conv2d { dilation: [2, 2], padding: [2, 2], ..Conv2d::new(4, 3) };
        let far = b.add("far", Op::Conv2d(far), &[image]);
        let both = b.add("both", Op::Concat, &[near, far]);
        let gate = b.add("gate", Op::GlobalAvgPool, &[both]);
        b.gate(GateKind::Paths { paths: 2 }, both, gate);
        let graph = b.finish().expect("fits");
        assert_eq!(path_names(&graph, &graph.gates[0]), ["3×3", "3×3 dilated 2"]);
        assert_eq!(counterpart(&graph, 0), None);
    }
}
