//! Evaluation of the extracted function.

use serde::Serialize;

use super::ranking::{Ranking, WorkStats};
use crate::PointSource;

/// Comparison of the extracted function with the network and with the labels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Evaluation {
    /// Number of points.
    pub points: usize,
    /// Points to which the extracted function and the network assign the same class.
    pub agreeing: usize,
    /// Points to which the extracted function assigns the true class.
    pub correct: usize,
    /// Points to which the network assigns the true class.
    pub network_correct: usize,
    /// Points whose positive and negative winning terms were extracted at one data point.
    pub straight: usize,
    /// Work for the assignment of the points.
    pub work: WorkStats,
}

impl Evaluation {
    /// Adds the winning terms at the next points of a source. `predicted` holds the class that the
    /// network predicts at every point of the source.
    #[must_use]
    pub fn with(
        mut self,
        ranking: &Ranking,
        source: &dyn PointSource,
        predicted: &[usize],
    ) -> Self {
        self.work = self.work.with(ranking.work);
        for assignment in &ranking.assignments {
            let (label, network) = (source.label(self.points), predicted[self.points]);
            self.points += 1;
            self.agreeing += usize::from(assignment.class == network);
            self.correct += usize::from(assignment.class == label);
            self.network_correct += usize::from(network == label);
            self.straight += usize::from(assignment.is_straight());
        }
        self
    }

    /// Fraction of the points to which the extracted function and the network assign the same
    /// class, between 0 and 1.
    pub fn agreement(&self) -> f64 {
        self.share(self.agreeing)
    }

    /// Fraction of the points to which the extracted function assigns the true class, between 0 and
    /// 1.
    pub fn accuracy(&self) -> f64 {
        self.share(self.correct)
    }

    /// Fraction of the points to which the network assigns the true class, between 0 and 1.
    pub fn network_accuracy(&self) -> f64 {
        self.share(self.network_correct)
    }

    fn share(&self, count: usize) -> f64 {
        count as f64 / self.points.max(1) as f64
    }
}
