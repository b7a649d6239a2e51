//! Paths of files and folders on this machine.

use std::path::PathBuf;

use pyo3::prelude::*;
use tropex_files::is_url;

use crate::errors::input_error;

/// A path on this machine. A URL is refused: as a path it would name a folder in the working
/// directory.
pub(crate) struct LocalPath(pub(crate) PathBuf);

impl FromPyObject<'_, '_> for LocalPath {
    type Error = PyErr;

    fn extract(path: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let path: PathBuf = path.extract()?;
        match path.to_str().filter(|text| is_url(text)) {
            None => Ok(Self(path)),
            Some(url) => Err(input_error(format!(
                "{url} is a URL, expected a path: the package reads and writes files of this \
                 machine only; the command tropex also takes URLs of object stores, if it was \
                 built with the feature object-store"
            ))),
        }
    }
}
