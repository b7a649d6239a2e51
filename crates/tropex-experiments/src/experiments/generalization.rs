//! How well do the terms of the training images alone do on other images?

use serde::{Deserialize, Serialize};

use crate::experiment::{Context, Experiment, ExperimentEntry, Scope, make};
use crate::report::{Answer, Axis, Bars, Figure, Group, Plot, Table, Unit, count, percent};
use crate::statistics::share;
use crate::{Error, Split};

pub(super) const ENTRY: ExperimentEntry = ExperimentEntry {
    name: "generalization",
    question: "How well do the terms of the training images alone do on test images?",
    method: [
        "Every test image gets the class of the training image whose positive term is largest \
         there.",
        "Agreement is the share of images with the network's class, accuracy that with the true \
         class.",
        "A term is straight where one training image wins with both its positive and its negative \
         term, and cross where two do.",
    ],
    scope: Scope::Each,
    make: make::<Generalization>,
};

/// It has no parameters.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Generalization {}

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
        Ok(answer
            .value("agreement", agreement, Unit::Share)
            .value("accuracy", accuracy, Unit::Share)
            .value("network accuracy", network, Unit::Share)
            .value("straight terms", share(straight.images, all.images), Unit::Share)
            .value("agreement, straight", straight.shares()[0], Unit::Share)
            .value("agreement, cross", cross.shares()[0], Unit::Share)
            .value("accuracy, straight", straight.shares()[1], Unit::Share)
            .value("accuracy, cross", cross.shares()[1], Unit::Share)
            .table(table(&kinds))
            .figure(figure(&kinds)))
    }
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
