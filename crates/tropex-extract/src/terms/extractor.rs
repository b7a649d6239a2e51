//! Terms of points, a batch at a time.

use burn::tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Gauge;
use super::batch::Terms;
use super::pullback::Pullback;
use super::shifts::Shifts;
use super::tight;
use super::violations::Watch;
use super::worst_case::worst_case;
use crate::crew::Worker;
use crate::network::{Trace, ValueId, argmax, hex};
use crate::rows::Rows;
use crate::{Error, Network, Placement, Precision};

/// Numbers that one thread looks at in one go.
const CHUNK: usize = 1 << 16;

/// The classes whose terms are extracted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Classes {
    /// At every point the class that the network predicts.
    Predicted,
    /// All of them.
    All,
    /// The same class at every point.
    One(usize),
}

impl Classes {
    /// Linear terms per point.
    pub fn per_point(self, classes: usize) -> usize {
        match self {
            Self::All => classes,
            Self::Predicted | Self::One(_) => 1,
        }
    }
}

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
        if let Classes::One(class) = classes
            && class >= network.classes()
        {
            return Err(Error::shape("class", class, format!("below {}", network.classes())));
        }
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

    /// Extracts the terms of points `[points, features]`, given row by row.
    ///
    /// # Errors
    /// No points, or values that are not whole points; coefficients that are not finite.
    pub fn extract(&self, points: &[f32]) -> Result<Terms, Error> {
        let Some(shifts) = &self.shifts else {
            let (_, terms) = tight::at_once(self, points)?;
            return Ok(terms);
        };
        let trace = self.network.replay(self.network.tensor(points)?);
        let decision = Decision::of(&trace);
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
        use sha2::{Digest, Sha256};
        let precision = self.network.placement().precision();
        let settings = format!("{:?} {:?} {precision:?}", self.gauge, self.classes);
        hex(&Sha256::digest(self.network.fingerprint() + &settings))
    }

    /// The linear rows of every class asked for, group by group, and the negative rows last: they
    /// start at zero, for all that the negative term holds is shifts.
    pub(super) fn seeds(&self, decision: &Decision) -> Rows {
        let classes = self.network.classes();
        let points = decision.points();
        let mut seeds = vec![0.0_f32; (self.per_point() + 1) * points * classes];
        for (slot, seed) in seeds.chunks_exact_mut(classes).enumerate() {
            let (group, point) = (slot / points, slot % points);
            if group < self.per_point() {
                seed[self.class_of(group, decision.predicted[point])] = 1.0;
            }
        }
        let data = TensorData::new(seeds, [(self.per_point() + 1) * points, classes]);
        Rows::new(self.network.placement().tensor(data), points)
    }

    /// The class that a group of rows stands for at a point of a predicted class.
    pub(super) fn class_of(&self, group: usize, predicted: usize) -> usize {
        match self.classes {
            Classes::All => group,
            Classes::Predicted => predicted,
            Classes::One(class) => class,
        }
    }

    /// The terms that coefficients and biases at the input make up, but for the constant at the start.
    pub(super) fn collect(
        &self,
        (coefficients, biases): (Tensor<2>, Tensor<2>),
        shifts: &Shifts,
        Decision { logits, predicted }: Decision,
    ) -> Result<Terms, Error> {
        let classes = self.network.classes();
        let points = predicted.len();
        let own = (0..self.per_point() * points).map(|slot| {
            let (group, point) = (slot / points, slot % points);
            logits[point * classes + self.class_of(group, predicted[point])]
        });
        let mut biases: Vec<f64> = biases.into_data().iter().collect();
        let negative = biases[self.per_point() * points..].iter_mut();
        negative.for_each(|bias| *bias += shifts.at_start());
        let logits = own.collect();
        let precision = self.network.placement().precision();
        let terms = Terms::new(coefficients.into_data(), biases, logits, predicted)
            .with_largest_shift(shifts.largest_at_input());
        if is_finite(&terms, precision) {
            return Ok(terms);
        }
        let what = "a coefficient, a bias or a logit".into();
        Err(Error::Overflow { what, precision })
    }
}

impl Worker for &Extractor {
    fn device(&self) -> &Device {
        self.network.placement().device()
    }
}

/// What the network says at points.
pub(super) struct Decision {
    /// `[points, classes]`
    logits: Vec<f64>,
    predicted: Vec<usize>,
}

impl Decision {
    pub(super) fn of(trace: &Trace) -> Self {
        let logits = trace.logits();
        let [_, classes] = logits.dims();
        let logits: Vec<f64> = logits.into_data().iter().collect();
        let predicted = logits.chunks_exact(classes).map(argmax).collect();
        Self { logits, predicted }
    }

    pub(super) fn points(&self) -> usize {
        self.predicted.len()
    }

    pub(super) fn predicted(&self) -> &[usize] {
        &self.predicted
    }
}

/// Whether all numbers are finite, and stay so when they are stored.
fn is_finite(terms: &Terms, precision: Precision) -> bool {
    // Without early exit, so that it runs at the speed of memory.
    let singles = |part: &[f32]| part.iter().fold(true, |all, value| all & value.is_finite());
    let doubles = |part: &[f64]| part.iter().fold(true, |all, value| all & value.is_finite());
    let rows = match terms.rows().as_slice::<f32>() {
        Ok(rows) => rows.par_chunks(CHUNK).all(singles),
        Err(_) => terms.rows().as_slice().unwrap_or(&[]).par_chunks(CHUNK).all(doubles),
    };
    let biases = terms.biases().iter().all(|&bias| match precision {
        Precision::F32 => (bias as f32).is_finite(),
        Precision::F64 => bias.is_finite(),
    });
    rows && biases && doubles(terms.logits())
}
