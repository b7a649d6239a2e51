//! Do moved copies of the terms help?

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::data::{Split, shift_pairs};
use crate::experiments::experiment::{Experiment, ExperimentEntry, ExperimentInputs, Scope, make};
use crate::query::classes_with_moved_terms;
use crate::report::{Answer, NumberId, Table, Topic};
use crate::statistics::agreement;
use crate::unit::{Unit, count, percent};

pub(crate) const ENTRY: ExperimentEntry = ExperimentEntry {
    name: "shifted-terms",
    question: "Do moved copies of the terms bring the extracted function closer to the network?",
    topic: Topic::MovedImages,
    method: [
        "Coefficients are images: every positive term is also moved by all pairs of some numbers \
         of pixels, with zeros at the edge, and keeps its bias.",
        "All of these terms compete at the test images.",
        "Agreement and accuracy are compared with those of the terms alone.",
    ],
    scope: Scope::Each,
    gauged: true,
    make: make::<ShiftedTerms>,
};

/// Share of test images at which network and terms with moved copies predict one class.
const AGREEMENT: NumberId = NumberId::new("agreement", Unit::Share);

/// Agreement without moved copies.
const AGREEMENT_ALONE: NumberId = NumberId::new("agreement of the terms alone", Unit::Share);

/// Share of test images that terms with moved copies classify correctly.
const ACCURACY: NumberId = NumberId::new("accuracy", Unit::Share);

/// Accuracy without moved copies.
const ACCURACY_ALONE: NumberId = NumberId::new("accuracy of the terms alone", Unit::Share);

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ShiftedTerms {
    /// Shifts in pixels, down and to the right.
    shifts: Vec<i32>,
}

impl Default for ShiftedTerms {
    fn default() -> Self {
        Self { shifts: vec![-6, -3, 0, 3, 6] }
    }
}

impl Experiment for ShiftedTerms {
    fn run(&self, inputs: &ExperimentInputs<'_>) -> Result<Answer, Error> {
        let context = inputs.run();
        let shifts = shift_pairs(&self.shifts);
        if shifts.is_empty() {
            return Err(ENTRY.refuse("shifts: expected at least one number of pixels"));
        }
        let (labels, predicted) = (context.labels(Split::Test), context.predicted(Split::Test)?);
        let augmented = classes_with_moved_terms(context, &shifts)?;
        let alone = context.classes(Split::Test)?;
        let shares = [&alone, &augmented]
            .map(|found| [agreement(found, predicted), agreement(found, &labels)]);
        let terms = [context.terms(), context.terms() * shifts.len()];
        let columns = [
            ("function", Unit::Text),
            ("terms", Unit::Count),
            ("agreement", Unit::Share),
            ("accuracy", Unit::Share),
        ];
        let mut table = Table::new("functions", "With and without moved terms", &columns);
        for (name, (terms, shares)) in
            ["extracted", "with moved terms"].into_iter().zip(terms.into_iter().zip(shares))
        {
            table.push(vec![name.into(), terms.into(), shares[0].into(), shares[1].into()]);
        }
        let [alone, augmented] = shares;
        Ok(Answer::new(format!(
            "With {} shifts, {} terms agree with the network on {} of the test images instead of \
             {}; accuracy is {} instead of {}.",
            shifts.len(),
            count(terms[1]),
            percent(augmented[0]),
            percent(alone[0]),
            percent(augmented[1]),
            percent(alone[1]),
        ))
        .value(&AGREEMENT, augmented[0])
        .value(&AGREEMENT_ALONE, alone[0])
        .value(&ACCURACY, augmented[1])
        .value(&ACCURACY_ALONE, alone[1])
        .table(table))
    }
}
