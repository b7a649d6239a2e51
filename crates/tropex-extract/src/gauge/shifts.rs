//! The shifts of a network: what keeps every row non-negative where it enters a maximum.

use burn::tensor::{Tensor, TensorData};
use sha2::{Digest, Sha256};
use tropex_files::hex;

use super::{Gauge, Scale};
use crate::network::ValueId;
use crate::ops::Piece;
use crate::terms::EndShifts;
use crate::{Error, Network};
use tropex_kernels::AffineRows;

/// The affine functions that a gauge adds to positive and negative terms alike, on the way from the
/// logits to the input.
///
/// Those of the tight gauge belong to the points they were found for. Under the same shifts terms
/// of other points can be extracted too, see [`Extractor::with_shifts`](crate::Extractor::with_shifts).
#[derive(Clone, Debug)]
pub struct Shifts {
    gauge: Gauge,
    /// `[1, features]`, for every value that a maximum computes, and for the input.
    at_values: Vec<Option<Tensor<2>>>,
    /// What is added to every bias at the start.
    at_start: f64,
    scale: Scale,
}

impl Shifts {
    /// No shifts yet, but for the constant at the start.
    pub(crate) fn starting_at(gauge: Gauge, network: &Network, at_start: f64) -> Self {
        let at_values = vec![None; network.nodes().len() + 1];
        Self { gauge, at_values, at_start, scale: Scale::WHOLE }
    }

    pub(crate) fn scaled(self, scale: Scale) -> Self {
        Self { scale, ..self }
    }

    pub(super) fn with_start(self, at_start: f64) -> Self {
        Self { at_start, ..self }
    }

    /// The rule that chose them.
    pub fn gauge(&self) -> Gauge {
        self.gauge
    }

    /// What the shifts at maxima are a multiple of the smallest ones that keep rows non-negative
    /// by: below 1 with the calibrated gauge only.
    pub fn scale(&self) -> f64 {
        self.scale.factor()
    }

    /// Which of the scales that is.
    pub(crate) fn step(&self) -> Scale {
        self.scale
    }

    /// The coefficients that are added to rows at a value, if any are: at outputs of maxima and at
    /// the input.
    pub fn at(&self, value: ValueId) -> Option<Vec<f64>> {
        Some(self.tensor_at(value)?.to_data().iter().collect())
    }

    /// The constant that is added to every bias at the start.
    pub fn at_start(&self) -> f64 {
        self.at_start
    }

    /// What is added at the two ends of the network.
    pub(crate) fn at_ends(&self) -> EndShifts {
        let at_input = self.at(ValueId::INPUT).into_iter().flatten();
        EndShifts { constant: self.at_start, largest_at_input: at_input.fold(0.0, f64::max) }
    }

    /// Coefficients `[1, features]` at a value.
    pub(crate) fn tensor_at(&self, value: ValueId) -> Option<&Tensor<2>> {
        self.at_values[value.index()].as_ref()
    }

    /// Sets the coefficients at a value.
    ///
    /// # Errors
    /// Numbers that are not finite in the network's precision, or not one for every feature.
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

    /// The same shifts where a network is.
    ///
    /// # Errors
    /// Shifts of a network with other shapes, or beyond the range of the network's precision.
    pub(crate) fn to_target_of(&self, network: &Network) -> Result<Self, Error> {
        let shifts = Self::starting_at(self.gauge, network, self.at_start);
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

    /// The values with a shift, and the coefficients there.
    pub(crate) fn values(&self) -> impl Iterator<Item = (ValueId, &Tensor<2>)> {
        let values = self.at_values.iter().enumerate();
        values.filter_map(|(index, shift)| Some((ValueId::of_index(index), shift.as_ref()?)))
    }

    /// SHA-256 over all numbers.
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

/// The constants of all classes above the first maxima: those of the rows that meet none.
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

/// The rows that stand for the logits themselves, `[classes, classes]`.
pub(super) fn seeds(network: &Network) -> Tensor<2> {
    let classes = network.classes();
    let mut seeds = vec![0.0_f64; classes * classes];
    seeds.iter_mut().step_by(classes + 1).for_each(|seed| *seed = 1.0);
    network.target().tensor(TensorData::new(seeds, [classes, classes]))
}
