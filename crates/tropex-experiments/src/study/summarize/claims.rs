//! The claims of the paper: a verdict, the numbers behind it, and the rule that decides it.

use tropex_train::zoo::Architecture;

use super::cards::estimate;
use super::{FindingIndex, NetworkAndGauge};
use crate::experiments::{coefficients, count, generalization, similarity};
use crate::query::MEAN_ANGLE;
use crate::report::{Claim, ShareEstimate, Unit, Verdict, count as format_count, percent};
use crate::study::average_seeds::seed_range;

/// A network with the number of its regions and its accuracy.
struct CountedNetwork<'a> {
    name: &'a str,
    has_all_different: bool,
    accuracy: ShareEstimate,
}

/// Mean angles of a network over its seeds.
struct NetworkAngle<'a> {
    name: &'a str,
    dataset: &'a str,
    gauge: &'a str,
    is_dense: bool,
    angle: f64,
    seeds: [f64; 2],
}

impl FindingIndex<'_> {
    /// The claims of the paper. A claim without lines was not measured.
    pub(super) fn claims(&self) -> Vec<Claim> {
        vec![
            self.different_regions(),
            self.few_regions(),
            self.dense_against_convolutional(),
            self.counts_against_coefficients(),
        ]
    }

    fn different_regions(&self) -> Claim {
        let measured: Vec<_> =
            self.networks().filter_map(|row| Some((row.network, self.regions(row)?))).collect();
        let text = |[regions, images, new]: &[f64; 3]| {
            format!(
                "{} regions for {} training images, {} of the test images in new regions",
                Unit::Count.format(*regions),
                Unit::Count.format(*images),
                percent(*new)
            )
        };
        let evidence = match measured.as_slice() {
            [] => String::new(),
            [(_, numbers)] => text(numbers) + ".",
            [(_, first), others @ ..] if others.iter().all(|(_, numbers)| numbers == first) => {
                format!("Every network: {}.", text(first))
            }
            all => {
                let part =
                    |(name, numbers): &(&str, [f64; 3])| format!("{name}: {}", text(numbers));
                all.iter().map(part).collect::<Vec<_>>().join("; ") + "."
            }
        };
        let is_different = |[regions, images, new]: &[f64; 3]| regions == images && *new == 1.0;
        Claim {
            question: "Do all points fall into different regions?",
            verdict: Verdict::of(measured.iter().map(|(_, numbers)| is_different(numbers))),
            evidence,
            lines: self.lines(true, |row| {
                let value = |id| self.number(row, &count::ENTRY, &id);
                let regions = value(count::REGIONS_OF_TRAINING)?;
                let different = value(count::TERMS_OF_TRAINING)?;
                let terms = self.finding(row, count::ENTRY.name)?.runs[0].terms;
                let new = value(count::TEST_IN_NEW_REGIONS)?;
                Some(format!(
                    "{} training images lie in {} different regions and have {} different \
                     linear terms; {} of the test images are in a region that no training \
                     image is in.",
                    format_count(terms),
                    Unit::Count.format(regions),
                    Unit::Count.format(different),
                    percent(new)
                ))
            }),
        }
    }

    /// Regions of the training images, training images, share of test images in new regions.
    fn regions(&self, row: &NetworkAndGauge<'_>) -> Option<[f64; 3]> {
        let value = |id| self.number(row, &count::ENTRY, &id);
        let images = self.finding(row, count::ENTRY.name)?.runs[0].terms as f64;
        Some([value(count::REGIONS_OF_TRAINING)?, images, value(count::TEST_IN_NEW_REGIONS)?])
    }

    fn few_regions(&self) -> Claim {
        let mut solved: Vec<(&str, bool)> = Vec::new();
        for row in &self.rows {
            let finding = self.finding(row, generalization::ENTRY.name);
            let of = |id| finding.and_then(|finding| estimate("", finding, &id));
            let Some(function) = of(generalization::ACCURACY) else { continue };
            let Some(network) = of(generalization::NETWORK_ACCURACY) else { continue };
            let is_solved = function.share >= network.interval[0];
            match solved.iter_mut().find(|(name, _)| *name == row.network) {
                Some((_, any)) => *any |= is_solved,
                None => solved.push((row.network, is_solved)),
            }
        }
        let part = |(name, is_solved): &(&str, bool)| {
            format!("{name}: {}", if *is_solved { "yes" } else { "no" })
        };
        let parts: Vec<_> = solved.iter().map(part).collect();
        Claim {
            question: "Can the few regions of the data solve the task?",
            verdict: Verdict::of(solved.iter().map(|(_, is_solved)| *is_solved)),
            evidence: with_rule(
                &parts.join(", "),
                "a network solves the task with them if under some gauge the extracted function's \
                 accuracy is not below the 95 % interval of the network's accuracy; the paper claims \
                 it for simple tasks only",
            ),
            lines: self.lines(false, |row| {
                let value = |id| self.number(row, &generalization::ENTRY, &id);
                Some(format!(
                    "the terms of the training images alone give {} of the test images their \
                     label, the network {}; both agree at {}.",
                    percent(value(generalization::ACCURACY)?),
                    percent(value(generalization::NETWORK_ACCURACY)?),
                    percent(value(generalization::AGREEMENT)?)
                ))
            }),
        }
    }

    fn dense_against_convolutional(&self) -> Claim {
        let angles: Vec<_> = self.rows.iter().filter_map(|row| self.angle(row)).collect();
        let pairs = angles.iter().filter(|dense| dense.is_dense).flat_map(|dense| {
            let is_like = |other: &&NetworkAngle<'_>| {
                (other.dataset, other.gauge) == (dense.dataset, dense.gauge)
            };
            let others = angles.iter().filter(|other| !other.is_dense);
            others.filter(is_like).map(move |conv| (dense, conv))
        });
        let pairs: Vec<_> = pairs.collect();
        let is_apart = |(dense, conv): &&(&NetworkAngle<'_>, &NetworkAngle<'_>)| {
            conv.seeds[0] > dense.seeds[1] || conv.seeds[1] < dense.seeds[0]
        };
        let apart = pairs.iter().filter(is_apart);
        let part = |(dense, conv): &(&NetworkAngle<'_>, &NetworkAngle<'_>)| {
            let [of_dense, of_conv] = [dense, conv].map(|row| Unit::Degrees.format(row.angle));
            format!("{} {of_conv} against {} {of_dense} ({})", conv.name, dense.name, conv.gauge)
        };
        let parts: Vec<_> = pairs.iter().map(part).collect();
        Claim {
            question: "Do convolutional networks have more diverse linear terms than fully \
                connected ones?",
            verdict: Verdict::of(apart.map(|(dense, conv)| conv.angle > dense.angle)),
            evidence: with_rule(
                &parts.join("; "),
                "the measure is the mean angle between a test image's own linear term and that of \
                 the winning term; networks on the same images are compared, and their ranges over \
                 the seeds must not overlap",
            ),
            lines: self.lines(false, |row| {
                let value = |id| self.number(row, &similarity::ENTRY, &id);
                let all = value(MEAN_ANGLE)?;
                let agree = value(MEAN_ANGLE.of(similarity::AGREE));
                let disagree = value(MEAN_ANGLE.of(similarity::DISAGREE));
                let of = |angle: Option<f64>| {
                    angle.map_or_else(|| "none".into(), |angle| Unit::Degrees.format(angle))
                };
                Some(format!(
                    "a test image's own linear term and that of the winning term are {} apart \
                     ({} where function and network agree, {} where they do not).",
                    Unit::Degrees.format(all),
                    of(agree),
                    of(disagree)
                ))
            }),
        }
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

    fn counts_against_coefficients(&self) -> Claim {
        let networks: Vec<_> = self.networks().filter_map(|row| self.counted(row)).collect();
        let all_different = networks.iter().all(|network| network.has_all_different);
        let is_apart = |a: &CountedNetwork<'_>, b: &CountedNetwork<'_>| {
            a.accuracy.interval[0] > b.accuracy.interval[1]
                || a.accuracy.interval[1] < b.accuracy.interval[0]
        };
        let differ = networks.iter().any(|a| networks.iter().any(|b| is_apart(a, b)));
        let parts = networks
            .iter()
            .map(|network| format!("{} {}", network.name, percent(network.accuracy.share)));
        let parts: Vec<_> = parts.collect();
        let evidence = match all_different {
            true => format!(
                "Every network has as many regions as images, the accuracies are {}",
                parts.join(", ")
            ),
            false => "The networks differ in the number of their regions".into(),
        };
        Claim {
            question: "Is the number of regions alone a poor indicator of performance?",
            verdict: Verdict::of((all_different && differ).then_some(true)),
            evidence: match networks.len() {
                0 => String::new(),
                1 => "One network alone cannot show it.".into(),
                _ => with_rule(
                    &evidence,
                    "it holds if all networks have equally many regions and some accuracies have \
                     95 % intervals that do not overlap",
                ),
            },
            lines: self.lines(true, |row| {
                let regions = self.number(row, &count::ENTRY, &count::REGIONS_OF_BOTH)?;
                let value = |id| self.number(row, &coefficients::ENTRY, &id);
                let rank = value(coefficients::EFFECTIVE_RANK)?;
                let needed = value(coefficients::DIRECTIONS)?;
                Some(format!(
                    "{} different regions; the coefficients of their terms have an effective rank \
                     of {rank:.1}, and {} directions hold 99 % of them.",
                    Unit::Count.format(regions),
                    Unit::Count.format(needed)
                ))
            }),
        }
    }

    fn counted<'a>(&'a self, row: &'a NetworkAndGauge<'_>) -> Option<CountedNetwork<'a>> {
        let [regions, images, new] = self.regions(row)?;
        let finding = self.finding(row, generalization::ENTRY.name)?;
        Some(CountedNetwork {
            name: row.network,
            has_all_different: regions == images && new == 1.0,
            accuracy: estimate("", finding, &generalization::NETWORK_ACCURACY)?,
        })
    }

    /// The first row of every network: what does not depend on the gauge is measured once.
    fn networks(&self) -> impl Iterator<Item = &NetworkAndGauge<'_>> {
        let is_first = |&(index, row): &(usize, &NetworkAndGauge<'_>)| {
            self.rows[..index].iter().all(|other| other.network != row.network)
        };
        self.rows.iter().enumerate().filter(is_first).map(|(_, row)| row)
    }

    /// A line per network, and per gauge unless `once` says that the gauge makes no difference.
    fn lines(
        &self,
        once: bool,
        line: impl Fn(&NetworkAndGauge<'_>) -> Option<String>,
    ) -> Vec<String> {
        let named = |row: &NetworkAndGauge<'_>, name: String| {
            line(row).map(|line| format!("{name}: {line}"))
        };
        match once {
            true => self.networks().filter_map(|row| named(row, row.network.to_owned())).collect(),
            false => {
                let rows = self.rows.iter();
                let name = |row: &NetworkAndGauge<'_>| format!("{}, {}", row.network, row.gauge);
                rows.filter_map(|row| named(row, name(row))).collect()
            }
        }
    }
}

