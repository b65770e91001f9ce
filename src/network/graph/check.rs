//! A graph that was not built here is checked as a whole before anything reads it.

use std::collections::HashSet;

use super::{Graph, NodeId, Op, Parts, ScopeId, ScopeKind};
use crate::network::ops::Tensors;

/// Why parts are no graph: a layer, part, tensor or gate by its name, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{of}: {problem}")]
pub struct GraphError {
    /// What it is about.
    pub of: String,
    /// What is wrong.
    pub problem: String,
}

impl Graph {
    /// Parts that make a graph: layers come after what they read, every name of a layer is its own, shapes and tensors
    /// are those of the operators, parts come after what they are in, gates are multiplied with behind where they are
    /// made.
    ///
    /// # Errors
    /// The first that is otherwise.
    pub fn checked(parts: Parts) -> Result<Self, GraphError> {
        let graph = Self { parts };
        graph.check_scopes()?;
        graph.check_nodes()?;
        graph.check_params()?;
        graph.check_gates()?;
        Ok(graph)
    }

    fn check_scopes(&self) -> Result<(), GraphError> {
        let is_root = |(index, kind): (usize, ScopeKind)| (index == 0) == (kind == ScopeKind::Root);
        for (index, scope) in self.scopes.iter().enumerate() {
            let name = || if scope.path.is_empty() { format!("part {index}") } else { scope.path.clone() };
            let parent_is_before = scope.parent.map_or(index == 0, |parent| parent.0 < index);
            hold(is_root((index, scope.kind)), name, || {
                "the first part, and no other, is the whole network".to_owned()
            })?;
            hold(parent_is_before, name, || "a part comes after the one it is in".to_owned())?;
            let is_there = self.has(scope.output) && scope.input.is_none_or(|input| self.has(input));
            hold(is_there, name, || "its input or output is a layer that is not there".to_owned())?;
        }
        hold(!self.scopes.is_empty(), || self.name.clone(), || "it has no parts, not even itself".to_owned())
    }

    fn check_nodes(&self) -> Result<(), GraphError> {
        let mut names: HashSet<&str> = HashSet::with_capacity(self.nodes.len());
        hold(!self.nodes.is_empty(), || self.name.clone(), || "it has no layers".to_owned())?;
        for (index, node) in self.nodes.iter().enumerate() {
            let name = || node.name.clone();
            hold((index == 0) == (node.op == Op::Input), name, || {
                "the first layer, and no other, is the image".to_owned()
            })?;
            hold(names.insert(&node.name), name, || "two layers have this name".to_owned())?;
            hold(node.inputs.iter().all(|input| input.0 < index), name, || "it reads a layer behind it".to_owned())?;
            hold(self.has_scope(node.scope), name, || "it is in a part that is not there".to_owned())?;
            self.check_shape(NodeId(index))?;
        }
        Ok(())
    }

    /// Output and tensors are what the operator makes of the inputs.
    fn check_shape(&self, id: NodeId) -> Result<(), GraphError> {
        let node = &self[id];
        let name = || node.name.clone();
        let inputs: Vec<_> = match node.op {
            Op::Input => vec![node.shape],
            _ => node.inputs.iter().map(|input| self[*input].shape).collect(),
        };
        let facts = node.op.on(&inputs).map_err(|error| GraphError { of: name(), problem: error.to_string() })?;
        hold(facts.shape == node.shape, name, || format!("its output is {}, not {}", facts.shape, node.shape))?;
        let Tensors { shapes, .. } = facts.tensors;
        let found = node.params.iter().map(|param| self.params.get(param.0));
        let is_same = shapes.len() == node.params.len()
            && shapes
                .iter()
                .zip(found)
                .all(|((role, shape), found)| found.is_some_and(|found| found.role == *role && found.shape == *shape));
        hold(is_same, name, || "its tensors are not those of its operator".to_owned())
    }

