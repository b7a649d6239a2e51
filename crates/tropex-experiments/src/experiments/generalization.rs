//! How well do the terms of the training images alone do on other images?

use serde::{Deserialize, Serialize};
use tropex_extract::PointSource;

use crate::experiment::{Context, Experiment, ExperimentEntry, Scope, make};
use crate::pipeline::predict;
use crate::random_points::{RANGES, RandomPoints, fault, name};
use crate::report::{Answer, Axis, Bars, Figure, Group, Plot, Table, Unit, count, percent};
use crate::statistics::{agreement, share};
use crate::{Error, Split, Subject};

pub(super) const ENTRY: ExperimentEntry = ExperimentEntry {
    name: "generalization",
    question: "How well do the terms of the training images alone do on test images?",
    method: [
        "Every test image gets the class of the training image whose positive term is largest \
         there.",
        "Agreement is the share of images with the network's class, accuracy that with the true \
         class.",
        "A term is straight where one training image wins with both its positive and its negative \
         term, and cross where two do. The same is asked at random points of several ranges.",
    ],
    scope: Scope::Each,
    gauged: true,
    make: make::<Generalization>,
};

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Generalization {
    /// Random points of every range; with none of them only images are looked at.
    random_points: usize,
    /// The ranges that their values are drawn from.
    ranges: Vec<[f32; 2]>,
}

impl Default for Generalization {
    fn default() -> Self {
        Self { random_points: 1000, ranges: RANGES.into() }
    }
}

/// Counts over some of the test images.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    images: usize,
    agreeing: usize,
    correct: usize,
    network_correct: usize,
}

impl Counts {
    fn add(&mut self, class: usize, network: usize, label: usize) {
        self.images += 1;
        self.agreeing += usize::from(class == network);
        self.correct += usize::from(class == label);
        self.network_correct += usize::from(network == label);
    }

    /// Agreement, accuracy, and the network's accuracy.
    fn shares(&self) -> [f64; 3] {
        [self.agreeing, self.correct, self.network_correct].map(|part| share(part, self.images))
    }
}

impl Experiment for Generalization {
    fn run(&self, context: &Context<'_>) -> Result<Answer, Error> {
        if let Some(reason) = fault("random_points", self.random_points, &self.ranges) {
            return Err(ENTRY.refuse(&reason));
        }
        let subject = context.subject();
        let labels = subject.labels(Split::Test);
        let predicted = subject.predicted(Split::Test)?;
        let [mut all, mut straight, mut cross] = [Counts::default(); 3];
        for (index, winner) in subject.assigned(Split::Test)?.iter().enumerate() {
            let kind = if winner.is_straight() { &mut straight } else { &mut cross };
            for counts in [&mut all, kind] {
                counts.add(winner.class, predicted[index], labels[index]);
            }
        }
        let [agreement, accuracy, network] = all.shares();
        let answer = Answer::new(format!(
            "With {} terms the extracted function agrees with the network on {} of {} test \
             images; its accuracy is {}, the network's own {}. {} of the images have straight \
             terms.",
            count(subject.terms()),
            percent(agreement),
            count(all.images),
            percent(accuracy),
            percent(network),
            percent(share(straight.images, all.images)),
        ));
        let kinds = [("all", all), ("straight", straight), ("cross", cross)];
        let answer = answer
            .value("agreement", agreement, Unit::Share)
            .value("accuracy", accuracy, Unit::Share)
            .value("network accuracy", network, Unit::Share)
            .value("straight terms", share(straight.images, all.images), Unit::Share)
            .value("agreement, straight", straight.shares()[0], Unit::Share)
            .value("agreement, cross", cross.shares()[0], Unit::Share)
            .value("accuracy, straight", straight.shares()[1], Unit::Share)
            .value("accuracy, cross", cross.shares()[1], Unit::Share)
            .table(table(&kinds))
            .figure(figure(&kinds));
        if self.random_points == 0 {
            return Ok(answer);
        }
        self.at_random_points(subject, context.seed, answer)
    }
}

impl Generalization {
    /// Adds how function and network compare where no image is.
    fn at_random_points(
        &self,
        subject: &Subject<'_>,
        seed: u64,
        mut answer: Answer,
    ) -> Result<Answer, Error> {
        let columns = [
            ("points", Unit::Text),
            ("number", Unit::Count),
            ("agreement", Unit::Share),
            ("straight terms", Unit::Share),
            ("network's commonest class", Unit::Share),
            ("function's commonest class", Unit::Share),
        ];
        let title = "Extracted function and network at random points";
        let mut table = Table::new("random-points", title, &columns);
        let mut texts = Vec::new();
        for &range in &self.ranges {
            let features = subject.dataset().test.features();
            let points = RandomPoints::new(self.random_points, features, range, seed);
            let network = predict(subject.network()?, &points)?;
            let winners = subject.assign(&points)?;
            let function: Vec<_> = winners.iter().map(|winner| winner.class).collect();
            let straight = winners.iter().filter(|winner| winner.is_straight()).count();
            let agreement = agreement(&function, &network);
            table.push(vec![
                name(range).into(),
                points.len().into(),
                agreement.into(),
                share(straight, winners.len()).into(),
                commonest(&network).into(),
                commonest(&function).into(),
            ]);
            let [low, high] = range;
            texts.push(format!("{} in [{low}, {high}]", percent(agreement)));
            answer = answer.value(&format!("agreement, {}", name(range)), agreement, Unit::Share);
        }
        answer.text += &format!(" At random points they agree on {}.", texts.join(", "));
        Ok(answer.table(table).note(
            "Where the network gives nearly all random points one class, agreement says little: the \
             table has the share of the commonest class.",
        ))
    }
}

/// Share of the class that most points have.
fn commonest(classes: &[usize]) -> f64 {
    let of = |class: usize| classes.iter().filter(|&&other| other == class).count();
    let last = classes.iter().copied().max().unwrap_or(0);
    share((0..=last).map(of).max().unwrap_or(0), classes.len())
}

fn table(kinds: &[(&str, Counts)]) -> Table {
    let columns = [
        ("terms", Unit::Text),
        ("images", Unit::Count),
        ("agreement", Unit::Share),
        ("accuracy", Unit::Share),
        ("network accuracy", Unit::Share),
    ];
    let mut table = Table::new("kinds", "Straight and cross terms", &columns);
    for (name, counts) in kinds {
        let [agreement, accuracy, network] = counts.shares().map(Into::into);
        table.push(vec![(*name).into(), counts.images.into(), agreement, accuracy, network]);
    }
    table
}

fn figure(kinds: &[(&str, Counts)]) -> Figure {
    let bars = Bars {
        x: Axis::linear("terms", Unit::Text),
        y: Axis::linear("share of images", Unit::Share),
        series: ["agreement", "accuracy", "network accuracy"].map(str::to_owned).into(),
        groups: kinds.iter().map(|(name, counts)| Group::new(name, counts.shares())).collect(),
    };
    Figure::new("agreement", "Agreement and accuracy on test images", Plot::Bars(bars))
}
