//! A pickle that is not torch.save's: what `pickle.dump` writes of a dict of NumPy arrays.

use super::describe::is_tensor;
use super::numpy::Arrays;
use super::unwrap::find;
use crate::compute::weights::checkpoint::contents::Contents;
use crate::compute::weights::checkpoint::fault::Fault;
use crate::compute::weights::checkpoint::pickle::Pickle;

pub(super) fn contents(pickle: &Pickle, which: Option<&str>) -> Result<Contents, Fault> {
    let other = || {
        Fault::other(
            "a pickle, but not one of torch.save's, and no dict of NumPy arrays; load it in Python and \
             torch.save(model.state_dict(), \"weights.pth\")",
        )
    };
    pickle.items(pickle.root).filter(|items| !items.is_empty()).ok_or_else(other)?;
    let found = find(pickle, which)?;
    if found.tensors.iter().any(|(_, id)| is_tensor(pickle, *id)) {
        return Err(other());
    }
    let mut contents = Contents {
        metadata: found.metadata,
        wrappers: found.wrappers,
        state_dicts: found.state_dicts,
        ..Contents::default()
    };
    let mut arrays = Arrays::default();
    for (name, id) in &found.tensors {
        arrays.add(pickle, name, *id, &mut contents)?;
    }
    Ok(contents)
}
