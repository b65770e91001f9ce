//! Can a map be believed? What removing or bringing back what it marks does, against random orders; and how like itself
//! it stays when the network is taken apart.

use super::effect::Outcome;
use super::method::Explanation;
use super::{Evidence, Layer, Look, Subject, Target};
use crate::compute::engine::{Control, EngineError};
use crate::compute::random::{SplitMix64, fnv1a};
use crate::compute::weights::{LoadReport, Source, Tensor, Weights};
use crate::network::graph::{Graph, Param, ParamId, ScopeKind, Shape};

/// Random orders a map is held against.
pub const ORDERS: usize = 5;

/// What stands in for what is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Baseline {
    /// The data set's mean colour.
    Zero,
    /// The picture, blurred by 10 pixels in 224.
    Blur,
}

impl Baseline {
    /// In a word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Zero => "the mean colour",
            Self::Blur => "the blurred picture",
        }
    }

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Zero => Self::Blur,
            Self::Blur => Self::Zero,
        }
    }

    /// The picture with nothing left in it.
    #[must_use]
    pub fn of(self, image: &[f32], shape: Shape) -> Vec<f32> {
        match self {
            Self::Zero => vec![0.0; image.len()],
            Self::Blur => {
                let planes = image.chunks_exact(shape.positions().max(1));
                planes.flat_map(|plane| blurred(plane, shape.height(), shape.width())).collect()
            }
        }
    }
}

/// What happens to a class's probability while patches go, or come back.
#[derive(Clone, Debug, PartialEq)]
pub struct Faithfulness {
    /// What stood in.
    pub baseline: Baseline,
    /// Probability of the whole picture, and of nothing but the baseline.
    pub probability: [f64; 2],
    /// By number of patches gone: logit and probability, the most marked first.
    pub deletion: Vec<[f64; 2]>,
    /// The same while they come back.
    pub insertion: Vec<[f64; 2]>,
    /// Areas under the probability: deletion, insertion.
    pub areas: [f64; 2],
    /// Deletion's area along each random order; insertion's along it reversed.
    pub random: Vec<f64>,
}

impl Faithfulness {
    /// How many random orders deletion is below, and insertion above.
    #[must_use]
    pub fn beaten(&self) -> [usize; 2] {
        let count = |beats: &dyn Fn(f64) -> bool| self.random.iter().filter(|area| beats(**area)).count();
        [count(&|area| self.areas[0] < area), count(&|area| self.areas[1] > area)]
    }

    /// Does the baseline leave the evidence in?
    #[must_use]
    pub fn leaves_evidence(&self) -> bool {
        self.probability[1] > 0.5 * self.probability[0]
    }

    /// In words, with the numbers.
    #[must_use]
    pub fn sentences(&self) -> Vec<String> {
        let range = self.random.iter().fold((f64::INFINITY, 0.0_f64), |(l, h), v| (l.min(*v), h.max(*v)));
        let ([deletion, insertion], (low, high), count) = (self.areas, range, self.random.len());
        let [below, above] = self.beaten();
        let mut all = vec![
            format!(
                "deletion {deletion:.3} (random orders {low:.3} to {high:.3}), insertion {insertion:.3} ({low:.3} to {high:.3})"
            ),
            format!("p: picture {:.3}, {} {:.3}", self.probability[0], self.baseline.word(), self.probability[1]),
            format!(
                "Removing what the map marks lowers p faster than {below} of {count} random orders did, bringing it back \
                 raises p faster than {above} of {count}, in this picture."
            ),
        ];
        if self.leaves_evidence() {
            let other = self.baseline.other().word();
            all.push(format!("This baseline leaves the evidence in: choose {other} instead."));
        }
        all
    }
}

/// The cells of a map from the largest value to the smallest, equal ones by index.
#[must_use]
pub fn falling(values: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*b].total_cmp(&values[*a]).then(a.cmp(b)));
    order
}

/// A random order of so many cells: the same for the same number, everywhere.
#[must_use]
pub fn random_order(number: usize, cells: usize) -> Vec<usize> {
    let mut stream = SplitMix64(fnv1a(&format!("explain/order/{number}")));
    let drawn: Vec<f32> = (0..cells).map(|_| stream.unit()).collect();
    let mut order: Vec<usize> = (0..cells).collect();
    order.sort_by(|a, b| drawn[*a].total_cmp(&drawn[*b]));
    order
}

/// What removing the cells of a grid along random orders does: the area under the probability, one an order.
///
/// # Errors
/// As a run's, or when the caller cancels.
pub fn random_areas(
    look: &mut Look<'_>,
    size: [usize; 2],
    class: usize,
    baseline: Baseline,
) -> Result<Vec<f64>, EngineError> {
    let ways: Vec<_> = (0..ORDERS).map(|number| (random_order(number, size[0] * size[1]), false)).collect();
    Ok(curves(look, &ways, size, class, baseline)?.iter().map(|curve| area(curve)).collect())
}

