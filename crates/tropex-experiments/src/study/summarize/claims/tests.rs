//! Tests of the claims.

use tropex_train::data::SubsetSummary;

use super::super::summarize;
use crate::experiments::{ExperimentEntry, count, generalization, similarity};
use crate::query::MEAN_ANGLE;
use crate::report::{Answer, Finding, NumberId, Verdict};

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
        let findings = [regions(DENSE, regions_a, new_a), regions(CONVOLUTIONAL, regions_b, new_b)];
        claim(0, &findings).0
    };
    assert_eq!(verdict([1000.0, 1.0], [1000.0, 1.0]), Verdict::Holds);
    assert_eq!(verdict([1000.0, 1.0], [999.0, 1.0]), Verdict::HoldsForSome);
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
fn a_claim_that_holds_for_some_says_for_which() {
    let (verdict, evidence) =
        claim(1, &[accuracy(DENSE, 0.9, 0.9), accuracy(OTHER_IMAGES, 0.9, 0.5)]);
    assert_eq!(verdict, Verdict::HoldsForSome);
    assert!(evidence.starts_with("It holds for dense, not for other. Rule"), "{evidence}");
    let other_dense = ("more", "fcn4", "clothes");
    let angles = [(DENSE, 20.0), (CONVOLUTIONAL, 50.0), (other_dense, 60.0), (OTHER_IMAGES, 10.0)];
    let (verdict, evidence) = claim(2, &angles.map(|(network, degrees)| angle(network, degrees)));
    assert_eq!(verdict, Verdict::HoldsForSome);
    assert!(evidence.contains("dense 20.00° (worst-case): holds; other 10.00°"), "{evidence}");
    assert!(evidence.contains("more 60.00° (worst-case): does not hold."), "{evidence}");
}

#[test]
fn unequal_numbers_of_training_images_are_said_beside_comparisons() {
    let trained = |network, degrees, count| {
        let mut finding = angle(network, degrees);
        finding.runs[0].trained_on = Some(SubsetSummary { count, of: 60_000, rule: None });
        finding
    };
    let findings = |of_conv| [trained(DENSE, 20.0, 60_000), trained(CONVOLUTIONAL, 50.0, of_conv)];
    let unequal = summarize(&findings(20_000));
    assert!(unequal.caution.contains("dense on 60,000 and conv on 20,000"), "{}", unequal.caution);
    assert!(unequal.claims[2].evidence.contains("trained on more images"));
    let equal = summarize(&findings(60_000));
    assert_eq!(equal.caution, "");
    assert!(!equal.claims[2].evidence.contains("trained on more images"));
    let apart = [trained(DENSE, 20.0, 60_000), trained(OTHER_IMAGES, 50.0, 20_000)];
    assert_eq!(summarize(&apart).caution, "", "networks on other images are not compared");
}

#[test]
fn changes_lead_from_the_first_gauge_to_the_last() {
    let under = |gauge: &str, of_function| {
        let mut finding = accuracy(DENSE, 0.9, of_function);
        finding.runs[0].gauge = gauge.into();
        finding
    };
    let findings = [under("worst-case", 0.5), under("tight", 0.6), under("calibrated", 0.75)];
    let changes = summarize(&findings).changes.unwrap();
    assert_eq!((&*changes.from, &*changes.to), ("worst-case", "calibrated"));
    let found = changes.changes.iter().map(|change| (change.number, change.change));
    let expected = [("extracted function's accuracy", 0.25), ("agreement", 0.0)];
    assert_eq!(found.collect::<Vec<_>>(), expected);
    assert_eq!(summarize(&findings[..1]).changes, None);
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
    let of_other_images = |of_conv| {
        let other = [regions(OTHER_IMAGES, 1000.0, 1.0), accuracy(OTHER_IMAGES, 0.5, 0.5)];
        claim(3, &[&findings(of_conv)[..2], &other, &findings(of_conv)[2..]].concat()).1
    };
    let same = of_other_images(0.8);
    assert!(same.contains("the accuracies of dense and conv differ"), "{same}");
    let other = of_other_images(0.89);
    assert!(other.contains("dense and other, which see different images, differ"), "{other}");
}
