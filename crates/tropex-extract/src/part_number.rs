//! The number of a part.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// One of a number of parts, counted from 1. Its text is `2/4` for the second of four parts.
///
/// ```
/// use tropex_extract::job::PartNumber;
///
/// let part: PartNumber = "2/4".parse()?;
/// assert_eq!((part.number(), part.of(), part.to_string().as_str()), (2, 4, "2/4"));
/// assert!("0/4".parse::<PartNumber>().is_err() && "5/4".parse::<PartNumber>().is_err());
/// # Ok::<(), tropex_extract::job::ParsePartError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartNumber {
    number: usize,
    of: usize,
}

/// A text that is not the number of a part.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("expected I/N with I from 1 to N, such as 2/4")]
pub struct ParsePartError;

impl PartNumber {
    /// The part with this number, from 1 to `of`; `None` for other numbers.
    pub fn new(number: usize, of: usize) -> Option<Self> {
        (1..=of).contains(&number).then_some(Self { number, of })
    }

    /// All parts of a number of parts.
    pub fn all(of: usize) -> impl Iterator<Item = Self> {
        (1..=of).map(move |number| Self { number, of })
    }

    /// The number, from 1.
    pub fn number(self) -> usize {
        self.number
    }

    /// The number of all parts.
    pub fn of(self) -> usize {
        self.of
    }
}

impl fmt::Display for PartNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl FromStr for PartNumber {
    type Err = ParsePartError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let whole = |text: &str| text.parse().map_err(|_| ParsePartError);
        let (number, of) = text.split_once('/').ok_or(ParsePartError)?;
        Self::new(whole(number)?, whole(of)?).ok_or(ParsePartError)
    }
}
