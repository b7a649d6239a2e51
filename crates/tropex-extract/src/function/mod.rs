//! The extracted function: maxima over the extracted terms, decided as in exact arithmetic.

mod evaluation;
mod extracted_function;
mod own_term_values;
mod own_terms;
mod ranking;
mod ranking_bytes;
mod rounding;
mod score_block;
mod stream;
mod top_k;
mod top_k_search;

pub use evaluation::Evaluation;
pub use extracted_function::ExtractedFunction;
pub(crate) use own_term_values::OwnTermValues;
pub(crate) use own_terms::OwnTermSearch;
pub use ranking::{Assignment, RankedTerm, Ranking, WorkStats};
