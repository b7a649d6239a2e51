//! The result of an extraction.

use std::time::Duration;

use serde::Serialize;
use tropex::experiments::Split;
use tropex::train::data::SubsetSummary;
use tropex::{Gauge, Precision, SelfCheck, TermStore};

use crate::output::{Output, count, duration, megabytes, pairs, percent, plural};

#[derive(Serialize)]
struct ExtractOutput<'a> {
    folder: String,
    gauge: Gauge,
    #[serde(skip_serializing_if = "Option::is_none")]
    scale: Option<f64>,
    points: usize,
    split: Split,
    /// The images.
    images: SubsetSummary,
    features: usize,
    linear_terms_per_point: usize,
    shards: usize,
    bytes: u64,
    /// Burn's names of the devices.
    devices: &'a [String],
    seconds: f64,
    check: &'a SelfCheck,
    warnings: Vec<String>,
}

/// Prints the terms of a store and their self-check.
///
/// # Errors
/// A failed self-check.
pub fn report(
    store: &TermStore,
    (split, images): (Split, SubsetSummary),
    time: Duration,
    output: &Output,
) -> anyhow::Result<()> {
    let manifest = store.manifest();
    let Some(check) = &manifest.check else {
        anyhow::bail!("{}: the extraction is not finished", store.folder().display())
    };
    let extracted = ExtractOutput {
        folder: store.folder().display().to_string(),
        gauge: manifest.terms.gauge,
        scale: manifest.shifts.as_ref().and_then(|shifts| shifts.scale),
        points: store.len(),
        split,
        images,
        features: manifest.terms.features(),
        linear_terms_per_point: manifest.terms.per_point(),
        shards: manifest.shards.len(),
        bytes: manifest.shards.iter().map(|shard| shard.bytes).sum(),
        devices: &manifest.devices,
        seconds: time.as_secs_f64(),
        check,
        warnings: dead(check, split).into_iter().collect(),
    };
    extracted.warnings.iter().for_each(|warning| output.warning(warning));
    output.result(&extracted, || extracted.text(time))?;
    let failures = check.failures(manifest.terms.precision);
    if failures.is_empty() {
        return Ok(());
    }
    let advice = match manifest.terms.precision {
        Precision::F32 => "extract them again with --precision f64 --replace",
        Precision::F64 => "they are in f64 already, so rounding is not the reason",
    };
    anyhow::bail!(
        "the self-check failed: {}; do not rely on these terms, {advice}",
        failures.join("; ")
    )
}

/// A warning if all terms are zero.
fn dead(check: &SelfCheck, split: Split) -> Option<String> {
    let points = count(check.points);
    let text = format!(
        "all terms are zero: the network is dead at all {points} {split} images, its logits do not \
         depend on them"
    );
    check.is_dead().then_some(text)
}

impl ExtractOutput<'_> {
    fn text(&self, time: Duration) -> String {
        let terms = match self.linear_terms_per_point {
            1 => plural(self.points, "point"),
            classes => format!("{} x {classes} classes", plural(self.points, "point")),
        };
        let stored = format!(
            "{terms} x {}, {} in {}",
            plural(self.features, "coefficient"),
            megabytes(self.bytes),
            plural(self.shards, "shard")
        );
        let gauge = match self.scale {
            None => self.gauge.name().to_owned(),
            Some(scale) => format!("{}, {scale:.4} of the tight shifts", self.gauge.name()),
        };
        let mut lines = vec![
            ("terms", stored),
            ("images", self.images.describe(self.split.images())),
            ("folder", self.folder.clone()),
            ("gauge", gauge),
        ];
        if self.devices.len() > 1 {
            lines.push(("devices", self.devices.join(", ")));
        }
        lines.extend(check_lines(self.check));
        lines.push(("time", duration(time)));
        pairs(&lines)
    }
}

/// The self-check, one line per measure.
pub fn check_lines(check: &SelfCheck) -> Vec<(&'static str, String)> {
    let mut lines = vec![
        (
            "value error",
            format!(
                "{:.1e} at most, of logits up to {:.1}",
                check.value_error, check.largest_logit
            ),
        ),
        (
            "coefficients",
            format!("{:.1e} to {:.1e}", check.smallest_coefficient, check.largest_coefficient),
        ),
    ];
    if let Some(dominance) = &check.dominance {
        lines.push((
            "own term maximal",
            format!(
                "{} of {} checked, largest gap {:.1e} (rounding explains {:.1e})",
                percent(dominance.rate()),
                plural(dominance.checked, "point"),
                dominance.largest_gap,
                dominance.tolerance
            ),
        ));
    }
    if let Some(violations) = &check.violations {
        lines.push((
            "violated shifts",
            format!(
                "at {} of {}, by {:.1e} of the largest coefficient there at most",
                count(violations.points),
                plural(check.points, "point"),
                violations.largest
            ),
        ));
    }
    lines
}
