//! Comparison of the extracted function of a run with the network and the labels.

use tropex_extract::function::Evaluation;
use tropex_extract::job::PartNumber;
use tropex_extract::{Devices, Gauge, PointSource};
use tropex_train::data::{Dataset, SubsetSummary};
use tropex_train::run::Run;

use super::pipeline::{predict, term_points};
use super::progress::ProgressFn;
use super::term_ranking::{RankedPart, TermRanking};
use crate::Error;
use crate::data::Split;

/// Name of the task in progress reports.
const EVALUATING: &str = "comparing with the extracted function";

/// The terms to evaluate, and the images to classify.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EvaluateSettings {
    /// The gauge of the terms of the training images.
    pub gauge: Gauge,
    /// The images to classify.
    pub split: Split,
    /// Number of images, with every class in proportion; `None` for all of them.
    pub limit: Option<usize>,
}

impl Default for EvaluateSettings {
    fn default() -> Self {
        Self { gauge: Gauge::WorstCase, split: Split::Test, limit: None }
    }
}

impl EvaluateSettings {
    /// Sets the gauge of the terms of the training images.
    #[must_use]
    pub fn with_gauge(self, gauge: Gauge) -> Self {
        Self { gauge, ..self }
    }

    /// Sets the split to classify.
    #[must_use]
    pub fn with_split(self, split: Split) -> Self {
        Self { split, ..self }
    }

    /// Sets the number of images; `None` for all of them.
    #[must_use]
    pub fn with_limit(self, limit: Option<usize>) -> Self {
        Self { limit, ..self }
    }
}

/// The result of [`evaluate`].
#[derive(Clone, Debug)]
pub struct TermEvaluation {
    /// Agreement and accuracies.
    pub evaluation: Evaluation,
    /// The classified images of the split.
    pub images: SubsetSummary,
    /// The training images whose terms form the extracted function.
    pub terms: SubsetSummary,
}

/// Compares the extracted function of a run's training terms with the network and the labels.
/// Several devices share the images if there are many.
///
/// # Errors
/// [`Error::NoTerms`], [`Error::StaleTerms`], damaged shards, [`Error::Cancelled`].
pub fn evaluate(
    run: &Run,
    dataset: &Dataset,
    devices: impl Into<Devices>,
    settings: &EvaluateSettings,
    progress: ProgressFn<'_>,
) -> Result<TermEvaluation, Error> {
    let ranking = settings.ranking(run, dataset, devices.into())?;
    let predicted = predict(&ranking.network, &ranking.points)?;
    let mut evaluation = Evaluation::default();
    ranking.stream(0..ranking.points.len(), (EVALUATING, progress), &mut |found| {
        evaluation = evaluation.with(&found, &ranking.points, &predicted);
    })?;
    summarized(evaluation, &ranking, dataset)
}

/// Compares terms at the images of a part, for [`evaluate_joined`]. Every part reads all terms. A
/// part may be repeated.
///
/// # Errors
/// Those of [`evaluate`]; a file of the part that cannot be read or written.
pub fn evaluate_part(
    run: &Run,
    dataset: &Dataset,
    devices: impl Into<Devices>,
    settings: &EvaluateSettings,
    part: PartNumber,
    progress: ProgressFn<'_>,
) -> Result<RankedPart, Error> {
    let ranking = settings.ranking(run, dataset, devices.into())?;
    ranking.rank_part(part, (EVALUATING, progress))
}

/// The result of [`evaluate`] from the files of a number of parts.
///
/// # Errors
/// [`tropex_extract::Error::MissingParts`]; those of [`evaluate`].
pub fn evaluate_joined(
    run: &Run,
    dataset: &Dataset,
    devices: impl Into<Devices>,
    settings: &EvaluateSettings,
    parts: usize,
) -> Result<TermEvaluation, Error> {
    let ranking = settings.ranking(run, dataset, devices.into())?;
    let joined = ranking.joined(parts)?;
    let predicted = predict(&ranking.network, &ranking.points)?;
    let evaluation = joined.iter().fold(Evaluation::default(), |evaluation, found| {
        evaluation.with(found, &ranking.points, &predicted)
    });
    summarized(evaluation, &ranking, dataset)
}

impl EvaluateSettings {
    fn ranking<'a>(
        &self,
        run: &'a Run,
        dataset: &'a Dataset,
        devices: Devices,
    ) -> Result<TermRanking<'a>, Error> {
        TermRanking::open(run, dataset, devices, (self.gauge, self.split, self.limit, 1))
    }
}

fn summarized(
    evaluation: Evaluation,
    ranking: &TermRanking<'_>,
    dataset: &Dataset,
) -> Result<TermEvaluation, Error> {
    let terms = term_points(&ranking.store, dataset)?.summary();
    Ok(TermEvaluation { evaluation, images: ranking.points.summary(), terms })
}
