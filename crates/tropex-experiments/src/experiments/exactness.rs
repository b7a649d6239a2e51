//! Does the extracted function reproduce the network on the data it was extracted from?

use serde::{Deserialize, Serialize};
use tropex_extract::PointSource;

use crate::experiment::{Context, Experiment, ExperimentEntry, Scope, make};
use crate::report::{Answer, Cell, Table, Unit, count};
use crate::statistics::{Summary, agreement, share};
use crate::{Error, Split, Subject};

pub(super) const ENTRY: ExperimentEntry = ExperimentEntry {
    name: "exactness",
    question: "Does the extracted function reproduce the network on its own data?",
    method: [
        "All terms compete at the training images that they were extracted at.",
        "The class of the winning term is compared with the network's class, and the value of an \
         image's own terms with the network's logit and with the winner's value.",
        "In exact arithmetic every own term is a maximiser; coefficients are never negative.",
    ],
    scope: Scope::Each,
    gauged: true,
    make: make::<Exactness>,
};

/// It has no parameters.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Exactness {}

impl Experiment for Exactness {
    fn run(&self, context: &Context<'_>) -> Result<Answer, Error> {
        let subject = context.subject();
        let classes = subject.classes(Split::Train)?;
        let agreement = agreement(&classes, subject.predicted(Split::Train)?);
        let gaps = own_gaps(subject)?;
        let tolerance = 32.0 * subject.extraction().precision.epsilon();
        let dominant = gaps.iter().filter(|gap| **gap <= tolerance).count();
        let largest_gap = Summary::of(gaps.iter().copied()).max();
        let own = own_terms(subject).into_iter().zip(subject.assigned(Split::Train)?);
        let own = own.filter(|(own, winner)| winner.positive == *own).count();
        let images = count(classes.len());
        let mut answer = Answer::new(format!(
            "The extracted function gives the network's class at {} of {images} training images; \
             the own term is a maximiser at {} of them.",
            Unit::Share.format(agreement),
            Unit::Share.format(share(dominant, gaps.len())),
        ))
        .exact_value("agreement", agreement, Unit::Share)
        .exact_value("own term is maximal", share(dominant, gaps.len()), Unit::Share)
        .value("own term is the first maximiser", share(own, gaps.len()), Unit::Share);
        let mut table = Table::new(
            "self-check",
            "What must hold for every extraction",
            &[("figure", Unit::Text), ("value", Unit::Number)],
        );
        let mut add = |name: &str, value: f64| table.push(vec![name.into(), Cell::from(value)]);
        add("largest relative gap of an own term", largest_gap);
        add("gap that rounding explains", tolerance);
        if let Some(check) = &subject.store()?.manifest().check {
            add("largest value error of a linear term", check.value_error);
            add("largest logit", check.largest_logit);
            add("smallest coefficient", check.smallest_coefficient);
            add("largest coefficient", check.largest_coefficient);
            answer = answer
                .rough_value("value error", check.value_error, Unit::Number)
                .rough_value("smallest coefficient", check.smallest_coefficient, Unit::Number)
                .value("largest coefficient", check.largest_coefficient, Unit::Number);
        }
        Ok(answer.table(table).note(
            "Several images of one linear region share a term; of equal terms the first wins.",
        ))
    }
}

/// Positions in the store of the own terms of the training images that are looked at, ascending.
fn own_terms(subject: &Subject<'_>) -> Vec<usize> {
    let (points, terms) = (subject.points(Split::Train), subject.term_points());
    (0..points.len()).filter_map(|point| terms.position(points.index(point))).collect()
}

/// How far winners exceed the images' own positive terms, relative to the size of the numbers that
/// are added up.
fn own_gaps(subject: &Subject<'_>) -> Result<Vec<f64>, Error> {
    let points = subject.points(Split::Train);
    let (winners, own) = (subject.assigned(Split::Train)?, own_terms(subject));
    let mut gaps = Vec::with_capacity(winners.len());
    subject.each_shard(|shard| {
        let end = shard.first + shard.len();
        while let Some(&position) = own.get(gaps.len()).filter(|&&position| position < end) {
            let (winner, term) = (&winners[gaps.len()], position - shard.first);
            let class = shard.predicted[term] as usize;
            let (linear, bias) = shard.linear_term(term, class);
            let (negative, negative_bias) = shard.negative_term(term);
            let image = points.gather(&[gaps.len()]);
            let (mut value, mut size) = (bias + negative_bias, bias.abs() + negative_bias.abs());
            for ((linear, negative), &pixel) in linear.iter().zip(&negative).zip(&image) {
                let pixel = f64::from(pixel);
                value += (linear + negative) * pixel;
                size += (linear.abs() + negative.abs()) * pixel.abs();
            }
            let excess = (winner.positive_value - value).max(0.0);
            gaps.push(excess / size.max(f64::MIN_POSITIVE));
        }
        Ok(())
    })?;
    Ok(gaps)
}
