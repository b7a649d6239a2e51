//! The extension module `tropex._tropex` of the Python package `tropex`.
//!
//! A thin layer: arrays become points, results become arrays, errors become exceptions. The global
//! interpreter lock is released during the work, see `work.rs`.

mod arrays;
mod assignment;
mod batches;
mod bounds;
mod choices;
mod errors;
mod extraction;
mod function;
mod json;
mod linear_terms;
mod load;
mod local_path;
mod network;
mod network_methods;
mod node_table;
mod open;
mod origin;
mod parts;
mod path;
mod pattern_counts;
mod patterns;
mod points;
mod polytope;
mod progress;
mod region;
mod run;
mod slice;
mod slice_place;
mod source;
mod store;
mod stream;
mod threads;
mod work;

use pyo3::PyClass;
use pyo3::prelude::*;

/// The compiled part of the package `tropex`.
#[pymodule]
fn _tropex(module: &Bound<'_, PyModule>) -> PyResult<()> {
    work::keep_panics();
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    add_class::<assignment::Assignment>(module)?;
    add_class::<bounds::Bounds>(module)?;
    add_class::<function::ExtractedFunction>(module)?;
    add_class::<linear_terms::LinearTerms>(module)?;
    add_class::<network::Network>(module)?;
    add_class::<path::Path>(module)?;
    add_class::<pattern_counts::PatternCounts>(module)?;
    add_class::<patterns::Patterns>(module)?;
    add_class::<polytope::Polytope>(module)?;
    add_class::<region::Boundary>(module)?;
    add_class::<region::Region>(module)?;
    add_class::<run::Finding>(module)?;
    add_class::<run::Run>(module)?;
    add_class::<slice::Slice>(module)?;
    add_class::<store::TermStore>(module)?;
    module.add_function(wrap_pyfunction!(assignment::_assignment, module)?)?;
    module.add_function(wrap_pyfunction!(load::load, module)?)?;
    module.add_function(wrap_pyfunction!(load::network_from_onnx, module)?)?;
    module.add_function(wrap_pyfunction!(load::_unpickle_network, module)?)?;
    module.add_function(wrap_pyfunction!(open::open, module)?)?;
    module.add_function(wrap_pyfunction!(parts::_part_tasks, module)?)?;
    module.add_function(wrap_pyfunction!(parts::_run_part_task, module)?)?;
    module.add_function(wrap_pyfunction!(threads::set_num_threads, module)?)?;
    module.add_function(wrap_pyfunction!(threads::get_num_threads, module)?)
}

/// Adds a class to the module.
fn add_class<T: PyClass>(module: &Bound<'_, PyModule>) -> PyResult<()> {
    // A larger value belongs into a box.
    const { assert!(align_of::<T>() <= 16, "Python aligns objects to 16 bytes") }
    module.add_class::<T>()
}
