//! A run at a moment, with what experiments need of it: computed once, when it is asked for.

use std::cell::{OnceCell, RefCell};

use tropex_extract::function::Assignment;
use tropex_extract::job::Estimate;
use tropex_extract::terms::TermTable;
use tropex_extract::{ComputeTarget, Devices, ExtractedFunction, Network, PointSource, TermStore};
use tropex_train::data::{Dataset, Images};
use tropex_train::run::Run;

use crate::linear_terms::LinearTerms;
use crate::pipeline::{self, network_at, predict};
use crate::{Error, ExtractSettings, ImagePoints, Moment, Settings, Split};

/// Steps in which an extraction is told.
const EXTRACTION_STEPS: usize = 1000;

/// Told what is being done, how far it is, and when it will be finished.
pub type Watch<'a> = &'a dyn Fn(&str, usize, usize);

/// A run at a moment of its training. Terms, predictions and winners are found when they are first
/// asked for, and kept in memory; terms of training images are kept in the run's folder.
pub struct Subject<'a> {
    run: &'a Run,
    dataset: &'a Dataset,
    devices: &'a Devices,
    settings: Settings,
    extraction: ExtractSettings,
    watch: Watch<'a>,
    network: OnceCell<Network>,
    store: OnceCell<TermStore>,
    predicted: [OnceCell<Vec<usize>>; 2],
    assigned: [OnceCell<Vec<Assignment>>; 2],
    linear_terms: OnceCell<LinearTerms>,
}

