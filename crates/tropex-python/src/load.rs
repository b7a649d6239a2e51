//! Networks from files.

use std::collections::HashMap;
use std::path::PathBuf;

use burn::tensor::Device;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use tropex_experiments::{Error, onnx, pipeline};
use tropex_onnx::{OnnxError, OnnxOptions};
use tropex_train::run::Run;

use crate::errors::input_error;
use crate::local_path::LocalPath;
use crate::network::Network;
use crate::origin::Origin;
use crate::work::{Watch, detached};

/// Load a network from an ONNX file or from the folder of a run.
///
/// Parameters
/// ----------
/// source : str, os.PathLike or bytes
///     An ONNX file or its content, or a folder that ``tropex train`` or ``tropex import`` made.
/// output : str, optional
///     Name of the output of an ONNX file that has several.
/// input_shape : sequence of int, optional
///     Shape of one point, for an ONNX file that leaves it open.
///
/// Returns
/// -------
/// Network
///
/// Raises
/// ------
/// FileError
///     If the file or folder is missing or damaged.
/// UnsupportedOperationError
///     If an operation is not piecewise linear or not supported.
/// InputError
///     If the options do not fit the file.
///
/// Examples
/// --------
/// >>> net = tropex.load("model.onnx")
/// >>> net.input_shape, net.classes
/// ((4,), 3)
#[pyfunction]
#[pyo3(signature = (source, *, output = None, input_shape = None))]
pub(crate) fn load(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
    output: Option<String>,
    input_shape: Option<Vec<usize>>,
) -> PyResult<Network> {
    if let Ok(content) = source.cast::<PyBytes>() {
        return network_from_onnx(py, content.clone(), output, input_shape, None);
    }
    if source.extract::<PathBuf>().is_err() {
        return Err(input_error(format!(
            "a network cannot be loaded from {}; expected the path of an ONNX file, its content, or \
             the folder of a run",
            source.get_type()
        )));
    }
    let LocalPath(source) = source.extract()?;
    if !source.is_dir() {
        let options = options(output, input_shape);
        let open = |_: &Watch| onnx::capture_onnx(&source, &options, &Device::default());
        return Ok(Network::new(detached(py, open)?, Origin::Path(source)));
    }
    if output.is_some() || input_shape.is_some() {
        return Err(input_error("output and input_shape are options of ONNX files, not of runs"));
    }
    let open = |_: &Watch| pipeline::network(&Run::open(&source)?, &Device::default());
    Ok(Network::new(detached(py, open)?, Origin::Path(source)))
}

/// Capture the network of the content of an ONNX file.
///
/// Parameters
/// ----------
/// data : bytes
///     The content, without external data.
/// output : str, optional
///     Name of the output, if there are several.
/// input_shape : sequence of int, optional
///     Shape of one point, if the file leaves it open.
/// names : dict of str to str, optional
///     What to call nodes in errors, by their names in the file.
///
/// Returns
/// -------
/// Network
#[pyfunction]
#[pyo3(signature = (data, *, output = None, input_shape = None, names = None))]
pub(crate) fn network_from_onnx(
    py: Python<'_>,
    data: Bound<'_, PyBytes>,
    output: Option<String>,
    input_shape: Option<Vec<usize>>,
    names: Option<HashMap<String, String>>,
) -> PyResult<Network> {
    let options = options(output.clone(), input_shape.clone());
    let (content, names) = (data.as_bytes(), names.unwrap_or_default());
    let captured = detached(py, |_| {
        let captured = onnx::capture_onnx_bytes(content, &options, &Device::default());
        captured.map_err(|error| renamed(error, &names))
    })?;
    let content = data.clone().unbind();
    Ok(Network::new(captured, Origin::Onnx { content, output, input_shape }))
}

/// Makes a network from what it was pickled as.
#[pyfunction]
pub(crate) fn _unpickle_network(
    py: Python<'_>,
    data: Bound<'_, PyBytes>,
    output: Option<String>,
    input_shape: Option<Vec<usize>>,
) -> PyResult<Network> {
    network_from_onnx(py, data, output, input_shape, None)
}

fn options(output: Option<String>, input_shape: Option<Vec<usize>>) -> OnnxOptions {
    let options = OnnxOptions::default();
    let options = match output {
        Some(output) => options.with_output(output),
        None => options,
    };
    match input_shape {
        Some(shape) => options.with_input_shape(shape),
        None => options,
    }
}

/// The error with other names of unsupported nodes.
fn renamed(mut error: Error, names: &HashMap<String, String>) -> Error {
    if let Error::Onnx(OnnxError::Unsupported(nodes)) = &mut error {
        for node in nodes {
            if let Some(name) = names.get(&node.node) {
                node.node.clone_from(name);
            }
        }
    }
    error
}
