//! Does the extracted function err where the network does?

use serde::{Deserialize, Serialize};

use crate::experiment::{Context, Experiment, ExperimentEntry, Scope, make};
use crate::report::{Answer, Table, Unit, percent};
use crate::statistics::Contingency;
use crate::{Error, Split};

pub(super) const ENTRY: ExperimentEntry = ExperimentEntry {
    name: "implications",
    question: "Does one being right or wrong imply the same of the other?",
    method: [
        "Network and extracted function are each right or wrong at every test image.",
        "The four cases are counted, and divided by the cases of either one being right or wrong.",
        "Conditional frequencies in a row add up to one.",
    ],
    scope: Scope::Each,
    gauged: true,
    make: make::<Implications>,
};

/// It has no parameters.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Implications {}

impl Experiment for Implications {
    fn run(&self, context: &Context<'_>) -> Result<Answer, Error> {
        let subject = context.subject();
        let labels = subject.labels(Split::Test);
        let (predicted, classes) = (subject.predicted(Split::Test)?, subject.classes(Split::Test)?);
        let cases = labels.iter().zip(predicted).zip(&classes);
        let cases = Contingency::of(
            cases.map(|((label, network), function)| (network == label, function == label)),
        );
        let answer = Answer::new(format!(
            "Where the network is right, so is the extracted function in {}; where the network is \
             wrong, in {}. Where the extracted function is right, so is the network in {}.",
            percent_or_none(cases.second_given_first(true, true)),
            percent_or_none(cases.second_given_first(true, false)),
            percent_or_none(cases.first_given_second(true, true)),
        ));
        let answer = answer
            .value(
                "function right, network right",
                cases.second_given_first(true, true),
                Unit::Share,
            )
            .value(
                "function right, network wrong",
                cases.second_given_first(true, false),
                Unit::Share,
            )
            .value(
                "network right, function right",
                cases.first_given_second(true, true),
                Unit::Share,
            )
            .value(
                "network right, function wrong",
                cases.first_given_second(true, false),
                Unit::Share,
            );
        Ok(answer
            .table(square("counts", "Test images", "network", Unit::Count, |network, function| {
                cases.count(network, function) as f64
            }))
            .table(square("joint", "Share of the test images", "network", Unit::Share, |a, b| {
                cases.joint(a, b)
            }))
            .table(square(
                "function-given-network",
                "Extracted function, given the network",
                "network",
                Unit::Share,
                |network, function| cases.second_given_first(function, network),
            ))
            .table(square_of_function(&cases))
            .note("A value named \u{201c}a, b\u{201d} is the frequency of a where b holds."))
    }
}

/// Rows for the network being right or wrong, columns for the extracted function.
fn square(
    name: &str,
    title: &str,
    first: &str,
    unit: Unit,
    value: impl Fn(bool, bool) -> f64,
) -> Table {
    let columns = [(first, Unit::Text), ("function right", unit), ("function wrong", unit)];
    let mut table = Table::new(name, title, &columns);
    for (text, given) in [("right", true), ("wrong", false)] {
        table.push(vec![text.into(), value(given, true).into(), value(given, false).into()]);
    }
    table
}

/// Rows for the extracted function, columns for the network.
fn square_of_function(cases: &Contingency) -> Table {
    let columns =
        [("function", Unit::Text), ("network right", Unit::Share), ("network wrong", Unit::Share)];
    let title = "Network, given the extracted function";
    let mut table = Table::new("network-given-function", title, &columns);
    for (text, given) in [("right", true), ("wrong", false)] {
        let value = |network| cases.first_given_second(network, given).into();
        table.push(vec![text.into(), value(true), value(false)]);
    }
    table
}

fn percent_or_none(share: f64) -> String {
    if share.is_nan() { "no case".into() } else { percent(share) }
}
