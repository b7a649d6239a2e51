//! Linear terms of points, and the function they make up.

mod check;
mod extractor;
mod function;
mod gauge;
mod pullback;
mod race;
mod terms;
pub use self::terms::Terms;
pub use check::{Dominance, SelfCheck};
pub use extractor::{Classes, Extractor};
pub use function::{Assignment, Evaluation, ExtractedFunction};
pub use gauge::Gauge;