    fn check_params(&self) -> Result<(), GraphError> {
        for (index, param) in self.params.iter().enumerate() {
            let name = || param.name.clone();
            let is_owned = self.has(param.owner) && self[param.owner].params.iter().any(|own| own.0 == index);
            hold(is_owned, name, || "the layer it belongs to does not use it".to_owned())?;
        }
        Ok(())
    }

    fn check_gates(&self) -> Result<(), GraphError> {
        for gate in &self.gates {
            let name = || gate.name.clone();
            let is_there = self.has(gate.node) && self.has(gate.scale) && self.has_scope(gate.scope);
            hold(is_there, name, || "its layers or its part are not there".to_owned())?;
            hold(gate.node < gate.scale, name, || "it is multiplied with before it is made".to_owned())?;
        }
        Ok(())
    }

    fn has(&self, node: NodeId) -> bool {
        node.0 < self.nodes.len()
    }

    fn has_scope(&self, scope: ScopeId) -> bool {
        scope.0 < self.scopes.len()
    }
}

/// Says of what, and what is wrong, where something does not hold.
fn hold(holds: bool, of: impl Fn() -> String, problem: impl Fn() -> String) -> Result<(), GraphError> {
    if holds { Ok(()) } else { Err(GraphError { of: of(), problem: problem() }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::attention::{Attention, BLOCKS};
    use crate::network::graph::{ParamId, Shape};
    use crate::network::{Model, NetworkSpec, zoo};

    fn parts() -> Parts {
        Model::parse("resnet18(input=64)+cbam").expect("a network").graph().parts.clone()
    }

    /// What the builder makes and what the check asks is the same: every network, and every attention in a ResNet.
    #[test]
    fn every_graph_of_the_zoo_is_one() {
        let trunk = |block: &str| NetworkSpec {
            attention: crate::network::spec::AttentionPlan::everywhere(Attention::named(block).ok()),
            ..NetworkSpec::of("resnet50")
        };
        let blocks = BLOCKS.iter().map(|block| trunk(block.card().name)).filter_map(|spec| zoo::lower(&spec).ok());
        let models = zoo::model_names().into_iter().filter_map(|name| zoo::lower(&NetworkSpec::of(name)).ok());
        for graph in models.chain(blocks) {
            let again =
                Graph::checked(graph.parts.clone()).unwrap_or_else(|problem| panic!("{}: {problem}", graph.name));
            assert_eq!(again, graph);
        }
    }

    /// Something that is broken, and a word of what is said.
    type Broken = (fn(&mut Parts), &'static str);

    #[test]
    fn whatever_is_otherwise_is_named() {
        let cases: [Broken; 12] = [
            (|parts| parts.nodes[5].inputs[0] = NodeId(5), "reads a layer behind it"),
            (|parts| parts.nodes[5].inputs[0] = NodeId(usize::MAX), "reads a layer behind it"),
            (|parts| parts.nodes[5].name = parts.nodes[4].name.clone(), "two layers"),
            (|parts| parts.nodes[5].shape = Shape::map(1, 1, 1), "its output is"),
            (|parts| parts.nodes[5].scope = ScopeId(9999), "part that is not there"),
            (|parts| parts.nodes[3].op = Op::Input, "is the image"),
            (|parts| parts.nodes.clear(), "layer"),
            (|parts| parts.scopes[2].parent = Some(ScopeId(2)), "after the one it is in"),
            (|parts| parts.scopes[2].output = NodeId(usize::MAX), "layer that is not there"),
            (|parts| parts.params[0].shape[0] += 1, "tensors are not those"),
            (|parts| parts.nodes[1].params = vec![ParamId(usize::MAX)], "tensors are not those"),
            (|parts| parts.gates[0].node = parts.gates[0].scale, "before it is made"),
        ];
        for (index, (break_it, word)) in cases.into_iter().enumerate() {
            let mut broken = parts();
            break_it(&mut broken);
            let problem = Graph::checked(broken).expect_err(word).to_string();
            assert!(problem.contains(word), "case {index}: {problem}");
        }
        Graph::checked(parts()).expect("as it was");
    }
}
