//! How many terms does it take?

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};
use tropex_extract::PointSource;
use tropex_extract::function::Ranked;

use crate::experiment::{Context, Experiment, ExperimentEntry, Scope, make};
use crate::report::{Answer, Axis, Curve, Curves, Figure, Plot, Table, Unit, count};
use crate::statistics::{Summary, agreement};
use crate::{Error, Split, Subject};

pub(super) const ENTRY: ExperimentEntry = ExperimentEntry {
    name: "subset",
    question: "How well does the extracted function do with only some of the terms?",
    method: [
        "Some training images are drawn at random, several times for every share of them.",
        "Only their terms compete at the test images.",
        "Agreement and accuracy are given with mean and standard deviation over the draws.",
    ],
    scope: Scope::Each,
    gauged: true,
    make: make::<Subset>,
};

/// Best terms that are asked for at first: few draws of a tenth of the terms leave all of them out.
const FIRST_TOP: usize = 64;

/// Most draws: each keeps in memory which terms it holds.
const MOST_DRAWS: usize = 1000;

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Subset {
    /// Shares of the terms.
    shares: Vec<f64>,
    /// Draws of every share.
    draws: usize,
}

impl Default for Subset {
    fn default() -> Self {
        Self { shares: (1..10).map(|tenths| f64::from(tenths) / 10.0).collect(), draws: 5 }
    }
}

/// Some of the terms.
struct Draw {
    share: f64,
    is_in: Vec<bool>,
    /// The class of every test image, once the best of these terms is known.
    classes: Vec<Option<usize>>,
}

impl Experiment for Subset {
    fn run(&self, context: &Context<'_>) -> Result<Answer, Error> {
        let subject = context.subject();
        let mut draws = self.draws(subject, context.seed)?;
        decide(subject, &mut draws)?;
        let (labels, predicted) = (subject.labels(Split::Test), subject.predicted(Split::Test)?);
        let columns = [
            ("share of terms", Unit::Share),
            ("terms", Unit::Count),
            ("agreement", Unit::Share),
            ("agreement, deviation", Unit::Share),
            ("accuracy", Unit::Share),
            ("accuracy, deviation", Unit::Share),
        ];
        let mut table = Table::new("shares", "Agreement and accuracy with some terms", &columns);
        let mut curves = ["agreement", "accuracy"].map(|name| Curve::new(name, []));
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
            let terms = of_share().next().map_or(0, |draw| kept(&draw.is_in));
            table.push(vec![
                share.into(),
                terms.into(),
                agreements.mean().into(),
                agreements.deviation().into(),
                accuracies.mean().into(),
                accuracies.deviation().into(),
            ]);
            let name = |what: &str| format!("{what} with {} %", (100.0 * share).round());
            answer = answer.value(&name("agreement"), agreements.mean(), Unit::Share).value(
                &name("accuracy"),
                accuracies.mean(),
                Unit::Share,
            );
        }
        answer.text = text(&table, labels.len(), self.draws);
        let axes = [("share of terms", Unit::Share), ("share of images", Unit::Share)];
        let [x, y] = axes.map(|(label, unit)| Axis::linear(label, unit));
        let plot = Plot::Curves(Curves { x, y, curves: curves.into() });
        let title = "Agreement and accuracy with some of the terms";
        Ok(answer.table(table).figure(Figure::new("curve", title, plot)))
    }
}

impl Subset {
    fn draws(&self, subject: &Subject<'_>, seed: u64) -> Result<Vec<Draw>, Error> {
        if !(1..=MOST_DRAWS).contains(&self.draws) {
            let found = self.draws;
            return Err(ENTRY.refuse(&format!("draws is {found}, expected 1 to {MOST_DRAWS}")));
        }
        if !self.shares.iter().all(|share| (0.0..=1.0).contains(share)) {
            return Err(ENTRY.refuse("shares: expected numbers from 0 to 1"));
        }
        let (terms, points) = (subject.terms(), subject.points(Split::Test).len());
        let draw = |(index, share): (usize, f64)| {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            random.set_stream(index as u64);
            let size = ((share * terms as f64).round() as usize).clamp(1, terms);
            let mut is_in = vec![false; terms];
            let drawn = rand::seq::index::sample(&mut random, terms, size);
            drawn.into_iter().for_each(|term| is_in[term] = true);
            Draw { share, is_in, classes: vec![None; points] }
        };
        let shares = self.shares.iter().flat_map(|&share| vec![share; self.draws]);
        Ok(shares.enumerate().map(draw).collect())
    }
}

/// Finds the best of the drawn terms at every image. One competition of all terms serves all draws:
/// the best drawn term is the first drawn one among the best. Images at which that takes more terms
/// are looked at again.
fn decide(subject: &Subject<'_>, draws: &mut [Draw]) -> Result<(), Error> {
    let (points, terms) = (subject.points(Split::Test), subject.terms());
    let function = subject.function()?;
    let watch = subject.pairs(points.len())?;
    let mut image = 0;
    function.stream(&points, FIRST_TOP, &watch, &mut |standings| {
        for best in standings.best {
            draws.iter_mut().for_each(|draw| draw.look(image, &best));
            image += 1;
        }
    })?;
    let mut top = FIRST_TOP;
    while top < terms {
        top = top.saturating_mul(8);
        let is_open = |&image: &usize| draws.iter().any(|draw| draw.classes[image].is_none());
        let open: Vec<_> = (0..points.len()).filter(is_open).collect();
        // Few at a time, for all of their best terms are in memory.
        for images in open.chunks((1 << 22) / top.min(terms) + 1) {
            let values = points.gather(images);
            let standings = function.ranking(&values, top, None, &|_| {})?;
            for (&image, best) in images.iter().zip(&standings.best) {
                draws.iter_mut().for_each(|draw| draw.look(image, best));
            }
        }
    }
    Ok(())
}

impl Draw {
    /// Takes the class of the first drawn term, if there is one.
    fn look(&mut self, image: usize, best: &[Ranked]) {
        let first = best.iter().find(|ranked| self.is_in[ranked.position]);
        self.classes[image] = first.map(|ranked| ranked.class).or(self.classes[image]);
    }
}

fn kept(is_in: &[bool]) -> usize {
    is_in.iter().filter(|is_in| **is_in).count()
}

fn text(table: &Table, images: usize, draws: usize) -> String {
    let line = |row: &Vec<crate::report::Cell>| {
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

    fn ranked(position: usize, class: usize) -> Ranked {
        Ranked { position, class, gap: 0.0, value: 0.0 }
    }

    #[test]
    fn the_best_drawn_term_decides() {
        let mut draw =
            Draw { share: 0.5, is_in: vec![false, true, false, true], classes: vec![None; 2] };
        draw.look(0, &[ranked(2, 7), ranked(3, 8), ranked(1, 9)]);
        draw.look(1, &[ranked(0, 5), ranked(2, 6)]);
        assert_eq!(draw.classes, [Some(8), None]);
        draw.look(1, &[ranked(0, 5), ranked(2, 6), ranked(1, 4)]);
        assert_eq!(draw.classes, [Some(8), Some(4)]);
        assert_eq!(kept(&draw.is_in), 2);
    }
}