/// Removes and brings back the cells of a map, most marked first; `random` are the areas of [`random_areas`], which
/// all maps of one grid share.
///
/// # Errors
/// As a run's, or when the caller cancels.
pub fn faithfulness(
    look: &mut Look<'_>,
    map: &Evidence,
    class: usize,
    baseline: Baseline,
    random: &[f64],
) -> Result<Faithfulness, EngineError> {
    let order = falling(&map.values);
    // Insertion along an order is deletion along its reverse for random ones; the map's own has both.
    let ways = [(order.clone(), false), (order, true)];
    let curves = curves(look, &ways, map.size, class, baseline)?;
    let [deletion, insertion] = &curves[..] else { return Err(EngineError::Cancelled) };
    let ends = [deletion.first(), deletion.last()].map(|end| end.map_or(0.0, |end| end[1]));
    Ok(Faithfulness {
        baseline,
        probability: ends,
        areas: [area(deletion), area(insertion)],
        random: random.to_vec(),
        deletion: deletion.clone(),
        insertion: insertion.clone(),
    })
}

/// Logit and probability of a class while cells go, or come back: a curve a way.
fn curves(
    look: &mut Look<'_>,
    ways: &[(Vec<usize>, bool)],
    size: [usize; 2],
    class: usize,
    baseline: Baseline,
) -> Result<Vec<Vec<[f64; 2]>>, EngineError> {
    let (shape, image) = (look.graph().input(), look.image().to_vec());
    let nothing = baseline.of(&image, shape);
    let cells = size[0] * size[1];
    let mut runs: Vec<[f64; 2]> = Vec::with_capacity(ways.len() * (cells + 1));
    let make = |index: usize| {
        let (order, comes_back) = &ways[index / (cells + 1)];
        let moved = &order[..index % (cells + 1)];
        let (from, to) = if *comes_back { (&nothing, &image) } else { (&image, &nothing) };
        patched(from, to, moved, size, shape)
    };
    look.logits_of(ways.len() * (cells + 1), &make, &mut |_, logits| {
        let outcome = Outcome::of(&logits);
        runs.push([f64::from(logits[class]), outcome.probabilities[class]]);
    })?;
    Ok(runs.chunks_exact(cells + 1).map(<[_]>::to_vec).collect())
}

/// The area under a curve's probability over 0 to 1, by trapezoids.
fn area(curve: &[[f64; 2]]) -> f64 {
    let steps = curve.len().saturating_sub(1).max(1) as f64;
    curve.windows(2).map(|pair| f64::midpoint(pair[0][1], pair[1][1])).sum::<f64>() / steps
}

/// A picture with some cells of a grid taken from another.
fn patched(from: &[f32], to: &[f32], cells: &[usize], [rows, columns]: [usize; 2], shape: Shape) -> Vec<f32> {
    let (height, width) = (shape.height(), shape.width());
    let edge = |index: usize, count: usize, side: usize| index * side / count;
    let mut picture = from.to_vec();
    for cell in cells {
        let (row, column) = (cell / columns, cell % columns);
        let across = edge(column, columns, width)..edge(column + 1, columns, width);
        for channel in 0..shape.channels() {
            for y in edge(row, rows, height)..edge(row + 1, rows, height) {
                let line = (channel * height + y) * width;
                picture[line + across.start..line + across.end]
                    .copy_from_slice(&to[line + across.start..line + across.end]);
            }
        }
    }
    picture
}

/// Gaussian, σ = 10·side/224 pixels, cut at `⌈3σ⌉`, edges repeated.
fn blurred(plane: &[f32], height: usize, width: usize) -> Vec<f32> {
    let sigma = 10.0 * height.max(width) as f64 / 224.0;
    let reach = (3.0 * sigma).ceil() as isize;
    let weights: Vec<f64> = (-reach..=reach).map(|at| (-0.5 * (at as f64 / sigma).powi(2)).exp()).collect();
    let sum: f64 = weights.iter().sum();
    let along = |values: &[f32], step: usize, length: usize, index: usize, start: usize| -> f32 {
        let at = |offset: isize| {
            let place = (index as isize + offset).clamp(0, length as isize - 1) as usize;
            f64::from(values[start + place * step])
        };
        let blurred: f64 = (-reach..=reach).zip(&weights).map(|(offset, weight)| weight * at(offset)).sum();
        (blurred / sum) as f32
    };
    let rows: Vec<f32> = (0..height * width).map(|i| along(plane, 1, width, i % width, i / width * width)).collect();
    (0..height * width).map(|i| along(&rows, width, height, i / width, i % width)).collect()
}

/// Spearman's correlation of two maps, equal values with their mean rank; `None` where one of them is constant.
#[must_use]
pub fn rank_correlation(a: &[f32], b: &[f32]) -> Option<f64> {
    let (a, b) = (ranks(a), ranks(b));
    let mean = |ranks: &[f64]| ranks.iter().sum::<f64>() / ranks.len().max(1) as f64;
    let (of_a, of_b) = (mean(&a), mean(&b));
    let sum = |f: &dyn Fn(f64, f64) -> f64| a.iter().zip(&b).map(|(x, y)| f(x - of_a, y - of_b)).sum::<f64>();
    let (both, one, other) = (sum(&|x, y| x * y), sum(&|x, _| x * x), sum(&|_, y| y * y));
    (one > 0.0 && other > 0.0).then(|| both / (one * other).sqrt())
}

