//! Which images of a split are taken where not all of them are.
//!
//! Files are often sorted by class, so the first images stand for nothing. A subset is the
//! beginning of an order of all images in which every beginning holds every class in its share:
//! subsets of growing size are nested. Its images keep the order of the split.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};

#[cfg(test)]
mod tests;

/// How images are taken from a split. Written as text, in `config.json` and in manifests of terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum SubsetRule {
    /// The first ones, whatever their classes: what earlier versions did.
    First,
    /// Every class in its share, drawn by a seed.
    Stratified {
        /// Source of the order.
        seed: u64,
    },
}

impl SubsetRule {
    /// The rule where nothing else is asked for. One seed for everything, so that images that were
    /// trained on, extracted and looked at are nested.
    pub const DEFAULT: Self = Self::Stratified { seed: 0 };

    /// What stands for runs and terms that name no rule.
    pub(crate) fn of_old_runs() -> Self {
        Self::First
    }
}

impl Default for SubsetRule {
    fn default() -> Self {
        Self::DEFAULT
    }
}

const FIRST: &str = "the first ones";
const EVERY_CLASS: &str = "every class in its share (seed ";

impl fmt::Display for SubsetRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::First => f.write_str(FIRST),
            Self::Stratified { seed } => write!(f, "{EVERY_CLASS}{seed})"),
        }
    }
}

impl FromStr for SubsetRule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == FIRST {
            return Ok(Self::First);
        }
        let seed = text.strip_prefix(EVERY_CLASS).and_then(|rest| rest.strip_suffix(')'));
        match seed.and_then(|seed| seed.parse().ok()) {
            Some(seed) => Ok(Self::Stratified { seed }),
            None => Err(format!(
                "unknown rule of a subset `{text}`, expected `{FIRST}` or `{EVERY_CLASS}0)`"
            )),
        }
    }
}

impl From<SubsetRule> for String {
    fn from(rule: SubsetRule) -> Self {
        rule.to_string()
    }
}

impl TryFrom<String> for SubsetRule {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// Images of a split, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subset {
    rule: SubsetRule,
    of: usize,
    /// Ascending; `None` for all images.
    indices: Option<Arc<[usize]>>,
}

impl Subset {
    /// `count` of the images with these classes, or all of them where there are no more.
    pub fn new(classes: &[u32], count: Option<usize>, rule: SubsetRule) -> Self {
        let of = classes.len();
        let count = count.unwrap_or(of);
        if count >= of {
            return Self { rule, of, indices: None };
        }
        let indices = match rule {
            SubsetRule::First => (0..count).collect(),
            SubsetRule::Stratified { seed } => beginning(classes, seed, count),
        };
        Self { rule, of, indices: Some(indices.into()) }
    }

    /// `count` of its images, or all of them where there are no more: those of a smaller subset by
    /// the same rule, but every class of the first images in its share.
    #[must_use]
    pub fn smaller(&self, classes: &[u32], count: usize) -> Self {
        if count >= self.len() {
            return self.clone();
        }
        match self.rule {
            SubsetRule::Stratified { .. } => Self::new(classes, Some(count), self.rule),
            SubsetRule::First => {
                let rule = SubsetRule::DEFAULT;
                let among = Self::new(&classes[..self.len()], Some(count), rule);
                Self { of: self.of, ..among }
            }
        }
    }

    /// Number of images in it.
    #[allow(clippy::len_without_is_empty)] // splits and subsets hold at least one image
    pub fn len(&self) -> usize {
        self.indices.as_ref().map_or(self.of, |indices| indices.len())
    }

    /// Number of images of the split.
    pub fn of(&self) -> usize {
        self.of
    }

    /// How its images are taken.
    pub fn rule(&self) -> SubsetRule {
        self.rule
    }

    /// Whether it holds all images.
    pub fn is_all(&self) -> bool {
        self.indices.is_none()
    }

