//! The arguments of an operator: its inputs and attributes.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use crate::array::{Array, ArrayOptions};
use crate::attributes::AttributeReader;
use crate::constant::{HostTensor, NumberKind, elements};
use crate::error::OpError;

/// A value during a run.
#[derive(Clone, Debug)]
pub(crate) enum RunValue {
    /// Numbers on the host. They are `fixed` if they are in the model, and not if they depend on
    /// the shape of the input and so on the batch size.
    Constant { constant: Arc<HostTensor>, fixed: bool },
    /// A parameter on the device, with a copy on the host if an operator needs it.
    Weight { array: Array, constant: Option<Arc<HostTensor>> },
    /// A value that depends on the input.
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

/// An output of an operator.
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

/// The batch size of a run, and that of the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BatchInfo<'a> {
    pub(crate) points: usize,
    pub(crate) written: usize,
    /// Shapes of the node's first input and output for the batch size of the file.
    pub(crate) shapes: Option<(&'a [usize], &'a [usize])>,
}

/// How an operator used a constant input.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ConstantUse {
    /// On the device.
    pub(crate) on_device: bool,
    /// On the host.
    pub(crate) on_host: bool,
}

/// Inputs and attributes of a node.
pub(crate) struct OpArgs<'a> {
    pub(crate) inputs: &'a [Option<RunValue>],
    pub(crate) attributes: AttributeReader<'a>,
    /// Version of ONNX's operators.
    pub(crate) opset: i64,
    /// Device and format for constants.
    pub(crate) options: &'a ArrayOptions,
    /// The model's folder; `None` if the model is not in a file.
    pub(crate) folder: Option<&'a Path>,
    pub(crate) batch: Option<BatchInfo<'a>>,
    /// Largest number of entries of a value, per point.
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

    /// Kind of the numbers of an input.
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

    /// Whether the numbers of an input are in the model.
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

    /// The numbers of a constant input.
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

    /// Marks attributes that do not change the result as read.
    pub(crate) fn ignore(&self, names: &[&'static str]) {
        for name in names {
            self.attributes.find(name);
        }
    }

    /// Records why the node is not piecewise linear. It is computed nevertheless, so that the nodes
    /// after it are checked too.
    pub(crate) fn refuse(&self, reason: &str) {
        self.reasons.borrow_mut().push(reason.to_owned());
    }

    /// Whether an output is used.
    pub(crate) fn wants(&self, output: usize) -> bool {
        self.wanted.get(output).copied().unwrap_or(false)
    }

    /// Checks that a value of a shape does not have too many numbers.
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

    /// Adapts a target shape that the file has for its own batch size. `literal` is the shape in
    /// the file, `input` the shape of the input.
    ///
    /// The points of a batch are consecutive in memory. A shape for the batch size of the file
    /// therefore fits another batch size if the axis that starts at the batch axis is scaled.
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

/// The axis of a number, which counts from the end if negative.
pub(crate) fn axis(axis: i64, rank: usize) -> Result<usize, OpError> {
    let from_front = if axis < 0 { axis.saturating_add(rank as i64) } else { axis };
    match usize::try_from(from_front) {
        Ok(index) if index < rank => Ok(index),
        _ => Err(format!("axis {axis} of a tensor with {rank} axes").into()),
    }
}

/// The axes of numbers, in ascending order and without repetition.
pub(crate) fn axes(numbers: &[i64], rank: usize) -> Result<Vec<usize>, OpError> {
    let mut axes =
        numbers.iter().map(|&number| axis(number, rank)).collect::<Result<Vec<_>, _>>()?;
    axes.sort_unstable();
    if axes.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(format!("axes {numbers:?} name one axis twice").into());
    }
    Ok(axes)
}

/// Numbers as extents.
pub(crate) fn extents(numbers: &[i64]) -> Result<Vec<usize>, OpError> {
    let extent = |&number: &i64| {
        usize::try_from(number).map_err(|_| OpError(format!("a negative extent in {numbers:?}")))
    };
    numbers.iter().map(extent).collect()
}
