//! Do terms generalize where there is nothing to learn?

use serde::{Deserialize, Serialize};

use crate::experiment::{Context, Experiment, ExperimentEntry, Scope, make};
use crate::pipeline::predict;
use crate::random_points::{RANGES, RandomPoints, fault};
use crate::report::{Answer, Axis, Bars, Cell, Figure, Group, Plot, Table, Unit, percent};
use crate::statistics::{Summary, agreement, share};
use crate::{Error, Split, Subject};

pub(super) const ENTRY: ExperimentEntry = ExperimentEntry {
    name: "random-labels",
    question: "Do terms generalize where the labels say nothing about the images?",
    method: [
        "Runs on true labels are set beside runs on labels in a random order \
         (tropex train --shuffle-labels).",
        "For each, the extracted function is compared with its network on test images.",
        "The baseline is agreement at points whose values are drawn from [0, 1], each on its own.",
    ],
    scope: Scope::Together,
    gauged: true,
    make: make::<RandomLabels>,
};

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RandomLabels {
    /// Random points of the baseline.
    random_points: usize,
}

impl Default for RandomLabels {
    fn default() -> Self {
        Self { random_points: 10_000 }
    }
}

/// What is found of a run: as many shares as there are names.
const SHARES: [&str; 6] = [
    "training accuracy",
    "network accuracy",
    "accuracy",
    "agreement",
    "straight terms",
    "agreement at random points",
];

impl Experiment for RandomLabels {
    fn run(&self, context: &Context<'_>) -> Result<Answer, Error> {
        if let Some(reason) = fault("random_points", self.random_points, &[]) {
            return Err(ENTRY.refuse(&reason));
        }
        let fixed = [("run", Unit::Text), ("labels", Unit::Text)];
        let columns: Vec<_> =
            fixed.into_iter().chain(SHARES.map(|name| (name, Unit::Share))).collect();
        let mut table = Table::new("runs", "True and shuffled labels", &columns);
        let mut groups: [Vec<[f64; 6]>; 2] = Default::default();
        for subject in context.subjects {
            let shares = self.shares(subject, context.seed)?;
            let is_shuffled = subject.run().config().shuffled_labels.is_some();
            let labels = if is_shuffled { "shuffled" } else { "true" };
            let texts = [subject.run().path().display().to_string(), labels.to_owned()];
            table.push(texts.map(Cell::from).into_iter().chain(shares.map(Cell::from)).collect());
            groups[usize::from(is_shuffled)].push(shares);
        }
        let [of_true, shuffled] = groups.map(|group| means(&group));
        let mut answer = Answer::new(text(&of_true, &shuffled));
        for (labels, means) in [("true labels", of_true), ("shuffled labels", shuffled)] {
            for (name, mean) in SHARES.iter().zip(means) {
                answer = answer.value(&format!("{name}, {labels}"), mean, Unit::Share);
            }
        }
        let groups = SHARES.iter().enumerate();
        let bars = Bars {
            x: Axis::linear("share", Unit::Text),
            y: Axis::linear("share of images", Unit::Share),
            series: ["true labels", "shuffled labels"].map(str::to_owned).into(),
            groups: groups
                .map(|(index, name)| Group::new(name, [of_true[index], shuffled[index]]))
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
    fn shares(&self, subject: &Subject<'_>, seed: u64) -> Result<[f64; 6], Error> {
        let labels = subject.labels(Split::Test);
        let (predicted, classes) = (subject.predicted(Split::Test)?, subject.classes(Split::Test)?);
        let straight = subject.assigned(Split::Test)?;
        let straight = straight.iter().filter(|winner| winner.is_straight()).count();
        let features = subject.dataset().test.features();
        let random = RandomPoints::new(self.random_points, features, RANGES[0], seed);
        let winners = subject.assign(&random)?;
        let at_random: Vec<_> = winners.iter().map(|winner| winner.class).collect();
        Ok([
            agreement(subject.predicted(Split::Train)?, &subject.labels(Split::Train)),
            agreement(predicted, &labels),
            agreement(&classes, &labels),
            agreement(&classes, predicted),
            share(straight, labels.len()),
            agreement(&at_random, &predict(subject.network()?, &random)?),
        ])
    }
}

fn means(group: &[[f64; 6]]) -> [f64; 6] {
    std::array::from_fn(|index| Summary::of(group.iter().map(|shares| shares[index])).mean())
}

fn text(of_true: &[f64; 6], shuffled: &[f64; 6]) -> String {
    const AGREEMENT: usize = 3;
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
