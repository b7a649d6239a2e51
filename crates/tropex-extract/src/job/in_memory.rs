//! Extraction of points in memory.

use std::ops::ControlFlow;
use std::slice;

use super::calibration::{Calibration, Trials};
use crate::gauge::tight::{self, SpillBuffer};
use crate::gauge::{Gauge, Shifts};
use crate::terms::{Classes, Terms};
use crate::{Error, Extractor, Network};

impl Extractor {
    /// Extracts the terms of points.
    ///
    /// # Shapes
    /// - `points`: `[points, features]`, row by row
    ///
    /// # Errors
    /// No points, or a number of values that is not a multiple of the features; a coefficient that
    /// is not finite; a device that fails.
    pub fn extract(&self, points: &[f32]) -> Result<Terms, Error> {
        match self.shifts() {
            Some(shifts) => self.extract_under(shifts, points),
            None if self.gauge() == Gauge::Calibrated => {
                let extractor = self.with_found_shifts(&calibrated(self, points)?)?;
                extractor.extract(points)
            }
            None => Ok(tight::in_memory(self.spec(), points)?.1),
        }
    }
}

impl Shifts {
    /// The smallest shifts that keep all rows of the points non-negative, found in memory.
    /// [`TermStore::extract`](crate::TermStore::extract) finds the shifts of larger sets.
    ///
    /// # Shapes
    /// - `points`: `[points, features]`, row by row
    ///
    /// # Errors
    /// A class that the network does not have; a number of values that is not a multiple of the
    /// features; a number that is not finite.
    pub fn tight(network: &Network, classes: Classes, points: &[f32]) -> Result<Self, Error> {
        let extractor = Extractor::new(network, Gauge::Tight, classes)?;
        Ok(tight::in_memory(extractor.spec(), points)?.0)
    }

    /// The tight shifts times the smallest factor at which the terms of every point are maximal at
    /// the point, found in memory. [`TermStore::extract`](crate::TermStore::extract) finds the
    /// shifts of larger sets.
    ///
    /// # Shapes
    /// - `points`: `[points, features]`, row by row
    ///
    /// # Errors
    /// The errors of [`Shifts::tight`].
    pub fn calibrated(network: &Network, classes: Classes, points: &[f32]) -> Result<Self, Error> {
        calibrated(&Extractor::new(network, Gauge::Calibrated, classes)?, points)
    }
}

fn calibrated(extractor: &Extractor, points: &[f32]) -> Result<Shifts, Error> {
    let all = 0..points.len() / extractor.network().features();
    let chosen: Vec<usize> = all.clone().collect();
    let calibration = Calibration {
        extractor,
        batches: slice::from_ref(&all),
        read: &|_| Ok(points.to_vec()),
        buffer: &SpillBuffer::in_memory,
        chosen: &chosen,
        points,
        trials: Trials::START,
        after_trial: &|_| Ok(()),
    };
    calibration.run(&|_| ControlFlow::Continue(()))
}
