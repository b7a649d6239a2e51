//! Terms of points, a batch at a time.

use std::iter::repeat_n;

use burn::tensor::Device;
use tropex_kernels::{ComputeTarget, Worker};

use crate::gauge::{Gauge, Shifts, worst_case};
use crate::network::ValueId;
use crate::terms::{
    Classes, Prediction, Pullback, SelfCheck, TermSpec, Terms, ViolationMeter, Violations,
};
use crate::{Error, Network};

/// Extracts the terms of points: one replay forward, one pullback of all rows together.
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
    /// The extractor on the other devices.
    copies: Vec<Self>,
}

/// Where the shifts of an extraction come from.
#[derive(Clone, Debug)]
pub(crate) enum ShiftSource {
    /// The network alone: the worst-case gauge.
    Network(Shifts),
    /// The extracted points themselves; `None` until the shifts are found.
    OwnPoints(Option<Shifts>),
    /// Other points: rows of the extracted points may violate the shifts.
    OtherPoints(Shifts),
}

impl ShiftSource {
    /// The shifts, if they are known.
    fn known(&self) -> Option<&Shifts> {
        match self {
            Self::Network(shifts) | Self::OtherPoints(shifts) => Some(shifts),
            Self::OwnPoints(shifts) => shifts.as_ref(),
        }
    }

    /// The source with its shifts on the device of a network.
    fn to_target_of(&self, network: &Network) -> Result<Self, Error> {
        Ok(match self {
            Self::Network(shifts) => Self::Network(shifts.to_target_of(network)?),
            Self::OtherPoints(shifts) => Self::OtherPoints(shifts.to_target_of(network)?),
            Self::OwnPoints(shifts) => {
                let shifts = shifts.as_ref().map(|shifts| shifts.to_target_of(network));
                Self::OwnPoints(shifts.transpose()?)
            }
        })
    }
}

impl Extractor {
    /// An extractor that computes on the network's target (see [`Network::to_target`]).
    ///
    /// With the tight and the calibrated gauge, the shifts are those of the points that are extracted
    /// together: in one call of [`extract`](Self::extract), or in one store.
    ///
    /// # Errors
    /// A class that the network does not have; shifts beyond the range of the precision.
    pub fn new(network: &Network, gauge: Gauge, classes: Classes) -> Result<Self, Error> {
        classes.check(network)?;
        let shifts = match gauge {
            Gauge::WorstCase => ShiftSource::Network(worst_case(network)?),
            Gauge::Tight | Gauge::Calibrated => ShiftSource::OwnPoints(None),
        };
        let spec = TermSpec { network: network.clone(), classes };
        Ok(Self { spec, gauge, shifts, copies: Vec::new() })
    }

    /// An extractor of further points, under the shifts that were found for other points.
    /// [`Terms::violations`] says how far these shifts fail to keep coefficients non-negative.
    ///
    /// # Errors
    /// A class that the network does not have; shifts of another network, or beyond the range of its
    /// precision.
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

    /// Lets further devices share the batches, as in
    /// [`TermStore::extract`](crate::TermStore::extract): a free device takes the next batch. Terms are
    /// equal up to the rounding of the device that computed them; shifts are the same numbers on all
    /// devices. The network's own device may be listed again.
    ///
    /// # Errors
    /// A device without the network's precision.
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

    /// The extractor on every device, its own first.
    pub(crate) fn on_all_devices(&self) -> Vec<&Self> {
        [self].into_iter().chain(&self.copies).collect()
    }

    /// The network and classes on every device, its own first.
    pub(crate) fn specs(&self) -> Vec<&TermSpec> {
        self.on_all_devices().into_iter().map(|extractor| &extractor.spec).collect()
    }

    /// The extractors that take batches at the same time: one per batch that a device works on.
    pub(crate) fn workers(&self) -> Vec<&Self> {
        let all = self.on_all_devices().into_iter();
        all.flat_map(|own| repeat_n(own, own.spec.batches_at_a_time())).collect()
    }

    /// The extractor under shifts that were found for the extracted points.
    ///
    /// # Errors
    /// Shifts of another network.
    pub(crate) fn with_found_shifts(&self, shifts: &Shifts) -> Result<Self, Error> {
        let copies = self.copies.iter().map(|copy| copy.with_found_shifts(shifts));
        let copies = copies.collect::<Result<_, _>>()?;
        let found = shifts.to_target_of(self.network())?;
        let shifts = match self.shifts {
            ShiftSource::OtherPoints(_) => ShiftSource::OtherPoints(found),
            _ => ShiftSource::OwnPoints(Some(found)),
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

    /// The shifts, unless they are still to be found for the extracted points.
    pub fn shifts(&self) -> Option<&Shifts> {
        self.shifts.known()
    }

    /// The shifts, if they were found for other points.
    pub(crate) fn shifts_of_others(&self) -> Option<&Shifts> {
        match &self.shifts {
            ShiftSource::OtherPoints(shifts) => Some(shifts),
            _ => None,
        }
    }

    /// Linear terms per point.
    pub fn per_point(&self) -> usize {
        self.spec.per_point()
    }

    /// A number of points whose extraction takes about `memory` bytes.
    pub fn batch_for(&self, memory: usize) -> usize {
        let (network, rows) = (self.network(), self.per_point() + 1);
        let values = network.units() + 3 * rows * network.widest();
        let bytes = values * network.target().precision().bytes();
        (memory / bytes.max(1)).max(1)
    }

    /// Checks terms that were extracted at points `[points, features]`, given row by row: the figures of
    /// [`SelfCheck::of`], and what rounding explains where the value error is large.
    ///
    /// # Errors
    /// A device that failed.
    pub fn check(&self, terms: &Terms, points: &[f32]) -> Result<SelfCheck, Error> {
        SelfCheck::of(terms, points).explained(self.network(), points, terms.precision())
    }

    /// The terms of points `[points, features]` under shifts that are on the extractor's device, and the
    /// violations of shifts that were found for other points.
    pub(crate) fn extract_under(&self, shifts: &Shifts, points: &[f32]) -> Result<Terms, Error> {
        let network = self.network();
        let trace = network.replay(network.tensor(points)?);
        let prediction = Prediction::of(&trace)?;
        let precision = network.target().precision();
        let mut meter =
            self.shifts_of_others().map(|_| ViolationMeter::over(prediction.points(), precision));
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

    /// SHA-256 over network and settings, without shifts that depend on points.
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
