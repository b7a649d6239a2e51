//! Terms of points, a batch at a time.

use burn::tensor::{Tensor, TensorData};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::batch::Terms;
use super::gauge::{Gauge, Shifts};
use super::pullback::{Pulled, pullback};
use crate::network::{Trace, argmax, hex};
use crate::rows::Rows;
use crate::{Error, Network, Precision};

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
    shifts: Shifts,
    gauge: Gauge,
    classes: Classes,
}

impl Extractor {
    /// An extractor that computes where the network is placed (see [`Network::place`]).
    ///
    /// # Errors
    /// A class that the network does not have; shifts beyond the range of the precision.
    pub fn new(network: &Network, gauge: Gauge, classes: Classes) -> Result<Self, Error> {
        if let Classes::One(class) = classes
            && class >= network.classes()
        {
            return Err(Error::shape("class", class, format!("below {}", network.classes())));
        }
        let shifts = Shifts::new(gauge, network)?;
        Ok(Self { network: network.clone(), shifts, gauge, classes })
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
        let trace = self.network.replay(self.network.tensor(points)?);
        let logits: Vec<f64> = trace.logits().into_data().iter().collect();
        let predicted: Vec<usize> =
            logits.chunks_exact(self.network.classes()).map(argmax).collect();
        let pulled = self.pull(&trace, &predicted);
        self.collect(pulled, logits, predicted)
    }

    /// SHA-256 over everything that decides what the terms of a point are.
    pub fn fingerprint(&self) -> String {
        use sha2::{Digest, Sha256};
        let precision = self.network.placement().precision();
        let settings = format!("{:?} {:?} {precision:?}", self.gauge, self.classes);
        hex(&Sha256::digest(self.network.fingerprint() + &settings))
    }

    /// The linear rows of every class asked for, group by group, and the negative rows last: they
    /// start at zero, for all that the negative term holds is shifts.
    fn pull(&self, trace: &Trace, predicted: &[usize]) -> Pulled {
        let classes = self.network.classes();
        let points = predicted.len();
        let mut seeds = vec![0.0_f32; (self.per_point() + 1) * points * classes];
        for (slot, seed) in seeds.chunks_exact_mut(classes).enumerate() {
            let (group, point) = (slot / points, slot % points);
            if group < self.per_point() {
                seed[self.class_of(group, predicted[point])] = 1.0;
            }
        }
        let placement = self.network.placement();
        let data = TensorData::new(seeds, [(self.per_point() + 1) * points, classes]);
        let data = data.convert_dtype(placement.precision().dtype());
        let seeds = Rows::new(Tensor::from_data(data, placement.options()), points);
        pullback(&self.network, trace, seeds, Some(&self.shifts))
    }

    fn class_of(&self, group: usize, predicted: usize) -> usize {
        match self.classes {
            Classes::All => group,
            Classes::Predicted => predicted,
            Classes::One(class) => class,
        }
    }

    fn collect(
        &self,
        pulled: Pulled,
        logits: Vec<f64>,
        predicted: Vec<usize>,
    ) -> Result<Terms, Error> {
        let classes = self.network.classes();
        let points = predicted.len();
        let own = (0..self.per_point() * points).map(|slot| {
            let (group, point) = (slot / points, slot % points);
            logits[point * classes + self.class_of(group, predicted[point])]
        });
        let mut biases: Vec<f64> = pulled.biases.into_data().iter().collect();
        biases[self.per_point() * points..].iter_mut().for_each(|b| *b += self.shifts.at_start());
        let logits = own.collect();
        let precision = self.network.placement().precision();
        let terms = Terms::new(pulled.coefficients.into_data(), biases, logits, predicted);
        if is_finite(&terms, precision) {
            return Ok(terms);
        }
        let what = "a coefficient, a bias or a logit".into();
        Err(Error::Overflow { what, precision })
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
