//! The first part of the report of a study.

use serde::Serialize;

use super::table::Table;

/// Headline table and claims of a study.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StudySummary {
    /// A row for every network and gauge.
    pub table: Table,
    /// The claims of the paper, in order.
    pub claims: Vec<Claim>,
}

/// A question of the paper, and the answer of the study.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Claim {
    /// The question.
    pub question: &'static str,
    /// The answer, a line per network; empty if no experiment of the study measures it.
    pub lines: Vec<String>,
}
