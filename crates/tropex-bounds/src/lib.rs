//! Bounds on the number of linear regions that an architecture can have.
//!
//! A [`Structure`] lists the layers of a network, without weights. Each [`Bound`] of [`BOUNDS`] is
//! a published formula for the *maximal* number of linear regions over all weights. It applies to
//! some structures, and gives a reason for the others. All numbers are exact integers.
//!
//! Notation: `n_0` inputs; hidden layers of `n_1 ... n_L` units, without the last affine layer,
//! which gives the logits; `N` the sum of `n_1 ... n_L`; `C(n, k)` binomial coefficients; `Z(n, d)
//! = C(n, 0) + ... + C(n, d)`, the largest number of regions of `n` hyperplanes in `d` dimensions
//! (Zaslavsky 1975).
//!
//! Upper bounds count activation patterns, which are at least as many as affine pieces. Upper
//! bounds of dense layers hold for convolutions too, because a convolution is a dense layer with
//! shared weights. Lower bounds of dense layers do not hold for convolutions. A lower bound for `p`
//! inputs holds for all `n_0 >= p`, because a network can ignore inputs. Where a formula is not
//! monotonic in `n_0`, the best `p` is taken.
//!
//! ```
//! use tropex_bounds::{BoundSettings, Structure, evaluate};
//!
//! let structure = Structure::new(&[2])?.dense(3)?.dense(3)?;
//! let table = evaluate(&structure, &BoundSettings::default());
//! let best = table.best_upper().expect("every formula fits such a small network");
//! assert_eq!((best.bound().name, best.count().decimal().as_str()), ("Serra 2018, Thm 1", "40"));
//! # Ok::<(), tropex_bounds::StructureError>(())
//! ```

mod binomial;
mod bound;
mod catalogue;
mod conv;
mod deadline;
mod dense;
mod error;
mod exact_count;
mod maximize;
mod rank;
mod structure;
mod table;

pub use bound::{Bound, BoundKind, BoundValue, ParseBoundKindError};
pub use catalogue::BOUNDS;
pub use error::{BoundError, StructureError};
pub use exact_count::ExactCount;
pub use structure::{AffineMap, ConvShape, HiddenLayer, LayerActivation, Structure};
pub use table::{BoundResult, BoundSettings, BoundTable, TightestBound, evaluate};
