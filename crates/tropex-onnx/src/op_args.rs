//! What an operator is applied to: its inputs and attributes.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use crate::array::{Array, ArrayOptions};
use crate::attributes::AttributeReader;
use crate::constant::{HostTensor, NumberKind, elements};
use crate::error::OpError;

/// A value in the course of a run.
#[derive(Clone, Debug)]
pub(crate) enum RunValue {
    /// Numbers on the host. They are `fixed` if the model holds them, and not if they follow from
    /// the shape of the input, which has another extent for every number of points.
    Constant { constant: Arc<HostTensor>, fixed: bool },
    /// A parameter on the device, and its numbers if an operator has to know them.
    Weight { array: Array, constant: Option<Arc<HostTensor>> },
    /// It depends on the input.
    Tensor(Array),
}

impl RunValue {
    pub(crate) fn shape(&self) -> Vec<usize> {
        match self {
            Self::Constant { constant, .. } => constant.shape.clone(),
            Self::Weight { array, .. } | Self::Tensor(array) => array.shape(),
        }
    }
}

/// What an operator makes of its inputs.
#[derive(Clone, Debug)]
pub(crate) enum OpOutput {
    Array(Array),
    Host(HostTensor),
}

/// Outputs of an operator, in order.
pub(crate) struct OpOutputs(pub(crate) Vec<OpOutput>);

impl From<Array> for OpOutputs {
    fn from(array: Array) -> Self {
        Self(vec![OpOutput::Array(array)])
    }
}

impl From<HostTensor> for OpOutputs {
    fn from(constant: HostTensor) -> Self {
        Self(vec![OpOutput::Host(constant)])
    }
}

impl From<Vec<Array>> for OpOutputs {
    fn from(arrays: Vec<Array>) -> Self {
        Self(arrays.into_iter().map(OpOutput::Array).collect())
    }
}

/// How many points a run has, and how many the file was written for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BatchInfo<'a> {
    pub(crate) points: usize,
    pub(crate) written: usize,
    /// The shapes of the node's first input and output for the number of points of the file.
    pub(crate) shapes: Option<(&'a [usize], &'a [usize])>,
}

/// What an operator did with an input that is constant.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ConstantUse {
    /// It computed with the numbers on the device.
    pub(crate) on_device: bool,
    /// It had to know them.
    pub(crate) on_host: bool,
}

/// Inputs and attributes of a node.
pub(crate) struct OpArgs<'a> {
    pub(crate) inputs: &'a [Option<RunValue>],
    pub(crate) attributes: AttributeReader<'a>,
    /// Version of ONNX's operators.
    pub(crate) opset: i64,
    /// Where constants are put to compute with them.
    pub(crate) options: &'a ArrayOptions,
    /// The model's folder.
    pub(crate) folder: &'a Path,
    pub(crate) batch: Option<BatchInfo<'a>>,
    /// Numbers that a value may have at most.
    pub(crate) limit: usize,
    /// Which outputs are read.
    pub(crate) wanted: &'a [bool],
    pub(crate) uses: RefCell<Vec<ConstantUse>>,
    pub(crate) reasons: RefCell<Vec<String>>,
}

