//! Building a graph, one node at a time, shapes checked as it grows.

use super::{Conv2d, Gate, GateKind, Graph, Node, NodeId, Op, Param, ParamId, Parts, Scope, ScopeId, ScopeKind};
use super::{Shape, ShapeError};
use crate::network::ops::Tensors;

/// What a network computes with that its tensors do not show.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Numerics {
    /// Instead of every BatchNorm's epsilon.
    pub eps: Option<f64>,
    /// An activation, and which is in its place.
    pub activation: Option<(Op, Op)>,
    /// Are convolutions and pools padded as TensorFlow's `SAME`?
    pub same: bool,
    /// The pooling before the classifier.
    pub head: HeadPool,
}

/// The pooling before the classifier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HeadPool {
    /// The mean.
    #[default]
    Avg,
    /// The maximum.
    Max,
    /// Half the sum of both.
    MeanOfBoth,
    /// Both, one after the other.
    Both,
}

/// Where a graph is built. A failed shape rule is kept and reported once by [`GraphBuilder::finish`]; until
/// then building goes on with the input's shape, so that families need no error plumbing.
pub struct GraphBuilder {
    graph: Graph,
    current: ScopeId,
    /// Path of the parts and prefix of the names, here.
    path: String,
    prefix: String,
    failure: Option<Box<(String, ShapeError)>>,
    numerics: Numerics,
    image: NodeId,
    /// What is still to be put behind the image.
    transform: Option<Op>,
}

/// A scope being built.
#[must_use]
pub struct OpenScope {
    id: ScopeId,
    parent: ScopeId,
    first: usize,
    outer: Outer,
}

/// The path and the prefix outside of what is being built.
pub struct Outer {
    path: String,
    prefix: String,
}

impl GraphBuilder {
    /// Starts with an image of this shape.
    #[must_use]
    pub fn new(name: String, input: Shape) -> Self {
        let root = Scope {
            kind: ScopeKind::Root,
            path: String::new(),
            prefix: String::new(),
            label: "network".into(),
            parent: None,
            output: NodeId(0),
            input: None,
        };
        let image = Node {
            name: "input".to_owned(),
            op: Op::Input,
            inputs: Vec::new(),
            shape: input,
            scope: ScopeId(0),
            params: Vec::new(),
        };
        let parts = Parts { name, nodes: vec![image], scopes: vec![root], params: Vec::new(), gates: Vec::new() };
        let graph = Graph { parts };
        let (path, prefix, numerics) = (String::new(), String::new(), Numerics::default());
        Self { graph, current: Graph::ROOT, path, prefix, failure: None, numerics, image: NodeId(0), transform: None }
    }

    /// The same, with this arithmetic in every layer that is added, but in attention.
    #[must_use]
    pub fn computing(self, numerics: Numerics) -> Self {
        Self { numerics, ..self }
    }

    /// The same with a layer behind the image, the first of the stem: what is built reads its output.
    #[must_use]
    pub fn transforming(self, layer: Option<Op>) -> Self {
        Self { transform: layer, ..self }
    }

    /// The image, as the network reads it.
    #[must_use]
    pub fn input(&self) -> NodeId {
        self.image
    }

    /// The shape of a node's output.
    #[must_use]
    pub fn shape(&self, node: NodeId) -> Shape {
        self.graph[node].shape
    }

    /// Builds `body` inside a new scope that contributes `name` to the paths within. Its result is the scope's output.
    pub fn scope(
        &mut self,
        kind: ScopeKind,
        name: &str,
        label: &'static str,
        body: impl FnOnce(&mut Self) -> NodeId,
    ) -> NodeId {
        self.scope_as(kind, [name, name], label, body)
    }

    /// Like [`Self::scope`], but the scope adds nothing to the paths of what is inside: PyTorch keeps the stem
    /// and the head at the top level.
    pub fn flat_scope(
        &mut self,
        kind: ScopeKind,
        label: &'static str,
        body: impl FnOnce(&mut Self) -> NodeId,
    ) -> NodeId {
        self.scope_as(kind, ["", ""], label, body)
    }

    /// Like [`Self::scope`], where a library's modules are not nested as the parts are: the first word is added to
    /// the paths of parts, the second to the names of layers.
    pub fn scope_as(
        &mut self,
        kind: ScopeKind,
        words: [&str; 2],
        label: &'static str,
        body: impl FnOnce(&mut Self) -> NodeId,
    ) -> NodeId {
        let open = self.open(kind, words, label);
        let output = body(self);
        self.close(open, output);
        output
    }

