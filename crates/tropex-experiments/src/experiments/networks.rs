//! How alike are the linear terms of networks that were trained independently?

use serde::{Deserialize, Serialize};

use crate::alike::{NOTE, add_measures, angle_text, with_angle};
use crate::experiment::{Context, Experiment, ExperimentEntry, Scope, make};
use crate::report::{Answer, Cell, Table, Unit, percent};
use crate::statistics::{PairMeasures, agreement};
use crate::{Error, Subject};

pub(super) const ENTRY: ExperimentEntry = ExperimentEntry {
    name: "networks",
    question: "How alike are the linear terms of independently trained networks?",
    method: [
        "The linear terms of two networks are extracted at the same test images, each for the \
         class that its network predicts.",
        "Angle, distance and correlation compare the coefficients of the two.",
        "With more than two runs, every pair is compared.",
    ],
    scope: Scope::Together,
    gauged: true,
    make: make::<Networks>,
};

/// It has no parameters.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Networks {}

impl Experiment for Networks {
    fn run(&self, context: &Context<'_>) -> Result<Answer, Error> {
        let subjects = context.subjects;
        let mut sets = Vec::new();
        let columns =
            [("first run", Unit::Text), ("second run", Unit::Text), ("same class", Unit::Share)];
        let mut table = Table::new("pairs", "Runs that are compared", &columns);
        let mut same_class = Vec::new();
        for (index, first) in subjects.iter().enumerate() {
            for second in &subjects[index + 1..] {
                require_same_images(first, second)?;
                let terms = [first.linear_terms()?, second.linear_terms()?];
                let all: Vec<_> = (0..terms[0].len()).collect();
                let measures = PairMeasures::of(terms[0].rows(), terms[1].rows(), &all);
                let names =
                    [first, second].map(|subject| subject.run().path().display().to_string());
                let same = agreement(terms[0].classes(), terms[1].classes());
                sets.push((names.join(" and "), measures));
                let [first, second] = names.map(Cell::from);
                table.push(vec![first, second, same.into()]);
                same_class.push(same);
            }
        }
        let same = same_class.iter().sum::<f64>() / same_class.len() as f64;
        let together = together(&sets);
        let answer = Answer::new(format!(
            "The linear terms of {} differ by {} on average over {}; the networks give the same \
             class to {} of the images.",
            if sets.len() == 1 { "two networks".into() } else { format!("{} pairs", sets.len()) },
            angle_text(&together),
            match sets.len() {
                1 => with_angle(&together, "test images"),
                _ => with_angle(&together, "pairs of terms"),
            },
            percent(same),
        ));
        if sets.len() > 1 {
            sets.insert(0, ("all pairs".into(), together));
        }
        let answer = add_measures(answer, &sets);
        Ok(answer.value("same class", same, Unit::Share).table(table).note(NOTE))
    }
}

/// The measures of all pairs of networks, one after the other.
fn together(sets: &[(String, PairMeasures)]) -> PairMeasures {
    let join = |values: fn(&PairMeasures) -> &Vec<f64>| {
        sets.iter().flat_map(|(_, set)| values(set).iter().copied()).collect()
    };
    PairMeasures {
        angle: join(|set| &set.angle),
        distance: join(|set| &set.distance),
        centred_distance: join(|set| &set.centred_distance),
        point_correlation: join(|set| &set.point_correlation),
        coefficient_correlation: join(|set| &set.coefficient_correlation),
    }
}

fn require_same_images(first: &Subject<'_>, second: &Subject<'_>) -> Result<(), Error> {
    let [a, b] = [first, second].map(|subject| &subject.run().config().data.test);
    if a == b {
        return Ok(());
    }
    let [first, second] = [first, second].map(|subject| subject.run().path().to_owned());
    Err(Error::OtherImages { first, second, split: "test" })
}
