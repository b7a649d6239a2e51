//! In how many linear regions do the images lie?

use std::collections::HashSet;
use std::hash::Hash;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tropex_extract::PointSource;
use tropex_extract::region::{Patterns, RegionId};

use crate::experiment::{Context, Experiment, ExperimentEntry, Scope, make};
use crate::report::{Answer, Table, Unit, count};
use crate::statistics::share;
use crate::{Error, ImagePoints, Split, Subject};

pub(super) const ENTRY: ExperimentEntry = ExperimentEntry {
    name: "count",
    question: "In how many linear regions do the images lie?",
    method: [
        "Images are in one region where every unit chooses the same piece: their activation \
         patterns are compared by a hash of 128 bits, so that regions are counted exactly.",
        "As published, linear terms are counted too: those of training images are read, those of \
         test images extracted, and they are one where coefficients and bias are equal after \
         rounding.",
        "Both numbers are set against the number of images.",
    ],
    scope: Scope::Each,
    gauged: false,
    make: make::<Count>,
};

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Count {
    /// Digits behind the point that are kept in rounding terms.
    decimals: u8,
}

impl Default for Count {
    fn default() -> Self {
        Self { decimals: 4 }
    }
}

/// Most digits behind the point: no format of numbers has more.
const MOST_DECIMALS: u8 = 15;

/// Images whose patterns are read together.
const BATCH: usize = 1024;

/// SHA-256 of a rounded term.
type Key = [u8; 32];

/// How many different things the images of the splits have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tally {
    train: usize,
    test: usize,
    both: usize,
    /// Test images with one that a training image has too.
    shared: usize,
}

impl Tally {
    /// From what every image has.
    fn of<T: Eq + Hash>(train: &[T], test: &[T]) -> Self {
        let [of_train, of_test]: [HashSet<&T>; 2] = [train, test].map(|all| all.iter().collect());
        Self {
            train: of_train.len(),
            test: of_test.len(),
            both: of_train.union(&of_test).count(),
            shared: test.iter().filter(|thing| of_train.contains(thing)).count(),
        }
    }
}

impl Experiment for Count {
    fn run(&self, context: &Context<'_>) -> Result<Answer, Error> {
        if self.decimals > MOST_DECIMALS {
            let found = self.decimals;
            let reason = format!("decimals is {found}, expected at most {MOST_DECIMALS}");
            return Err(ENTRY.refuse(&reason));
        }
        let subject = context.subject();
        let train = regions(subject, &subject.term_points())?;
        let test = regions(subject, &subject.points(Split::Test))?;
        let images = [train.len(), test.len()];
        let regions = Tally::of(&train, &test);
        let terms = Tally::of(&self.of_training(subject)?, &self.of_test(subject)?);
        let answer = Answer::new(format!(
            "{} training images lie in {} different regions, and {} test images in {}; {} of the \
             test images are in a region that a training image is in too. By linear terms rounded \
             to {} decimals these numbers are {}, {} and {}.",
            count(images[0]),
            count(regions.train),
            count(images[1]),
            count(regions.test),
            count(regions.shared),
            self.decimals,
            count(terms.train),
            count(terms.test),
            count(terms.shared),
        ));
        let kinds = [("regions", regions, "in new regions"), ("terms", terms, "with new terms")];
        let answer = kinds.into_iter().fold(answer, |answer, (name, tally, new)| {
            let different = |images: &str| format!("different {name}, {images}");
            let new_share = share(images[1] - tally.shared, images[1]);
            answer
                .value(&different("training"), tally.train as f64, Unit::Count)
                .value(&different("test"), tally.test as f64, Unit::Count)
                .value(&different("both"), tally.both as f64, Unit::Count)
                .value(&format!("test images {new}"), new_share, Unit::Share)
        });
        Ok(answer.table(different(images, regions, terms)).table(shared(images, regions, terms)).note(
            "Regions are counted by activation pattern, exactly. Of the published count by rounded \
             terms: regions with equal terms count as one, and rounding may tell terms of one \
             region apart where a number lies on the edge of an interval.",
        ))
    }
}

