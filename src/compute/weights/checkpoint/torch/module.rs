//! Whole modules: the tensors of a pickled `nn.Module` or of a TorchScript archive, taken from what would have been
//! set on its objects. No class is imported and nothing runs; what no tensor is stays unread.

use std::collections::HashSet;

use super::describe::is_tensor;
use crate::compute::weights::checkpoint::fault::Fault;
use crate::compute::weights::checkpoint::pickle::{Id, Pickle};

/// How deep modules may lie in each other.
const MAX_DEPTH: usize = 64;
/// The most modules and tensors: the same module may be there under many names.
const MAX_VISITS: usize = 200_000;
/// The longest name of a tensor.
const MAX_NAME: usize = 1_000;

/// How many attributes are looked at to know a module: PyTorch's own come first.
const LOOKED_AT: usize = 64;

/// Where a module keeps what it has.
const PARAMETERS: &str = "_parameters";
const BUFFERS: &str = "_buffers";
const MODULES: &str = "_modules";
/// Names of buffers that a state_dict leaves out.
const NOT_KEPT: &str = "_non_persistent_buffers_set";

/// What would be set on an object.
type Attributes<'p> = Vec<(&'p str, Id)>;

/// Is it a module of either kind?
pub(super) fn is_module(pickle: &Pickle, id: Id) -> bool {
    let state = || pickle.items(pickle.object(id)?.state?);
    let is_part = |key: Id| pickle.text(key).is_some_and(|name| [PARAMETERS, MODULES].contains(&name));
    is_scripted(pickle, id) || state().is_some_and(|items| items.iter().take(LOOKED_AT).any(|&(key, _)| is_part(key)))
}

/// TorchScript's classes are all in one module.
fn is_scripted(pickle: &Pickle, id: Id) -> bool {
    let class = pickle.object(id).and_then(|object| pickle.global(object.class));
    class.is_some_and(|(module, _)| module == "__torch__" || module.starts_with("__torch__."))
}

fn attributes<'p>(pickle: &'p Pickle, id: Id) -> Attributes<'p> {
    let state = pickle.object(id).and_then(|object| object.state);
    state.and_then(|state| entries(pickle, state)).unwrap_or_default()
}

fn entries<'p>(pickle: &'p Pickle, id: Id) -> Option<Attributes<'p>> {
    let items = pickle.items(id)?;
    Some(items.iter().filter_map(|&(key, value)| Some((pickle.text(key)?, value))).collect())
}

/// The tensors of a module by the names that its state_dict would give them.
pub(super) fn tensors(pickle: &Pickle, root: Id) -> Result<Vec<(String, Id)>, Fault> {
    let mut walk = Walk { pickle, tensors: Vec::new(), open: HashSet::new(), visits: 0 };
    walk.module(root, "")?;
    Ok(walk.tensors)
}

struct Walk<'p, 'a> {
    pickle: &'p Pickle<'a>,
    tensors: Vec<(String, Id)>,
    /// The modules that the walk is in.
    open: HashSet<Id>,
    visits: usize,
}

impl Walk<'_, '_> {
    fn module(&mut self, id: Id, prefix: &str) -> Result<(), Fault> {
        if self.open.len() >= MAX_DEPTH || prefix.len() > MAX_NAME || !self.open.insert(id) {
            return Err(Fault::damaged("its modules lie in each other without end"));
        }
        match is_scripted(self.pickle, id) {
            true => self.scripted(id, prefix)?,
            false => self.plain(id, prefix)?,
        }
        self.open.remove(&id);
        Ok(())
    }

    fn visit(&mut self) -> Result<(), Fault> {
        self.visits += 1;
        match self.visits > MAX_VISITS {
            true => Err(Fault::damaged("it has more modules than any network")),
            false => Ok(()),
        }
    }

    /// `nn.Module`: parameters, then buffers, then what is inside, as a state_dict has them.
    fn plain(&mut self, id: Id, prefix: &str) -> Result<(), Fault> {
        let pickle = self.pickle;
        let attributes = attributes(pickle, id);
        self.visits += attributes.len();
        let part = |name: &str| attributes.iter().rfind(|(key, _)| *key == name).map(|(_, id)| *id);
        let not_kept = part(NOT_KEPT).map(|id| members(pickle, id)).unwrap_or_default();
        for kind in [PARAMETERS, BUFFERS] {
            for (name, value) in part(kind).and_then(|id| entries(pickle, id)).unwrap_or_default() {
                self.visit()?;
                if is_tensor(pickle, value) && (kind == PARAMETERS || !not_kept.contains(&name)) {
                    self.tensors.push((format!("{prefix}{name}"), value));
                }
            }
        }
        for (name, value) in part(MODULES).and_then(|id| entries(pickle, id)).unwrap_or_default() {
            self.visit()?;
            if is_module(pickle, value) {
                self.module(value, &format!("{prefix}{name}."))?;
            }
        }
        Ok(())
    }

    /// TorchScript: everything is an attribute.
    fn scripted(&mut self, id: Id, prefix: &str) -> Result<(), Fault> {
        for (name, value) in attributes(self.pickle, id) {
            self.visit()?;
            if is_tensor(self.pickle, value) {
                self.tensors.push((format!("{prefix}{name}"), value));
            } else if is_scripted(self.pickle, value) {
                self.module(value, &format!("{prefix}{name}."))?;
            }
        }
        Ok(())
    }
}

/// What a set holds: `set([...])` with the list as an argument.
fn members<'p>(pickle: &'p Pickle, id: Id) -> Vec<&'p str> {
    let list = || pickle.sequence(*pickle.sequence(pickle.object(id)?.arguments)?.first()?);
    list().unwrap_or_default().iter().filter_map(|&member| pickle.text(member)).collect()
}