/// Numbers and the rule of a verdict; empty without numbers.
fn with_rule(numbers: &str, rule: &str) -> String {
    if numbers.is_empty() { String::new() } else { format!("{numbers}. Rule: {rule}.") }
}

#[cfg(test)]
mod tests {
    use super::super::summarize;
    use super::*;
    use crate::experiments::ExperimentEntry;
    use crate::report::{Answer, Finding, NumberId};

    /// A network on a dataset.
    type Seen = (&'static str, &'static str, &'static str);

    const DENSE: Seen = ("dense", "fcn4", "digits");
    const CONVOLUTIONAL: Seen = ("conv", "vgg", "digits");
    const OTHER_IMAGES: Seen = ("other", "vgg", "clothes");

    fn finding(
        (name, architecture, dataset): Seen,
        entry: &ExperimentEntry,
        numbers: &[(NumberId, f64)],
    ) -> Finding {
        let add = |answer: Answer, (id, value): &(NumberId, f64)| answer.value(id, *value);
        let mut finding = Finding::in_tests(name, numbers.iter().fold(Answer::new("yes"), add));
        finding.experiment = entry.name.into();
        finding.runs[0].architecture = architecture.into();
        finding.runs[0].dataset = dataset.into();
        (finding.runs[0].terms, finding.runs[0].points) = (1000, 1000);
        finding
    }

    fn angle(network: Seen, degrees: f64) -> Finding {
        finding(network, &similarity::ENTRY, &[(MEAN_ANGLE, degrees)])
    }

    fn accuracy(network: Seen, of_network: f64, of_function: f64) -> Finding {
        let numbers = [
            (generalization::NETWORK_ACCURACY, of_network),
            (generalization::ACCURACY, of_function),
            (generalization::AGREEMENT, 0.9),
        ];
        finding(network, &generalization::ENTRY, &numbers)
    }

    fn regions(network: Seen, regions: f64, new: f64) -> Finding {
        let numbers = [
            (count::REGIONS_OF_TRAINING, regions),
            (count::TERMS_OF_TRAINING, regions),
            (count::TEST_IN_NEW_REGIONS, new),
        ];
        finding(network, &count::ENTRY, &numbers)
    }

    /// Verdict and evidence of a claim by its place.
    fn claim(place: usize, findings: &[Finding]) -> (Verdict, String) {
        let claim = summarize(findings).claims.swap_remove(place);
        (claim.verdict, claim.evidence)
    }

    #[test]
    fn regions_are_different_if_no_two_points_share_one() {
        let verdict = |[regions_a, new_a]: [f64; 2], [regions_b, new_b]: [f64; 2]| {
            let findings =
                [regions(DENSE, regions_a, new_a), regions(CONVOLUTIONAL, regions_b, new_b)];
            claim(0, &findings).0
        };
        assert_eq!(verdict([1000.0, 1.0], [1000.0, 1.0]), Verdict::Holds);
        assert_eq!(verdict([1000.0, 1.0], [999.0, 1.0]), Verdict::Differs);
        assert_eq!(verdict([1000.0, 0.9], [999.0, 1.0]), Verdict::DoesNotHold);
        assert_eq!(claim(0, &[]), (Verdict::CannotBeTold, String::new()));
        let evidence = |regions_b| {
            let findings = [regions(DENSE, 1000.0, 1.0), regions(CONVOLUTIONAL, regions_b, 1.0)];
            claim(0, &findings).1
        };
        let end = "training images, 100.00 % of the test images in new regions";
        assert_eq!(evidence(1000.0), format!("Every network: 1,000 regions for 1,000 {end}."));
        assert!(evidence(999.0).contains(&format!("; conv: 999 regions for 1,000 {end}.")));
    }

    #[test]
    fn a_task_is_solved_within_the_interval_of_the_network() {
        // The interval of 90 % of 1,000 images begins at 87.99 %.
        let verdict = |function| claim(1, &[accuracy(DENSE, 0.9, function)]).0;
        assert_eq!(verdict(0.88), Verdict::Holds);
        assert_eq!(verdict(0.879), Verdict::DoesNotHold);
    }

    #[test]
    fn only_networks_on_the_same_images_are_compared() {
        let (verdict, evidence) =
            claim(2, &[angle(DENSE, 20.0), angle(CONVOLUTIONAL, 50.0), angle(OTHER_IMAGES, 10.0)]);
        assert_eq!(verdict, Verdict::Holds);
        assert!(evidence.starts_with("conv 50.00° against dense 20.00° (worst-case). Rule"));
        let apart = [angle(DENSE, 20.0), angle(OTHER_IMAGES, 50.0)];
        assert_eq!(claim(2, &apart), (Verdict::CannotBeTold, String::new()));
    }

    #[test]
    fn counts_say_nothing_if_they_are_equal_and_the_accuracies_are_not() {
        let findings = |of_other| {
            [
                regions(DENSE, 1000.0, 1.0),
                accuracy(DENSE, 0.9, 0.9),
                regions(CONVOLUTIONAL, 1000.0, 1.0),
                accuracy(CONVOLUTIONAL, of_other, 0.9),
            ]
        };
        assert_eq!(claim(3, &findings(0.8)).0, Verdict::Holds);
        assert_eq!(claim(3, &findings(0.89)).0, Verdict::CannotBeTold);
    }
}
