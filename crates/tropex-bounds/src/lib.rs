//! Bounds on the number of linear regions that an architecture can have.
//!
//! A [`Structure`] says what layers there are, without weights. Each [`Bound`] of [`BOUNDS`] is a
//! published formula for the *maximal* number of linear regions over all weights: it applies to
//! some structures, and says of the others why not. All numbers are exact integers.
//!
//! Notation: `n_0` inputs, hidden layers of `n_1 ... n_L` units (the last affine layer, which gives
//! the logits, is not counted), `N` their sum, `C(n, k)` binomials, and
//! `Z(n, d) = C(n, 0) + ... + C(n, d)`, the most regions of `n` hyperplanes in `d` dimensions.
//!
//! Upper bounds count activation patterns, of which there are at least as many as affine pieces.
//! They hold for convolutions treated as dense layers, for sharing weights only restricts; lower
//! bounds of dense layers do not hold for convolutions. Inputs may be ignored, so a lower bound for
//! `p` inputs holds for any `n_0 >= p`: where a formula is not monotonic in `n_0`, the best `p` is
//! taken.
//!
//! ```
//! use tropex_bounds::{Settings, Structure, evaluate};
//!
//! let structure = Structure::new(&[2])?.dense(3)?.dense(3)?;
//! let table = evaluate(&structure, &Settings::default());
//! let best = table.best_upper().expect("no formula fails for so few units");
//! assert_eq!((best.bound().name, best.count().decimal().as_str()), ("Serra 2018, Thm 1", "40"));
//! # Ok::<(), tropex_bounds::StructureError>(())
//! ```

mod binomial;
mod captured;
mod conv;
mod count;
mod deadline;
mod dense;
mod error;
mod maximize;
mod rank;
mod structure;
mod table;

use std::fmt;

use num_bigint::BigUint;

pub use conv::Windows;
pub use count::Count;
pub use deadline::{Report, Watch};
pub use error::StructureError;
pub use structure::{Layer, Map, Maximum, Structure};
pub use table::{Best, Entry, Found, Settings, Table, evaluate};

/// Every bound, those of one kind together.
pub static BOUNDS: &[Bound] = &[
    dense::exact::ONE_LAYER,
    conv::one_layer::EXACT,
    dense::exact::FIRST_LAYER,
    dense::lower::MONTUFAR_2014,
    dense::lower::SERRA_2018,
    dense::lower::ARORA_2016,
    dense::lower::SERRA_2018_ARORA,
    conv::one_layer::LOWER,
    conv::several_layers::LOWER,
    dense::upper::PATTERNS,
    dense::upper::MONTUFAR_2017,
    dense::serra::ANY_WEIGHTS,
    conv::one_layer::UPPER,
    conv::several_layers::UPPER,
    dense::serra::TRAINED,
    dense::order::RAGHU_2017,
];

/// What a number says about the maximal number of linear regions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It is that number.
    Exact,
    /// There are weights with so many.
    Lower,
    /// No weights have more.
    Upper,
    /// The trained weights have no more; others may.
    TrainedUpper,
    /// It grows in this order: neither a lower nor an upper bound.
    Order,
}

impl Kind {
    /// Name in listings, in kebab case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Lower => "lower",
            Self::Upper => "upper",
            Self::TrainedUpper => "trained-upper",
            Self::Order => "order",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A formula.
#[derive(Debug)]
pub struct Bound {
    /// Short name, unique together with the kind.
    pub name: &'static str,
    /// What the number says.
    pub kind: Kind,
    /// What it is computed by.
    pub formula: &'static str,
    /// Where it holds.
    pub condition: &'static str,
    /// Authors, title, year.
    pub source: &'static str,
    evaluate: fn(&Structure, &Watch) -> Result<Value, Absent>,
}

/// What a formula gives.
#[derive(Debug)]
pub(crate) struct Value {
    number: BigUint,
    inputs: Option<usize>,
    ranks: Option<Vec<usize>>,
}

impl From<BigUint> for Value {
    fn from(number: BigUint) -> Self {
        Self { number, inputs: None, ranks: None }
    }
}

/// Why there is no number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absent {
    /// The formula does not hold for the structure, for this reason.
    NotApplicable(String),
    /// It was not finished within the time limit.
    OutOfTime,
    /// It would take too much memory.
    TooLarge,
}

impl Absent {
    fn not_applicable(reason: impl Into<String>) -> Self {
        Self::NotApplicable(reason.into())
    }
}