fn ranks(values: &[f32]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    while first < order.len() {
        let is_tied = |place: &usize| values[order[*place]].to_bits() == values[order[first]].to_bits();
        let last = (first..order.len()).take_while(is_tied).last().unwrap_or(first);
        for place in first..=last {
            ranks[order[place]] = (first + last) as f64 / 2.0;
        }
        first = last + 1;
    }
    ranks
}

/// Gives a parameter other numbers.
pub type Replace<'a> = &'a dyn Fn(&Param) -> Vec<f32>;

/// One step of a cascade: from the head down, one part more has other numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The part that was replaced last: `head`, `layer4`, `stem`.
    pub part: String,
    /// How like the original the map is: rank correlation, its sign kept.
    pub correlation: Option<f64>,
}

/// The parts of a network from its head down: layers with parameters, by stage.
#[must_use]
pub fn parts(graph: &Graph) -> Vec<(String, Vec<usize>)> {
    let mut parts: Vec<(String, Vec<usize>)> = Vec::new();
    for (index, param) in graph.params.iter().enumerate() {
        let scopes = graph.ancestors(graph[param.owner].scope);
        let part = scopes.filter(|id| graph[*id].parent == Some(Graph::ROOT)).last();
        let name = part.map_or_else(
            || "head".to_owned(),
            |id| match graph[id].kind {
                ScopeKind::Stem => "stem".to_owned(),
                ScopeKind::Head => "head".to_owned(),
                _ => graph[id].path.clone(),
            },
        );
        match parts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, params)) => params.push(index),
            None => parts.push((name, vec![index])),
        }
    }
    parts.reverse();
    parts
}

/// Replaces a network's numbers from the head down, at most so many parts, and looks at the map again after each.
///
/// `replace` gives a parameter's new numbers; running statistics stay.
///
/// # Errors
/// As a run's, or when the caller cancels.
pub fn cascade(
    subject: &Subject,
    (image, threads): (&[f32], usize),
    (method, layer, target): (&dyn Explanation, &Layer, Target),
    (replace, most): (Replace<'_>, usize),
    control: &Control,
) -> Result<Vec<Step>, EngineError> {
    let graph = subject.graph().clone();
    let quiet = Control { progress: &|_| (), cancelled: control.cancelled };
    let mapped = |weights: Weights| -> Result<Vec<f32>, EngineError> {
        let mut subject = Subject::new(graph.clone(), weights, threads);
        let mut look = subject.look(image, std::slice::from_ref(layer), &quiet)?;
        Ok(method.explain(&mut look, layer, target)?.values)
    };
    let original = mapped(subject.weights().clone())?;
    let mut tensors: Vec<Tensor> = Vec::with_capacity(graph.params.len());
    for index in 0..graph.params.len() {
        tensors.extend(subject.weights().tensor(ParamId(index)).cloned());
    }
    let mut parts = parts(&graph);
    parts.truncate(most);
    let count = parts.len();
    let mut steps = Vec::with_capacity(count);
    for (index, (part, params)) in parts.into_iter().enumerate() {
        for param in params.into_iter().filter(|param| graph.params[*param].role.is_parameter()) {
            let known = &graph.params[param];
            tensors[param] = Tensor::new(&known.shape, replace(known)).unwrap_or_else(|| tensors[param].clone());
        }
        let weights = Weights::new(tensors.clone(), Source::Seeded(0), LoadReport::default());
        let correlation = rank_correlation(&original, &mapped(weights)?);
        steps.push(Step { part, correlation });
        (control.progress)((index + 1) as f32 / count as f32);
    }
    Ok(steps)
}

/// Fresh numbers of a parameter, as an untrained network has them.
#[must_use]
pub fn untrained(graph: &Graph, param: &Param, seed: u64) -> Vec<f32> {
    Weights::fresh(graph, param, seed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_of_equal_values_are_their_mean() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0]), [2.5, 0.0, 2.5, 1.0]);
        let correlation = rank_correlation(&[1.0, 2.0, 3.0, 4.0], &[4.0, 3.0, 2.0, 1.0]).expect("neither is constant");
        assert!((correlation + 1.0).abs() < 1e-12);
        assert_eq!(rank_correlation(&[1.0, 2.0], &[5.0, 5.0]), None);
    }

    #[test]
    fn cells_cover_the_picture_without_a_gap() {
        let shape = Shape::map(2, 7, 10);
        let (from, to) = (vec![0.0; 140], vec![1.0; 140]);
        let all: Vec<usize> = (0..12).collect();
        assert_eq!(patched(&from, &to, &all, [3, 4], shape), to);
        let some = patched(&from, &to, &[0], [3, 4], shape);
        assert_eq!(some.iter().filter(|value| **value > 0.0).count(), 2 * 2 * 2);
    }

    #[test]
    fn a_constant_picture_is_its_own_blur() {
        assert!(blurred(&[0.5; 30], 5, 6).iter().all(|value| (value - 0.5).abs() < 1e-6));
    }
}