    /// Builds `body` where paths of parts and names of layers have one word more each, without a scope of its own.
    pub fn within<R>(&mut self, words: [&str; 2], body: impl FnOnce(&mut Self) -> R) -> R {
        let outer = self.enter(words);
        let result = body(self);
        self.leave(outer);
        result
    }

    /// [`Self::within`] by hand: what it gives must be handed to [`Self::leave`].
    #[must_use]
    pub fn enter(&mut self, [path, prefix]: [&str; 2]) -> Outer {
        let (path, prefix) = (joined(&self.path, path), joined(&self.prefix, prefix));
        Outer { path: std::mem::replace(&mut self.path, path), prefix: std::mem::replace(&mut self.prefix, prefix) }
    }

    /// Like [`Self::enter`], but what is inside has its names at the network's top level, under `prefix`.
    #[must_use]
    pub fn enter_top(&mut self, path: &str, prefix: &str) -> Outer {
        let outer = self.enter([path, ""]);
        prefix.clone_into(&mut self.prefix);
        outer
    }

    /// The path of the part that is being built.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Paths and names are as before [`Self::enter`] again.
    pub fn leave(&mut self, outer: Outer) {
        (self.path, self.prefix) = (outer.path, outer.prefix);
    }

    /// Opens a scope by hand; every [`OpenScope`] must be given back to [`Self::close`].
    pub fn open(&mut self, kind: ScopeKind, words: [&str; 2], label: &'static str) -> OpenScope {
        let outer = self.enter(words);
        let (path, prefix) = (self.path.clone(), self.prefix.clone());
        let (id, first) = (ScopeId(self.graph.scopes.len()), self.graph.nodes.len());
        let open = OpenScope { id, parent: self.current, first, outer };
        let parent = Some(self.current);
        let label = label.into();
        self.graph.parts.scopes.push(Scope { kind, path, prefix, label, parent, output: NodeId(0), input: None });
        self.current = open.id;
        if let Some(layer) = self.transform.take_if(|_| kind == ScopeKind::Stem) {
            self.image = self.add("transform_input", layer, &[self.image]);
        }
        open
    }

    /// Closes a scope; `output` is the node whose output is the scope's.
    pub fn close(&mut self, open: OpenScope, output: NodeId) {
        let OpenScope { id, parent, first, outer } = open;
        self.current = parent;
        self.leave(outer);
        let input = self.graph.nodes.get(first).and_then(|node| node.inputs.first().copied());
        let scope = &mut self.graph.parts.scopes[id.0];
        scope.output = output;
        scope.input = input;
    }

    /// Adds a layer with its own parameters, named after `name` in the current scope.
    pub fn add(&mut self, name: &str, op: Op, inputs: &[NodeId]) -> NodeId {
        let path = joined(&self.prefix, name);
        let op = self.computed(op, inputs[0]);
        let (id, tensors) = self.push(path.clone(), op, inputs);
        for (role, shape) in tensors.shapes {
            let param = ParamId(self.graph.params.len());
            let name = format!("{path}.{}", role.suffix());
            self.graph.parts.params.push(Param { name, shape, role, owner: id });
            self.graph.parts.nodes[id.0].params.push(param);
        }
        id
    }

    /// Runs the layer `twin` once more on another input, with the same parameters (a shared MLP).
    pub fn share(&mut self, name: &str, twin: NodeId, inputs: &[NodeId]) -> NodeId {
        let op = self.graph[twin].op;
        let (id, _) = self.push(joined(&self.prefix, name), op, inputs);
        self.graph.parts.nodes[id.0].params = self.graph[twin].params.clone();
        id
    }

    /// The operator with the network's arithmetic; attention has its own.
    fn computed(&self, op: Op, input: NodeId) -> Op {
        let is_attention = |scope: ScopeId| matches!(self.graph.scopes[scope.0].kind, ScopeKind::Attention(_));
        if self.graph.ancestors(self.current).any(is_attention) {
            return op;
        }
        let shape = self.shape(input);
        match (op, self.numerics) {
            (Op::BatchNorm { .. }, Numerics { eps: Some(eps), .. }) => Op::BatchNorm { eps },
            (op, Numerics { activation: Some((from, to)), .. }) if op == from => to,
            (Op::Conv2d(conv), Numerics { same: true, .. }) if shape.is_map() => {
                Op::Conv2d(conv.same([shape.height(), shape.width()]))
            }
            (Op::MaxPool(pool), Numerics { same: true, .. }) => Op::MaxPool(pool.same([shape.height(), shape.width()])),
            (Op::AvgPool(pool), Numerics { same: true, .. }) => Op::AvgPool(pool.same([shape.height(), shape.width()])),
            (op, _) => op,
        }
    }

