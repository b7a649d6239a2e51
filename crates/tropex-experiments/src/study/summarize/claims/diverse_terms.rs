//! Whether convolutional networks have more diverse linear terms than fully connected ones.

use tropex_train::zoo::Architecture;

use super::super::cards::are_apart;
use super::super::{FindingIndex, NetworkAndGauge};
use super::with_rule;
use crate::experiments::similarity;
use crate::query::MEAN_ANGLE;
use crate::report::{Claim, NumberId, Unit, Verdict};
use crate::study::by_seed::seed_range;

/// Mean angles of a network over its seeds.
struct NetworkAngle<'a> {
    name: &'a str,
    dataset: &'a str,
    gauge: &'a str,
    is_dense: bool,
    angle: f64,
    seeds: [f64; 2],
}

/// A fully connected and a convolutional network on the same images, under one gauge.
struct AnglePair<'a> {
    dense: &'a NetworkAngle<'a>,
    conv: &'a NetworkAngle<'a>,
}

impl AnglePair<'_> {
    /// Whether the terms of the convolutional network are more diverse; `None` if the seeds overlap.
    fn holds(&self) -> Option<bool> {
        let Self { dense, conv } = self;
        are_apart(conv.seeds, dense.seeds).then_some(conv.angle > dense.angle)
    }

    /// The angles, and what they say if `is_told`.
    fn words(&self, is_told: bool) -> String {
        let Self { dense, conv } = self;
        let [of_dense, of_conv] = [dense, conv].map(|row| Unit::Degrees.format(row.angle));
        let outcome = match self.holds() {
            _ if !is_told => "",
            Some(true) => ": holds",
            Some(false) => ": does not hold",
            None => ": the seeds overlap",
        };
        let gauge = conv.gauge;
        format!("{} {of_conv} against {} {of_dense} ({gauge}){outcome}", conv.name, dense.name)
    }
}

impl FindingIndex<'_> {
    pub(super) fn dense_against_convolutional(&self) -> Claim {
        let angles: Vec<_> = self.rows.iter().filter_map(|row| self.angle(row)).collect();
        let pairs = angles.iter().filter(|dense| dense.is_dense).flat_map(|dense| {
            let is_like = |other: &&NetworkAngle<'_>| {
                (other.dataset, other.gauge) == (dense.dataset, dense.gauge)
            };
            let others = angles.iter().filter(|other| !other.is_dense);
            others.filter(is_like).map(move |conv| (dense, conv))
        });
        let pairs: Vec<_> = pairs.map(|(dense, conv)| AnglePair { dense, conv }).collect();
        let verdict = Verdict::of(pairs.iter().filter_map(AnglePair::holds));
        let is_told = pairs.iter().any(|pair| pair.holds() != pairs[0].holds());
        let mut parts: Vec<_> = pairs.iter().map(|pair| pair.words(is_told)).collect();
        parts.extend(self.mind_the_training(&parts));
        let is_compared = |row: &NetworkAndGauge<'_>| {
            pairs.iter().any(|pair| [pair.dense.name, pair.conv.name].contains(&row.network))
        };
        Claim {
            question: "Do convolutional networks have more diverse linear terms than fully \
                connected ones?",
            verdict,
            evidence: with_rule(
                &parts.join("; "),
                "the measure is the mean angle between a test image's own linear term and that of \
                 the winning term; networks on the same images are compared under each gauge, and \
                 their ranges over the seeds must not overlap",
            ),
            lines: self.lines(false, |row| self.angles_in_words(row, !is_compared(row))),
        }
    }

    /// The mean angles of a network: that of all images, if it is not said elsewhere, and those of
    /// the images where function and network agree or do not.
    fn angles_in_words(&self, row: &NetworkAndGauge<'_>, with_all: bool) -> Option<String> {
        let finding = self.finding(row, similarity::ENTRY.name)?;
        let range = |id: &NumberId| {
            let [low, high] = seed_range(finding, id)?;
            Some(format!("{low:.2} to {high:.2}"))
        };
        let mean = |id: &NumberId| {
            let angle = Unit::Degrees.format(finding.answer.number(id)?);
            Some(range(id).map_or(angle.clone(), |range| format!("{angle} (seeds: {range})")))
        };
        let all = mean(&MEAN_ANGLE)?;
        let start = match with_all {
            true => format!("the mean angle is {all}; "),
            false => {
                range(&MEAN_ANGLE).map_or_else(String::new, |range| format!("seeds: {range}; "))
            }
        };
        let of = |part| mean(&MEAN_ANGLE.of(part)).unwrap_or_else(|| "none".into());
        let (agree, disagree) = (of(similarity::AGREE), of(similarity::DISAGREE));
        Some(format!(
            "{start}{agree} where function and network agree, {disagree} where they do not."
        ))
    }

    /// The angle of a network whose architecture says whether it is convolutional.
    fn angle(&self, row: &NetworkAndGauge<'_>) -> Option<NetworkAngle<'_>> {
        let finding = self.finding(row, similarity::ENTRY.name)?;
        let run = &finding.runs[0];
        let angle = finding.answer.number(&MEAN_ANGLE)?;
        let architecture: Architecture = run.architecture.parse().ok()?;
        Some(NetworkAngle {
            name: &run.folder,
            dataset: &run.dataset,
            gauge: &run.gauge,
            is_dense: !architecture.has_convolutions(),
            angle,
            seeds: seed_range(finding, &MEAN_ANGLE).unwrap_or([angle; 2]),
        })
    }
}
