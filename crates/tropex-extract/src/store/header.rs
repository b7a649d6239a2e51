//! The settings that determine the terms of a store.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::Precision;
use crate::gauge::Gauge;
use crate::points::PointSubset;
use crate::terms::Classes;

/// The settings that determine the terms of a store and their division into shards. Two extractions
/// with equal headers give equal terms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TermsHeader {
    /// SHA-256 of the network and the settings.
    pub network: String,
    /// Fingerprint of the points.
    pub source: String,
    /// The choice of points, unless they are all points or the first points of their dataset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subset: Option<PointSubset>,
    /// The rule that chose the shifts.
    pub gauge: Gauge,
    /// Fingerprint of the shifts, if they were found for other points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shifts: Option<String>,
    /// Floating-point format of the numbers.
    pub precision: Precision,
    /// The extracted classes.
    pub classes: Classes,
    /// Number of classes of the network.
    pub class_count: usize,
    /// Shape of one point.
    pub input_shape: Vec<usize>,
    /// Number of points.
    pub points: usize,
    /// Number of points per shard; the last shard may have fewer.
    pub shard_points: usize,
}

impl TermsHeader {
    /// Number of input features of a point.
    pub fn features(&self) -> usize {
        self.input_shape.iter().product()
    }

    /// Number of linear terms per point.
    pub fn per_point(&self) -> usize {
        self.classes.per_point(self.class_count)
    }

    /// Whether the store holds shifts: they depend on points.
    pub(crate) fn saves_shifts(&self) -> bool {
        self.gauge.depends_on_points() || self.shifts.is_some()
    }

    /// Number of shards of the whole extraction.
    pub(crate) fn shard_count(&self) -> usize {
        self.points.div_ceil(self.shard_points)
    }

    /// The positions of the points of a shard.
    pub(crate) fn span(&self, shard: usize) -> Range<usize> {
        let start = shard * self.shard_points;
        start..self.points.min(start.saturating_add(self.shard_points))
    }

    /// The range of dataset indices that the points of a shard can have.
    pub(crate) fn indices(&self, first: usize, points: usize) -> Range<i64> {
        let last = match &self.subset {
            None => first + points,
            Some(subset) => subset.of,
        };
        let bound = |index: usize| i64::try_from(index).unwrap_or(i64::MAX);
        bound(first)..bound(last)
    }

    /// A description of the first setting that differs from another header.
    pub(crate) fn difference(&self, other: &Self) -> Option<String> {
        let differs = |what: &str, here: String, there: String| {
            (here != there).then(|| format!("{what} {there} instead of {here}"))
        };
        differs("gauge", written(&self.gauge), written(&other.gauge))
            .or_else(|| {
                differs(
                    "shifts of",
                    points_of_shifts(&self.shifts),
                    points_of_shifts(&other.shifts),
                )
            })
            .or_else(|| differs("precision", written(&self.precision), written(&other.precision)))
            .or_else(|| differs("classes", written(&self.classes), written(&other.classes)))
            .or_else(|| differs("points", written(&self.points), written(&other.points)))
            .or_else(|| {
                differs("points:", choice_of_points(&self.subset), choice_of_points(&other.subset))
            })
            .or_else(|| {
                let is_same_data = self.source == other.source && self.subset == other.subset;
                (!is_same_data).then(|| "other data".into())
            })
            .or_else(|| {
                // The division into shards does not change the terms.
                let with_equal_shards = Self { shard_points: self.shard_points, ..other.clone() };
                (*self != with_equal_shards).then(|| "another network".into())
            })
    }
}

/// A setting in the format of the manifest.
fn written(setting: &impl Serialize) -> String {
    serde_json::to_string(setting).unwrap_or_default().replace('"', "")
}

/// A description of the choice of points.
fn choice_of_points(subset: &Option<PointSubset>) -> String {
    subset.as_ref().map_or("the first ones".into(), |subset| subset.rule.clone())
}

/// A description of the points that the shifts were found for.
fn points_of_shifts(fingerprint: &Option<String>) -> String {
    let others = |fingerprint: &String| format!("other points ({fingerprint:.8})");
    fingerprint.as_ref().map_or("the extracted points".into(), others)
}
