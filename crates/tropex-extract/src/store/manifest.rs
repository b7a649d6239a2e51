//! The manifest of a term store.

use std::fs;
use std::io;
use std::ops::Range;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::MANIFEST;
use super::files::{self, SHIFTS, shard_name};
use crate::gauge::{Gauge, Scale};
use crate::ops::extents;
use crate::points::PointSubset;
use crate::terms::{Classes, SelfCheck};
use crate::{Error, Precision};

/// Version of the layout on disk. Version 1 knew no subsets: points were the first ones.
const FORMAT: u32 = 2;

/// The versions that can be read.
const READABLE: [u64; 2] = [1, FORMAT as u64];

/// What a folder of shards holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the layout.
    pub format: u32,
    /// Version of the program that wrote it.
    pub written_by: String,
    /// What decides the terms.
    pub terms: TermsHeader,
    /// The file of the shifts, where they depend on points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shifts: Option<ShiftsEntry>,
    /// The devices that extracted terms, as Burn calls them. Terms of one differ from those of
    /// another by rounding.
    #[serde(default)]
    pub devices: Vec<String>,
    /// Finished shards, in the order of their points.
    pub shards: Vec<ShardEntry>,
    /// Self-check of the whole extraction, once it is finished.
    pub check: Option<SelfCheck>,
}

/// Everything that decides what the terms of a store are, and how they are cut into shards. Two
/// extractions with equal headers give the same terms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TermsHeader {
    /// SHA-256 of network and settings.
    pub network: String,
    /// Fingerprint of the points.
    pub source: String,
    /// How the points were chosen, where they are not the first ones of their dataset, or all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subset: Option<PointSubset>,
    /// The rule that chose the shifts.
    pub gauge: Gauge,
    /// Fingerprint of the shifts if they were found for other points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shifts: Option<String>,
    /// Format of the numbers.
    pub precision: Precision,
    /// The classes extracted.
    pub classes: Classes,
    /// Number of classes of the network.
    pub class_count: usize,
    /// Shape of one point.
    pub input_shape: Vec<usize>,
    /// Number of points.
    pub points: usize,
    /// Points per shard, but for the last.
    pub shard_points: usize,
}

impl TermsHeader {
    /// Values of one point.
    pub fn features(&self) -> usize {
        self.input_shape.iter().product()
    }

    /// Linear terms per point.
    pub fn per_point(&self) -> usize {
        self.classes.per_point(self.class_count)
    }

    /// Whether the shifts depend on points, so that they are part of the store.
    pub(crate) fn saves_shifts(&self) -> bool {
        self.gauge.depends_on_points() || self.shifts.is_some()
    }

    /// Number of shards of the whole extraction.
    pub(crate) fn shard_count(&self) -> usize {
        self.points.div_ceil(self.shard_points)
    }

    /// The points of a shard.
    pub(crate) fn span(&self, shard: usize) -> Range<usize> {
        let start = shard * self.shard_points;
        start..self.points.min(start.saturating_add(self.shard_points))
    }

    /// The indices in the dataset that points of a shard can have.
    pub(crate) fn indices(&self, first: usize, points: usize) -> Range<i64> {
        let last = match &self.subset {
            None => first + points,
            Some(subset) => subset.of,
        };
        let bound = |index: usize| i64::try_from(index).unwrap_or(i64::MAX);
        bound(first)..bound(last)
    }

    /// What differs from another header, in words.
    pub(crate) fn difference(&self, other: &Self) -> Option<String> {
        let differs = |what: &str, here: String, there: String| {
            (here != there).then(|| format!("{what} {there} instead of {here}"))
        };
        differs("gauge", written(&self.gauge), written(&other.gauge))
            .or_else(|| differs("shifts", whose(&self.shifts), whose(&other.shifts)))
            .or_else(|| differs("precision", written(&self.precision), written(&other.precision)))
            .or_else(|| differs("classes", written(&self.classes), written(&other.classes)))
            .or_else(|| differs("points", written(&self.points), written(&other.points)))
            .or_else(|| differs("points:", which(&self.subset), which(&other.subset)))
            .or_else(|| {
                let is_same = self.source == other.source && self.subset == other.subset;
                (!is_same).then(|| "other data".into())
            })
            .or_else(|| {
                // The same terms, however they are cut.
                let cut_alike = Self { shard_points: self.shard_points, ..other.clone() };
                (*self != cut_alike).then(|| "another network".into())
            })
    }
}

/// Whether a file is not there, as opposed to one that cannot be read.
pub(crate) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// A setting as the manifest writes it.
fn written(setting: &impl Serialize) -> String {
    serde_json::to_string(setting).unwrap_or_default().replace('"', "")
}

/// Which points they are, in words.
fn which(subset: &Option<PointSubset>) -> String {
    subset.as_ref().map_or("the first ones".into(), |subset| subset.rule.clone())
}

/// Whose shifts they are, in words.
fn whose(fingerprint: &Option<String>) -> String {
    let others = |fingerprint: &String| format!("of other points ({fingerprint:.8})");
    fingerprint.as_ref().map_or("of these points".into(), others)
}

/// The file of the shifts as the manifest knows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShiftsEntry {
    /// File name in the store's folder.
    pub file: String,
    /// Length of the file.
    pub bytes: u64,
    /// Its checksum, as `sha256sum` prints it.
    pub sha256: String,
    /// With the calibrated gauge, what the tight shifts were multiplied by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<f64>,
}

impl ShiftsEntry {
    /// Which of the scales it is.
    pub(crate) fn step(&self) -> Option<Scale> {
        Scale::of(self.scale?)
    }
}

