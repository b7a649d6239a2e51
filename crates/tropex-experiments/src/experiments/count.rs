//! In how many linear regions do the images lie?

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tropex_extract::PointSource;
use tropex_geometry::{Patterns, RegionId};

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
        "Linear terms are counted too, one of every region: those of training images are read, \
         those of test images extracted. They are equal where coefficients and bias are after \
         rounding to decimals of the power of two above the term's largest coefficient, and above \
         its bias.",
        "Both numbers are set against the number of images.",
    ],
    scope: Scope::Each,
    gauged: false,
    make: make::<Count>,
};

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Count {
    /// Digits behind the point that are kept in rounding terms, whose largest coefficient and whose
    /// bias are scaled by powers of two to between 1/2 and 1.
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

/// SHA-256 of a rounded term; zeros for a term of zeros.
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
        let [of_train, of_test] = self.by_region(subject, [&train, &test])?;
        let terms = Tally::of(&of_train, &of_test);
        let zeros = of_train.iter().chain(&of_test).filter(|key| **key == Key::default()).count();
        let answer = Answer::new(format!(
            "{} training images lie in {} different regions, and {} test images in {}; {} of the \
             test images are in a region that a training image is in too. By linear terms, equal \
             to {} decimals of their own largest coefficient and of their bias, these numbers are \
             {}, {} and {}{}.",
            count(images[0]),
            count(regions.train),
            count(images[1]),
            count(regions.test),
            count(regions.shared),
            self.decimals,
            count(terms.train),
            count(terms.test),
            count(terms.shared),
            match zeros {
                0 => String::new(),
                zeros if zeros == images[0] + images[1] => {
                    "; all terms are zero, coefficients and bias".into()
                }
                zeros => format!("; {} images have terms of zeros", count(zeros)),
            },
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
            "Regions are counted by activation pattern, exactly. Images of one region have one term. \
             Regions with equal terms count as one by terms; where a number lies on the edge of a \
             rounding interval, equal terms may count as two. The published count rounds all numbers \
             to the same decimals, whatever their size.",
        ))
    }
}