    /// Index in the split of one of its images.
    pub fn index(&self, position: usize) -> usize {
        self.indices.as_ref().map_or(position, |indices| indices[position])
    }

    /// Indices in the split of its images, ascending.
    pub fn indices(&self) -> impl ExactSizeIterator<Item = usize> + Clone + '_ {
        (0..self.len()).map(|position| self.index(position))
    }

    /// Where an image of the split stands in it.
    pub fn position(&self, index: usize) -> Option<usize> {
        match &self.indices {
            None => (index < self.of).then_some(index),
            Some(indices) => indices.binary_search(&index).ok(),
        }
    }

    /// What was taken, for machines.
    pub fn taken(&self) -> SubsetSummary {
        let rule = (!self.is_all()).then_some(self.rule);
        SubsetSummary { count: self.len(), of: self.of, rule }
    }
}

/// What was taken of a split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubsetSummary {
    /// Images taken.
    pub count: usize,
    /// Images of the split.
    pub of: usize,
    /// How they were taken, where not all were.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rule: Option<SubsetRule>,
}

impl SubsetSummary {
    /// In words, with what the images are, as in `300 of 10,000 test images, every class in its
    /// share (seed 0)`.
    pub fn words(&self, images: &str) -> String {
        let number = |number: usize| {
            let digits = number.to_string();
            let groups = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
            groups.collect::<Vec<_>>().join(",")
        };
        let (count, of) = (number(self.count), number(self.of));
        match self.rule {
            None if self.count == 1 => format!("1 {}", images.strip_suffix('s').unwrap_or(images)),
            None => format!("{count} {images}"),
            Some(SubsetRule::First) => format!("the first {count} of {of} {images}"),
            Some(rule) => format!("{count} of {of} {images}, {rule}"),
        }
    }
}

/// The first `count` images, ascending, of the order that a seed gives.
///
/// Of `n` images `n_c` have class c. Its j-th image is due at the place `⌈j n / n_c⌉` and not
/// allowed before `⌊(j - 1) n / n_c⌋ + 1`. The image that is due first among those that are allowed
/// comes next, so that at every place the number of images of a class differs from its share by
/// less than 1 (Tijdeman 1980, "The chairman assignment problem").
fn beginning(classes: &[u32], seed: u64, count: usize) -> Vec<usize> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut members = members(classes);
    members.shuffle(&mut random); // no class is first because of its number
    members.iter_mut().for_each(|members| members.shuffle(&mut random));
    let n = classes.len() as u128;
    let allowed = |class: usize, taken: usize| {
        (taken as u128 * n / members[class].len() as u128) as usize + 1
    };
    let due = |class: usize, taken: usize| {
        ((taken + 1) as u128 * n).div_ceil(members[class].len() as u128) as usize
    };
    let mut waiting: BinaryHeap<Reverse<(usize, usize, usize)>> = BinaryHeap::new();
    let mut open: BinaryHeap<Reverse<(usize, usize, usize)>> = BinaryHeap::new();
    (0..members.len()).for_each(|class| waiting.push(Reverse((1, class, 0))));
    let mut chosen = Vec::with_capacity(count);
    for place in 1..=count {
        while let Some(&Reverse((from, class, taken))) = waiting.peek()
            && from <= place
        {
            waiting.pop();
            open.push(Reverse((due(class, taken), class, taken)));
        }
        let Some(Reverse((_, class, taken))) = open.pop() else { break };
        chosen.push(members[class][taken]);
        if taken + 1 < members[class].len() {
            waiting.push(Reverse((allowed(class, taken + 1), class, taken + 1)));
        }
    }
    chosen.sort_unstable();
    chosen
}

/// The images of every class that has some.
fn members(classes: &[u32]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..classes.len()).collect();
    order.sort_by_key(|&image| classes[image]); // stable
    order.chunk_by(|&a, &b| classes[a] == classes[b]).map(<[usize]>::to_vec).collect()
}
