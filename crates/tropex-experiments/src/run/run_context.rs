//! A run at an epoch with its terms, predictions and winning terms, each computed at first use.

use std::cell::{OnceCell, RefCell};
use std::ops::ControlFlow;

use tropex_extract::function::Assignment;
use tropex_extract::job::Estimate;
use tropex_extract::terms::TermTable;
use tropex_extract::{
    Cancelled, ComputeTarget, Devices, ExtractedFunction, Network, PointSource, TermStore,
};
use tropex_train::data::{Dataset, Images};
use tropex_train::run::Run;

use super::assigned_points::AssignedPoints;
use super::part_mode::PartMode;
use super::pipeline;
use super::pipeline::{ExtractSettings, network_at, predict};
use super::predicted_terms::PredictedTerms;
use super::progress::{ProgressFn, TaskProgress};
use super::settings::RunSettings;
use super::trained_epoch::TrainedEpoch;
use crate::Error;
use crate::data::{ImagePoints, Split};

/// Steps into which the progress of an extraction is divided.
const EXTRACTION_STEPS: usize = 1000;

/// A run with the weights of an epoch. Terms, predictions and winning terms are computed at first
/// use and kept in memory; terms of training images are also kept in the run's folder.
pub struct RunContext<'a> {
    run: &'a Run,
    dataset: &'a Dataset,
    devices: &'a Devices,
    settings: RunSettings,
    extraction: ExtractSettings,
    mode: PartMode,
    progress: ProgressFn<'a>,
    network: OnceCell<Network>,
    store: OnceCell<TermStore>,
    predicted: [OnceCell<Vec<usize>>; 2],
    assigned: [OnceCell<Vec<Assignment>>; 2],
    linear_terms: OnceCell<PredictedTerms>,
}