    /// The pooling before the classifier, `[C, H, W] → [C, 1, 1]`, or twice as many channels where both are kept.
    pub fn head_pool(&mut self, name: &str, features: NodeId) -> NodeId {
        let part = |what: &str| format!("{name}.{what}");
        match self.numerics.head {
            HeadPool::Avg => self.add(name, Op::GlobalAvgPool, &[features]),
            HeadPool::Max => self.add(name, Op::GlobalMaxPool, &[features]),
            both => {
                let mean = self.add(&part("avg"), Op::GlobalAvgPool, &[features]);
                let max = self.add(&part("max"), Op::GlobalMaxPool, &[features]);
                if both == HeadPool::Both {
                    return self.add(name, Op::Concat, &[mean, max]);
                }
                let sum = self.add(&part("sum"), Op::Add, &[mean, max]);
                self.add(name, Op::Times { factor: 0.5 }, &[sum])
            }
        }
    }

    /// The classifier, or without classes what it would read.
    pub fn classify(&mut self, name: &str, classes: usize, features: NodeId) -> NodeId {
        match classes {
            0 => features,
            _ => self.add(name, Op::Linear { out_features: classes, bias: true }, &[features]),
        }
    }

    /// A layer and the tensors it brings.
    fn push(&mut self, name: String, op: Op, inputs: &[NodeId]) -> (NodeId, Tensors) {
        let shapes: Vec<Shape> = inputs.iter().map(|id| self.shape(*id)).collect();
        let (shape, tensors) = match op.on(&shapes) {
            Ok(facts) => (facts.shape, facts.tensors),
            Err(error) => {
                self.failure.get_or_insert_with(|| Box::new((name.clone(), error)));
                (shapes[0], Tensors::default())
            }
        };
        let (id, inputs, scope) = (NodeId(self.graph.nodes.len()), inputs.to_vec(), self.current);
        self.graph.parts.nodes.push(Node { name, op, inputs, shape, scope, params: Vec::new() });
        (id, tensors)
    }

    /// Convolution, BatchNorm and, if `relu` names it, ReLU: the field's standard triple.
    pub fn conv_bn(&mut self, conv: &str, bn: &str, relu: Option<&str>, op: Conv2d, input: NodeId) -> NodeId {
        let conv = self.add(conv, Op::Conv2d(op), &[input]);
        let bn = self.add(bn, Op::BatchNorm { eps: 1e-5 }, &[conv]);
        match relu {
            Some(name) => self.add(name, Op::Relu, &[bn]),
            None => bn,
        }
    }

    /// Convolution, BatchNorm with this `eps` and, if there is one, an activation.
    pub fn conv_norm(
        &mut self,
        [conv, norm, act]: [&str; 3],
        layer: Conv2d,
        eps: f64,
        activation: Option<Op>,
        input: NodeId,
    ) -> NodeId {
        let conv = self.add(conv, Op::Conv2d(layer), &[input]);
        let norm = self.add(norm, Op::BatchNorm { eps }, &[conv]);
        match activation {
            Some(op) => self.add(act, op, &[norm]),
            None => norm,
        }
    }

    /// Multiplies `features` with `gate` and registers the gate under the current (attention) scope.
    pub fn gate(&mut self, kind: GateKind, features: NodeId, gate: NodeId) -> NodeId {
        let name = &self.graph[gate].name;
        let stem = name.strip_suffix(".gate").unwrap_or(name).to_owned();
        let (scale, _) = self.push(format!("{stem}.scale"), Op::Scale, &[features, gate]);
        self.register(kind, gate, scale, Some(1.0))
    }

    /// Registers a gate that `scale` weighs with, under the current (attention) scope, and returns `scale`.
    /// `neutral`: the value at which the block changes nothing, if there is one.
    pub fn register(&mut self, kind: GateKind, gate: NodeId, scale: NodeId, neutral: Option<f32>) -> NodeId {
        let (name, scope) = (self.graph[gate].name.clone(), self.current);
        self.graph.parts.gates.push(Gate { name, kind, node: gate, scale, scope, neutral });
        scale
    }

    /// The finished graph; the last node added must be the output.
    ///
    /// # Errors
    /// The first layer whose inputs did not fit, by name, and why.
    pub fn finish(mut self) -> Result<Graph, Box<(String, ShapeError)>> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        self.graph.parts.scopes[0].output = self.graph.output();
        Ok(self.graph)
    }
}

/// A path with one word more.
fn joined(path: &str, word: &str) -> String {
    match (path, word) {
        ("", word) => word.to_owned(),
        (path, "") => path.to_owned(),
        (path, word) => format!("{path}.{word}"),
    }
}
