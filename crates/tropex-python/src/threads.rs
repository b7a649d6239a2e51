//! The number of threads.

use pyo3::prelude::*;
use rayon::ThreadPoolBuilder;

use crate::errors::{error, input_error};

/// Set the number of threads of all computations.
///
/// The number is fixed by the first computation. Without this function it is that of the
/// environment variable ``RAYON_NUM_THREADS``, or else that of the processor.
///
/// Parameters
/// ----------
/// count : int
///     Number of threads, at least 1.
///
/// Raises
/// ------
/// InputError
///     If `count` is less than 1.
/// Error
///     If another number is already in use.
#[pyfunction]
pub(crate) fn set_num_threads(count: isize) -> PyResult<()> {
    let threads = usize::try_from(count).ok().filter(|&threads| threads > 0);
    let threads = threads.ok_or_else(|| {
        input_error(format!("{count} threads were asked for, expected 1 or more"))
    })?;
    match ThreadPoolBuilder::new().num_threads(threads).build_global() {
        Err(_) if rayon::current_num_threads() != threads => Err(error(&format!(
            "{} threads are already in use; call set_num_threads before the first computation",
            rayon::current_num_threads()
        ))),
        _ => Ok(()),
    }
}

/// The number of threads of all computations.
///
/// Returns
/// -------
/// int
#[pyfunction]
pub(crate) fn get_num_threads() -> usize {
    rayon::current_num_threads()
}
