//! Does the extracted function err where the network does?

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::data::Split;
use crate::experiments::experiment::{Experiment, ExperimentEntry, ExperimentInputs, Scope, make};
use crate::report::{Answer, NumberId, Table, Topic};
use crate::run::{AssignedPoints, AssignmentWork, PointwiseWork, RunContext};
use crate::statistics::Contingency;
use crate::unit::{Unit, percent};

pub(crate) const ENTRY: ExperimentEntry = ExperimentEntry {
    name: "implications",
    question: "Where one of network and extracted function is right, is the other right too?",
    topic: Topic::ExtractedFunction,
    method: [
        "Network and extracted function are each right or wrong at every test image.",
        "The four cases are counted, and divided by the number of cases in which one of them is \
         right, or wrong.",
        "Conditional frequencies in a row add up to one.",
    ],
    scope: Scope::Each,
    gauged: true,
    make: make::<Implications>,
};

/// P(extracted function right | network right), over the test images.
const FUNCTION_RIGHT_NETWORK_RIGHT: NumberId =
    NumberId::new("function right, network right", Unit::Share);

/// P(extracted function right | network wrong), over the test images.
const FUNCTION_RIGHT_NETWORK_WRONG: NumberId =
    NumberId::new("function right, network wrong", Unit::Share);

/// P(network right | extracted function right), over the test images.
const NETWORK_RIGHT_FUNCTION_RIGHT: NumberId =
    NumberId::new("network right, function right", Unit::Share);

/// P(network right | extracted function wrong), over the test images.
const NETWORK_RIGHT_FUNCTION_WRONG: NumberId =
    NumberId::new("network right, function wrong", Unit::Share);

/// The experiment has no parameters.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Implications {}

impl Experiment for Implications {
    fn run(&self, inputs: &ExperimentInputs<'_>) -> Result<Answer, Error> {
        let context = inputs.run();
        let labels = context.labels(Split::Test);
        let (predicted, classes) = (context.predicted(Split::Test)?, context.classes(Split::Test)?);
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
            .value(&FUNCTION_RIGHT_NETWORK_RIGHT, cases.second_given_first(true, true))
            .value(&FUNCTION_RIGHT_NETWORK_WRONG, cases.second_given_first(true, false))
            .value(&NETWORK_RIGHT_FUNCTION_RIGHT, cases.first_given_second(true, true))
            .value(&NETWORK_RIGHT_FUNCTION_WRONG, cases.first_given_second(true, false));
        Ok(answer
            .table(shift_pairs(
                "counts",
                "Test images",
                "network",
                Unit::Count,
                |network, function| cases.count(network, function) as f64,
            ))
            .table(shift_pairs(
                "joint",
                "Share of the test images",
                "network",
                Unit::Share,
                |a, b| cases.joint(a, b),
            ))
            .table(shift_pairs(
                "function-given-network",
                "Extracted function, given the network",
                "network",
                Unit::Share,
                |network, function| cases.second_given_first(function, network),
            ))
            .table(square_of_function(&cases))
            .note("A value named \u{201c}a, b\u{201d} is the frequency of a where b holds."))
    }

    fn pointwise<'a>(
        &'a self,
        context: &'a RunContext<'a>,
    ) -> Result<Vec<Box<dyn PointwiseWork + 'a>>, Error> {
        Ok(vec![AssignmentWork::boxed(context, AssignedPoints::Images(Split::Test))])
    }
}

/// Rows: network right or wrong. Columns: extracted function right or wrong.
fn shift_pairs(
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

/// Rows: extracted function right or wrong. Columns: network right or wrong.
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
