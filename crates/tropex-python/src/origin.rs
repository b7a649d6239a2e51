//! Where networks come from.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::errors::error;

/// Where a network comes from.
pub(crate) enum Origin {
    /// The content of an ONNX file.
    Onnx {
        /// The content.
        content: Py<PyBytes>,
        /// Name of the output.
        output: Option<String>,
        /// Shape of one point.
        input_shape: Option<Vec<usize>>,
    },
    /// A file or folder.
    Path(PathBuf),
}

impl Origin {
    /// What pickle calls to make the network again.
    ///
    /// # Errors
    /// A network that was not made from the content of an ONNX file.
    pub(crate) fn reduce<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Self::Onnx { content, output, input_shape } => {
                let module = py.import("tropex._tropex")?;
                let maker = module.getattr("_unpickle_network")?;
                let arguments = (content.bind(py), output, input_shape);
                Ok((maker, arguments).into_pyobject(py)?.into_any())
            }
            Self::Path(path) => Err(error(&format!(
                "a network of {} is not pickled; pickle the path, and load it again with \
                 tropex.load",
                path.display()
            ))),
        }
    }
}
