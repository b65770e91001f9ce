//! What is in a picture: an object, clutter behind it, at times a little in front of it. The numbers here are the
//! data set's difficulty.

use super::SIDE;
use super::canvas::{Canvas, Coverage, Light, Piece};
use super::figure::Figure;
use super::frame::{Pose, direction};
use super::paint::{Coarseness, Colour, Paint, Pattern, apart, colour, companion};
use super::shape::Shape;
use crate::compute::lab::data::{Example, Mask};
use crate::compute::random::SplitMix64;

/// The object's area in pixels, drawn evenly in its logarithm: 11 % of the picture on average, 5.9 % at least.
const AREA: [f32; 2] = [240.0, 780.0];
/// Stretched by up to this factor along a direction, and sheared by up to this much.
const ASPECT: f32 = 1.2;
const SHEAR: f32 = 0.12;
/// The centre stays this many roots of the area from the edge: a corner may be cut off, never half of the object.
const MARGIN: f32 = 0.78;
/// Fragments behind the object: at least, and how many numbers from there.
const FRAGMENTS: [usize; 2] = [1, 4];
/// How often there is a fragment in front of the object, and the most of the object that it may hide.
const IN_FRONT: f32 = 0.2;
const HIDDEN: f32 = 0.12;
/// How far paint is at least from the background's colours, in RGB on a 0..1 scale.
const CONTRAST: f32 = 0.42;
/// How much a texture's second colour differs from its first: a share of the way to another colour.
const TEXTURE: [f32; 2] = [0.05, 0.45];
/// The same for backgrounds.
const BACKGROUND: [f32; 2] = [0.1, 0.5];
/// The most noise, drawn evenly for each picture.
const NOISE: [f32; 2] = [0.01, 0.06];

const FINE: Coarseness = Coarseness { period: [3.5, 9.0], patches: false };
const COARSE: Coarseness = Coarseness { period: [6.0, 28.0], patches: true };

/// Everything about a picture that is drawn by chance.
#[derive(Clone, Debug)]
pub struct Scene {
    shape: Shape,
    background: Paint,
    behind: Vec<Piece>,
    object: Piece,
    front: Option<Piece>,
    light: Light,
}

impl Scene {
    /// Draws a scene around a class.
    pub fn draw(random: &mut SplitMix64, shape: Shape) -> Self {
        let middle = [SIDE as f32 / 2.0; 2];
        let first = colour(random);
        let strength = random.between(BACKGROUND[0], BACKGROUND[1]);
        let colours = [first, companion(random, first, strength)];
        let background = Paint { colours, pattern: Pattern::draw(random, COARSE, middle, SIDE as f32) };
        let count = FRAGMENTS[0] + random.below(FRAGMENTS[1]);
        let behind = (0..count).map(|_| fragment(random, colours)).collect();
        let object = object(random, shape, colours);
        let front = random.chance(IN_FRONT).then(|| in_front(random, &object, colours));
        Self { shape, background, behind, object, front, light: light(random) }
    }

    /// The picture, its label and its mask.
    pub fn example(&self) -> Example {
        let (coverage, front) = self.coverages();
        let mut inside: Vec<bool> = coverage.share.iter().map(|&share| share >= 0.5).collect();
        if let Some((_, front)) = &front {
            inside.iter_mut().zip(&front.share).for_each(|(inside, &share)| *inside &= share < 0.5);
        }
        let image = self.render(Some(&coverage), front.as_ref()).develop(&self.light);
        Example { image, label: self.shape as usize, mask: Some(Mask { width: SIDE, height: SIDE, inside }) }
    }

    /// The picture without its object.
    #[cfg(test)]
    pub fn emptied(&self) -> image::RgbImage {
        let (_, front) = self.coverages();
        self.render(None, front.as_ref()).develop(&self.light)
    }

    /// Does something lie in front of the object here?
    #[cfg(test)]
    pub fn hides(&self, place: usize) -> bool {
        self.coverages().1.is_some_and(|(_, front)| front.share[place] > 0.0)
    }

    /// What the object covers, and the fragment in front of it, unless that would hide too much.
    fn coverages(&self) -> (Coverage, Option<(&Piece, Coverage)>) {
        let object = self.object.coverage();
        let front = self.front.as_ref().map(|piece| (piece, piece.coverage()));
        let front = front.filter(|(_, front)| {
            let both = object.share.iter().zip(&front.share).map(|(&object, &front)| object.min(front));
            both.sum::<f32>() <= HIDDEN * object.share.iter().sum::<f32>()
        });
        (object, front)
    }

