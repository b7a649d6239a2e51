//! Do moved copies of the terms help?

use serde::{Deserialize, Serialize};

use crate::enlarged::with_moved_terms;
use crate::experiment::{Context, Experiment, ExperimentEntry, Scope, make};
use crate::report::{Answer, Table, Unit, count, percent};
use crate::shift::square;
use crate::statistics::agreement;
use crate::{Error, Split};

pub(super) const ENTRY: ExperimentEntry = ExperimentEntry {
    name: "shifted-terms",
    question: "Do moved copies of the terms bring the extracted function nearer to the network?",
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

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ShiftedTerms {
    /// Pixels down and to the right.
    shifts: Vec<i32>,
}

impl Default for ShiftedTerms {
    fn default() -> Self {
        Self { shifts: vec![-6, -3, 0, 3, 6] }
    }
}

impl Experiment for ShiftedTerms {
    fn run(&self, context: &Context<'_>) -> Result<Answer, Error> {
        let subject = context.subject();
        let shifts = square(&self.shifts);
        if shifts.is_empty() {
            return Err(ENTRY.refuse("shifts: expected at least one number of pixels"));
        }
        let (labels, predicted) = (subject.labels(Split::Test), subject.predicted(Split::Test)?);
        let enlarged = with_moved_terms(subject, &shifts)?;
        let alone = subject.classes(Split::Test)?;
        let shares = [&alone, &enlarged]
            .map(|found| [agreement(found, predicted), agreement(found, &labels)]);
        let terms = [subject.terms(), subject.terms() * shifts.len()];
        let columns = [
            ("function", Unit::Text),
            ("terms", Unit::Count),
            ("agreement", Unit::Share),
            ("accuracy", Unit::Share),
        ];
        let mut table = Table::new("functions", "With and without moved terms", &columns);
        for (name, (terms, shares)) in
            ["extracted", "enlarged"].into_iter().zip(terms.into_iter().zip(shares))
        {
            table.push(vec![name.into(), terms.into(), shares[0].into(), shares[1].into()]);
        }
        let [alone, enlarged] = shares;
        Ok(Answer::new(format!(
            "With {} shifts, {} terms agree with the network on {} of the test images instead of \
             {}; accuracy is {} instead of {}.",
            shifts.len(),
            count(terms[1]),
            percent(enlarged[0]),
            percent(alone[0]),
            percent(enlarged[1]),
            percent(alone[1]),
        ))
        .value("agreement", enlarged[0], Unit::Share)
        .value("agreement of the terms alone", alone[0], Unit::Share)
        .value("accuracy", enlarged[1], Unit::Share)
        .value("accuracy of the terms alone", alone[1], Unit::Share)
        .table(table))
    }
}
