//! Reading and writing of the file of shifts.

use std::collections::HashMap;
use std::path::Path;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors, serialize};
use tropex_files::sha256;

use super::files::{self, SHIFTS};
use super::header::TermsHeader;
use super::manifest::ShiftsEntry;
use super::shard::format_of;
use crate::gauge::{Gauge, ShiftScale, Shifts};
use crate::network::ValueId;
use crate::{Error, Network};

/// Name of the tensor with the constant at the logits.
const START: &str = "start";

/// Name of the tensor with the shift at a value; `node.0` is the input.
fn name(value: ValueId) -> String {
    format!("node.{}", value.index())
}

/// Writes shifts and returns their entry for the manifest.
pub(crate) fn write(
    folder: &Path,
    shifts: &Shifts,
    terms: &TermsHeader,
) -> Result<ShiftsEntry, Error> {
    let path = folder.join(SHIFTS);
    let failed = |error: safetensors::SafeTensorError| {
        Error::io("write", &path)(std::io::Error::other(error.to_string()))
    };
    let start = shifts.at_start().to_le_bytes();
    let mut views = HashMap::new();
    let view = TensorView::new(Dtype::F64, vec![1], &start).map_err(failed)?;
    views.insert(START.to_owned(), view);
    let tensors: Vec<_> =
        shifts.values().map(|(value, shift)| (name(value), shift.to_data())).collect();
    for (name, data) in &tensors {
        let shape = vec![data.num_elements()];
        let view = TensorView::new(format_of(terms.precision), shape, data.as_bytes());
        views.insert(name.clone(), view.map_err(failed)?);
    }
    let content = serialize(views, None).map_err(failed)?;
    files::write(&path, &content)?;
    let (bytes, sha256) = (content.len() as u64, sha256(&content));
    let scale = (terms.gauge == Gauge::Calibrated).then(|| shifts.scale());
    Ok(ShiftsEntry { file: SHIFTS.into(), bytes, sha256, scale })
}

/// Reads shifts for a network and checks the file against its entry in the manifest.
pub(crate) fn read(
    folder: &Path,
    entry: &ShiftsEntry,
    terms: &TermsHeader,
    network: &Network,
) -> Result<Shifts, Error> {
    let path = folder.join(&entry.file);
    let content = tropex_files::read(&path).map_err(Error::io("read", &path))?;
    let damaged =
        |what: String| Error::store(&path, format!("{what}; extract again, and the terms with it"));
    if sha256(&content) != entry.sha256 {
        return Err(damaged("its content does not match its checksum".into()));
    }
    let tensors = SafeTensors::deserialize(&content)
        .map_err(|error| damaged(format!("not a file of shifts ({error})")))?;
    let format = format_of(terms.precision);
    let numbers = |name: &str, dtype: Dtype| {
        let tensor = tensors.tensor(name).ok().filter(|tensor| tensor.dtype() == dtype)?;
        Some(match dtype {
            Dtype::F64 => bytemuck::pod_collect_to_vec(tensor.data()),
            _ => {
                let singles: Vec<f32> = bytemuck::pod_collect_to_vec(tensor.data());
                singles.into_iter().map(f64::from).collect::<Vec<f64>>()
            }
        })
    };
    let start = numbers(START, Dtype::F64).and_then(|start| start.first().copied());
    let start = start.ok_or_else(|| damaged(format!("tensor `{START}` is not one number")))?;
    let mut shifts = Shifts::with_constant(terms.gauge, network, start)
        .scaled(entry.shift_scale().unwrap_or(ShiftScale::FULL));
    for index in 0..=network.nodes().len() {
        let value = ValueId::of_index(index);
        if let Some(shift) = numbers(&name(value), format) {
            shifts.set(value, shift, network)?;
        }
    }
    Ok(shifts)
}
