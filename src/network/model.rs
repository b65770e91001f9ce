//! A network as everything above this storey takes it: a graph, where that comes from, and what follows from it.

use std::fmt::{self, Write};
use std::hash::Hash;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use super::cost::Ledger;
use super::digest::Digest;
use super::graph::{Graph, receptive_fields};
use super::spec::{NetworkSpec, SpecError};
use super::zoo;

/// A network. What follows from the graph is worked out when it is first asked for, once.
#[derive(Debug)]
pub struct Model {
    origin: Origin,
    graph: Arc<Graph>,
    print: OnceLock<Print>,
    ledger: OnceLock<Ledger>,
    fields: OnceLock<Vec<usize>>,
}

/// Where a network comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It was built here, and can be edited.
    Spec(NetworkSpec),
    /// It was read from a file: it is shown, costed and run as it is.
    Imported {
        /// The file.
        path: PathBuf,
    },
}

/// What tells graphs apart: equal layers, wiring, parts, tensors and gates give equal prints, whatever the networks are
/// called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Print(u128);

impl Model {
    /// Lowers a spec.
    ///
    /// # Errors
    /// What cannot be, with the field, the value and the fix.
    pub fn of(spec: NetworkSpec) -> Result<Arc<Self>, SpecError> {
        let graph = zoo::lower(&spec)?;
        Ok(Self::lowered(spec, Arc::new(graph)))
    }

    /// Reads the text form of a spec: `resnet50(stride=v1)+cbam(k=3)@layer3`.
    ///
    /// # Errors
    /// A [`SpecError`] that names the place, the value and a suggestion.
    pub fn parse(text: &str) -> Result<Arc<Self>, SpecError> {
        let (spec, graph) = zoo::read(text)?;
        Ok(Self::lowered(spec, Arc::new(graph)))
    }

    /// Reads the TOML form of a spec.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn parse_toml(text: &str) -> Result<Arc<Self>, SpecError> {
        let (spec, graph) = zoo::read_toml(text)?;
        Ok(Self::lowered(spec, Arc::new(graph)))
    }

    /// A spec that has been lowered already.
    #[must_use]
    pub fn lowered(spec: NetworkSpec, graph: Arc<Graph>) -> Arc<Self> {
        Arc::new(Self::new(Origin::Spec(spec), graph))
    }

    /// A graph that was read from a file.
    #[must_use]
    pub fn imported(path: PathBuf, graph: Arc<Graph>) -> Arc<Self> {
        Arc::new(Self::new(Origin::Imported { path }, graph))
    }

    fn new(origin: Origin, graph: Arc<Graph>) -> Self {
        let (print, ledger, fields) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        Self { origin, graph, print, ledger, fields }
    }

    /// Where it comes from.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// What can be edited; `None` of a network that was read from a file.
    #[must_use]
    pub fn spec(&self) -> Option<&NetworkSpec> {
        match &self.origin {
            Origin::Spec(spec) => Some(spec),
            Origin::Imported { .. } => None,
        }
    }

    /// The spec of a network that something is to be changed in.
    ///
    /// # Errors
    /// A sentence that says why `what` cannot be done with a network that was read from a file.
    pub fn editable(&self, what: &str) -> Result<&NetworkSpec, String> {
        self.spec()
            .ok_or_else(|| format!("{self}: {what} needs a network of gatescope's own, not one read from a file"))
    }

    /// Its layers and parts.
    #[must_use]
    pub fn graph(&self) -> &Arc<Graph> {
        &self.graph
    }

    /// What it is called: the spec's text form, or the file's name for it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.graph.name
    }

    /// What tells its graph from others.
    #[must_use]
    pub fn print(&self) -> Print {
        *self.print.get_or_init(|| Print::of(&self.graph))
    }

    /// What it costs, by layer.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        self.ledger.get_or_init(|| Ledger::of(&self.graph))
    }

    /// The receptive field of each node, in input pixels.
    #[must_use]
    pub fn fields(&self) -> &[usize] {
        self.fields.get_or_init(|| receptive_fields(&self.graph))
    }

    /// The shape of its input, `[C, H, W]`.
    #[must_use]
    pub fn input(&self) -> [usize; 3] {
        let input = self.graph.input();
        [input.channels(), input.height(), input.width()]
    }

    /// How many classes it tells apart; 0 without a classifier.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.graph.classes()
    }
}

impl PartialEq for Model {
    /// A spec says the whole graph; what was read from a file is compared by its print.
    fn eq(&self, other: &Self) -> bool {
        self.origin == other.origin && (self.spec().is_some() || self.print() == other.print())
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Print {
    /// The print of a graph.
    #[must_use]
    pub fn of(graph: &Graph) -> Self {
        let mut digest = Digest::default();
        for node in &graph.nodes {
            node.name.hash(&mut digest);
            // Operators hold floats: they are told apart as they are printed. A digest takes any text.
            let _ = write!(digest, "{:?}", node.op);
            (node.inputs.as_slice(), node.shape.dims(), node.scope, node.params.as_slice()).hash(&mut digest);
        }
        for scope in &graph.scopes {
            (scope.kind, &scope.path, &scope.prefix, &scope.label).hash(&mut digest);
            (scope.parent, scope.output, scope.input).hash(&mut digest);
        }
        for param in &graph.params {
            (&param.name, &param.shape, param.role, param.owner).hash(&mut digest);
        }
        for gate in &graph.gates {
            (&gate.name, gate.kind, gate.node, gate.scale, gate.scope).hash(&mut digest);
            gate.neutral.map(f32::to_bits).hash(&mut digest);
        }
        // Parts of one kind do not run into those of the next.
        (graph.nodes.len(), graph.scopes.len(), graph.params.len(), graph.gates.len()).hash(&mut digest);
        Self(digest.value())
    }
}
