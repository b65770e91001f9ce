//! Attention blocks: what each adds to a graph, its formula, its paper. One file a block.
//!
//! To add one: write `network/attention/NAME.rs` with a type that implements [`AttentionBlock`], and name it
//! in [`BLOCKS`]. Text, TOML, validation, the attention matrix, costs and the engine follow from that.

mod bam;
mod cam;
mod cbam;
mod coord;
mod eca;
mod ela;
mod ese;
mod gc;
mod gca;
mod ge;
mod lcbam;
mod mlp;
mod nl;
mod off;
mod parts;
mod position;
mod sam;
mod se;
mod simam;
mod sk;
mod splat;
mod srm;
mod strip;
mod triplet;

pub use cam::width as cam_width;
pub use eca::kernel as eca_kernel;
pub use off::OFF;
pub use parts::careful_multiple;
pub use position::Position;
pub use se::{SqueezeExcite, width as se_width};

use std::fmt;

use super::graph::{Conv2d, GraphBuilder, NodeId};
use super::options::{Declared, Options};
use super::suggest;

/// Every attention block, in the order users see them.
pub static BLOCKS: &[&dyn AttentionBlock] = &[
    &se::Se,
    &cam::Cam,
    &sam::Sam,
    &cbam::Cbam,
    &eca::Eca,
    &ese::Ese,
    &ge::Ge,
    &gc::Gc,
    &gca::Gca,
    &lcbam::LightCbam,
    &bam::Bam,
    &coord::Coord,
    &ela::Ela,
    &strip::Strip,
    &sk::Sk,
    &splat::Splat,
    &nl::NonLocal,
    &simam::SimAm,
    &srm::Srm,
    &triplet::Triplet,
];

/// Where most of them sit.
const BRANCH_END: &str = "At the end of a residual branch: after its last BatchNorm, before the addition.";

/// What there is to say about a block.
#[derive(Clone, Copy, Debug)]
pub struct Card {
    /// The name used in specs: `cbam`.
    pub name: &'static str,
    /// The short title people use: `CBAM`.
    pub title: &'static str,
    /// The full name.
    pub long: &'static str,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// The formula, one line a gate.
    pub formula: &'static [&'static str],
    /// Where it comes from: authors, venue and year, arXiv or DOI.
    pub paper: &'static str,
    /// Why it helps, in a sentence.
    pub why: &'static str,
    /// What to look out for, in a sentence.
    pub caution: &'static str,
    /// Where it sits in a network's block, in a sentence.
    pub place: &'static str,
}

/// Which part of a network has the attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    /// A block, at the [`Position`] that its options say.
    Branch,
    /// A block, in place of the convolution in its middle.
    Convolution,
    /// A stage, after its last block.
    Stage,
}

/// An attention block that can follow a residual branch's last BatchNorm.
pub trait AttentionBlock: Sync {
    /// Names, formula, paper.
    fn card(&self) -> Card;

    /// The card's formula with these options, one line a gate.
    fn formula(&self, _options: &Options) -> Vec<String> {
        self.card().formula.iter().map(|line| (*line).to_owned()).collect()
    }

    /// Its own options, with their defaults.
    fn options(&self) -> Vec<Declared>;

    /// Can it go to every [`Position`] of a block? What takes a layer's place or stands between stages cannot.
    fn has_positions(&self) -> bool {
        true
    }

    /// All the options it takes: its own and, if it has one, its position.
    fn declared(&self) -> Vec<Declared> {
        self.options().into_iter().chain(self.has_positions().then(Position::declared)).collect()
    }

    /// Checks a choice against the channels it would attend to; most go with any number.
    ///
    /// # Errors
    /// A sentence naming the field, the value and the fix.
    fn check(&self, _options: &Options, _channels: usize) -> Result<(), String> {
        Ok(())
    }

    /// Which part of a network has it.
    fn site(&self, _options: &Options) -> Site {
        Site::Branch
    }

    /// Adds the block after `features` (`[C, H, W]`) and returns the scaled features, same shape. The
    /// builder's current scope is the residual block; the attention scope is opened here.
    fn attach(&self, builder: &mut GraphBuilder, features: NodeId, options: &Options) -> NodeId;

    /// Does a block with it in a convolution's place name its other convolutions as modules of a convolution and a
    /// norm, `conv2.conv` and `conv2.bn`?
    fn nests_neighbours(&self) -> bool {
        false
    }

    /// Adds the block in place of the convolution `conv`, under its `name`, with its stride, its groups and its output
    /// channels; BatchNorm and ReLU are the block's own. Only asked of blocks whose [`Site`] is the convolution.
    fn replace(
        &self,
        builder: &mut GraphBuilder,
        _name: &str,
        _conv: Conv2d,
        features: NodeId,
        options: &Options,
    ) -> NodeId {
        self.attach(builder, features, options)
    }
}

/// A chosen attention block with its options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attention {
    name: &'static str,
    options: Options,
}

impl Attention {
    /// The block of this name with default options.
    ///
    /// # Errors
    /// An unknown name, with a suggestion.
    pub fn named(name: &str) -> Result<Self, String> {
        match find(name) {
            Some(block) => Ok(Self { name: block.card().name, options: Options::default() }),
            None => Err(format!("unknown attention \"{name}\": {}", suggest::hint(name, &names()))),
        }
    }

    /// The name used in specs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The chosen options.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The definition behind the name.
    #[must_use]
    pub fn block(&self) -> &'static dyn AttentionBlock {
        find(self.name).unwrap_or(BLOCKS[0])
    }

    /// Which part of a network has it.
    #[must_use]
    pub fn site(&self) -> Site {
        self.block().site(&self.options)
    }

    /// The same with one option set.
    ///
    /// # Errors
    /// A sentence naming the block, the field, the value and a suggestion.
    pub fn with(mut self, option: &str, value: &super::options::Value) -> Result<Self, String> {
        let declared = self.block().declared();
        self.options.set(&declared, option, value).map_err(|error| format!("{}: {error}", self.name))?;
        Ok(self)
    }
}

impl fmt::Display for Attention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        if !self.options.is_empty() {
            let words: Vec<String> = self.options.iter().map(|(key, value)| format!("{key}={value}")).collect();
            write!(f, "({})", words.join(","))?;
        }
        Ok(())
    }
}

/// The block of this name, in any letter case; [`OFF`] is one too.
#[must_use]
pub fn find(name: &str) -> Option<&'static dyn AttentionBlock> {
    let off: &dyn AttentionBlock = &off::Off;
    BLOCKS.iter().copied().chain([off]).find(|block| block.card().name.eq_ignore_ascii_case(name))
}

/// Every block's name, in registry order.
#[must_use]
pub fn names() -> Vec<&'static str> {
    BLOCKS.iter().map(|block| block.card().name).collect()
}
