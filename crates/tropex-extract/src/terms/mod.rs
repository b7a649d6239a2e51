//! Linear terms of points, and the function they make up.

mod assignment;
mod batch;
mod block;
mod check;
mod contest;
mod dominance;
mod evaluation;
mod extractor;
mod function;
mod gauge;
mod pullback;
mod race;
mod rounding;
mod shifts;
mod stream;
mod tight;
mod violations;
mod worst_case;

pub use assignment::{Assignment, Effort, Ranked, Standings};
pub use batch::Terms;
pub use check::SelfCheck;
pub use dominance::Dominance;
pub(crate) use dominance::{Gap, OwnRace};
pub use evaluation::Evaluation;
pub use extractor::{Classes, Extractor};
pub use function::ExtractedFunction;
pub use gauge::Gauge;
pub(crate) use pullback::Pullback;
pub use shifts::Shifts;
pub(crate) use tight::{Calibration, Passed, Scale, Searched, Shelf, TightWalk};
pub use violations::Violations;
