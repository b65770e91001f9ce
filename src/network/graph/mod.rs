//! The graph: every layer of a network in execution order, with its shape, its parameters and its place.
//!
//! It is made once, when a spec is lowered or a file is read, and read by everything else: costs, the engine, the
//! canvas. A [`Graph`] is whole: [`GraphBuilder`] checks as it grows, [`Graph::checked`] what comes from elsewhere.

mod builder;
mod check;
mod receptive;

pub use super::ops::{Conv2d, Facts, Op, Pool2d, Product, Role, Shape, ShapeError, adaptive_windows};
pub use builder::{GraphBuilder, HeadPool, Numerics, OpenScope, Outer};
pub use check::GraphError;
pub use receptive::{Receptive, receptive, receptive_fields};

use std::borrow::Cow;
use std::ops::{Deref, Index};

/// The index of a [`Node`] in its graph; nodes are in execution order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub usize);

/// The index of a [`Scope`] in its graph; parents come before their children.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScopeId(pub usize);

/// The index of a [`Param`] in its graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParamId(pub usize);

/// One tensor of the state_dict.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// Its full name in the state_dict: `layer1.0.conv1.weight`.
    pub name: String,
    /// Its shape, in PyTorch's order.
    pub shape: Vec<usize>,
    /// What it is.
    pub role: Role,
    /// The first node that uses it. A shared MLP has a second one, where it costs nothing more.
    pub owner: NodeId,
}

impl Param {
    /// How many numbers it holds.
    #[must_use]
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }
}

/// One layer: an operator applied to the outputs of earlier nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// A unique name; for layers with parameters, PyTorch's module path (`layer1.0.conv1`).
    pub name: String,
    /// What it computes.
    pub op: Op,
    /// Where its inputs come from.
    pub inputs: Vec<NodeId>,
    /// The shape of its output for one image.
    pub shape: Shape,
    /// The innermost scope it belongs to.
    pub scope: ScopeId,
    /// Its tensors, in state_dict order.
    pub params: Vec<ParamId>,
}

/// What kind of part a scope is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScopeKind {
    /// The whole network.
    Root,
    /// Everything before the first stage.
    Stem,
    /// A run of blocks at one resolution.
    Stage,
    /// A residual (or plain) block.
    Block,
    /// The projection on a shortcut.
    Shortcut,
    /// An attention block; its name is the one in the registry (`cbam`), or says what its gates are.
    Attention(&'static str),
    /// Pooling and classifier.
    Head,
    /// A classifier on the way that helps in training and is not computed afterwards: its parameters count, its
    /// work does not.
    Auxiliary,
}

/// A named part of the network.
#[derive(Clone, Debug, PartialEq)]
pub struct Scope {
    /// What it is.
    pub kind: ScopeKind,
    /// Its full path: `layer3.2`, `layer3.2.cbam`; empty for the root.
    pub path: String,
    /// What the names of its layers begin with; the path, where a library's modules are nested as the parts are.
    pub prefix: String,
    /// What it is made of, in words: `Bottleneck`, `CBAM`.
    pub label: Cow<'static, str>,
    /// The scope it is in; `None` for the root.
    pub parent: Option<ScopeId>,
    /// The node whose output is the scope's output.
    pub output: NodeId,
    /// How the network's input reaches the scope: the node its first layer reads, if any.
    pub input: Option<NodeId>,
}

/// What a gate is: how its values lie over the features it weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GateKind {
    /// A vector, `[C, 1, 1]`: one value a channel.
    Channel,
    /// A map, `[1, H, W]`: one value a position.
    Spatial,
    /// A strip a channel, `[C, H, 1]`: one value a row (coordinate attention).
    Rows,
    /// A strip a channel, `[C, 1, W]`: one value a column (coordinate attention).
    Columns,
    /// `[C, H, W]`: one value a channel and position.
    Volume,
    /// `[paths · C, 1, 1]`, one path's channels after the other's: a softmax, each channel's values over the paths
    /// sum to 1 (selective kernels, split attention).
    Paths {
        /// How many.
        paths: usize,
    },
    /// `[H·W, H, W]`: for each position in row-major order a map over all positions, summing to 1 (non-local).
    Matrix,
}

impl GateKind {
    /// The word in the JSON output: `channel`, `spatial`, `rows`, `columns`, `volume`, `paths`, `matrix`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Channel => "channel",
            Self::Spatial => "spatial",
            Self::Rows => "rows",
            Self::Columns => "columns",
            Self::Volume => "volume",
            Self::Paths { .. } => "paths",
            Self::Matrix => "matrix",
        }
    }

    /// Does it say where? A vector over channels does not, a strip or a map does.
    #[must_use]
    pub fn has_places(self) -> bool {
        match self {
            Self::Channel | Self::Paths { .. } => false,
            Self::Spatial | Self::Rows | Self::Columns | Self::Volume | Self::Matrix => true,
        }
    }
}

/// The 0..1 tensor an attention block weighs with.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// Its name, after the module that makes it: `layer1.0.se.gate`.
    pub name: String,
    /// A vector or a map.
    pub kind: GateKind,
    /// The node whose output it is.
    pub node: NodeId,
    /// The node that multiplies with it.
    pub scale: NodeId,
    /// The attention scope it belongs to.
    pub scope: ScopeId,
    /// The value at which its block changes nothing: 1 of a factor, 0 of a part that is added on top; `None` where no
    /// value does that.
    pub neutral: Option<f32>,
}

/// A network as layers and parts. Reading its [`Parts`] is reading fields; none can be changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    parts: Parts,
}

impl Deref for Graph {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.parts
    }
}

