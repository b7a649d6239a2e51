//! Stratified subsets of the images of a split.
//!
//! Files are often sorted by class: their first images do not represent the split. The images are
//! put into a random order in which every prefix has every class in proportion, and a subset is a
//! prefix. A larger subset therefore contains every smaller one. The images of a subset keep the
//! order of the split.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};
use thiserror::Error;

#[cfg(test)]
mod tests;

/// The rule that chooses the images of a subset. Written as text in `config.json` and in manifests
/// of terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
#[non_exhaustive]
pub enum SubsetRule {
    /// The first images, without regard to classes. Earlier versions chose subsets like this.
    First,
    /// Every class in proportion to its images in the split, at random.
    Stratified {
        /// Seed of the random order.
        seed: u64,
    },
}

impl SubsetRule {
    /// The default rule. It has a fixed seed, so that the images for training, extraction and
    /// experiments are nested.
    pub const DEFAULT: Self = Self::Stratified { seed: 0 };

    /// The rule of runs and terms that record no rule.
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
const STRATIFIED: &str = "every class in its share (seed ";

impl fmt::Display for SubsetRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::First => f.write_str(FIRST),
            Self::Stratified { seed } => write!(f, "{STRATIFIED}{seed})"),
        }
    }
}

/// A text that is not a rule of a subset.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unknown rule of a subset `{text}`, expected `{FIRST}` or `{STRATIFIED}0)`")]
pub struct ParseSubsetRuleError {
    /// The text.
    pub text: String,
}

impl FromStr for SubsetRule {
    type Err = ParseSubsetRuleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == FIRST {
            return Ok(Self::First);
        }
        let seed = text.strip_prefix(STRATIFIED).and_then(|rest| rest.strip_suffix(')'));
        match seed.and_then(|seed| seed.parse().ok()) {
            Some(seed) => Ok(Self::Stratified { seed }),
            None => Err(ParseSubsetRuleError { text: text.to_owned() }),
        }
    }
}

impl From<SubsetRule> for String {
    fn from(rule: SubsetRule) -> Self {
        rule.to_string()
    }
}

impl TryFrom<String> for SubsetRule {
    type Error = ParseSubsetRuleError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// Some or all images of a split, in the order of the split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subset {
    rule: SubsetRule,
    of: usize,
    /// Ascending indices in the split; `None` for all images.
    indices: Option<Arc<[usize]>>,
}

impl Subset {
    /// `count` of the images with the given classes, or all images if there are not more.
    pub fn new(classes: &[u32], count: Option<usize>, rule: SubsetRule) -> Self {
        let of = classes.len();
        let count = count.unwrap_or(of);
        if count >= of {
            return Self { rule, of, indices: None };
        }
        let indices = match rule {
            SubsetRule::First => (0..count).collect(),
            SubsetRule::Stratified { seed } => stratified_prefix(classes, seed, count),
        };
        Self { rule, of, indices: Some(indices.into()) }
    }

    /// A subset of `count` images of this subset, or this subset if it has not more.
    ///
    /// A stratified subset becomes the smaller subset by its own rule; a subset of first images
    /// becomes a stratified subset of these.
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

    /// Number of images in the subset.
    #[allow(clippy::len_without_is_empty)] // splits and subsets hold at least one image
    pub fn len(&self) -> usize {
        self.indices.as_ref().map_or(self.of, |indices| indices.len())
    }

    /// Number of images of the split.
    pub fn of(&self) -> usize {
        self.of
    }

    /// The rule that chose the images.
    pub fn rule(&self) -> SubsetRule {
        self.rule
    }

    /// Whether the subset is the whole split.
    pub fn is_all(&self) -> bool {
        self.indices.is_none()
    }

    /// Index in the split of the image at a position of the subset.
    pub fn index(&self, position: usize) -> usize {
        self.indices.as_ref().map_or(position, |indices| indices[position])
    }

    /// Ascending indices in the split.
    pub fn indices(&self) -> impl ExactSizeIterator<Item = usize> + Clone + '_ {
        (0..self.len()).map(|position| self.index(position))
    }

    /// Position in the subset of an image of the split; `None` if the subset lacks it.
    pub fn position(&self, index: usize) -> Option<usize> {
        match &self.indices {
            None => (index < self.of).then_some(index),
            Some(indices) => indices.binary_search(&index).ok(),
        }
    }

    /// The size and the rule of the subset, to be written to files.
    pub fn summary(&self) -> SubsetSummary {
        let rule = (!self.is_all()).then_some(self.rule);
        SubsetSummary { count: self.len(), of: self.of, rule }
    }
}

/// The size and the rule of a [`Subset`], as written to files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubsetSummary {
    /// Images in the subset.
    pub count: usize,
    /// Images of the split.
    pub of: usize,
    /// The rule that chose the images; `None` for all images.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rule: Option<SubsetRule>,
}

impl SubsetSummary {
    /// A phrase for people; `images` is a plural noun. Example: `300 of 10,000 test images, every
    /// class in its share (seed 0)`.
    pub fn describe(&self, images: &str) -> String {
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

/// Ascending indices of the first `count` images in the random order of a seed.
///
/// Of `n` images, `n_c` have class c. The j-th image of class c is due at rank `⌈j n / n_c⌉` and
/// not allowed before rank `⌊(j - 1) n / n_c⌋ + 1`. Each rank gets the allowed image that is due
/// first. At every rank the number of images of a class then differs from its share by less than 1
/// (Tijdeman 1980, "The chairman assignment problem").
fn stratified_prefix(classes: &[u32], seed: u64, count: usize) -> Vec<usize> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut members = members(classes);
    members.shuffle(&mut random); // class numbers must not decide ties
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
    for rank in 1..=count {
        while let Some(&Reverse((from, class, taken))) = waiting.peek()
            && from <= rank
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

/// Indices of the images of every class that has images.
fn members(classes: &[u32]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..classes.len()).collect();
    order.sort_by_key(|&image| classes[image]); // stable
    order.chunk_by(|&a, &b| classes[a] == classes[b]).map(<[usize]>::to_vec).collect()
}
