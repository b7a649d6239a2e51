//! Terms in memory: their pullback from the logits, tables of terms, and the self-check.

mod batch;
mod classes;
mod dominance;
mod functions;
mod linear;
mod prediction;
mod pullback;
mod self_check;
mod spec;
mod table;
mod term;
mod violations;

pub use batch::Terms;
pub use classes::{Classes, ParseClassesError};
pub use dominance::Dominance;
pub(crate) use dominance::DominanceGap;
pub use linear::LinearTerms;
pub(crate) use prediction::Prediction;
pub use pullback::Pullback;
pub use self_check::SelfCheck;
pub(crate) use spec::{EndShifts, TermSpec};
pub use table::TermTable;
pub(crate) use term::ReducedTerm;
pub use term::{ReferenceTerm, Term};
pub(crate) use violations::ViolationMeter;
pub use violations::Violations;