impl std::fmt::Debug for RunContext<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunContext")
            .field("run", &self.run.path())
            .field("epoch", &self.extraction.epoch)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl<'a> RunContext<'a> {
    /// A run at an epoch, with the dataset as the run used it.
    ///
    /// # Errors
    /// [`Error::OtherData`]; terms in the folder that cannot be read.
    pub fn new(
        run: &'a Run,
        epoch: TrainedEpoch,
        dataset: &'a Dataset,
        devices: &'a Devices,
        settings: RunSettings,
        progress: ProgressFn<'a>,
    ) -> Result<Self, Error> {
        pipeline::check_data(run, dataset)?;
        Ok(Self {
            run,
            dataset,
            devices,
            settings,
            extraction: settings.extraction(run, epoch, dataset)?,
            mode: PartMode::Whole,
            progress,
            network: OnceCell::new(),
            store: OnceCell::new(),
            predicted: Default::default(),
            assigned: Default::default(),
            linear_terms: OnceCell::new(),
        })
    }

    /// Sets where results for single points come from.
    #[must_use]
    pub fn in_part_mode(self, mode: PartMode) -> Self {
        Self { mode, ..self }
    }

    /// Where results for single points come from.
    pub fn part_mode(&self) -> PartMode {
        self.mode
    }

    /// The run.
    pub fn run(&self) -> &'a Run {
        self.run
    }

    /// The dataset.
    pub fn dataset(&self) -> &'a Dataset {
        self.dataset
    }

    /// The devices of all computations.
    pub fn devices(&self) -> &'a Devices {
        self.devices
    }

    /// The terms and images that experiments use.
    pub fn settings(&self) -> &RunSettings {
        &self.settings
    }

    /// The settings of the extraction of the terms.
    pub fn extraction(&self) -> &ExtractSettings {
        &self.extraction
    }

    /// The epoch of the weights.
    pub fn epoch(&self) -> TrainedEpoch {
        self.extraction.epoch
    }

    /// Number of training images whose terms form the extracted function.
    pub fn terms(&self) -> usize {
        self.term_points().len()
    }

    /// The training images with terms. The position of an image is the position of its term in the
    /// store.
    pub fn term_points(&self) -> ImagePoints<'a> {
        self.extraction.points(self.run, self.dataset)
    }

    /// Index in the dataset of the training image whose term has a position in the store.
    pub fn training_image(&self, position: usize) -> usize {
        self.term_points().index(position)
    }

    /// The images of a split.
    pub fn images(&self, split: Split) -> &'a Images {
        split.of(self.dataset)
    }

    /// The images of a split that experiments use; training images are taken from those with terms.
    pub fn points(&self, split: Split) -> ImagePoints<'a> {
        match split {
            Split::Train => self.term_points().smaller(self.settings.points.unwrap_or(usize::MAX)),
            Split::Test => ImagePoints::new(self.images(split), self.settings.points),
        }
    }

    /// Labels of [`points`](Self::points); for training images the labels that the network was
    /// trained on.
    pub fn labels(&self, split: Split) -> Vec<usize> {
        self.points(split).labels()
    }

    /// The captured network.
    ///
    /// # Errors
    /// An unusable run; a device failure.
    pub fn network(&self) -> Result<&Network, Error> {
        get_or_try_init(&self.network, || {
            let device = self.devices.first();
            let target = ComputeTarget::new(device, self.extraction.precision)?;
            Ok(network_at(self.run, self.extraction.epoch, device)?.to_target(&target))
        })
    }

    /// The terms of training images, extracted into the run's folder unless they are there.
    ///
    /// # Errors
    /// Errors of extracting; terms of other settings in the folder; [`Error::Cancelled`].
    pub fn store(&self) -> Result<&TermStore, Error> {
        get_or_try_init(&self.store, || {
            let estimate = RefCell::new(Estimate::default());
            let show = |progress| {
                let share = estimate.borrow_mut().share(progress);
                let done = (share * EXTRACTION_STEPS as f64) as usize;
                self.show("extracting terms", done, EXTRACTION_STEPS)
            };
            let (run, dataset, devices) = (self.run, self.dataset, self.devices);
            pipeline::extract(run, dataset, devices, &self.extraction, &show)
        })
    }

    /// The extracted function.
    ///
    /// # Errors
    /// Those of [`RunContext::store`].
    pub fn function(&self) -> Result<ExtractedFunction<'_>, Error> {
        let function = ExtractedFunction::new(self.store()?, self.devices.first())?;
        Ok(function.share_with(self.devices.others())?)
    }

    /// The classes that the network predicts at the images of a split.
    ///
    /// # Errors
    /// Those of [`RunContext::network`].
    pub fn predicted(&self, split: Split) -> Result<&[usize], Error> {
        let cell = &self.predicted[split as usize];
        let predicted = get_or_try_init(cell, || predict(self.network()?, &self.points(split)))?;
        Ok(predicted)
    }

    /// The winning terms at the images of a split.
    ///
    /// # Errors
    /// Those of [`RunContext::store`].
    pub fn assigned(&self, split: Split) -> Result<&[Assignment], Error> {
        let cell = &self.assigned[split as usize];
        let assigned = get_or_try_init(cell, || self.assigned_at(AssignedPoints::Images(split)))?;
        Ok(assigned)
    }

    /// The classes of the extracted function at the images of a split.
    ///
    /// # Errors
    /// Those of [`RunContext::store`].
    pub fn classes(&self, split: Split) -> Result<Vec<usize>, Error> {
        Ok(self.assigned(split)?.iter().map(|winner| winner.class).collect())
    }

    /// The winning terms at any points. The result is not kept.
    ///
    /// # Errors
    /// Those of [`RunContext::store`].
    pub fn assign(&self, points: &dyn PointSource) -> Result<Vec<Assignment>, Error> {
        let mut assigned = Vec::with_capacity(points.len());
        let report = self.report_pairs(points.len())?;
        self.function()?.stream(points, 1, &report, &mut |ranking| {
            assigned.extend(ranking.assignments);
        })?;
        Ok(assigned)
    }

    /// A callback that reports how many pairs of image and term were compared.
    ///
    /// # Errors
    /// Those of [`RunContext::store`].
    pub(crate) fn report_pairs(
        &self,
        points: usize,
    ) -> Result<impl Fn(usize) -> ControlFlow<()> + '_, Error> {
        let all = points * self.store()?.len();
        Ok(move |pairs| self.show("assigning images to terms", pairs, all))
    }

    /// Reports progress, and ends the work if it was cancelled.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub(crate) fn report(&self, task: &str, done: usize, total: usize) -> Result<(), Error> {
        Ok(Cancelled::check(self.show(task, done, total))?)
    }

    /// Reports progress.
    pub(crate) fn show(&self, task: &str, done: usize, total: usize) -> ControlFlow<()> {
        (self.progress)(TaskProgress::new(task, done, total))
    }

    /// The linear terms of the test images that experiments use.
    ///
    /// # Errors
    /// Those of [`RunContext::network`].
    pub fn linear_terms(&self) -> Result<&PredictedTerms, Error> {
        get_or_try_init(&self.linear_terms, || {
            let points = self.points(Split::Test);
            PredictedTerms::extract(self.network()?, &points, &|done| {
                self.show("extracting linear terms", done, points.len())
            })
        })
    }

    /// Calls a function for every shard of the store, in order.
    ///
    /// # Errors
    /// Errors of [`RunContext::store`] and of the function.
    pub fn each_shard(
        &self,
        mut visit: impl FnMut(&TermTable) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.store()?.shards().try_for_each(|shard| visit(&shard?))
    }
}

/// The content of a cell, computed at first use.
fn get_or_try_init<T>(
    cell: &OnceCell<T>,
    compute: impl FnOnce() -> Result<T, Error>,
) -> Result<&T, Error> {
    if let Some(content) = cell.get() {
        return Ok(content);
    }
    let computed = compute()?;
    Ok(cell.get_or_init(|| computed))
}
