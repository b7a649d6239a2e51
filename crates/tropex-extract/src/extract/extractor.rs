//! The extractor: terms of points, batch by batch.

use std::iter::repeat_n;

use burn::tensor::Device;
use tropex_kernels::{ComputeTarget, Worker};

use crate::gauge::{Gauge, Shifts, worst_case};
use crate::network::ValueId;
use crate::terms::{
    Classes, Prediction, Pullback, SelfCheck, TermSpec, Terms, ViolationMeter, Violations,
};
use crate::{Error, Network};

/// Extracts the terms of points by one replay and one pullback of all rows.
///
/// # Example
/// ```no_run
/// # fn example(network: tropex_extract::Network) -> Result<(), tropex_extract::Error> {
/// use tropex_extract::{Classes, Extractor, Gauge};
///
/// let extractor = Extractor::new(&network, Gauge::WorstCase, Classes::Predicted)?;
/// let points = vec![0.5; 2 * network.features()];
/// let terms = extractor.extract(&points)?;
/// assert_eq!(terms.len(), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Extractor {
    spec: TermSpec,
    gauge: Gauge,
    shifts: ShiftSource,
    /// The extractor on further devices.
    copies: Vec<Self>,
}

/// The origin of the shifts of an extraction.
#[derive(Clone, Debug)]
pub(crate) enum ShiftSource {
    /// The network alone: the worst-case gauge.
    Network(Shifts),
    /// The extracted points, from which the shifts are not found yet.
    Unknown,
    /// The extracted points.
    OwnPoints(Shifts),
    /// Other points: the extracted points may violate the shifts.
    OtherPoints(Shifts),
}

impl ShiftSource {
    /// The shifts, if they have been found.
    fn known(&self) -> Option<&Shifts> {
        match self {
            Self::Network(shifts) | Self::OwnPoints(shifts) | Self::OtherPoints(shifts) => {
                Some(shifts)
            }
            Self::Unknown => None,
        }
    }

    /// The shifts on the device of a network.
    fn to_target_of(&self, network: &Network) -> Result<Self, Error> {
        Ok(match self {
            Self::Network(shifts) => Self::Network(shifts.to_target_of(network)?),
            Self::Unknown => Self::Unknown,
            Self::OwnPoints(shifts) => Self::OwnPoints(shifts.to_target_of(network)?),
            Self::OtherPoints(shifts) => Self::OtherPoints(shifts.to_target_of(network)?),
        })
    }
}

impl Extractor {
    /// An extractor that computes on the device and in the precision of the network (see
    /// [`Network::to_target`]).
    ///
    /// The shifts of the tight and the calibrated gauge belong to the points that are extracted
    /// together: in one call of [`extract`](Self::extract), or in one store.
    ///
    /// # Errors
    /// A class that the network does not have; a shift outside the range of the precision.
    pub fn new(network: &Network, gauge: Gauge, classes: Classes) -> Result<Self, Error> {
        classes.check(network)?;
        let shifts = match gauge {
            Gauge::WorstCase => ShiftSource::Network(worst_case(network)?),
            Gauge::Tight | Gauge::Calibrated => ShiftSource::Unknown,
        };
        let spec = TermSpec { network: network.clone(), classes };
        Ok(Self { spec, gauge, shifts, copies: Vec::new() })
    }

    /// An extractor that uses shifts found for other points. [`Terms::violations`] reports the
    /// coefficients that are negative under these shifts.
    ///
    /// # Errors
    /// A class that the network does not have; shifts of another network; a shift outside the range
    /// of the network's precision.
    pub fn with_shifts(
        network: &Network,
        shifts: &Shifts,
        classes: Classes,
    ) -> Result<Self, Error> {
        let extractor = Self::new(network, Gauge::Tight, classes)?;
        let gauge = shifts.gauge();
        let shifts = ShiftSource::OtherPoints(shifts.to_target_of(network)?);
        Ok(Self { gauge, shifts, ..extractor })
    }

    /// Distributes the batches over further devices. A free device takes the next batch, as in
    /// [`TermStore::extract`](crate::TermStore::extract). The terms of two devices are equal up to
    /// rounding; all devices use the same shifts. The network's device may be listed again.
    ///
    /// # Errors
    /// A device that does not support the network's precision.
    pub fn share_with(mut self, devices: &[Device]) -> Result<Self, Error> {
        for device in devices {
            self.copies.push(self.copy_on(device)?);
        }
        Ok(self)
    }

    fn copy_on(&self, device: &Device) -> Result<Self, Error> {
        let target = ComputeTarget::new(device, self.network().target().precision())?;
        let network = self.network().to_target(&target);
        let shifts = self.shifts.to_target_of(&network)?;
        let spec = TermSpec { network, classes: self.classes() };
        Ok(Self { spec, shifts, copies: Vec::new(), ..*self })
    }

    /// The extractors on all devices, starting with this one.
    pub(crate) fn on_all_devices(&self) -> Vec<&Self> {
        [self].into_iter().chain(&self.copies).collect()
    }