impl OpArgs<'_> {
    pub(crate) fn has(&self, index: usize) -> bool {
        self.inputs.get(index).is_some_and(Option::is_some)
    }

    pub(crate) fn count(&self) -> usize {
        self.inputs.len()
    }

    fn value(&self, index: usize) -> Result<&RunValue, OpError> {
        let value = self.inputs.get(index).and_then(Option::as_ref);
        value.ok_or_else(|| format!("its input {} is missing", index + 1).into())
    }

    pub(crate) fn shape(&self, index: usize) -> Result<Vec<usize>, OpError> {
        self.value(index).map(RunValue::shape)
    }

    /// What the numbers of an input stand for.
    pub(crate) fn kind(&self, index: usize) -> Result<NumberKind, OpError> {
        Ok(match self.value(index)? {
            RunValue::Constant { constant, .. } => constant.kind,
            RunValue::Weight { array, .. } | RunValue::Tensor(array) => array.kind,
        })
    }

    /// Whether an input depends on the model's input.
    pub(crate) fn depends(&self, index: usize) -> bool {
        matches!(self.inputs.get(index), Some(Some(RunValue::Tensor(_))))
    }

    /// Whether the model holds the numbers of an input.
    pub(crate) fn is_fixed(&self, index: usize) -> bool {
        matches!(
            self.inputs.get(index),
            Some(Some(RunValue::Constant { fixed: true, .. } | RunValue::Weight { .. }))
        )
    }

    /// An input on the device.
    pub(crate) fn array(&self, index: usize) -> Result<Array, OpError> {
        self.uses.borrow_mut()[index.min(self.inputs.len().saturating_sub(1))].on_device = true;
        match self.value(index)? {
            RunValue::Constant { constant, .. } => Array::of(constant, self.options),
            RunValue::Weight { array, .. } | RunValue::Tensor(array) => Ok(array.clone()),
        }
    }

    pub(crate) fn optional_array(&self, index: usize) -> Result<Option<Array>, OpError> {
        self.has(index).then(|| self.array(index)).transpose()
    }

    pub(crate) fn arrays(&self) -> Result<Vec<Array>, OpError> {
        if self.inputs.is_empty() {
            return Err("it has no input".into());
        }
        (0..self.count()).map(|index| self.array(index)).collect()
    }

    /// The numbers of an input that must not depend on the model's input.
    pub(crate) fn constant(&self, index: usize) -> Result<Arc<HostTensor>, OpError> {
        let value = self.value(index)?;
        self.uses.borrow_mut()[index].on_host = true;
        match value {
            RunValue::Constant { constant, .. } => Ok(constant.clone()),
            RunValue::Weight { constant: Some(constant), .. } => Ok(constant.clone()),
            RunValue::Weight { constant: None, .. } => Err("a parameter that was not kept".into()),
            RunValue::Tensor(_) => Err(format!(
                "its input {} must be a constant, but depends on the model's input",
                index + 1
            )
            .into()),
        }
    }

    pub(crate) fn optional_constant(
        &self,
        index: usize,
    ) -> Result<Option<Arc<HostTensor>>, OpError> {
        self.has(index).then(|| self.constant(index)).transpose()
    }

    pub(crate) fn integers(&self, index: usize) -> Result<Vec<i64>, OpError> {
        Ok(self.constant(index)?.to_integers())
    }

    pub(crate) fn optional_integers(&self, index: usize) -> Result<Option<Vec<i64>>, OpError> {
        self.has(index).then(|| self.integers(index)).transpose()
    }

    /// An input of newer versions, or the attribute that older ones have in its options.
    pub(crate) fn integers_or_attribute(
        &self,
        index: usize,
        name: &'static str,
    ) -> Result<Option<Vec<i64>>, OpError> {
        let attribute = self.attributes.ints(name)?.map(<[i64]>::to_vec);
        Ok(self.optional_integers(index)?.or(attribute))
    }

    /// An attribute that is 0 or 1.
    pub(crate) fn flag(&self, name: &'static str) -> Result<bool, OpError> {
        Ok(self.attributes.int(name)?.unwrap_or(0) != 0)
    }

    /// Attributes that do not change the result.
    pub(crate) fn ignore(&self, names: &[&'static str]) {
        for name in names {
            self.attributes.find(name);
        }
    }

    /// Notes why the node has no place in a piecewise-linear function; it is computed all the same,
    /// so that the nodes after it are looked at too.
    pub(crate) fn refuse(&self, reason: &str) {
        self.reasons.borrow_mut().push(reason.to_owned());
    }

    /// Whether an output is read by a node or is the model's.
    pub(crate) fn wants(&self, output: usize) -> bool {
        self.wanted.get(output).copied().unwrap_or(false)
    }

    /// Checks that a value of a shape can be made without taking all memory.
    pub(crate) fn allow(&self, shape: &[usize]) -> Result<(), OpError> {
        let points = self.batch.map_or(1, |batch| batch.points);
        let limit = self.limit.saturating_mul(points);
        match elements(shape) {
            Some(count) if count <= limit => Ok(()),
            _ => {
                Err(format!("its output would have shape {shape:?}, more than {limit} numbers")
                    .into())
            }
        }
    }

    /// A shape that the file may have been written with for its own number of points: `literal` is
    /// what it says, for an input of shape `input`.
    ///
    /// The points of a batch come one after the other in memory. So a shape that is right for the
    /// number of points in the file is right for another number if the axis is scaled that starts
    /// where the axis of the points does.
    pub(crate) fn shape_for_points(
        &self,
        input: &[usize],
        literal: Result<Vec<usize>, OpError>,
        is_fixed: bool,
    ) -> Result<Vec<usize>, OpError> {
        let Some(BatchInfo { points, written, shapes: Some((written_input, written_output)) }) =
            self.batch
        else {
            return literal;
        };
        let axis = written_input.iter().zip(input).position(|(written, now)| written != now);
        let Some(axis) = axis.filter(|_| written_input.len() == input.len()) else {
            return literal;
        };
        let fits = literal.as_ref().is_ok_and(|shape| elements(shape) == elements(input));
        if fits && !is_fixed {
            return literal;
        }
        let before: usize = written_input[..axis].iter().product();
        let starts = |&at: &usize| {
            written_output[..at].iter().product::<usize>() == before
                && written_output[at].is_multiple_of(written)
        };
        let same = Some(axis).filter(|&axis| axis < written_output.len());
        match same.filter(starts).or_else(|| (0..written_output.len()).find(starts)) {
            Some(at) => {
                let mut shape = written_output.to_vec();
                shape[at] = shape[at] / written * points;
                Ok(shape)
            }
            None => literal,
        }
    }
}

/// The axis that a possibly negative number names among `rank` axes.
pub(crate) fn axis(axis: i64, rank: usize) -> Result<usize, OpError> {
    let from_front = if axis < 0 { axis.saturating_add(rank as i64) } else { axis };
    match usize::try_from(from_front) {
        Ok(index) if index < rank => Ok(index),
        _ => Err(format!("axis {axis} of a tensor with {rank} axes").into()),
    }
}

/// The axes that numbers name, in rising order, each once.
pub(crate) fn axes(numbers: &[i64], rank: usize) -> Result<Vec<usize>, OpError> {
    let mut axes =
        numbers.iter().map(|&number| axis(number, rank)).collect::<Result<Vec<_>, _>>()?;
    axes.sort_unstable();
    if axes.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(format!("axes {numbers:?} name one axis twice").into());
    }
    Ok(axes)
}

/// Extents that numbers name.
pub(crate) fn extents(numbers: &[i64]) -> Result<Vec<usize>, OpError> {
    let extent = |&number: &i64| {
        usize::try_from(number).map_err(|_| OpError(format!("a negative extent in {numbers:?}")))
    };
    numbers.iter().map(extent).collect()
}
