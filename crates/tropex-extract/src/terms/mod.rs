//! Linear terms of points, and the function they make up.

mod batch;
mod check;
mod extractor;
mod function;
mod gauge;
mod pullback;
mod race;
mod shifts;
mod tight;
mod violations;
mod worst_case;

pub use batch::Terms;
pub use check::{Dominance, SelfCheck};
pub use extractor::{Classes, Extractor};
pub use function::{Assignment, Evaluation, ExtractedFunction};
pub use gauge::Gauge;
pub use shifts::Shifts;
pub(crate) use tight::{Passed, Shelf, TightWalk};
pub use violations::Violations;
