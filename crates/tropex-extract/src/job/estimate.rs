//! Estimate of the completed fraction of an extraction, over trials, stages and checks.

use super::Progress;

/// Cost of one pass of all points through the network, the unit of work. The pullback that finds
/// the shifts is one pass; an extraction under known shifts is one pass.
const PASS: f64 = 1.0;

/// Cost of the comparison of all terms at the selected points at the end of a trial, in passes.
const COMPARISON: f64 = 0.5;

/// Cost of finishing the terms after the pullback that found tight shifts, in passes.
const ARRIVED: f64 = 0.1;

/// Cost of the final self-check, in passes.
const CHECK: f64 = 0.3;

/// Converts progress reports of an extraction to a completed fraction.
#[derive(Clone, Debug, Default)]
pub struct Estimate {
    /// Work of earlier searches whose shifts were refuted by the check, in passes.
    before: f64,
    /// The current trial and the number of trials, with the calibrated gauge.
    trial: Option<(usize, usize)>,
    /// Whether a pullback has searched for shifts.
    walked: bool,
    /// Whether the extraction of points has started.
    extracting: bool,
    share: f64,
}

impl Estimate {
    /// The completed fraction of the work, between 0 and 1. It never decreases.
    pub fn share(&mut self, progress: Progress) -> f64 {
        let part = |done: usize, of: usize| done.min(of) as f64 / of.max(1) as f64;
        let done = match progress {
            Progress::Trial { trial, of } => {
                if self.extracting && self.trial.is_some() {
                    self.before += self.shifts() + self.extraction() + CHECK;
                }
                (self.trial, self.extracting) = (Some((trial, of)), false);
                self.earlier_trials()
            }
            Progress::Shifted { points, of, stage, stages } => {
                (self.walked, self.extracting) = (true, false);
                let stage = stage.saturating_sub(1) as f64 + part(points, of);
                self.earlier_trials() + PASS * stage / stages.max(1) as f64
            }
            Progress::Waiting { stage, stages, .. } => {
                (self.walked, self.extracting) = (true, false);
                PASS * stage as f64 / stages.max(1) as f64
            }
            Progress::Joined { points, of } => {
                self.extracting = true;
                self.extraction() * part(points, of)
            }
            Progress::Checked { terms, of } if !self.extracting => {
                self.earlier_trials() + PASS + COMPARISON * part(terms, of)
            }
            Progress::Extracted { points, of } => {
                self.extracting |= points > 0 || self.walked;
                match self.extracting {
                    true => self.shifts() + self.extraction() * part(points, of),
                    false => 0.0,
                }
            }
            Progress::Checked { terms, of } => {
                self.shifts() + self.extraction() + CHECK * part(terms, of)
            }
        };
        let whole = self.before + self.shifts() + self.extraction() + CHECK;
        self.share = self.share.max((self.before + done) / whole).min(1.0);
        self.share
    }

    fn earlier_trials(&self) -> f64 {
        let earlier = self.trial.map_or(0, |(trial, _)| trial.saturating_sub(1));
        (PASS + COMPARISON) * earlier as f64
    }

    /// Work of finding the shifts, in passes.
    fn shifts(&self) -> f64 {
        match self.trial {
            Some((_, of)) => (PASS + COMPARISON) * of as f64,
            None if self.walked => PASS,
            None => 0.0,
        }
    }

    fn extraction(&self) -> f64 {
        if self.walked && self.trial.is_none() { ARRIVED } else { PASS }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POINTS: usize = 4;

    fn extracted() -> impl Iterator<Item = Progress> {
        (1..=POINTS).map(|points| Progress::Extracted { points, of: POINTS })
    }

    fn walk() -> impl Iterator<Item = Progress> {
        (1..=3).flat_map(|stage| {
            (1..=POINTS).map(move |points| Progress::Shifted {
                points,
                of: POINTS,
                stage,
                stages: 3,
            })
        })
    }

    fn checked() -> impl Iterator<Item = Progress> {
        (1..=POINTS).map(|terms| Progress::Checked { terms, of: POINTS })
    }

    fn trials(count: usize) -> impl Iterator<Item = Progress> {
        let trial = move |trial| Progress::Trial { trial, of: count };
        (1..=count)
            .flat_map(move |number| [trial(number)].into_iter().chain(walk()).chain(checked()))
    }

    fn shares(reports: impl IntoIterator<Item = Progress>) -> Vec<f64> {
        let mut estimate = Estimate::default();
        let start = Progress::Extracted { points: 0, of: POINTS };
        [start].into_iter().chain(reports).map(|progress| estimate.share(progress)).collect()
    }

    #[test]
    fn shares_of_every_gauge_rise_from_0_to_1() {
        let worst: Vec<_> = extracted().chain(checked()).collect();
        let tight: Vec<_> = walk().chain(worst.clone()).collect();
        let calibrated: Vec<_> = trials(6).chain(worst.clone()).collect();
        let refuted = calibrated.iter().copied().chain(trials(2)).chain(worst.clone()).collect();
        for reports in [worst, tight, calibrated, refuted] {
            let shares = shares(reports);
            assert!(shares.is_sorted(), "{shares:?}");
            assert_eq!(shares[0], 0.0);
            assert_eq!(shares.last(), Some(&1.0), "{shares:?}");
        }
    }

    #[test]
    fn trials_share_the_time_evenly() {
        let shares = shares(trials(6));
        let steps: Vec<f64> = shares.chunks(shares.len() / 6).map(|trial| trial[0]).collect();
        assert!((steps[3] - 4.5 / 10.3).abs() < 0.05, "{steps:?}");
    }
}
