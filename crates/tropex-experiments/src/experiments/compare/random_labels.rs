//! Do terms generalize if there is nothing to learn?

use serde::{Deserialize, Serialize};
use tropex_files::kept_at;

use crate::Error;
use crate::data::{RANGES, RandomPoints, Split, range_fault};
use crate::experiments::experiment::{Experiment, ExperimentEntry, ExperimentInputs, Scope, make};
use crate::render::{BarChart, BarGroup, Figure, Plot, PlotAxis};
use crate::report::{Answer, NumberId, Table, TableCell, Topic};
use crate::run::{RunContext, predict};
use crate::statistics::{Summary, agreement, share};
use crate::unit::{Unit, percent};

pub(crate) const ENTRY: ExperimentEntry = ExperimentEntry {
    name: "random-labels",
    question: "Do terms generalize if the labels are independent of the images?",
    topic: Topic::SeveralNetworks,
    method: [
        "Runs on true labels are compared with runs on labels in a random order.",
        "For each, the extracted function is compared with its network on test images.",
        "The baseline is agreement at points whose values are drawn independently from [0, 1].",
    ],
    scope: Scope::Together,
    gauged: true,
    make: make::<RandomLabels>,
};

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RandomLabels {
    /// Number of random points of the baseline.
    random_points: usize,
}

impl Default for RandomLabels {
    fn default() -> Self {
        Self { random_points: 10_000 }
    }
}

/// The shares that are measured of every run.
static SHARES: [NumberId; 6] = [
    NumberId::new("training accuracy", Unit::Share),
    NumberId::new("network accuracy", Unit::Share),
    NumberId::new("accuracy", Unit::Share),
    NumberId::new("agreement", Unit::Share),
    NumberId::new("straight terms", Unit::Share),
    NumberId::new("agreement at random points", Unit::Share),
];

/// Position of the agreement in [`SHARES`].
const AGREEMENT: usize = 3;

impl Experiment for RandomLabels {
    fn run(&self, inputs: &ExperimentInputs<'_>) -> Result<Answer, Error> {
        if let Some(reason) = range_fault("random_points", self.random_points, &[]) {
            return Err(ENTRY.refuse(&reason));
        }
        let fixed = [("run", Unit::Text), ("labels", Unit::Text)];
        let columns: Vec<_> =
            fixed.into_iter().chain(SHARES.iter().map(|id| (id.name(), id.unit()))).collect();
        let mut table = Table::new("runs", "True and shuffled labels", &columns);
        let mut groups: [Vec<[f64; 6]>; 2] = Default::default();
        for context in inputs.runs {
            let shares = self.shares(context, inputs.seed)?;
            let is_shuffled = context.run().config().shuffled_labels.is_some();
            let labels = if is_shuffled { "shuffled" } else { "true" };
            let texts = [kept_at(context.run().path()), labels.to_owned()];
            table.push(
                texts.map(TableCell::from).into_iter().chain(shares.map(TableCell::from)).collect(),
            );
            groups[usize::from(is_shuffled)].push(shares);
        }
        let [of_true, shuffled] = groups.map(|group| means(&group));
        let mut answer = Answer::new(text(&of_true, &shuffled));
        for (labels, means) in [("true labels", of_true), ("shuffled labels", shuffled)] {
            for (number, mean) in SHARES.iter().zip(means) {
                answer = answer.value(&number.of(labels), mean);
            }
        }
        let groups = SHARES.iter().enumerate();
        let bars = BarChart {
            x: PlotAxis::linear("share", Unit::Text),
            y: PlotAxis::linear("share of images", Unit::Share),
            series: ["true labels", "shuffled labels"].map(str::to_owned).into(),
            groups: groups
                .map(|(index, number)| {
                    BarGroup::new(number.name(), [of_true[index], shuffled[index]])
                })
                .collect(),
        };
        let figure = Figure::new("shares", "True and shuffled labels", Plot::Bars(bars));
        Ok(answer.table(table).figure(figure).note(
            "Training accuracy is judged by the labels that the network was trained on, all other \
             accuracy by true ones.",
        ))
    }
}

impl RandomLabels {
    fn shares(&self, context: &RunContext<'_>, seed: u64) -> Result<[f64; 6], Error> {
        let labels = context.labels(Split::Test);
        let (predicted, classes) = (context.predicted(Split::Test)?, context.classes(Split::Test)?);
        let straight = context.assigned(Split::Test)?;
        let straight = straight.iter().filter(|winner| winner.is_straight()).count();
        let features = context.dataset().test.features();
        let random = RandomPoints::new(self.random_points, features, RANGES[0], seed);
        let winners = context.assign(&random)?;
        let at_random: Vec<_> = winners.iter().map(|winner| winner.class).collect();
        Ok([
            agreement(context.predicted(Split::Train)?, &context.labels(Split::Train)),
            agreement(predicted, &labels),
            agreement(&classes, &labels),
            agreement(&classes, predicted),
            share(straight, labels.len()),
            agreement(&at_random, &predict(context.network()?, &random)?),
        ])
    }
}

fn means(group: &[[f64; 6]]) -> [f64; 6] {
    std::array::from_fn(|index| Summary::of(group.iter().map(|shares| shares[index])).mean())
}

fn text(of_true: &[f64; 6], shuffled: &[f64; 6]) -> String {
    match (of_true[AGREEMENT], shuffled[AGREEMENT]) {
        (of_true, shuffled) if shuffled.is_nan() => format!(
            "No run was trained on shuffled labels; on true ones network and extracted function \
             agree on {} of the test images.",
            percent(of_true)
        ),
        (of_true, shuffled) if of_true.is_nan() => format!(
            "No run was trained on true labels; on shuffled ones network and extracted function \
             agree on {} of the test images.",
            percent(shuffled)
        ),
        (of_true, shuffled) => format!(
            "Network and extracted function agree on {} of the test images with true labels, and \
             on {} with shuffled ones.",
            percent(of_true),
            percent(shuffled)
        ),
    }
}
