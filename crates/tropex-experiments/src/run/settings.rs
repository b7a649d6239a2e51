//! The terms and images of runs that experiments use.

use tropex_extract::store::Manifest;
use tropex_extract::{Gauge, Precision};
use tropex_train::data::{Dataset, SubsetRule};
use tropex_train::run::Run;

use super::pipeline::{ExtractSettings, terms_folder};
use super::trained_epoch::TrainedEpoch;
use crate::Error;
use crate::data::{ImagePoints, Split};

/// The terms and images of a run that experiments use.
#[derive(Clone, Copy, Debug)]
pub struct RunSettings {
    /// The gauge of the terms.
    pub gauge: Gauge,
    /// Format of the numbers of the terms; `None` for that of the stored terms, or f32.
    pub precision: Option<Precision>,
    /// Number of training images with terms; `None` for the stored terms, or for all images that
    /// the run was trained on.
    pub limit: Option<usize>,
    /// Number of images of each split that experiments use; `None` for all.
    pub points: Option<usize>,
    /// Seed of everything random.
    pub seed: u64,
}

impl Default for RunSettings {
    fn default() -> Self {
        Self { gauge: Gauge::WorstCase, precision: None, limit: None, points: None, seed: 0 }
    }
}

impl RunSettings {
    /// The settings with another gauge.
    #[must_use]
    pub fn with_gauge(self, gauge: Gauge) -> Self {
        Self { gauge, ..self }
    }

    /// The settings with another format of numbers.
    #[must_use]
    pub fn with_precision(self, precision: Option<Precision>) -> Self {
        Self { precision, ..self }
    }

    /// The settings with another number of training images with terms.
    #[must_use]
    pub fn with_limit(self, limit: Option<usize>) -> Self {
        Self { limit, ..self }
    }

    /// The settings with another number of images of each split.
    #[must_use]
    pub fn with_points(self, points: Option<usize>) -> Self {
        Self { points, ..self }
    }

    /// The settings with another seed.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The settings of the extraction: those of the stored terms, where these settings have `None`.
    pub(crate) fn extraction(
        self,
        run: &Run,
        epoch: TrainedEpoch,
        dataset: &Dataset,
    ) -> Result<ExtractSettings, Error> {
        let stored = Manifest::find(&terms_folder(run, epoch, Split::Train, self.gauge))?;
        let stored = stored.map(|manifest| manifest.terms);
        let default = ExtractSettings::default();
        let of_terms = |terms| Some(ImagePoints::of_terms(&dataset.train, terms)?.chosen());
        let chosen = match (self.limit, stored.as_ref().and_then(of_terms)) {
            (None, Some(stored)) => stored,
            (None, None) => run.config().trained_on(&dataset.train),
            (limit, _) => dataset.train.subset(limit, SubsetRule::DEFAULT),
        };
        let precision = self.precision.or_else(|| stored.as_ref().map(|terms| terms.precision));
        Ok(ExtractSettings {
            epoch,
            limit: Some(chosen.len()),
            rule: chosen.rule(),
            gauge: self.gauge,
            precision: precision.unwrap_or(default.precision),
            classes: stored.map_or(default.classes, |terms| terms.classes),
            ..default
        })
    }
}