fn different([train, test]: [usize; 2], regions: Tally, terms: Tally) -> Table {
    let columns = [
        ("images", Unit::Text),
        ("number", Unit::Count),
        ("different regions, by pattern", Unit::Count),
        ("different terms", Unit::Count),
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
    let title = "Test images with the region, or the term, of a training image";
    let mut table = Table::new("shared", title, &columns);
    for (name, tally) in [("pattern", regions), ("term", terms)] {
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
    /// The term of every image, given the regions that training and test images are in: that of the
    /// first image in its region. Terms of one region are equal, but extracted at different images
    /// they may be rounded differently.
    fn by_region(
        &self,
        subject: &Subject<'_>,
        regions: [&[RegionId]; 2],
    ) -> Result<[Vec<Key>; 2], Error> {
        let keys = [self.of_training(subject)?, self.of_test(subject)?];
        let mut first: HashMap<RegionId, Key> = HashMap::new();
        for (regions, keys) in regions.iter().zip(&keys) {
            for (region, key) in regions.iter().zip(keys) {
                first.entry(*region).or_insert_with(|| *key);
            }
        }
        let of_region = |region: &RegionId| first.get(region).copied().unwrap_or_default();
        Ok(regions.map(|regions| regions.iter().map(of_region).collect()))
    }

    fn of_training(&self, subject: &Subject<'_>) -> Result<Vec<Key>, Error> {
        let mut keys = Vec::with_capacity(subject.terms());
        subject.each_shard(|shard| {
            for point in 0..shard.len() {
                let class = shard.predicted[point] as usize;
                let (coefficients, bias) = shard.linear_term(point, class);
                // As those of test images are kept, so that equal terms are equal.
                let coefficients: Vec<f64> =
                    coefficients.into_iter().map(|value| f64::from(value as f32)).collect();
                keys.push(self.key(&coefficients, bias));
            }
            Ok(())
        })?;
        Ok(keys)
    }

    fn of_test(&self, subject: &Subject<'_>) -> Result<Vec<Key>, Error> {
        let terms = subject.linear_terms()?;
        let key = |(row, &bias): (usize, &f64)| {
            let coefficients: Vec<f64> =
                terms.rows().row(row).iter().map(|&value| f64::from(value)).collect();
            self.key(&coefficients, bias)
        };
        Ok(terms.biases().iter().enumerate().map(key).collect())
    }

    fn key(&self, coefficients: &[f64], bias: f64) -> Key {
        let largest = coefficients.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        let scales = [exponent(largest), exponent(bias)];
        if scales == [None, None] {
            return Key::default();
        }
        let mut hash = Sha256::new();
        let parts = [coefficients, &[bias]];
        for (values, scale) in parts.into_iter().zip(scales) {
            hash.update(scale.unwrap_or(i32::MIN).to_le_bytes());
            for &value in values {
                hash.update(self.rounded(value, scale.unwrap_or(0)).to_le_bytes());
            }
        }
        hash.finalize().into()
    }

    /// A number as a multiple of `2^scale`, which is no smaller, in units of the last decimal: at most
    /// 10^15.
    fn rounded(&self, value: f64, scale: i32) -> i64 {
        // In two steps, since a power of two may be beyond the range of numbers where its half is not.
        let half = scale / 2;
        let share = value / 2_f64.powi(half) / 2_f64.powi(scale - half);
        (share * 10_f64.powi(self.decimals.into())).round() as i64
    }
}

/// The exponent of the least power of two above the size of a number; none of zero.
fn exponent(number: f64) -> Option<i32> {
    if number == 0.0 {
        return None;
    }
    let bits = number.abs().to_bits();
    match (bits >> 52) as i32 {
        0 => Some(64 - bits.leading_zeros() as i32 - 1074),
        biased => Some(biased - 1022),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn equal_things_count_once() {
        let tally = Tally::of(&[1, 2, 2, 3], &[3, 3, 4, 5, 5]);
        assert_eq!(tally, Tally { train: 3, test: 3, both: 5, shared: 2 });
        let tally = Tally::of::<u8>(&[], &[]);
        assert_eq!(tally, Tally { train: 0, test: 0, both: 0, shared: 0 });
    }

    fn key(coefficients: &[f64], bias: f64) -> Key {
        Count { decimals: 4 }.key(coefficients, bias)
    }

    #[test]
    fn terms_are_equal_up_to_rounding() {
        assert_eq!(key(&[0.9, -1e-9], 0.7), key(&[0.900_000_1, 1e-9], 0.700_000_1));
        assert_ne!(key(&[0.9, 0.0], 0.7), key(&[0.901, 0.0], 0.7));
        assert_ne!(key(&[0.9, 0.0], 0.7), key(&[0.9, 0.0], 0.701));
        assert_ne!(key(&[0.9, 0.0], 0.7), key(&[0.0, 0.9], 0.7));
        // A large coefficient does not hide a bias, nor a bias the coefficients.
        assert_ne!(key(&[1e8], 0.3), key(&[1e8], 0.4));
        assert_ne!(key(&[1e-8], 1e8), key(&[2e-8], 1e8));
        assert_ne!(key(&[1e30], 0.0), key(&[2e30], 0.0));
        assert_eq!(key(&[0.0, -0.0], 0.0), Key::default());
        assert_ne!(key(&[0.0, 0.0], 1e-300), Key::default());
    }

    #[test]
    fn exponents_are_those_of_the_next_power_of_two() {
        for (number, expected) in [
            (1.0, 1),
            (0.999, 0),
            (-0.5, 0),
            (4095.0, 12),
            (f64::MAX, 1024),
            (f64::MIN_POSITIVE, -1021),
            (f64::from_bits(1), -1073),
        ] {
            assert_eq!(exponent(number), Some(expected), "{number}");
        }
    }

    proptest! {
        /// Powers of two scale numbers exactly: no term becomes equal to another, or different.
        #[test]
        fn no_scale_changes_what_is_equal(
            terms in prop::collection::vec((prop::array::uniform3(-3.0..3.0_f64), -3.0..3.0_f64), 2..6),
            small in -1e-5..1e-5_f64,
            by in -300..300_i32,
            bias_by in -300..300_i32,
        ) {
            let mut terms = terms;
            let (nearby, bias) = terms[0];
            terms.push((nearby.map(|value| value + small), bias + small));
            let keys = |by: i32, bias_by: i32| -> Vec<Key> {
                let scaled = |(coefficients, bias): &([f64; 3], f64)| {
                    let coefficients = coefficients.map(|value| value * 2_f64.powi(by));
                    key(&coefficients, bias * 2_f64.powi(bias_by))
                };
                terms.iter().map(scaled).collect()
            };
            let alike = |keys: &[Key]| -> Vec<bool> {
                keys.iter().flat_map(|a| keys.iter().map(move |b| a == b)).collect()
            };
            prop_assert_eq!(alike(&keys(0, 0)), alike(&keys(by, bias_by)));
        }
    }
}
