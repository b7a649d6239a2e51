//! How well do the terms of the training images classify other images?

use serde::{Deserialize, Serialize};
use tropex_extract::PointSource;

use crate::Error;
use crate::data::{RANGES, RandomPoints, Split, range_fault, range_name};
use crate::experiments::experiment::{Experiment, ExperimentEntry, ExperimentInputs, Scope, make};
use crate::render::{BarChart, BarGroup, Figure, Plot, PlotAxis};
use crate::report::{Answer, NumberId, Table, Topic};
use crate::run::{AssignedPoints, AssignmentWork, PointwiseWork, RunContext, predict};
use crate::statistics::{agreement, share};
use crate::unit::{Unit, count, percent};

pub(crate) const ENTRY: ExperimentEntry = ExperimentEntry {
    name: "generalization",
    question: "How well do the terms of the training images alone do on test images?",
    topic: Topic::ExtractedFunction,
    method: [
        "Every test image gets the class of the training image whose positive term is largest \
         there.",
        "Agreement is the share of images with the network's class, accuracy that with the true \
         class.",
        "A term is straight where one training image wins with both its positive and its \
         negative term, and cross where two do. Agreement and straight terms are also measured \
         at random points of several ranges.",
    ],
    scope: Scope::Each,
    gauged: true,
    make: make::<Generalization>,
};

/// Share of test images at which extracted function and network predict one class.
pub(crate) const AGREEMENT: NumberId = NumberId::new("agreement", Unit::Share);

/// Share of test images that the extracted function classifies correctly.
pub(crate) const ACCURACY: NumberId = NumberId::new("accuracy", Unit::Share);

/// Share of test images that the network classifies correctly.
pub(crate) const NETWORK_ACCURACY: NumberId = NumberId::new("network accuracy", Unit::Share);

/// Share of test images at which one training image wins with its positive and its negative term.
pub(crate) const STRAIGHT_TERMS: NumberId = NumberId::new("straight terms", Unit::Share);

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Generalization {
    /// Number of random points per range; with 0 only images are classified.
    random_points: usize,
    /// Ranges of the values of random points.
    ranges: Vec<[f32; 2]>,
}

impl Default for Generalization {
    fn default() -> Self {
        Self { random_points: 1000, ranges: RANGES.into() }
    }
}

/// Counts over a set of test images.
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

    /// Agreement, accuracy and accuracy of the network.
    fn shares(&self) -> [f64; 3] {
        [self.agreeing, self.correct, self.network_correct].map(|part| share(part, self.images))
    }
}

impl Experiment for Generalization {
    fn run(&self, inputs: &ExperimentInputs<'_>) -> Result<Answer, Error> {
        self.check()?;
        let context = inputs.run();
        let labels = context.labels(Split::Test);
        let predicted = context.predicted(Split::Test)?;
        let [mut all, mut straight, mut cross] = [Counts::default(); 3];
        for (index, winner) in context.assigned(Split::Test)?.iter().enumerate() {
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
            count(context.terms()),
            percent(agreement),
            count(all.images),
            percent(accuracy),
            percent(network),
            percent(share(straight.images, all.images)),
        ));
        let kinds = [("all", all), ("straight", straight), ("cross", cross)];
        let answer = answer
            .value(&AGREEMENT, agreement)
            .value(&ACCURACY, accuracy)
            .value(&NETWORK_ACCURACY, network)
            .value(&STRAIGHT_TERMS, share(straight.images, all.images))
            .value(&AGREEMENT.of("straight"), straight.shares()[0])
            .value(&AGREEMENT.of("cross"), cross.shares()[0])
            .value(&ACCURACY.of("straight"), straight.shares()[1])
            .value(&ACCURACY.of("cross"), cross.shares()[1])
            .table(table(&kinds))
            .figure(figure(&kinds));
        if self.random_points == 0 {
            return Ok(answer);
        }
        self.at_random_points(context, inputs.seed, answer)
    }

    fn pointwise<'a>(
        &'a self,
        context: &'a RunContext<'a>,
    ) -> Result<Vec<Box<dyn PointwiseWork + 'a>>, Error> {
        self.check()?;
        let ranges = if self.random_points == 0 { &[][..] } else { &self.ranges };
        let seed = context.settings().seed;
        let random = ranges
            .iter()
            .map(|&range| AssignedPoints::Random(self.points_in(range, context, seed)));
        let all = [AssignedPoints::Images(Split::Test)].into_iter().chain(random);
        Ok(all.map(|points| AssignmentWork::boxed(context, points)).collect())
    }
}

impl Generalization {
    /// Refuses invalid parameters.
    fn check(&self) -> Result<(), Error> {
        match range_fault("random_points", self.random_points, &self.ranges) {
            Some(reason) => Err(ENTRY.refuse(&reason)),
            None => Ok(()),
        }
    }

    /// The random points of a range.
    fn points_in(&self, range: [f32; 2], context: &RunContext<'_>, seed: u64) -> RandomPoints {
        RandomPoints::new(self.random_points, context.dataset().test.features(), range, seed)
    }

    /// Adds agreement and straight terms at random points.
    fn at_random_points(
        &self,
        context: &RunContext<'_>,
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
            let points = self.points_in(range, context, seed);
            let network = predict(context.network()?, &points)?;
            let winners = context.assigned_at(AssignedPoints::Random(points))?;
            let function: Vec<_> = winners.iter().map(|winner| winner.class).collect();
            let straight = winners.iter().filter(|winner| winner.is_straight()).count();
            let agreement = agreement(&function, &network);
            table.push(vec![
                range_name(range).into(),
                points.len().into(),
                agreement.into(),
                share(straight, winners.len()).into(),
                commonest(&network).into(),
                commonest(&function).into(),
            ]);
            let [low, high] = range;
            texts.push(format!("{} in [{low}, {high}]", percent(agreement)));
            answer = answer.value(&AGREEMENT.of(&range_name(range)), agreement);
        }
        answer.text += &format!(" At random points they agree on {}.", texts.join(", "));
        Ok(answer.table(table).note(
            "Where the network gives nearly all random points one class, agreement says little: \
             the table has the share of the commonest class.",
        ))
    }
}

/// Share of the most common class.
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
    let bars = BarChart {
        x: PlotAxis::linear("terms", Unit::Text),
        y: PlotAxis::linear("share of images", Unit::Share),
        series: ["agreement", "accuracy", "network accuracy"].map(str::to_owned).into(),
        groups: kinds.iter().map(|(name, counts)| BarGroup::new(name, counts.shares())).collect(),
    };
    Figure::new("agreement", "Agreement and accuracy on test images", Plot::Bars(bars))
}
