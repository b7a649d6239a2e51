//! How well the extracted function does.

use serde::Serialize;

use super::ranking::WorkStats;

/// How the extracted function compares with the network and with the labels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Evaluation {
    /// Points looked at.
    pub points: usize,
    /// Points that both put into the same class.
    pub agreeing: usize,
    /// Points that the extracted function puts into their true class.
    pub correct: usize,
    /// Points that the network puts into their true class.
    pub network_correct: usize,
    /// Points at which positive and negative term come from the same point.
    pub straight: usize,
    /// What the assignment of the points took.
    pub work: WorkStats,
}

impl Evaluation {
    /// Share of the points that extracted function and network put into the same class.
    pub fn agreement(&self) -> f64 {
        self.share(self.agreeing)
    }

    /// Share of the points that the extracted function puts into their true class.
    pub fn accuracy(&self) -> f64 {
        self.share(self.correct)
    }

    /// Share of the points that the network puts into their true class.
    pub fn network_accuracy(&self) -> f64 {
        self.share(self.network_correct)
    }

    fn share(&self, count: usize) -> f64 {
        count as f64 / self.points.max(1) as f64
    }
}
