//! How many terms are needed?

use std::ops::ControlFlow;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};
use tropex_extract::PointSource;
use tropex_extract::function::RankedTerm;

use crate::Error;
use crate::data::Split;
use crate::experiments::experiment::{Experiment, ExperimentEntry, ExperimentInputs, Scope, make};
use crate::render::{Figure, LinePlot, Plot, PlotAxis, PlotLine};
use crate::report::{Answer, NumberId, Table, TableCell, Topic};
use crate::run::RunContext;
use crate::statistics::{Summary, agreement};
use crate::unit::{Unit, count};

pub(crate) const ENTRY: ExperimentEntry = ExperimentEntry {
    name: "subset",
    question: "How well does the extracted function perform with a part of the terms?",
    topic: Topic::ExtractedFunction,
    method: [
        "Some training images are drawn at random, several times for every share of them.",
        "Only their terms compete at the test images.",
        "Agreement and accuracy are given with mean and standard deviation over the draws.",
    ],
    scope: Scope::Each,
    gauged: true,
    make: make::<TermSubsets>,
};

/// Mean share of test images at which network and extracted function predict one class.
const AGREEMENT: NumberId = NumberId::new("agreement", Unit::Share);

/// Mean share of test images that the extracted function classifies correctly.
const ACCURACY: NumberId = NumberId::new("accuracy", Unit::Share);

/// Number of best terms in the first search: a draw of a tenth of the terms rarely misses all of
/// them.
const FIRST_TOP: usize = 64;

/// Largest number of draws. Each draw keeps a flag per term in memory.
const MOST_DRAWS: usize = 1000;

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct TermSubsets {
    /// Shares of the terms.
    shares: Vec<f64>,
    /// Number of draws per share.
    draws: usize,
}

impl Default for TermSubsets {
    fn default() -> Self {
        Self { shares: (1..10).map(|tenths| f64::from(tenths) / 10.0).collect(), draws: 5 }
    }
}

/// Randomly drawn terms.
struct TermSubset {
    share: f64,
    is_in: Vec<bool>,
    /// The class of every test image, as soon as the best drawn term is known.
    classes: Vec<Option<usize>>,
}

impl Experiment for TermSubsets {
    fn run(&self, inputs: &ExperimentInputs<'_>) -> Result<Answer, Error> {
        let context = inputs.run();
        let mut draws = self.draws(context, inputs.seed)?;
        find_classes(context, &mut draws)?;
        let (labels, predicted) = (context.labels(Split::Test), context.predicted(Split::Test)?);
        let columns = [
            ("share of terms", Unit::Share),
            ("terms", Unit::Count),
            ("agreement", Unit::Share),
            ("agreement, deviation", Unit::Share),
            ("accuracy", Unit::Share),
            ("accuracy, deviation", Unit::Share),
        ];
        let mut table = Table::new("shares", "Agreement and accuracy with some terms", &columns);
        let mut curves = [AGREEMENT, ACCURACY].map(|number| PlotLine::new(number.name(), []));
        let mut answer = Answer::default();
        for &share in &self.shares {
            let of_share = || draws.iter().filter(move |draw| draw.share == share);
            let classes =
                || of_share().map(|draw| draw.classes.iter().copied().flatten().collect());
            let agreements =
                Summary::of(classes().map(|classes: Vec<_>| agreement(&classes, predicted)));
            let accuracies =
                Summary::of(classes().map(|classes: Vec<_>| agreement(&classes, &labels)));
            for (curve, summary) in curves.iter_mut().zip([agreements, accuracies]) {
                let (mean, deviation) = (summary.mean(), summary.deviation());
                curve.points.push([share, mean]);
                curve.spread.push([mean - deviation, mean + deviation]);
            }
            let terms = of_share().next().map_or(0, |draw| size(&draw.is_in));
            table.push(vec![
                share.into(),
                terms.into(),
                agreements.mean().into(),
                agreements.deviation().into(),
                accuracies.mean().into(),
                accuracies.deviation().into(),
            ]);
            let percent = (100.0 * share).round();
            let with = |id: NumberId| id.renamed(format!("{} with {percent} %", id.name()));
            answer = answer
                .value(&with(AGREEMENT), agreements.mean())
                .value(&with(ACCURACY), accuracies.mean());
        }
        answer.text = text(&table, labels.len(), self.draws);
        let axes = [("share of terms", Unit::Share), ("share of images", Unit::Share)];
        let [x, y] = axes.map(|(label, unit)| PlotAxis::linear(label, unit));
        let plot = Plot::Curves(LinePlot { x, y, curves: curves.into() });
        let title = "Agreement and accuracy with some of the terms";
        Ok(answer.table(table).figure(Figure::new("curve", title, plot)))
    }
}