/// What a graph is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Parts {
    /// What the network is called: a spec's text form.
    pub name: String,
    /// Layers in execution order; the first is the input, the last makes the logits.
    pub nodes: Vec<Node>,
    /// Parts, parents before children; the first is the root.
    pub scopes: Vec<Scope>,
    /// The state_dict, in PyTorch's order of first use.
    pub params: Vec<Param>,
    /// Gates in execution order.
    pub gates: Vec<Gate>,
}

impl Graph {
    /// The root scope.
    pub const ROOT: ScopeId = ScopeId(0);

    /// The shape of the input image, `[C, H, W]`.
    #[must_use]
    pub fn input(&self) -> Shape {
        self.nodes[0].shape
    }

    /// The node that makes the logits, `[classes]`.
    #[must_use]
    pub fn output(&self) -> NodeId {
        NodeId(self.nodes.len() - 1)
    }

    /// How many classes its output tells apart; 0 where that is no classifier's.
    #[must_use]
    pub fn classes(&self) -> usize {
        let output = &self[self.output()];
        match output.op {
            Op::Linear { out_features, .. } if output.shape.dims().len() == 1 => out_features,
            _ => 0,
        }
    }

    /// Node ids in execution order.
    pub fn node_ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.nodes.len()).map(NodeId)
    }

    /// Scope ids, parents before children.
    pub fn scope_ids(&self) -> impl Iterator<Item = ScopeId> + use<> {
        (0..self.scopes.len()).map(ScopeId)
    }

    /// The direct children of a scope, in execution order.
    pub fn children(&self, parent: ScopeId) -> impl Iterator<Item = ScopeId> + '_ {
        self.scope_ids().filter(move |id| self[*id].parent == Some(parent))
    }

    /// A scope and everything that contains it, innermost first.
    pub fn ancestors(&self, scope: ScopeId) -> impl Iterator<Item = ScopeId> + '_ {
        std::iter::successors(Some(scope), |id| self[*id].parent)
    }

    /// The nearest enclosing scope of a kind, the scope itself included.
    #[must_use]
    pub fn enclosing(&self, scope: ScopeId, kind: ScopeKind) -> Option<ScopeId> {
        self.ancestors(scope).find(|id| self[*id].kind == kind)
    }

    /// Is `scope` inside `ancestor` (or the same)?
    #[must_use]
    pub fn is_within(&self, scope: ScopeId, ancestor: ScopeId) -> bool {
        self.ancestors(scope).any(|id| id == ancestor)
    }

    /// The nodes of a scope, those of its children included, in execution order.
    pub fn nodes_in(&self, scope: ScopeId) -> impl Iterator<Item = NodeId> + '_ {
        self.node_ids().filter(move |id| self.is_within(self[*id].scope, scope))
    }

    /// The gates of a scope, those of its children included, in execution order.
    pub fn gates_in(&self, scope: ScopeId) -> impl Iterator<Item = (usize, &Gate)> + '_ {
        self.gates.iter().enumerate().filter(move |(_, gate)| self.is_within(gate.scope, scope))
    }

    /// A gate's own shape: `[C]` of a channel gate, `[H, W]` of a spatial one, its node's shape of the others.
    #[must_use]
    pub fn gate_shape(&self, gate: &Gate) -> Shape {
        let shape = self[gate.node].shape;
        match gate.kind {
            GateKind::Channel => Shape::vector(shape.elements()),
            GateKind::Spatial => Shape::plane(shape.height(), shape.width()),
            GateKind::Rows | GateKind::Columns | GateKind::Volume | GateKind::Paths { .. } | GateKind::Matrix => shape,
        }
    }

    /// Scopes of a kind, in execution order.
    pub fn scopes_of(&self, kind: ScopeKind) -> impl Iterator<Item = ScopeId> + '_ {
        self.scope_ids().filter(move |id| self[*id].kind == kind)
    }

    /// The scope with this path (`layer3.2`).
    #[must_use]
    pub fn scope_at(&self, path: &str) -> Option<ScopeId> {
        self.scope_ids().find(|id| self[*id].path == path)
    }

    /// What a node's operator comes to on its inputs.
    ///
    /// # Panics
    /// When the inputs do not fit the operator, as they do in every graph of a [`GraphBuilder`].
    #[must_use]
    pub fn facts(&self, node: NodeId) -> Facts {
        let node = &self[node];
        let inputs: Vec<Shape> = match node.op {
            // The image is what the caller hands in.
            Op::Input => vec![node.shape],
            _ => node.inputs.iter().map(|input| self[*input].shape).collect(),
        };
        node.op.on(&inputs).unwrap_or_else(|error| panic!("{}: {error}", node.name))
    }

    /// Is it part of an auxiliary classifier?
    #[must_use]
    pub fn is_auxiliary(&self, node: NodeId) -> bool {
        self.enclosing(self[node].scope, ScopeKind::Auxiliary).is_some()
    }

    /// The attention scope inside a block, if it has one.
    #[must_use]
    pub fn attention_of(&self, block: ScopeId) -> Option<ScopeId> {
        self.children(block).find(|id| matches!(self[*id].kind, ScopeKind::Attention(_)))
    }
}

impl Index<NodeId> for Graph {
    type Output = Node;
    fn index(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }
}

impl Index<ScopeId> for Graph {
    type Output = Scope;
    fn index(&self, id: ScopeId) -> &Scope {
        &self.scopes[id.0]
    }
}

impl Index<ParamId> for Graph {
    type Output = Param;
    fn index(&self, id: ParamId) -> &Param {
        &self.params[id.0]
    }
}
