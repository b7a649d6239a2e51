//! Terms of points, a batch at a time.

use std::iter::repeat_n;

use burn::tensor::{Device, Tensor};

use super::affine::Affine;
use super::batch::Terms;
use super::decision::Decision;
use super::pullback::Pullback;
use super::shifts::Shifts;
use super::tight;
use super::violations::Watch;
use super::worst_case::worst_case;
use super::{Classes, Gauge, SelfCheck};
use crate::crew::Worker;
use crate::network::ValueId;
use crate::read::read;
use crate::rows::Rows;
use crate::{Error, Network, Placement, kernels};

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
    network: Network,
    gauge: Gauge,
    classes: Classes,
    /// None where they are to be found for the points extracted.
    shifts: Option<Shifts>,
    /// Whether the shifts are those of other points, which rows of further points may violate.
    is_further: bool,
    /// The same extractor on other devices.
    copies: Vec<Self>,
}

impl Extractor {
    /// An extractor that computes where the network is placed (see [`Network::place`]).
    ///
    /// With other gauges than the worst case the shifts are those of the points that are extracted
    /// together: in one
    /// call of [`extract`](Self::extract), or in one store.
    ///
    /// # Errors
    /// A class that the network does not have; shifts beyond the range of the precision.
    pub fn new(network: &Network, gauge: Gauge, classes: Classes) -> Result<Self, Error> {
        classes.check(network)?;
        let shifts = match gauge {
            Gauge::WorstCase => Some(worst_case(network)?),
            Gauge::Tight | Gauge::Calibrated => None,
        };
        let (network, copies) = (network.clone(), Vec::new());
        Ok(Self { network, gauge, classes, shifts, is_further: false, copies })
    }

    /// An extractor of further points, under the shifts that were found for others. How far these
    /// fail to keep coefficients non-negative is told by [`Terms::violations`].
    ///
    /// # Errors
    /// A class that the network does not have; shifts of another network, or beyond the range of
    /// its precision.
    pub fn with_shifts(
        network: &Network,
        shifts: &Shifts,
        classes: Classes,
    ) -> Result<Self, Error> {
        let extractor = Self::new(network, Gauge::Tight, classes)?;
        Ok(Self {
            gauge: shifts.gauge(),
            shifts: Some(shifts.place(network)?),
            is_further: true,
            ..extractor
        })
    }

