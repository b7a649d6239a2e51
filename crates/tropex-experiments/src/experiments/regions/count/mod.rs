//! In how many linear regions do the images lie?

mod image_regions;
mod term_key;

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use serde::{Deserialize, Serialize};
use tropex_geometry::RegionId;

use self::image_regions::{ImageRegions, RegionWork};
use self::term_key::TermKey;
use crate::Error;
use crate::data::Split;
use crate::experiments::experiment::{Experiment, ExperimentEntry, ExperimentInputs, Scope, make};
use crate::report::{Answer, NumberId, Table, Topic};
use crate::run::{PointwiseWork, RunContext};
use crate::statistics::share;
use crate::unit::{Unit, count};

pub(crate) const ENTRY: ExperimentEntry = ExperimentEntry {
    name: "count",
    question: "In how many linear regions do the images lie?",
    topic: Topic::Regions,
    method: [
        "Images are in one region where every unit chooses the same piece: their activation \
         patterns are compared by a hash of 128 bits, so that regions are counted exactly.",
        "Linear terms are counted too, one of every region: those of training images are read, \
         those of test images extracted. They are equal where coefficients and bias are after \
         rounding to decimals of the power of two above the term's largest coefficient, and above \
         its bias.",
        "Both numbers are compared with the number of images.",
    ],
    scope: Scope::Each,
    gauged: false,
    make: make::<DistinctRegions>,
};

/// Number of regions with training images.
pub(crate) const REGIONS_OF_TRAINING: NumberId =
    NumberId::new("different regions, training", Unit::Count);

/// Number of regions with test images.
pub(crate) const REGIONS_OF_TEST: NumberId = NumberId::new("different regions, test", Unit::Count);

/// Number of regions with training or test images.
pub(crate) const REGIONS_OF_BOTH: NumberId = NumberId::new("different regions, both", Unit::Count);

/// Share of test images in regions without training images.
pub(crate) const TEST_IN_NEW_REGIONS: NumberId =
    NumberId::new("test images in new regions", Unit::Share);

/// Number of different terms of training images.
pub(crate) const TERMS_OF_TRAINING: NumberId =
    NumberId::new("different terms, training", Unit::Count);

/// Number of different terms of test images.
pub(crate) const TERMS_OF_TEST: NumberId = NumberId::new("different terms, test", Unit::Count);

/// Number of different terms of training and test images.
pub(crate) const TERMS_OF_BOTH: NumberId = NumberId::new("different terms, both", Unit::Count);

/// Share of test images with a term that no training image has.
pub(crate) const TEST_WITH_NEW_TERMS: NumberId =
    NumberId::new("test images with new terms", Unit::Share);

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct DistinctRegions {
    /// Decimals that rounding keeps of terms scaled by powers of two, so that the largest
    /// coefficient and the bias lie between 1/2 and 1.
    decimals: u8,
}

impl Default for DistinctRegions {
    fn default() -> Self {
        Self { decimals: 4 }
    }
}

/// Largest number of decimals: no format of numbers has more.
const MOST_DECIMALS: u8 = 15;

/// Numbers of different regions, or terms, of the images of both splits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct DistinctCounts {
    train: usize,
    test: usize,
    both: usize,
    /// Number of test images whose region, or term, equals that of a training image.
    shared: usize,
}

impl DistinctCounts {
    /// Counts the regions, or terms, of all images.
    fn of<T: Eq + Hash>(train: &[T], test: &[T]) -> Self {
        let [of_train, of_test]: [HashSet<&T>; 2] = [train, test].map(|all| all.iter().collect());
        Self {
            train: of_train.len(),
            test: of_test.len(),
            both: of_train.union(&of_test).count(),
            shared: test.iter().filter(|thing| of_train.contains(thing)).count(),
        }
    }

    /// Adds the counts, and the share of test images whose region or term no training image has.
    fn add_to(self, answer: Answer, numbers: [NumberId; 4], test_images: usize) -> Answer {
        let [of_train, of_test, of_both, new] = numbers;
        answer
            .value(&of_train, self.train as f64)
            .value(&of_test, self.test as f64)
            .value(&of_both, self.both as f64)
            .value(&new, share(test_images - self.shared, test_images))
    }
}

