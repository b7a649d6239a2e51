//! Claims of a page: texts that templates insert.

use serde::Serialize;

use crate::report::summary::{Claim, Verdict};
use crate::unit::unbroken;

/// A claim of the paper.
#[derive(Serialize)]
pub(super) struct ClaimEntry {
    question: &'static str,
    /// Stem of the style of the verdict.
    style: Verdict,
    verdict: &'static str,
    evidence: String,
    lines: Vec<String>,
}

impl ClaimEntry {
    pub(super) fn of(claim: &Claim) -> Self {
        Self {
            question: claim.question,
            style: claim.verdict,
            verdict: claim.verdict.words(),
            evidence: unbroken(&claim.evidence),
            lines: claim.lines.iter().map(|line| unbroken(line)).collect(),
        }
    }
}
