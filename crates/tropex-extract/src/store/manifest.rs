//! The manifest of a term store.

use std::path::Path;

use serde::{Deserialize, Serialize};
use tropex_files::is_absent;

use super::files::{self, MANIFEST, SHIFTS, shard_name};
use super::header::TermsHeader;
use crate::Error;
use crate::gauge::{Gauge, ShiftScale};
use crate::ops::extents;
use crate::terms::SelfCheck;

/// Version of the manifest. Version 1 had no subsets: the points were the first points of the
/// dataset.
const FORMAT: u32 = 2;

/// The versions that this program reads.
const READABLE: [u64; 2] = [1, FORMAT as u64];

/// The content of a folder of shards.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Manifest {
    /// Version of the manifest.
    pub format: u32,
    /// Name and version of the program that wrote the manifest.
    pub written_by: String,
    /// The settings that determine the terms.
    pub terms: TermsHeader,
    /// The file of the shifts, if they depend on points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shifts: Option<ShiftsEntry>,
    /// The devices that extracted terms, by their names in Burn. Terms of different devices differ
    /// by rounding.
    #[serde(default)]
    pub devices: Vec<String>,
    /// Finished shards, in the order of their points.
    pub shards: Vec<ShardEntry>,
    /// Self-check of the whole extraction, once it is finished.
    pub check: Option<SelfCheck>,
}

/// Name and version of this program.
pub(crate) fn written_by() -> String {
    format!("tropex {}", env!("CARGO_PKG_VERSION"))
}

/// The entry of the file of shifts in the manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ShiftsEntry {
    /// File name inside the folder of the store.
    pub file: String,
    /// Length of the file in bytes.
    pub bytes: u64,
    /// SHA-256 of the file, as `sha256sum` prints it.
    pub sha256: String,
    /// Factor of the tight shifts, with the calibrated gauge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<f64>,
}

impl ShiftsEntry {
    /// The factor as a [`ShiftScale`].
    pub(crate) fn shift_scale(&self) -> Option<ShiftScale> {
        ShiftScale::of(self.scale?)
    }
}

/// The entry of a shard in the manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ShardEntry {
    /// File name inside the folder of the store.
    pub file: String,
    /// Number of points in the shard.
    pub points: usize,
    /// Length of the file in bytes.
    pub bytes: u64,
    /// SHA-256 of the file, as `sha256sum` prints it.
    pub sha256: String,
    /// Self-check of the points in the shard.
    pub check: SelfCheck,
}

impl Manifest {
    pub(crate) fn new(terms: TermsHeader) -> Self {
        Self {
            format: FORMAT,
            written_by: written_by(),
            terms,
            shifts: None,
            devices: Vec::new(),
            shards: Vec::new(),
            check: None,
        }
    }

    /// The manifest, if its terms do not depend on saved shifts; otherwise a manifest without
    /// shards.
    pub(crate) fn without_shifts(self) -> Self {
        if self.terms.saves_shifts() { Self::new(self.terms) } else { self }
    }

    /// Adds a shard or replaces a damaged one.
    pub(crate) fn add_shard(&mut self, number: usize, entry: ShardEntry) {
        match self.shards.get_mut(number) {
            Some(damaged) => *damaged = entry,
            None => self.shards.push(entry),
        }
        self.check = None;
    }

    /// Adds a device to the list of devices.
    pub(crate) fn add_device(&mut self, name: String) {
        if !self.devices.contains(&name) {
            self.devices.push(name);
        }
    }

    /// Reads the manifest of a folder; `None` if the folder has none.
    ///
    /// # Errors
    /// The errors of [`Manifest::read`], except for a missing file.
    pub fn find(folder: &Path) -> Result<Option<Self>, Error> {
        match Self::read(&folder.join(MANIFEST)) {
            Err(Error::Io { source, .. }) if is_absent(&source) => Ok(None),
            manifest => manifest.map(Some),
        }
    }

    /// Reads a manifest and checks that it is consistent.
    ///
    /// # Errors
    /// A file that cannot be read; a file that is not a manifest of a supported version.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = tropex_files::read(path).map_err(Error::io("read", path))?;
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

    /// A description of an entry that no extraction can have written.
    fn contradiction(&self) -> Option<String> {
        let terms = &self.terms;
        let numbers = [terms.points, terms.shard_points, terms.class_count];
        let values = terms.input_shape.iter().try_fold(1_usize, |n, &e| n.checked_mul(e));
        let coefficients = values
            .and_then(|values| values.checked_mul(terms.class_count))
            .and_then(|values| values.checked_mul(terms.points));
        if numbers.contains(&0) || matches!(coefficients, None | Some(0)) {
            return Some(format!(
                "lists {} points of {} values in {} classes, {} points per shard",
                terms.points,
                extents(&terms.input_shape),
                terms.class_count,
                terms.shard_points
            ));
        }
        if let Some(subset) = terms.subset.as_ref().filter(|subset| subset.of < terms.points) {
            return Some(format!("lists {} points of a dataset of {}", terms.points, subset.of));
        }
        let (listed, count) = (self.shards.len(), terms.shard_count());
        if listed > count || (self.check.is_some() && listed < count) {
            return Some(format!("lists {listed} shards of {count}"));
        }
        if let Some(shifts) = self.shifts.as_ref().filter(|shifts| shifts.file != SHIFTS) {
            return Some(format!("lists `{}` in place of `{SHIFTS}`", shifts.file));
        }
        if let Some(shifts) = &self.shifts
            && shifts.shift_scale().is_some() != (terms.gauge == Gauge::Calibrated)
        {
            let gauge = terms.gauge.name();
            let scale = shifts.scale.map_or("no factor".into(), |scale| scale.to_string());
            return Some(format!("multiplies shifts of the {gauge} gauge by {scale}"));
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

    /// Checks that the manifest belongs to the requested terms.
    ///
    /// # Errors
    /// A manifest of other terms.
    pub(crate) fn check_terms(&self, path: &Path, terms: &TermsHeader) -> Result<(), Error> {
        match terms.difference(&self.terms) {
            None => Ok(()),
            Some(difference) => Err(Error::OtherTerms { path: path.to_owned(), difference }),
        }
    }

    /// Writes the manifest atomically.
    pub(crate) fn write(&self, path: &Path) -> Result<(), Error> {
        let failed = |error: serde_json::Error| Error::io("write", path)(error.into());
        let mut text = serde_json::to_vec_pretty(self).map_err(failed)?;
        text.push(b'\n');
        files::write(path, &text)
    }
}