/// One shard as the manifest knows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShardEntry {
    /// File name in the store's folder.
    pub file: String,
    /// Points in it.
    pub points: usize,
    /// Length of the file.
    pub bytes: u64,
    /// Its checksum, as `sha256sum` prints it.
    pub sha256: String,
    /// Self-check of its points.
    pub check: SelfCheck,
}

impl Manifest {
    pub(crate) fn new(terms: TermsHeader) -> Self {
        let written_by = format!("tropex {}", env!("CARGO_PKG_VERSION"));
        Self {
            format: FORMAT,
            written_by,
            terms,
            shifts: None,
            devices: Vec::new(),
            shards: Vec::new(),
            check: None,
        }
    }

    /// The same, if it goes without shifts of its own; else one that lists nothing.
    pub(crate) fn without_shifts(self) -> Self {
        if self.terms.saves_shifts() { Self::new(self.terms) } else { self }
    }

    /// Enters a shard that was extracted, for the first time or again.
    pub(crate) fn enter(&mut self, number: usize, entry: ShardEntry) {
        match self.shards.get_mut(number) {
            Some(damaged) => *damaged = entry,
            None => self.shards.push(entry),
        }
        self.check = None;
    }

    /// Notes that a device extracts terms.
    pub(crate) fn note_device(&mut self, name: String) {
        if !self.devices.contains(&name) {
            self.devices.push(name);
        }
    }

    /// The manifest in a folder; `None` where there is none.
    ///
    /// # Errors
    /// As for [`Manifest::read`].
    pub fn find(folder: &Path) -> Result<Option<Self>, Error> {
        match Self::read(&folder.join(MANIFEST)) {
            Err(Error::Io { source, .. }) if is_absent(&source) => Ok(None),
            manifest => manifest.map(Some),
        }
    }

    /// Reads a manifest, refusing one of another format.
    ///
    /// # Errors
    /// A file that cannot be read, or is no manifest of this version.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = fs::read(path).map_err(Error::io("read", path))?;
        let damaged = |error| {
            let reason =
                format!("not a manifest of terms ({error}); delete the folder and extract again");
            Error::store(path, reason)
        };
        let value: serde_json::Value = serde_json::from_slice(&text).map_err(damaged)?;
        let format = value.get("format").and_then(serde_json::Value::as_u64);
        if !format.is_some_and(|format| READABLE.contains(&format)) {
            let found = format.map_or("no format".into(), |format| format!("format {format}"));
            let reason =
                format!("{found}, expected format {FORMAT}; extract again with this version");
            return Err(Error::store(path, reason));
        }
        let manifest: Self = serde_json::from_value(value).map_err(damaged)?;
        manifest.check_consistency(path)?;
        Ok(manifest)
    }

    fn check_consistency(&self, path: &Path) -> Result<(), Error> {
        match self.contradiction() {
            None => Ok(()),
            Some(what) => Err(Error::store(
                path,
                format!("{what}, which cannot be; delete the folder and extract again"),
            )),
        }
    }

    /// What no extraction can have written.
    fn contradiction(&self) -> Option<String> {
        let terms = &self.terms;
        let numbers = [terms.points, terms.shard_points, terms.class_count];
        let values = terms.input_shape.iter().try_fold(1_usize, |n, &e| n.checked_mul(e));
        let coefficients = values
            .and_then(|values| values.checked_mul(terms.class_count))
            .and_then(|values| values.checked_mul(terms.points));
        if numbers.contains(&0) || matches!(coefficients, None | Some(0)) {
            return Some(format!(
                "speaks of {} points of {} values in {} classes, {} a shard",
                terms.points,
                extents(&terms.input_shape),
                terms.class_count,
                terms.shard_points
            ));
        }
        if let Some(subset) = terms.subset.as_ref().filter(|subset| subset.of < terms.points) {
            return Some(format!("speaks of {} points of {}", terms.points, subset.of));
        }
        let (listed, count) = (self.shards.len(), terms.shard_count());
        if listed > count || (self.check.is_some() && listed < count) {
            return Some(format!("lists {listed} shards of {count}"));
        }
        if let Some(shifts) = self.shifts.as_ref().filter(|shifts| shifts.file != SHIFTS) {
            return Some(format!("lists `{}` in place of `{SHIFTS}`", shifts.file));
        }
        if let Some(shifts) = &self.shifts
            && shifts.step().is_some() != (terms.gauge == Gauge::Calibrated)
        {
            let gauge = terms.gauge.name();
            let scale = shifts.scale.map_or("nothing".into(), |scale| scale.to_string());
            return Some(format!("scales shifts of the {gauge} gauge by {scale}"));
        }
        if self.shifts.is_none() && terms.saves_shifts() && listed > 0 {
            return Some(format!("lists {listed} shards and no shifts"));
        }
        self.shards.iter().enumerate().find_map(|(number, shard)| {
            let (file, points) = (shard_name(number), terms.span(number).len());
            let is_sound = shard.file == file && shard.points == points;
            (!is_sound).then(|| {
                let listed = format!("`{}` of {} points", shard.file, shard.points);
                format!("lists {listed} in place of `{file}` of {points} points")
            })
        })
    }

    /// Refuses a manifest of other terms than the ones asked for.
    pub(crate) fn expect(&self, path: &Path, terms: &TermsHeader) -> Result<(), Error> {
        match terms.difference(&self.terms) {
            None => Ok(()),
            Some(difference) => Err(Error::store(
                path,
                format!(
                    "holds terms of another extraction ({difference}); delete the folder, or extract \
                     with --replace"
                ),
            )),
        }
    }

    /// Writes the manifest at once or not at all.
    pub(crate) fn write(&self, path: &Path) -> Result<(), Error> {
        let failed = |error: serde_json::Error| Error::io("write", path)(error.into());
        let mut text = serde_json::to_vec_pretty(self).map_err(failed)?;
        text.push(b'\n');
        files::write(path, &text)
    }
}
