//! Does the extracted function reproduce the network on the data it was extracted from?

use serde::{Deserialize, Serialize};
use tropex_extract::PointSource;
use tropex_extract::terms::Dominance;

use crate::Error;
use crate::data::Split;
use crate::experiments::experiment::{Experiment, ExperimentEntry, ExperimentInputs, Scope, make};
use crate::report::{Answer, NumberId, Table, TableCell, Topic};
use crate::run::{AssignedPoints, AssignmentWork, PointwiseWork, RunContext};
use crate::statistics::{Summary, agreement, share};
use crate::unit::{Unit, count};

pub(crate) const ENTRY: ExperimentEntry = ExperimentEntry {
    name: "exactness",
    question: "Does the extracted function reproduce the network on its own data?",
    topic: Topic::ExtractedFunction,
    method: [
        "All terms compete at the training images that they were extracted at.",
        "The class of the winning term is compared with the network's class, and the value of an \
         image's own terms with the network's logit and with the winner's value.",
        "In exact arithmetic every own term is a maximiser and no coefficient is negative. Rounding \
         may leave coefficients below zero, in f32 by at most 2e-6 of the largest coefficient or \
         shift; otherwise the extraction fails.",
    ],
    scope: Scope::Each,
    gauged: true,
    make: make::<Exactness>,
};

/// Share of training images whose winning term has the class that the network predicts.
const AGREEMENT: NumberId = NumberId::exact("agreement", Unit::Share);

/// Share of training images whose own term attains the maximum, up to rounding.
const OWN_TERM_MAXIMAL: NumberId = NumberId::exact("own term is maximal", Unit::Share);

/// Share of training images whose own term is the first one that attains the maximum.
const OWN_TERM_FIRST: NumberId = NumberId::new("own term is the first maximiser", Unit::Share);

/// Largest difference between the value of a linear term and the logit.
const VALUE_ERROR: NumberId = NumberId::rough("value error", Unit::Number);

/// Smallest coefficient of all positive and negative terms.
const SMALLEST_COEFFICIENT: NumberId = NumberId::rough("smallest coefficient", Unit::Number);

/// Largest coefficient of all positive and negative terms.
const LARGEST_COEFFICIENT: NumberId = NumberId::new("largest coefficient", Unit::Number);

/// The experiment has no parameters.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Exactness {}

impl Experiment for Exactness {
    fn run(&self, inputs: &ExperimentInputs<'_>) -> Result<Answer, Error> {
        let context = inputs.run();
        let classes = context.classes(Split::Train)?;
        let agreement = agreement(&classes, context.predicted(Split::Train)?);
        let gaps = own_gaps(context)?;
        let tolerance = Dominance::tolerance_of(context.extraction().precision);
        let dominant = gaps.iter().filter(|gap| **gap <= tolerance).count();
        let largest_gap = Summary::of(gaps.iter().copied()).max();
        let own = own_terms(context).into_iter().zip(context.assigned(Split::Train)?);
        let own = own.filter(|(own, winner)| winner.positive == *own).count();
        let images = count(classes.len());
        let mut answer = Answer::new(format!(
            "The extracted function gives the network's class at {} of {images} training images; \
             the own term is a maximiser at {} of them.",
            Unit::Share.format(agreement),
            Unit::Share.format(share(dominant, gaps.len())),
        ))
        .value(&AGREEMENT, agreement)
        .value(&OWN_TERM_MAXIMAL, share(dominant, gaps.len()))
        .value(&OWN_TERM_FIRST, share(own, gaps.len()));
        let mut table = Table::new(
            "self-check",
            "What must hold for every extraction",
            &[("figure", Unit::Text), ("value", Unit::Number)],
        );
        let mut add =
            |name: &str, value: f64| table.push(vec![name.into(), TableCell::from(value)]);
        add("largest relative gap of an own term", largest_gap);
        add("gap that rounding explains", tolerance);
        if let Some(check) = &context.store()?.manifest().check {
            add("largest value error of a linear term", check.value_error);
            add("largest logit", check.largest_logit);
            add("smallest coefficient", check.smallest_coefficient);
            add("largest coefficient", check.largest_coefficient);
            answer = answer
                .value(&VALUE_ERROR, check.value_error)
                .value(&SMALLEST_COEFFICIENT, check.smallest_coefficient)
                .value(&LARGEST_COEFFICIENT, check.largest_coefficient);
        }
        Ok(answer.table(table).note(
            "Several images of one linear region share a term; of equal terms the first wins.",
        ))
    }

    fn pointwise<'a>(
        &'a self,
        context: &'a RunContext<'a>,
    ) -> Result<Vec<Box<dyn PointwiseWork + 'a>>, Error> {
        Ok(vec![AssignmentWork::boxed(context, AssignedPoints::Images(Split::Train))])
    }
}

/// Positions in the store of the terms of the training images that are used, ascending.
fn own_terms(context: &RunContext<'_>) -> Vec<usize> {
    let (points, terms) = (context.points(Split::Train), context.term_points());
    (0..points.len()).filter_map(|point| terms.position(points.index(point))).collect()
}

/// The excess of the winning value over the value of the image's own positive term, relative to the
/// sum of the absolute values of the summands.
fn own_gaps(context: &RunContext<'_>) -> Result<Vec<f64>, Error> {
    let points = context.points(Split::Train);
    let (winners, own) = (context.assigned(Split::Train)?, own_terms(context));
    let mut gaps = Vec::with_capacity(winners.len());
    context.each_shard(|shard| {
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