    /// Lets further devices take part where there are many batches, as in
    /// [`TermStore::extract`](crate::TermStore::extract): whichever is free takes the next one. Terms
    /// are the same up to the rounding of the device that computed them; shifts are the same numbers
    /// on all of them. The device that the network is placed on may be named again.
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
        let placement = Placement::new(device, self.network.placement().precision())?;
        let network = self.network.place(&placement);
        let shifts = self.shifts.as_ref().map(|shifts| shifts.place(&network)).transpose()?;
        Ok(Self { network, shifts, copies: Vec::new(), ..*self })
    }

    /// The same extractor on every device that takes part, its own first.
    pub(crate) fn on_all_devices(&self) -> Vec<&Self> {
        [self].into_iter().chain(&self.copies).collect()
    }

    /// The extractors that take batches at the same time: one a device, or one a thread of it.
    pub(crate) fn workers(&self) -> Vec<&Self> {
        let all = self.on_all_devices().into_iter();
        all.flat_map(|own| repeat_n(own, kernels::workers(own.network.placement()))).collect()
    }

    /// Does the work of one of [these](Self::workers).
    pub(crate) fn at_work<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        kernels::at_work(self.network.placement(), work)
    }

    /// The same extractor for the very points that shifts were found for.
    ///
    /// # Errors
    /// Shifts of another network.
    pub(crate) fn resumed(&self, shifts: &Shifts) -> Result<Self, Error> {
        let copies = self.copies.iter().map(|copy| copy.resumed(shifts));
        let copies = copies.collect::<Result<_, _>>()?;
        let shifts = Some(shifts.place(&self.network)?);
        Ok(Self { network: self.network.clone(), shifts, copies, ..*self })
    }

    /// The network whose terms are extracted.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The gauge.
    pub fn gauge(&self) -> Gauge {
        self.gauge
    }

    /// The classes.
    pub fn classes(&self) -> Classes {
        self.classes
    }

    /// The shifts, unless they are those of the points extracted.
    pub fn shifts(&self) -> Option<&Shifts> {
        self.shifts.as_ref()
    }

    /// The shifts of other points, if there are any.
    pub(crate) fn shifts_of_others(&self) -> Option<&Shifts> {
        self.shifts.as_ref().filter(|_| self.is_further)
    }

    /// Linear terms per point.
    pub fn per_point(&self) -> usize {
        self.classes.per_point(self.network.classes())
    }

    /// A number of points whose extraction takes about `memory` bytes.
    pub fn batch_for(&self, memory: usize) -> usize {
        let rows = self.per_point() + 1;
        let values = self.network.units() + 3 * rows * self.network.widest();
        let bytes = values * self.network.placement().precision().bytes();
        (memory / bytes.max(1)).max(1)
    }

    /// Checks terms that were extracted at points `[points, features]`, given row by row: the figures
    /// of [`SelfCheck::of`], and what rounding explains where the value error is large.
    ///
    /// # Errors
    /// A device that failed.
    pub fn check(&self, terms: &Terms, points: &[f32]) -> Result<SelfCheck, Error> {
        SelfCheck::of(terms, points).explained(&self.network, points, terms.precision())
    }

    /// Extracts the terms of points `[points, features]`, given row by row.
    ///
    /// # Errors
    /// No points, or values that are not whole points; coefficients that are not finite; a
    /// device that failed.
    pub fn extract(&self, points: &[f32]) -> Result<Terms, Error> {
        let Some(shifts) = &self.shifts else {
            let (_, terms) = tight::at_once(self, points)?;
            return Ok(terms);
        };
        let trace = self.network.replay(self.network.tensor(points)?);
        let decision = Decision::of(&trace)?;
        let precision = self.network.placement().precision();
        let mut violations = self.is_further.then(|| Watch::over(decision.points(), precision));
        let mut walk = Pullback::from_logits(&self.network, self.seeds(&decision));
        for (index, node) in self.network.nodes().iter().enumerate().rev() {
            let value = ValueId::of_node(index);
            let shift = shifts.tensor_at(value);
            if let Some(watch) = violations.as_mut().filter(|_| node.op().is_maximum()) {
                watch.look(walk.at(value), shift);
            }
            walk.step(index, trace.piece(index), shift);
        }
        let shift = shifts.tensor_at(ValueId::INPUT);
        if let Some(watch) = &mut violations {
            watch.look(walk.at(ValueId::INPUT), shift);
        }
        let terms = self.collect(walk.finish(shift), shifts, decision)?;
        Ok(terms.with_violations(violations.map(Watch::found)))
    }

    /// SHA-256 over network and settings. Shifts that depend on points come besides.
    pub fn fingerprint(&self) -> String {
        let precision = self.network.placement().precision();
        let settings = format!("{:?} {:?} {precision:?}", self.gauge, self.classes);
        tropex_files::sha256((self.network.fingerprint() + &settings).as_bytes())
    }

    /// The linear rows of every class asked for, group by group, and the negative rows last: they
    /// start at zero, for all that the negative term holds is shifts.
    pub(super) fn seeds(&self, decision: &Decision) -> Rows {
        decision.seeds(&self.network, self.classes, self.per_point() + 1)
    }

    /// The terms that coefficients and biases at the input make up, but for the constant at the start.
    pub(super) fn collect(
        &self,
        (coefficients, biases): (Tensor<2>, Tensor<2>),
        shifts: &Shifts,
        decision: Decision,
    ) -> Result<Terms, Error> {
        let mut biases: Vec<f64> = read(biases)?.iter().collect();
        let negative = biases[self.per_point() * decision.points()..].iter_mut();
        negative.for_each(|bias| *bias += shifts.at_start());
        let logits = decision.of_terms(self.classes);
        let rows = Affine::new(read(coefficients)?, biases).finite(&logits)?;
        let terms = Terms::new(rows, logits, decision.into_predicted());
        Ok(terms.with_largest_shift(shifts.largest_at_input()))
    }
}

impl Worker for &Extractor {
    fn device(&self) -> &Device {
        self.network.placement().device()
    }
}
