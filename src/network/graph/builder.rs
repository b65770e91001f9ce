//! Building a graph, one node at a time, shapes checked as it grows.

use super::{Conv2d, Gate, GateKind, Graph, Node, NodeId, Op, Param, ParamId, Role, Scope, ScopeId, ScopeKind};
use super::{Shape, ShapeError};

/// Where a graph is built. A failed shape rule is kept and reported once by [`GraphBuilder::finish`]; until
/// then building goes on with the input's shape, so that families need no error plumbing.
pub struct GraphBuilder {
    graph: Graph,
    current: ScopeId,
    failure: Option<Box<(String, ShapeError)>>,
}

/// A scope being built.
#[must_use]
pub struct OpenScope {
    id: ScopeId,
    parent: ScopeId,
    first: usize,
}

impl GraphBuilder {
    /// Starts with an image of this shape.
    #[must_use]
    pub fn new(name: String, input: Shape) -> Self {
        let root = Scope {
            kind: ScopeKind::Root,
            path: String::new(),
            label: "network",
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
        let graph = Graph { name, nodes: vec![image], scopes: vec![root], params: Vec::new(), gates: Vec::new() };
        Self { graph, current: Graph::ROOT, failure: None }
    }

    /// The image.
    #[must_use]
    pub fn input(&self) -> NodeId {
        NodeId(0)
    }

    /// The shape of a node's output.
    #[must_use]
    pub fn shape(&self, node: NodeId) -> Shape {
        self.graph[node].shape
    }

    /// The path of a name inside the current scope.
    fn path(&self, name: &str) -> String {
        let prefix = self.graph[self.current].path.as_str();
        match (prefix, name) {
            ("", name) => name.to_owned(),
            (prefix, "") => prefix.to_owned(),
            (prefix, name) => format!("{prefix}.{name}"),
        }
    }

    /// Builds `body` inside a new scope that contributes `name` to the paths within. Its result is the scope's output.
    pub fn scope(
        &mut self,
        kind: ScopeKind,
        name: &str,
        label: &'static str,
        body: impl FnOnce(&mut Self) -> NodeId,
    ) -> NodeId {
        let path = self.path(name);
        self.scope_at(kind, path, label, body)
    }

    /// Like [`Self::scope`], but the scope adds nothing to the paths of what is inside: PyTorch keeps the stem
    /// and the head at the top level.
    pub fn flat_scope(
        &mut self,
        kind: ScopeKind,
        label: &'static str,
        body: impl FnOnce(&mut Self) -> NodeId,
    ) -> NodeId {
        let path = self.graph[self.current].path.clone();
        self.scope_at(kind, path, label, body)
    }

    fn scope_at(
        &mut self,
        kind: ScopeKind,
        path: String,
        label: &'static str,
        body: impl FnOnce(&mut Self) -> NodeId,
    ) -> NodeId {
        let open = self.open_at(kind, path, label);
        let output = body(self);
        self.close(open, output);
        output
    }

    /// Opens a scope by hand; every [`OpenScope`] must be given back to [`Self::close`].
    pub fn open(&mut self, kind: ScopeKind, name: &str, label: &'static str) -> OpenScope {
        let path = self.path(name);
        self.open_at(kind, path, label)
    }

    fn open_at(&mut self, kind: ScopeKind, path: String, label: &'static str) -> OpenScope {
        let parent = self.current;
        let id = ScopeId(self.graph.scopes.len());
        self.graph.scopes.push(Scope { kind, path, label, parent: Some(parent), output: NodeId(0), input: None });
        self.current = id;
        OpenScope { id, parent, first: self.graph.nodes.len() }
    }

    /// Closes a scope; `output` is the node whose output is the scope's.
    #[expect(clippy::needless_pass_by_value, reason = "a scope is closed once: closing takes it away")]
    pub fn close(&mut self, open: OpenScope, output: NodeId) {
        let OpenScope { id, parent, first } = open;
        self.current = parent;
        let scope = &mut self.graph.scopes[id.0];
        scope.output = output;
        scope.input = self.graph.nodes.get(first).and_then(|node| node.inputs.first().copied());
    }

    /// Adds a layer with its own parameters, named after `name` in the current scope.
    pub fn add(&mut self, name: &str, op: Op, inputs: &[NodeId]) -> NodeId {
        let path = self.path(name);
        let id = self.push(path.clone(), op, inputs);
        for (role, shape) in param_shapes(&op, self.shape(inputs[0])) {
            let param = ParamId(self.graph.params.len());
            let name = format!("{path}.{}", role.suffix());
            self.graph.params.push(Param { name, shape, role, owner: id });
            self.graph.nodes[id.0].params.push(param);
        }
        id
    }

    /// Runs the layer `twin` once more on another input, with the same parameters (a shared MLP).
    pub fn share(&mut self, name: &str, twin: NodeId, inputs: &[NodeId]) -> NodeId {
        let op = self.graph[twin].op;
        let id = self.push(self.path(name), op, inputs);
        self.graph.nodes[id.0].params = self.graph[twin].params.clone();
        id
    }

    fn push(&mut self, name: String, op: Op, inputs: &[NodeId]) -> NodeId {
        let shapes: Vec<Shape> = inputs.iter().map(|id| self.shape(*id)).collect();
        let shape = op.output_shape(&shapes).unwrap_or_else(|error| {
            self.failure.get_or_insert_with(|| Box::new((name.clone(), error)));
            shapes[0]
        });
        let id = NodeId(self.graph.nodes.len());
        self.graph.nodes.push(Node {
            name,
            op,
            inputs: inputs.to_vec(),
            shape,
            scope: self.current,
            params: Vec::new(),
        });
        id
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

    /// Multiplies `features` with `gate` and registers the gate under the current (attention) scope.
    pub fn gate(&mut self, kind: GateKind, features: NodeId, gate: NodeId) -> NodeId {
        let name = self.graph[gate].name.clone();
        let stem = name.strip_suffix(".gate").unwrap_or(&name).to_owned();
        let scale = self.push(format!("{stem}.scale"), Op::Scale, &[features, gate]);
        let scope = self.current;
        self.graph.gates.push(Gate { name, kind, node: gate, scale, scope });
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
        self.graph.scopes[0].output = NodeId(self.graph.nodes.len() - 1);
        Ok(self.graph)
    }
}

/// The tensors an operator brings, in PyTorch's state_dict order.
fn param_shapes(op: &Op, input: Shape) -> Vec<(Role, Vec<usize>)> {
    let with_bias = |weight: Vec<usize>, bias: bool| {
        let length = weight[0];
        let mut params = vec![(Role::Weight, weight)];
        if bias {
            params.push((Role::Bias, vec![length]));
        }
        params
    };
    match op {
        Op::Conv2d(conv) => {
            let weight = vec![conv.out_channels, input.channels() / conv.groups.max(1), conv.kernel[0], conv.kernel[1]];
            with_bias(weight, conv.bias)
        }
        Op::Linear { out_features, bias } => with_bias(vec![*out_features, input.channels()], *bias),
        Op::ChannelConv1d { kernel, .. } => with_bias(vec![1, 1, *kernel], false),
        Op::BatchNorm { .. } => [Role::Weight, Role::Bias, Role::RunningMean, Role::RunningVar]
            .into_iter()
            .map(|role| (role, vec![input.channels()]))
            .collect(),
        _ => Vec::new(),
    }
}