impl std::fmt::Debug for Subject<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subject")
            .field("run", &self.run.path())
            .field("moment", &self.extraction.moment)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl<'a> Subject<'a> {
    /// A run at a moment, with the dataset as the run used it.
    ///
    /// # Errors
    /// Another dataset than the run was made with; terms in its folder that cannot be read.
    pub fn new(
        run: &'a Run,
        moment: Moment,
        dataset: &'a Dataset,
        devices: &'a Devices,
        settings: Settings,
        watch: Watch<'a>,
    ) -> Result<Self, Error> {
        pipeline::check_data(run, dataset)?;
        Ok(Self {
            run,
            dataset,
            devices,
            settings,
            extraction: settings.extraction(run, moment, dataset)?,
            watch,
            network: OnceCell::new(),
            store: OnceCell::new(),
            predicted: Default::default(),
            assigned: Default::default(),
            linear_terms: OnceCell::new(),
        })
    }

    /// The run.
    pub fn run(&self) -> &'a Run {
        self.run
    }

    /// The dataset.
    pub fn dataset(&self) -> &'a Dataset {
        self.dataset
    }

    /// The devices that everything is computed on.
    pub fn devices(&self) -> &'a Devices {
        self.devices
    }

    /// What of the run is looked at.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// How its terms are extracted.
    pub fn extraction(&self) -> &ExtractSettings {
        &self.extraction
    }

    /// The moment of the training.
    pub fn moment(&self) -> Moment {
        self.extraction.moment
    }

    /// Number of training images whose terms make up the extracted function.
    pub fn terms(&self) -> usize {
        self.term_points().len()
    }

    /// These images, in the order of the store: a term's position in it is that of its image.
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

    /// The images of a split that are looked at; of the training images, among those with terms.
    pub fn points(&self, split: Split) -> ImagePoints<'a> {
        match split {
            Split::Train => self.term_points().smaller(self.settings.points.unwrap_or(usize::MAX)),
            Split::Test => ImagePoints::new(self.images(split), self.settings.points),
        }
    }

    /// True classes of the images of a split that are looked at; of the training images, those that
    /// the network was trained on.
    pub fn labels(&self, split: Split) -> Vec<usize> {
        self.points(split).labels()
    }

    /// The captured network.
    ///
    /// # Errors
    /// A run or a device that cannot be used.
    pub fn network(&self) -> Result<&Network, Error> {
        once(&self.network, || {
            let device = self.devices.first();
            let target = ComputeTarget::new(device, self.extraction.precision)?;
            Ok(network_at(self.run, self.extraction.moment, device)?.to_target(&target))
        })
    }

    /// The terms of training images: those in the run's folder, or extracted into it now.
    ///
    /// # Errors
    /// Whatever hinders extracting; terms of other settings in the folder.
    pub fn store(&self) -> Result<&TermStore, Error> {
        once(&self.store, || {
            let estimate = RefCell::new(Estimate::default());
            let show = |progress| {
                let share = estimate.borrow_mut().share(progress);
                let done = (share * EXTRACTION_STEPS as f64) as usize;
                (self.watch)("extracting terms", done, EXTRACTION_STEPS);
            };
            pipeline::extract(self.run, self.dataset, self.devices, &self.extraction, &show)
        })
    }

    /// The extracted function.
    ///
    /// # Errors
    /// As for [`Subject::store`].
    pub fn function(&self) -> Result<ExtractedFunction<'_>, Error> {
        let function = ExtractedFunction::new(self.store()?, self.devices.first())?;
        Ok(function.share_with(self.devices.others())?)
    }

    /// The network's classes at the images of a split.
    ///
    /// # Errors
    /// As for [`Subject::network`].
    pub fn predicted(&self, split: Split) -> Result<&[usize], Error> {
        let cell = &self.predicted[split as usize];
        let predicted = once(cell, || predict(self.network()?, &self.points(split)))?;
        Ok(predicted)
    }

    /// The winning terms at the images of a split.
    ///
    /// # Errors
    /// As for [`Subject::store`].
    pub fn assigned(&self, split: Split) -> Result<&[Assignment], Error> {
        let cell = &self.assigned[split as usize];
        let assigned = once(cell, || self.assign(&self.points(split)))?;
        Ok(assigned)
    }

    /// The classes of the extracted function at the images of a split.
    ///
    /// # Errors
    /// As for [`Subject::store`].
    pub fn classes(&self, split: Split) -> Result<Vec<usize>, Error> {
        Ok(self.assigned(split)?.iter().map(|winner| winner.class).collect())
    }

    /// The winning terms at any points. Nothing of it is kept.
    ///
    /// # Errors
    /// As for [`Subject::store`].
    pub fn assign(&self, points: &dyn PointSource) -> Result<Vec<Assignment>, Error> {
        let mut assigned = Vec::with_capacity(points.len());
        let watch = self.pairs(points.len())?;
        self.function()?.stream(points, 1, &watch, &mut |standings| {
            assigned.extend(standings.assignments);
        })?;
        Ok(assigned)
    }

    /// Tells who watches of pairs of image and term.
    ///
    /// # Errors
    /// As for [`Subject::store`].
    pub fn pairs(&self, points: usize) -> Result<impl Fn(usize) + '_, Error> {
        let all = points * self.store()?.len();
        Ok(move |pairs| (self.watch)("assigning images to terms", pairs, all))
    }

    /// Tells who watches how far some work is.
    pub fn show(&self, what: &str, done: usize, of: usize) {
        (self.watch)(what, done, of);
    }

    /// The linear terms of the test images that are looked at.
    ///
    /// # Errors
    /// As for [`Subject::network`].
    pub fn linear_terms(&self) -> Result<&LinearTerms, Error> {
        once(&self.linear_terms, || {
            let points = self.points(Split::Test);
            LinearTerms::extract(self.network()?, &points, &|done| {
                self.show("extracting linear terms", done, points.len());
            })
        })
    }

    /// Calls a function for every shard of the store, in order.
    ///
    /// # Errors
    /// As for [`Subject::store`]; what the function returns.
    pub fn each_shard(
        &self,
        mut visit: impl FnMut(&TermTable) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.store()?.shards().try_for_each(|shard| visit(&shard?))
    }
}

/// The content of a cell, which is made unless it is there.
fn once<T>(cell: &OnceCell<T>, make: impl FnOnce() -> Result<T, Error>) -> Result<&T, Error> {
    if let Some(content) = cell.get() {
        return Ok(content);
    }
    let made = make()?;
    Ok(cell.get_or_init(|| made))
}
