//! Does a network take what a data set has?

use crate::compute::lab::LabError;
use crate::compute::lab::data::Dataset;
use crate::network::NetworkSpec;
use crate::network::graph::{Graph, Shape};
use crate::network::zoo::set_option;

/// The network with the data set's input and classes where the spec says nothing about them.
///
/// # Errors
/// [`LabError::Misfit`] where it says something else.
pub fn fitted(spec: &NetworkSpec, dataset: &dyn Dataset) -> Result<NetworkSpec, LabError> {
    let misfit = |problem: String| LabError::Misfit { network: spec.to_string(), problem };
    let ([channels, height, width], classes) = (dataset.input(), dataset.classes().len());
    let name = dataset.name();
    if let Some(own) = spec.input.filter(|own| *own != dataset.input()) {
        let own = own.map(|side| side.to_string()).join("×");
        let theirs = format!("{channels}×{height}×{width}");
        return Err(misfit(format!("its input is {own} and {name} has images of {theirs}; leave input= out")));
    }
    if let Some(own) = spec.classes.filter(|own| *own != classes) {
        return Err(misfit(format!("it has {own} classes and {name} has {classes}; leave classes= out")));
    }
    let mut fitted = spec.clone();
    set_option(&mut fitted, "input", &format!("{channels}x{height}x{width}")).map_err(&misfit)?;
    set_option(&mut fitted, "classes", &classes.to_string()).map_err(&misfit)?;
    Ok(fitted)
}

/// Refuses a network that does not take the data set's images or has another number of classes.
///
/// # Errors
/// [`LabError::Misfit`] with both.
pub fn check_fit(graph: &Graph, dataset: &dyn Dataset) -> Result<(), LabError> {
    let misfit = |problem: String| Err(LabError::Misfit { network: graph.name.clone(), problem });
    let ([channels, height, width], name) = (dataset.input(), dataset.name());
    let images = Shape::map(channels, height, width);
    if graph.input() != images {
        return misfit(format!("its input is {} and {name} has images of {images}; set input={height}", graph.input()));
    }
    let (own, classes) = (graph[graph.output()].shape.elements(), dataset.classes().len());
    match own == classes {
        true => Ok(()),
        false => misfit(format!("it has {own} classes and {name} has {classes}; set classes={classes}")),
    }
}
