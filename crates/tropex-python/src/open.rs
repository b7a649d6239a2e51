//! Terms and runs on the disk.

use pyo3::prelude::*;
use tropex_extract::store::MANIFEST;

use crate::local_path::LocalPath;
use crate::run::Run;
use crate::store::TermStore;
use crate::work::detached;

/// Open a folder of terms, or a run of the command ``tropex``.
///
/// Parameters
/// ----------
/// folder : str or os.PathLike
///     A folder that :meth:`Network.extract`, ``tropex extract``, ``tropex train`` or ``tropex
///     import`` made.
///
/// Returns
/// -------
/// TermStore or Run
///
/// Raises
/// ------
/// FileError
///     If the folder holds neither complete terms nor a complete run.
#[pyfunction]
pub(crate) fn open(py: Python<'_>, folder: LocalPath) -> PyResult<Py<PyAny>> {
    let LocalPath(folder) = folder;
    if folder.join(CONFIG).exists() && !folder.join(MANIFEST).exists() {
        return Ok(Py::new(py, Run::open(folder)?)?.into_any());
    }
    let terms = detached(py, |_| tropex_extract::TermStore::open(&folder))?;
    Ok(Py::new(py, TermStore::new(terms, None))?.into_any())
}

/// Name of the file of settings in the folder of a run.
const CONFIG: &str = "config.json";
