//! The shifts of a network: they keep every row non-negative at the input of a maximum.

use burn::tensor::{Tensor, TensorData};
use sha2::{Digest, Sha256};
use tropex_files::hex;
use tropex_kernels::AffineRows;

use super::{Gauge, ShiftScale};
use crate::network::ValueId;
use crate::ops::Piece;
use crate::terms::EndShifts;
use crate::{Error, Network};

/// The affine functions that a gauge adds to positive and negative terms, on the way from the
/// logits to the input.
///
/// The shifts of the tight gauge belong to the points they were found for.
/// [`Extractor::with_shifts`](crate::Extractor::with_shifts) extracts terms of other points under
/// them.
#[derive(Clone, Debug)]
pub struct Shifts {
    gauge: Gauge,
    /// `[1, features]`, at the output of every maximum and at the input.
    at_values: Vec<Option<Tensor<2>>>,
    /// Constant that is added to every bias at the logits.
    at_start: f64,
    scale: ShiftScale,
}

impl Shifts {
    /// Shifts that consist of the constant at the logits only.
    pub(crate) fn with_constant(gauge: Gauge, network: &Network, at_start: f64) -> Self {
        let at_values = vec![None; network.nodes().len() + 1];
        Self { gauge, at_values, at_start, scale: ShiftScale::FULL }
    }

    pub(crate) fn scaled(self, scale: ShiftScale) -> Self {
        Self { scale, ..self }
    }

    pub(super) fn and_constant(self, at_start: f64) -> Self {
        Self { at_start, ..self }
    }

    /// The rule that chose the shifts.
    pub fn gauge(&self) -> Gauge {
        self.gauge
    }

    /// Factor by which the tight shifts at maxima are multiplied: 1 with the tight gauge, at most 1
    /// with the calibrated gauge.
    pub fn scale(&self) -> f64 {
        self.scale.factor()
    }

    /// The factor as a [`ShiftScale`].
    pub(crate) fn shift_scale(&self) -> ShiftScale {
        self.scale
    }

    /// Coefficients of the shift at a value, `[features]`. Outputs of maxima and the input have a
    /// shift.
    pub fn at(&self, value: ValueId) -> Option<Vec<f64>> {
        Some(self.tensor_at(value)?.to_data().iter().collect())
    }

    /// Constant that is added to every bias at the logits.
    pub fn at_start(&self) -> f64 {
        self.at_start
    }

    /// The shifts at the logits and at the input.
    pub(crate) fn at_ends(&self) -> EndShifts {
        let at_input = self.at(ValueId::INPUT).into_iter().flatten();
        EndShifts { constant: self.at_start, largest_at_input: at_input.fold(0.0, f64::max) }
    }

    /// Coefficients of the shift at a value, `[1, features]`.
    pub(crate) fn tensor_at(&self, value: ValueId) -> Option<&Tensor<2>> {
        self.at_values[value.index()].as_ref()
    }

    /// Sets the coefficients of the shift at a value.
    ///
    /// # Errors
    /// A number that is not finite in the network's precision; a number of coefficients other than
    /// the number of features.
    pub(crate) fn set(
        &mut self,
        value: ValueId,
        numbers: Vec<f64>,
        network: &Network,
    ) -> Result<(), Error> {
        let features: usize = network.shape(value).iter().product();
        if numbers.len() != features {
            let what = format!("shifts at value {}", value.index());
            return Err(Error::shape(what, numbers.len(), features));
        }
        let precision = network.target().precision();
        let data = TensorData::new(numbers, [1, features]).convert_dtype(precision.dtype());
        if data.iter::<f64>().any(|number| !number.is_finite()) {
            let what = format!("a {} shift", self.gauge.name());
            return Err(Error::Overflow { what, precision });
        }
        self.at_values[value.index()] = Some(network.target().tensor(data));
        Ok(())
    }

    /// The shifts on the device and in the precision of a network.
    ///
    /// # Errors
    /// Shifts of a network with other shapes; a number outside the range of the network's
    /// precision.
    pub(crate) fn to_target_of(&self, network: &Network) -> Result<Self, Error> {
        let shifts = Self::with_constant(self.gauge, network, self.at_start);
        let mut shifts = shifts.scaled(self.scale);
        let (found, expected) = (self.at_values.len(), shifts.at_values.len());
        if found != expected {
            return Err(Error::shape("values with shifts", found, expected));
        }
        for (value, shift) in self.values() {
            shifts.set(value, shift.to_data().iter().collect(), network)?;
        }
        Ok(shifts)
    }

    /// All values that have a shift, with the shift.
    pub(crate) fn values(&self) -> impl Iterator<Item = (ValueId, &Tensor<2>)> {
        let values = self.at_values.iter().enumerate();
        values.filter_map(|(index, shift)| Some((ValueId::of_index(index), shift.as_ref()?)))
    }

    /// SHA-256 of all numbers.
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(format!("{:?} {}", self.gauge, self.at_start));
        for (value, shift) in self.values() {
            hash.update(format!("{value:?}"));
            hash.update(shift.to_data().as_bytes());
        }
        hex(&hash.finalize())
    }
}

/// For every class, the constant of its logit row, collected between the logits and the first
/// maxima.
pub(super) fn constants(network: &Network) -> Vec<f64> {
    let classes = network.classes();
    let options = network.target().options();
    let mut rows: Vec<Option<AffineRows>> = vec![None; network.nodes().len() + 1];
    rows[network.output().index()] = Some(AffineRows::new(seeds(network), 1));
    let mut constants = Tensor::<2>::zeros([classes, 1], options);
    for (index, node) in network.nodes().iter().enumerate().rev() {
        let at_output = rows[ValueId::of_node(index).index()].take();
        let Some(at_output) = at_output.filter(|_| !node.op().is_maximum()) else { continue };
        let pulled = node.op().pullback(at_output, &Piece::Affine);
        constants = pulled.offset.map_or(constants.clone(), |offset| constants + offset);
        for (value, at_input) in node.inputs().iter().zip(pulled.rows) {
            let slot = &mut rows[value.index()];
            *slot = Some(AffineRows::sum(slot.take(), at_input));
        }
    }
    constants.into_data().iter().collect()
}

/// The seed rows of all logits: the unit matrix, `[classes, classes]`.
pub(super) fn seeds(network: &Network) -> Tensor<2> {
    let classes = network.classes();
    let mut seeds = vec![0.0_f64; classes * classes];
    seeds.iter_mut().step_by(classes + 1).for_each(|seed| *seed = 1.0);
    network.target().tensor(TensorData::new(seeds, [classes, classes]))
}