    /// Network and classes on all devices, starting with those of this extractor.
    pub(crate) fn specs(&self) -> Vec<&TermSpec> {
        self.on_all_devices().into_iter().map(|extractor| &extractor.spec).collect()
    }

    /// One extractor per batch that the devices process concurrently.
    pub(crate) fn workers(&self) -> Vec<&Self> {
        let all = self.on_all_devices().into_iter();
        all.flat_map(|own| repeat_n(own, own.spec.batches_at_a_time())).collect()
    }

    /// The extractor with the shifts that were found for the extracted points.
    ///
    /// # Errors
    /// Shifts of another network.
    pub(crate) fn with_found_shifts(&self, shifts: &Shifts) -> Result<Self, Error> {
        let copies = self.copies.iter().map(|copy| copy.with_found_shifts(shifts));
        let copies = copies.collect::<Result<_, _>>()?;
        let found = shifts.to_target_of(self.network())?;
        let shifts = match self.shifts {
            ShiftSource::OtherPoints(_) => ShiftSource::OtherPoints(found),
            _ => ShiftSource::OwnPoints(found),
        };
        Ok(Self { spec: self.spec.clone(), shifts, copies, ..*self })
    }

    /// The network and the classes.
    pub(crate) fn spec(&self) -> &TermSpec {
        &self.spec
    }

    /// The network whose terms are extracted.
    pub fn network(&self) -> &Network {
        &self.spec.network
    }

    /// The gauge.
    pub fn gauge(&self) -> Gauge {
        self.gauge
    }

    /// The classes.
    pub fn classes(&self) -> Classes {
        self.spec.classes
    }

    /// The shifts, if they have been found.
    pub fn shifts(&self) -> Option<&Shifts> {
        self.shifts.known()
    }

    /// Whether the shifts are the calibrated shifts of the extracted points.
    pub(crate) fn is_calibrated(&self) -> bool {
        self.gauge == Gauge::Calibrated && self.shifts_of_other_points().is_none()
    }

    /// The shifts, if they were found for other points.
    pub(crate) fn shifts_of_other_points(&self) -> Option<&Shifts> {
        match &self.shifts {
            ShiftSource::OtherPoints(shifts) => Some(shifts),
            _ => None,
        }
    }

    /// Number of linear terms per point.
    pub fn per_point(&self) -> usize {
        self.spec.per_point()
    }

    /// Number of points whose extraction takes about `memory` bytes.
    pub fn batch_for(&self, memory: usize) -> usize {
        let (network, rows) = (self.network(), self.per_point() + 1);
        let values = network.units() + 3 * rows * network.widest();
        let bytes = values * network.target().precision().bytes();
        (memory / bytes.max(1)).max(1)
    }

    /// Checks terms against the network: the figures of [`SelfCheck::of`]. If the value error is
    /// large, the result also holds the error that rounding explains.
    ///
    /// # Shapes
    /// - `points`: `[points, features]`, the points of the terms, row by row
    ///
    /// # Errors
    /// A device that fails.
    pub fn check(&self, terms: &Terms, points: &[f32]) -> Result<SelfCheck, Error> {
        SelfCheck::of(terms, points).explained(self.network(), points, terms.precision())
    }

    /// The terms of points `[points, features]` under shifts on the extractor's device. If the
    /// shifts were found for other points, the terms hold the violations.
    pub(crate) fn extract_under(&self, shifts: &Shifts, points: &[f32]) -> Result<Terms, Error> {
        let network = self.network();
        let trace = network.replay(network.tensor(points)?);
        let prediction = Prediction::of(&trace)?;
        let precision = network.target().precision();
        let mut meter = self
            .shifts_of_other_points()
            .map(|_| ViolationMeter::over(prediction.points(), precision));
        let mut walk = Pullback::from_logits(network, self.spec.seeds(&prediction));
        for (index, node) in network.nodes().iter().enumerate().rev() {
            let value = ValueId::of_node(index);
            let shift = shifts.tensor_at(value);
            if let Some(meter) = meter.as_mut().filter(|_| node.op().is_maximum()) {
                meter.measure(walk.at(value), shift);
            }
            walk.step(index, trace.piece(index), shift);
        }
        let shift = shifts.tensor_at(ValueId::INPUT);
        if let Some(meter) = &mut meter {
            meter.measure(walk.at(ValueId::INPUT), shift);
        }
        let terms = self.spec.terms(walk.finish(shift), shifts.at_ends(), prediction)?;
        let violations: Option<Violations> = meter.map(ViolationMeter::violations);
        Ok(terms.with_violations(violations))
    }

    /// SHA-256 of the network and the settings, without shifts that depend on points.
    pub fn fingerprint(&self) -> String {
        let precision = self.network().target().precision();
        let settings = format!("{:?} {:?} {precision:?}", self.gauge, self.classes());
        tropex_files::sha256((self.network().fingerprint() + &settings).as_bytes())
    }
}

impl Worker for &Extractor {
    fn device(&self) -> &Device {
        self.network().target().device()
    }
}