impl TermSubsets {
    fn draws(&self, context: &RunContext<'_>, seed: u64) -> Result<Vec<TermSubset>, Error> {
        if !(1..=MOST_DRAWS).contains(&self.draws) {
            let found = self.draws;
            return Err(ENTRY.refuse(&format!("draws is {found}, expected 1 to {MOST_DRAWS}")));
        }
        if !self.shares.iter().all(|share| (0.0..=1.0).contains(share)) {
            return Err(ENTRY.refuse("shares: expected numbers from 0 to 1"));
        }
        let (terms, points) = (context.terms(), context.points(Split::Test).len());
        let draw = |(index, share): (usize, f64)| {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            random.set_stream(index as u64);
            let size = ((share * terms as f64).round() as usize).clamp(1, terms);
            let mut is_in = vec![false; terms];
            let drawn = rand::seq::index::sample(&mut random, terms, size);
            drawn.into_iter().for_each(|term| is_in[term] = true);
            TermSubset { share, is_in, classes: vec![None; points] }
        };
        let shares = self.shares.iter().flat_map(|&share| vec![share; self.draws]);
        Ok(shares.enumerate().map(draw).collect())
    }
}

/// Finds the best drawn term at every image. One ranking of all terms serves all draws: the best
/// drawn term is the first drawn one in the ranking. A longer ranking is computed for images at
/// which the ranking contains no drawn term.
fn find_classes(context: &RunContext<'_>, draws: &mut [TermSubset]) -> Result<(), Error> {
    let (points, terms) = (context.points(Split::Test), context.terms());
    let function = context.function()?;
    let report = context.report_pairs(points.len())?;
    let mut image = 0;
    function.stream(&points, FIRST_TOP, &report, &mut |ranking| {
        for best in ranking.best {
            draws.iter_mut().for_each(|draw| draw.update(image, &best));
            image += 1;
        }
    })?;
    let mut top = FIRST_TOP;
    while top < terms {
        top = top.saturating_mul(8);
        let is_open = |&image: &usize| draws.iter().any(|draw| draw.classes[image].is_none());
        let open: Vec<_> = (0..points.len()).filter(is_open).collect();
        // In small groups, since the rankings of a group are in memory.
        for images in open.chunks((1 << 22) / top.min(terms) + 1) {
            let values = points.gather(images);
            let ranking = function.ranking(&values, top, None, &|_| ControlFlow::Continue(()))?;
            for (&image, best) in images.iter().zip(&ranking.best) {
                draws.iter_mut().for_each(|draw| draw.update(image, best));
            }
        }
    }
    Ok(())
}

impl TermSubset {
    /// Sets the class of an image to that of the first drawn term in a ranking, if there is one.
    fn update(&mut self, image: usize, best: &[RankedTerm]) {
        let first = best.iter().find(|ranked| self.is_in[ranked.position]);
        self.classes[image] = first.map(|ranked| ranked.class).or(self.classes[image]);
    }
}

fn size(is_in: &[bool]) -> usize {
    is_in.iter().filter(|is_in| **is_in).count()
}

fn text(table: &Table, images: usize, draws: usize) -> String {
    let line = |row: &Vec<TableCell>| {
        let cell = |column: usize| row[column].format(table.columns[column].unit);
        format!("with {} of the terms ({}) {} agree", cell(0), cell(1), cell(2))
    };
    let ends: Vec<_> = match &*table.rows {
        [] => return "No share of the terms was asked for.".into(),
        [only] => vec![line(only)],
        [first, .., last] => vec![line(first), line(last)],
    };
    let text = format!("Of {} test images, {}", count(images), ends.join(", "));
    format!(
        "{text}; means of {}.",
        if draws == 1 { "1 draw".into() } else { format!("{draws} draws") }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranked(position: usize, class: usize) -> RankedTerm {
        RankedTerm { position, class, gap: 0.0, value: 0.0 }
    }

    #[test]
    fn the_best_drawn_term_decides() {
        let mut draw = TermSubset {
            share: 0.5,
            is_in: vec![false, true, false, true],
            classes: vec![None; 2],
        };
        draw.update(0, &[ranked(2, 7), ranked(3, 8), ranked(1, 9)]);
        draw.update(1, &[ranked(0, 5), ranked(2, 6)]);
        assert_eq!(draw.classes, [Some(8), None]);
        draw.update(1, &[ranked(0, 5), ranked(2, 6), ranked(1, 4)]);
        assert_eq!(draw.classes, [Some(8), Some(4)]);
        assert_eq!(size(&draw.is_in), 2);
    }
}