fn different([train, test]: [usize; 2], regions: Tally, terms: Tally) -> Table {
    let columns = [
        ("images", Unit::Text),
        ("number", Unit::Count),
        ("different regions, by pattern", Unit::Count),
        ("different terms, rounded", Unit::Count),
    ];
    let mut table = Table::new("regions", "Images, regions and linear terms", &columns);
    for (name, images, regions, terms) in [
        ("training", train, regions.train, terms.train),
        ("test", test, regions.test, terms.test),
        ("both", train + test, regions.both, terms.both),
    ] {
        table.push(vec![name.into(), images.into(), regions.into(), terms.into()]);
    }
    table
}

fn shared([_, test]: [usize; 2], regions: Tally, terms: Tally) -> Table {
    let columns = [("told apart by", Unit::Text), ("images", Unit::Count), ("share", Unit::Share)];
    let title = "Test images with the region, or the rounded term, of a training image";
    let mut table = Table::new("shared", title, &columns);
    for (name, tally) in [("pattern", regions), ("rounded term", terms)] {
        table.push(vec![name.into(), tally.shared.into(), share(tally.shared, test).into()]);
    }
    table
}

/// The regions that images are in.
fn regions(subject: &Subject<'_>, points: &ImagePoints<'_>) -> Result<Vec<RegionId>, Error> {
    let patterns = Patterns::new(subject.network()?);
    let mut regions = Vec::with_capacity(points.len());
    for start in (0..points.len()).step_by(BATCH) {
        let end = points.len().min(start + BATCH);
        regions.extend(patterns.ids(&points.read(start..end))?);
        subject.show("reading activation patterns", end, points.len());
    }
    Ok(regions)
}

impl Count {
    fn of_training(&self, subject: &Subject<'_>) -> Result<Vec<Key>, Error> {
        let mut keys = Vec::with_capacity(subject.terms());
        subject.each_shard(|shard| {
            for point in 0..shard.len() {
                let class = shard.predicted[point] as usize;
                let (coefficients, bias) = shard.linear_term(point, class);
                // As those of test images are kept, so that equal terms are equal.
                let coefficients = coefficients.into_iter().map(|value| f64::from(value as f32));
                keys.push(self.key(coefficients.chain([bias])));
            }
            Ok(())
        })?;
        Ok(keys)
    }

    fn of_test(&self, subject: &Subject<'_>) -> Result<Vec<Key>, Error> {
        let terms = subject.linear_terms()?;
        let key = |(row, &bias): (usize, &f64)| {
            let coefficients = terms.rows().row(row).iter().map(|&value| f64::from(value));
            self.key(coefficients.chain([bias]))
        };
        Ok(terms.biases().iter().enumerate().map(key).collect())
    }

    fn key(&self, values: impl Iterator<Item = f64>) -> Key {
        let mut hash = Sha256::new();
        let factor = 10_f64.powi(self.decimals.into());
        values.for_each(|value| hash.update(((value * factor).round() as i64).to_le_bytes()));
        hash.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_things_count_once() {
        let tally = Tally::of(&[1, 2, 2, 3], &[3, 3, 4, 5, 5]);
        assert_eq!(tally, Tally { train: 3, test: 3, both: 5, shared: 2 });
        let tally = Tally::of::<u8>(&[], &[]);
        assert_eq!(tally, Tally { train: 0, test: 0, both: 0, shared: 0 });
    }

    #[test]
    fn terms_are_equal_up_to_rounding() {
        let key = |values: [f64; 2]| Count { decimals: 2 }.key(values.into_iter());
        assert_eq!(key([1.001, -0.001]), key([0.999, 0.001]));
        assert_ne!(key([1.0, 0.0]), key([1.01, 0.0]));
        assert_ne!(key([1.0, 0.0]), key([0.0, 1.0]));
    }
}