impl Experiment for DistinctRegions {
    fn run(&self, inputs: &ExperimentInputs<'_>) -> Result<Answer, Error> {
        self.check()?;
        let context = inputs.run();
        let decimals = self.decimals;
        let [train, test] = Split::ALL
            .map(|split| ImageRegions::of(context, &RegionWork { context, split, decimals }));
        let [train, test] = [train?, test?];
        let images = [train.regions.len(), test.regions.len()];
        let regions = DistinctCounts::of(&train.regions, &test.regions);
        let [of_train, of_test] = by_region([&train, &test]);
        let terms = DistinctCounts::of(&of_train, &of_test);
        let zeros =
            of_train.iter().chain(&of_test).filter(|key| **key == TermKey::default()).count();
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
        let of_regions =
            [REGIONS_OF_TRAINING, REGIONS_OF_TEST, REGIONS_OF_BOTH, TEST_IN_NEW_REGIONS];
        let of_terms = [TERMS_OF_TRAINING, TERMS_OF_TEST, TERMS_OF_BOTH, TEST_WITH_NEW_TERMS];
        let answer = regions.add_to(answer, of_regions, images[1]);
        let answer = terms.add_to(answer, of_terms, images[1]);
        let answer = answer.table(different(images, regions, terms));
        Ok(answer.table(shared(images, regions, terms)).note(
            "Regions are counted by activation pattern, exactly. Images of one region have one \
             term. Regions with equal terms count as one by terms; where a number lies on the \
             edge of a rounding interval, equal terms may count as two. The published count \
             rounds all numbers to the same decimals, whatever their size.",
        ))
    }

    fn pointwise<'a>(
        &'a self,
        context: &'a RunContext<'a>,
    ) -> Result<Vec<Box<dyn PointwiseWork + 'a>>, Error> {
        self.check()?;
        let decimals = self.decimals;
        let of =
            |split| Box::new(RegionWork { context, split, decimals }) as Box<dyn PointwiseWork>;
        Ok(Split::ALL.map(of).into())
    }
}

impl DistinctRegions {
    /// Refuses invalid parameters.
    fn check(&self) -> Result<(), Error> {
        let found = self.decimals;
        match found > MOST_DECIMALS {
            true => {
                Err(ENTRY.refuse(&format!("decimals is {found}, expected at most {MOST_DECIMALS}")))
            }
            false => Ok(()),
        }
    }
}

fn different([train, test]: [usize; 2], regions: DistinctCounts, terms: DistinctCounts) -> Table {
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

fn shared([_, test]: [usize; 2], regions: DistinctCounts, terms: DistinctCounts) -> Table {
    let columns = [("told apart by", Unit::Text), ("images", Unit::Count), ("share", Unit::Share)];
    let title = "Test images with the region, or the term, of a training image";
    let mut table = Table::new("shared", title, &columns);
    for (name, counts) in [("pattern", regions), ("term", terms)] {
        table.push(vec![name.into(), counts.shared.into(), share(counts.shared, test).into()]);
    }
    table
}

/// The term of every image, taken from the first image in its region. The terms of a region are
/// equal, but terms that were extracted at different images may be rounded differently.
fn by_region(splits: [&ImageRegions; 2]) -> [Vec<TermKey>; 2] {
    let mut first: HashMap<RegionId, TermKey> = HashMap::new();
    for ImageRegions { regions, keys } in splits {
        for (region, key) in regions.iter().zip(keys) {
            first.entry(*region).or_insert_with(|| *key);
        }
    }
    let of_region = |region: &RegionId| first.get(region).copied().unwrap_or_default();
    splits.map(|images| images.regions.iter().map(of_region).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_regions_count_once() {
        let counts = DistinctCounts::of(&[1, 2, 2, 3], &[3, 3, 4, 5, 5]);
        assert_eq!(counts, DistinctCounts { train: 3, test: 3, both: 5, shared: 2 });
        let counts = DistinctCounts::of::<u8>(&[], &[]);
        assert_eq!(counts, DistinctCounts { train: 0, test: 0, both: 0, shared: 0 });
    }
}