    fn render(&self, object: Option<&Coverage>, front: Option<&(&Piece, Coverage)>) -> Canvas {
        let mut canvas = Canvas::new(&self.background);
        self.behind.iter().for_each(|piece| canvas.draw(piece));
        if let Some(coverage) = object {
            canvas.draw_covered(&self.object, coverage);
        }
        if let Some((piece, coverage)) = front {
            canvas.draw_covered(piece, coverage);
        }
        canvas
    }
}

/// The root of an area drawn from the law of the object's.
fn size(random: &mut SplitMix64) -> f32 {
    // Even steps in the logarithm without a logarithm: a product of the bounds' roots, interpolated twice.
    let share = random.unit();
    let (low, high) = (AREA[0].sqrt(), AREA[1].sqrt());
    let middle = (low * high).sqrt();
    let (below, above) = (low + (middle - low) * share, middle + (high - middle) * share);
    below + (above - below) * share
}

fn pose(random: &mut SplitMix64, centre: [f32; 2], scale: f32) -> Pose {
    let aspect = random.between(1.0, ASPECT);
    Pose { centre, scale, turn: random.unit(), aspect, shear: random.between(-SHEAR, SHEAR) }
}

fn object(random: &mut SplitMix64, shape: Shape, background: [Colour; 2]) -> Piece {
    let size = size(random);
    let margin = size * MARGIN;
    let mut place = || random.between(margin, SIDE as f32 - margin);
    let centre = [place(), place()];
    let frame = pose(random, centre, size).frame();
    Piece { figure: Figure::Whole(shape), frame, paint: paint(random, background, centre, size) }
}

/// Anywhere, cut off by the edge as it comes.
fn fragment(random: &mut SplitMix64, background: [Colour; 2]) -> Piece {
    let figure = Figure::fragment(random);
    let (size, scale) = extent(random, figure);
    let mut place = || random.between(0.0, SIDE as f32);
    let centre = [place(), place()];
    Piece { figure, frame: pose(random, centre, scale).frame(), paint: paint(random, background, centre, size) }
}

/// A straight piece or a fragment near the object's outline.
fn in_front(random: &mut SplitMix64, object: &Piece, background: [Colour; 2]) -> Piece {
    let figure = if random.chance(0.5) { Figure::straight(random) } else { Figure::fragment(random) };
    let (size, scale) = extent(random, figure);
    let [cos, sin] = direction(random.unit());
    let distance = object.frame.scale * random.between(0.35, 1.0);
    let centre = [object.frame.centre[0] + cos * distance, object.frame.centre[1] + sin * distance];
    Piece { figure, frame: pose(random, centre, scale).frame(), paint: paint(random, background, centre, size) }
}

/// The pixels a fragment spans, and those of its unit: halves are as large as objects.
fn extent(random: &mut SplitMix64, figure: Figure) -> (f32, f32) {
    match figure.in_pixels() {
        true => (2.0 * figure.reach(), 1.0),
        false => {
            let size = size(random);
            (size, size)
        }
    }
}

/// Paint that can be told from the background: the first of a few draws that is far enough, or the farthest.
fn paint(random: &mut SplitMix64, background: [Colour; 2], centre: [f32; 2], extent: f32) -> Paint {
    let strength = random.between(TEXTURE[0], TEXTURE[1]);
    let mut best = ([colour(random); 2], f32::MIN);
    for _ in 0..12 {
        let first = colour(random);
        let colours = [first, companion(random, first, strength)];
        let distance = apart(colours[0], background).min(apart(colours[1], background));
        if distance > best.1 {
            best = (colours, distance);
        }
        if distance >= CONTRAST {
            break;
        }
    }
    Paint { colours: best.0, pattern: Pattern::draw(random, FINE, centre, extent.max(8.0)) }
}

fn light(random: &mut SplitMix64) -> Light {
    let brightness = random.between(0.7, 1.1);
    let gain = std::array::from_fn(|_| brightness * random.between(0.92, 1.08));
    Light {
        gain,
        offset: random.between(-0.03, 0.08),
        noise: random.between(NOISE[0], NOISE[1]),
        seed: random.next_u64(),
    }
}
