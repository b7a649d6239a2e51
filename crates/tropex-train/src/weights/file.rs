//! The files that weights are kept in.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use burn::store::{ModuleStore, PytorchStore};
use burn::tensor::{DType, TensorData};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use tropex_files::replace;

use super::{BATCH_COUNTER, Weights, WeightsError};

/// Where checkpoints of PyTorch keep the state dict, if not at the top.
const STATE_DICT_KEYS: [&str; 3] = ["state_dict", "model_state_dict", "model"];

pub(super) fn read(path: &Path) -> Result<Weights, WeightsError> {
    let extension = path.extension().map(|extension| extension.to_ascii_lowercase());
    match extension.as_ref().and_then(|extension| extension.to_str()) {
        Some("safetensors") => Ok(read_safetensors(path)?.0),
        Some("pt" | "pth") => read_pytorch(path),
        _ => Err(WeightsError::Extension { path: path.into() }),
    }
}

/// Weights and the free-form header entries of a safetensors file.
pub(crate) fn read_safetensors(
    path: &Path,
) -> Result<(Weights, HashMap<String, String>), WeightsError> {
    let bytes =
        fs::read(path).map_err(|source| WeightsError::Read { path: path.into(), source })?;
    let damaged = |error: safetensors::SafeTensorError| WeightsError::Format {
        path: path.into(),
        reason: error.to_string(),
    };
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(damaged)?;
    let tensors = SafeTensors::deserialize(&bytes).map_err(damaged)?;
    let mut weights = Weights::default();
    for (key, view) in tensors.iter().filter(|(key, _)| !is_batch_counter(key)) {
        let dtype = float_type(view.dtype()).ok_or_else(|| WeightsError::Type {
            path: path.into(),
            key: key.into(),
            found: format!("{:?}", view.dtype()),
        })?;
        let data = TensorData::from_bytes_vec(view.data().to_vec(), view.shape().to_vec(), dtype);
        weights.insert(key.into(), data);
    }
    Ok((weights, header.metadata().clone().unwrap_or_default()))
}

fn float_type(dtype: Dtype) -> Option<DType> {
    match dtype {
        Dtype::F16 => Some(DType::F16),
        Dtype::BF16 => Some(DType::BF16),
        Dtype::F32 => Some(DType::F32),
        Dtype::F64 => Some(DType::F64),
        _ => None,
    }
}

fn is_batch_counter(key: &str) -> bool {
    key.rsplit('.').next() == Some(BATCH_COUNTER)
}

/// Writes weights and header entries, replacing `path` in one step.
pub(crate) fn write_safetensors(
    path: &Path,
    weights: &Weights,
    header: &[(&str, &str)],
) -> Result<(), WeightsError> {
    let failed = |reason: String| WeightsError::Format { path: path.into(), reason };
    let views = weights
        .iter()
        .map(|(key, data)| {
            let shape = data.shape().as_slice().to_vec();
            Ok((key.as_str(), TensorView::new(Dtype::F32, shape, data.as_bytes())?))
        })
        .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()
        .map_err(|error| failed(error.to_string()))?;
    let header = header.iter().map(|&(key, value)| (key.into(), value.into())).collect();
    let bytes = safetensors::serialize(views, Some(header)).map_err(|e| failed(e.to_string()))?;
    replace(path, &bytes).map_err(|source| WeightsError::Write { path: path.into(), source })
}

fn read_pytorch(path: &Path) -> Result<Weights, WeightsError> {
    // Burn's reader reports a missing file as a format error; ask the system first.
    fs::File::open(path).map_err(|source| WeightsError::Read { path: path.into(), source })?;
    let nested = STATE_DICT_KEYS.iter().find_map(|key| {
        let weights = collect(PytorchStore::from_file(path).with_top_level_key(*key), path);
        weights.ok().filter(|weights| !weights.is_empty())
    });
    let weights = match nested {
        Some(weights) => weights,
        None => collect(PytorchStore::from_file(path), path)?,
    };
    if weights.is_empty() {
        let reason = "it holds no tensors, expected a state dict".into();
        return Err(WeightsError::Format { path: path.into(), reason });
    }
    Ok(weights)
}

fn collect(mut store: PytorchStore, path: &Path) -> Result<Weights, WeightsError> {
    // Some errors of the reader run over several lines.
    let failed = |reason: String| WeightsError::Format {
        path: path.into(),
        reason: reason.split_whitespace().collect::<Vec<_>>().join(" "),
    };
    let tensors = store.get_all_tensors().map_err(|error| failed(error.to_string()))?;
    let mut weights = Weights::default();
    for (key, tensor) in tensors.iter().filter(|(key, _)| !is_batch_counter(key)) {
        if !matches!(tensor.dtype, DType::F16 | DType::BF16 | DType::F32 | DType::F64) {
            let found = format!("{:?}", tensor.dtype);
            return Err(WeightsError::Type { path: path.into(), key: key.clone(), found });
        }
        let bytes = tensor.to_bytes().map_err(|error| failed(error.to_string()))?;
        let data = TensorData::from_bytes(bytes, tensor.shape.clone(), tensor.dtype);
        weights.insert(key.clone(), data);
    }
    Ok(weights)
}
