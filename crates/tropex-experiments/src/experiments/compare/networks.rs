//! How similar are the linear terms of independently trained networks?

use serde::{Deserialize, Serialize};
use tropex_files::kept_at;

use crate::Error;
use crate::data::Split;
use crate::experiments::experiment::{Experiment, ExperimentEntry, ExperimentInputs, Scope, make};
use crate::query::{NOTE, add_measures, angle_text, with_angle};
use crate::report::{Answer, NumberId, Table, TableCell, Topic};
use crate::run::RunContext;
use crate::statistics::{PairMeasures, agreement};
use crate::unit::{Unit, percent};

pub(crate) const ENTRY: ExperimentEntry = ExperimentEntry {
    name: "networks",
    question: "How similar are the linear terms of independently trained networks?",
    topic: Topic::SeveralNetworks,
    method: [
        "The linear terms of two networks are extracted at equal test images, each for the class \
         that its network predicts.",
        "Angle, distance and correlation compare the coefficients of the two.",
        "With more than two runs, all pairs are compared.",
    ],
    scope: Scope::Together,
    gauged: true,
    make: make::<Networks>,
};

/// Share of test images that two networks give one class.
const SAME_CLASS: NumberId = NumberId::new("same class", Unit::Share);

/// The experiment has no parameters.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Networks {}

impl Experiment for Networks {
    fn run(&self, inputs: &ExperimentInputs<'_>) -> Result<Answer, Error> {
        let contexts = inputs.runs;
        let mut sets = Vec::new();
        let columns =
            [("first run", Unit::Text), ("second run", Unit::Text), ("same class", Unit::Share)];
        let mut table = Table::new("pairs", "Runs that are compared", &columns);
        let mut same_class = Vec::new();
        for (index, first) in contexts.iter().enumerate() {
            for second in &contexts[index + 1..] {
                require_same_images(first, second)?;
                let terms = [first.linear_terms()?, second.linear_terms()?];
                let all: Vec<_> = (0..terms[0].len()).collect();
                let measures = PairMeasures::of(terms[0].rows(), terms[1].rows(), &all);
                let names = [first, second].map(|context| kept_at(context.run().path()));
                let same = agreement(terms[0].classes(), terms[1].classes());
                sets.push((names.join(" and "), measures));
                let [first, second] = names.map(TableCell::from);
                table.push(vec![first, second, same.into()]);
                same_class.push(same);
            }
        }
        let same = same_class.iter().sum::<f64>() / same_class.len() as f64;
        let all_pairs = all_pairs(&sets);
        let answer = Answer::new(format!(
            "The linear terms of {} differ by {} on average over {}; the networks give the same \
             class to {} of the images.",
            if sets.len() == 1 { "two networks".into() } else { format!("{} pairs", sets.len()) },
            angle_text(&all_pairs),
            match sets.len() {
                1 => with_angle(&all_pairs, "test images"),
                _ => with_angle(&all_pairs, "pairs of terms"),
            },
            percent(same),
        ));
        if sets.len() > 1 {
            sets.insert(0, ("all pairs".into(), all_pairs));
        }
        let answer = add_measures(answer, &sets);
        Ok(answer.value(&SAME_CLASS, same).table(table).note(NOTE))
    }
}

/// The measures of all pairs of networks, concatenated.
fn all_pairs(sets: &[(String, PairMeasures)]) -> PairMeasures {
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

fn require_same_images(first: &RunContext<'_>, second: &RunContext<'_>) -> Result<(), Error> {
    let [a, b] = [first, second].map(|context| &context.run().config().data.test);
    if a == b {
        return Ok(());
    }
    let [first, second] = [first, second].map(|context| context.run().path().to_owned());
    Err(Error::OtherImages { first, second, split: Split::Test })
}
