//! What of runs is looked at.

use tropex_extract::store::Manifest;
use tropex_extract::{Gauge, Precision};
use tropex_train::data::{Dataset, SubsetRule};
use tropex_train::run::Run;

use crate::pipeline::terms_folder;
use crate::{Error, ExtractSettings, ImagePoints, Moment, Split};

/// What of a run is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The gauge of the terms.
    pub gauge: Gauge,
    /// Format of their numbers. Without it that of the terms that are there, or f32.
    pub precision: Option<Precision>,
    /// Terms of so many training images. Without it the terms that are there, or those
    /// of all images that the run was trained on.
    pub limit: Option<usize>,
    /// Images of either split at which things are looked at; all without it.
    pub points: Option<usize>,
    /// Source of everything random.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { gauge: Gauge::WorstCase, precision: None, limit: None, points: None, seed: 0 }
    }
}

impl Settings {
    /// How the terms of a run are extracted: as those that are there, where nothing else is asked for.
    pub(crate) fn extraction(
        self,
        run: &Run,
        moment: Moment,
        dataset: &Dataset,
    ) -> Result<ExtractSettings, Error> {
        let there = Manifest::find(&terms_folder(run, moment, Split::Train, self.gauge))?;
        let there = there.map(|manifest| manifest.terms);
        let default = ExtractSettings::default();
        let of_terms = |terms| Some(ImagePoints::of_terms(&dataset.train, terms)?.chosen());
        let chosen = match (self.limit, there.as_ref().and_then(of_terms)) {
            (None, Some(there)) => there,
            (None, None) => run.config().trained_on(&dataset.train),
            (limit, _) => dataset.train.subset(limit, SubsetRule::DEFAULT),
        };
        let precision = self.precision.or_else(|| there.as_ref().map(|terms| terms.precision));
        Ok(ExtractSettings {
            moment,
            limit: Some(chosen.len()),
            rule: chosen.rule(),
            gauge: self.gauge,
            precision: precision.unwrap_or(default.precision),
            classes: there.map_or(default.classes, |terms| terms.classes),
            ..default
        })
    }
}
