//! A run on disk.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use tropex_files::{FolderLock, LockError};

use super::config::{RunConfig, RunState};
use super::error::RunError;
use super::files::{clear, file_names, make_folder, require_empty};
use super::layout::{CONFIG, MODEL, MODEL_FILE, RESUME};
use super::request::RunRequest;
use crate::checkpoint;
use crate::data::SubsetRule;
use crate::import::{ImportOptions, ImportedNetwork, import};
use crate::training::{Trainer, TrainingConfig, TrainingObserver, evaluate};
use crate::weights::{Weights, WeightsError};
use crate::zoo::{Architecture, ArchitectureError, Classifier};

#[cfg(test)]
mod tests;

/// Images that imported weights are tested on before they become a run.
const IMPORT_TEST: usize = 64;

/// The end of a training.
#[derive(Debug)]
pub enum RunOutcome {
    /// The training is finished.
    Finished(Run),
    /// The training was already finished; nothing was computed.
    AlreadyFinished(Run),
    /// The observer cancelled the training; an equal call continues it.
    Interrupted(Run),
}

impl RunOutcome {
    /// The run.
    pub fn run(self) -> Run {
        match self {
            Self::Finished(run) | Self::AlreadyFinished(run) | Self::Interrupted(run) => run,
        }
    }
}

/// A run on disk.
#[derive(Debug, Clone)]
pub struct Run {
    path: PathBuf,
    config: RunConfig,
}

impl Run {
    /// Opens the run in a folder.
    pub fn open(path: &Path) -> Result<Self, RunError> {
        let config = RunConfig::read(&path.join(CONFIG))?;
        Ok(Self { path: path.into(), config })
    }

    /// Creates a run in a new or empty folder, or opens a run with equal configuration.
    ///
    /// A run with another configuration is an error that names the difference. The caller has the
    /// lock.
    pub(super) fn create(path: &Path, config: RunConfig) -> Result<Self, RunError> {
        if let Some(run) = Self::existing(path, &config)? {
            return Ok(run);
        }
        require_empty(path)?;
        let run = Self { path: path.into(), config };
        run.write_config()?;
        Ok(run)
    }

    /// The run in a folder, if there is one. A run with another configuration is an error.
    pub(super) fn existing(path: &Path, config: &RunConfig) -> Result<Option<Self>, RunError> {
        match Self::open(path) {
            Ok(run) => run.config.require_same(config, path).map(|()| Some(run)),
            Err(RunError::NoRun { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The run in a folder, if its training has all requested epochs.
    ///
    /// # Errors
    /// The training has more epochs, or cannot continue because its state or weights are missing.
    fn finished(
        path: &Path,
        config: &RunConfig,
        training: &TrainingConfig,
    ) -> Result<Option<Self>, RunError> {
        let Some(run) = Self::existing(path, config)? else { return Ok(None) };
        let done = run.config.metrics.len();
        run.require_at_most(training.epochs, done)?;
        let is_absent = |path: &Path| matches!(path.try_exists(), Ok(false));
        if !run.config.continues_to(config) {
            if is_absent(&run.model_path()) {
                return Err(RunError::Lost { path: run.model_path() });
            }
            return Ok(Some(run));
        }
        let was_finished = run.config.state == RunState::Trained;
        if was_finished && done > 0 && is_absent(&run.path.join(RESUME)) {
            return Err(RunError::NoState { path: path.into(), done });
        }
        Ok(None)
    }

    /// Trains a network in a folder. An unfinished training is continued, a finished one is
    /// returned.
    ///
    /// The state is saved after every epoch. A training that was interrupted, or finished with
    /// fewer epochs, ends bit for bit with the weights of an uninterrupted training. The folder is
    /// locked during training.
    ///
    /// # Errors
    /// The folder has other content or more epochs, or another process works in it; the settings or
    /// images are invalid; a file cannot be written.
    pub fn train(
        path: &Path,
        request: &RunRequest,
        training: &TrainingConfig,
        observer: &mut dyn TrainingObserver,
    ) -> Result<RunOutcome, RunError> {
        let config = RunConfig::of_training(request, training)?;
        clear(path);
        if let Some(run) = Self::finished(path, &config, training)? {
            return Ok(RunOutcome::AlreadyFinished(run));
        }
        let (shape, classes) = (request.train.shape(), request.train.classes());
        let optimizer = (training.epochs > 0).then_some(&training.optimizer);
        request.architecture.require_memory(shape, classes, request.device, optimizer)?;
        let start = request.architecture.init(shape, classes, request.device, training.seed)?;
        let trainer = Trainer::new(start, request.train, request.test, training)?;
        let _lock = FolderLock::create(path)?;
        // Another process may have finished it before this one got the lock.
        if let Some(run) = Self::finished(path, &config, training)? {
            return Ok(RunOutcome::AlreadyFinished(run));
        }
        let was_finished =
            Self::existing(path, &config)?.is_some_and(|run| run.config.state == RunState::Trained);
        let run = Self::create(path, config)?.with_training(training)?;
        let ended = run.clone().continue_training(trainer, observer);
        let has_state = !matches!(run.path.join(RESUME).try_exists(), Ok(false));
        if ended.is_err() && !was_finished && !has_state {
            run.discard();
        }
        ended
    }

    /// Refuses a request with fewer epochs than are finished.
    fn require_at_most(&self, asked: usize, done: usize) -> Result<(), RunError> {
        if done > asked {
            return Err(RunError::MoreEpochs { path: self.path.clone(), done, asked });
        }
        Ok(())
    }

    /// Records the requested settings, which may have more epochs.
    fn with_training(mut self, training: &TrainingConfig) -> Result<Self, RunError> {
        let asked = Some(training.clone());
        if self.config.training != asked || self.config.state != RunState::Training {
            (self.config.training, self.config.state) = (asked, RunState::Training);
            self.write_config()?;
        }
        Ok(self)
    }

    /// Removes a run that failed before its first saved state. Errors of the removal are ignored,
    /// because the caller reports the first error.
    pub(super) fn discard(&self) {
        let kept = self.checkpoints().unwrap_or_default();
        let checkpoints = kept.into_iter().map(|epoch| checkpoint::path(&self.path, epoch));
        let mut files = checkpoints.chain([self.model_path()]);
        let removed = files.all(|file| tropex_files::remove(&file).is_ok());
        let _ = fs::remove_dir(checkpoint::folder(&self.path));
        // With a remaining config.json, an equal request continues here.
        if removed {
            let _ = tropex_files::remove(&self.path.join(CONFIG));
        }
    }

    fn continue_training(
        mut self,
        mut trainer: Trainer,
        observer: &mut dyn TrainingObserver,
    ) -> Result<RunOutcome, RunError> {
        let resume = self.path.join(RESUME);
        if resume.try_exists().map_err(|error| RunError::io("read", &resume, error))? {
            trainer = trainer.resume(&resume)?;
            self.require_at_most(trainer.epochs(), trainer.metrics().len())?;
        } else {
            self.keep_checkpoint(&trainer)?;
        }
        while !trainer.is_finished() {
            trainer = match trainer.epoch(observer)? {
                Some(next) => next,
                None => return Ok(RunOutcome::Interrupted(self)),
            };
            self.keep_checkpoint(&trainer)?;
            trainer.save(&resume)?;
            self.config.metrics = trainer.metrics().to_vec();
            self.write_config()?;
            let stop = trainer.metrics().last().is_some_and(|last| observer.epoch(last).is_break());
            if stop && !trainer.is_finished() {
                return Ok(RunOutcome::Interrupted(self));
            }
        }
        self.finish(&trainer)?;
        Ok(RunOutcome::Finished(self))
    }

    fn keep_checkpoint(&self, trainer: &Trainer) -> Result<(), RunError> {
        let epoch = trainer.metrics().len();
        let kept = self.config.training.as_ref().map(|training| &training.checkpoints);
        if kept.is_some_and(|checkpoints| checkpoints.contains(epoch)) {
            make_folder(&checkpoint::folder(&self.path))?;
            Weights::of(&trainer.classifier()).write(&checkpoint::path(&self.path, epoch))?;
        }
        Ok(())
    }

    fn finish(&mut self, trainer: &Trainer) -> Result<(), RunError> {
        Weights::of(&trainer.classifier()).write(&self.model_path())?;
        self.config.metrics = trainer.metrics().to_vec();
        let early = trainer.stopped_early() && trainer.metrics().len() < trainer.epochs();
        self.config.state = if early { RunState::StoppedEarly } else { RunState::Trained };
        self.write_config()
    }

    /// Makes a run from trained weights, and returns it with notes for the user.
    ///
    /// [`import()`] lists the readable files. An earlier import from the same file is replaced. The
    /// folder is locked meanwhile.
    ///
    /// # Errors
    /// The folder has other content, or another process works in it; the weights are of another
    /// architecture or overflow; a file cannot be read or written.
    pub fn import(
        path: &Path,
        request: &RunRequest,
        weights: &Path,
        options: &ImportOptions,
    ) -> Result<(Self, Vec<String>), RunError> {
        let (shape, classes) = (request.train.shape(), request.train.classes());
        let (architecture, device) = (request.architecture, request.device);
        let ImportedNetwork { classifier, notes } =
            import(architecture, weights, options, shape, classes, device)?;
        let sample = request.test.subset(Some(IMPORT_TEST), SubsetRule::DEFAULT);
        let sample = request.test.select(sample.indices());
        if !evaluate(&classifier, &sample)?.loss.is_finite() {
            return Err(WeightsError::Overflow { path: weights.into() }.into());
        }
        let config = RunConfig::of_import(request, weights, options)?;
        clear(path);
        let _lock = FolderLock::create(path)?;
        let is_new = Self::existing(path, &config)?.is_none();
        let run = Self::create(path, config)?;
        let written = Weights::of(&classifier).write(&run.model_path());
        if written.is_err() && is_new {
            run.discard();
        }
        Ok(written.map(|()| (run, notes))?)
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The settings, the data and the history.
    pub fn config(&self) -> &RunConfig {
        &self.config
    }

    /// File of the final weights, or of the imported model.
    pub fn model_path(&self) -> PathBuf {
        self.path.join(if self.config.model.is_some() { MODEL_FILE } else { MODEL })
    }

    /// The trained network.
    pub fn load_model(&self, device: &Device) -> Result<Classifier, RunError> {
        if self.config.state == RunState::Training {
            let folder = self.path.clone();
            return Err(match tropex_files::holder(&folder) {
                Some(holder) => LockError::Held { folder, holder }.into(),
                None => RunError::Unfinished { path: folder },
            });
        }
        self.load(&self.model_path(), device)
    }

    /// The network after an epoch; 0 is the start.
    pub fn load_checkpoint(&self, epoch: usize, device: &Device) -> Result<Classifier, RunError> {
        let kept = self.checkpoints()?;
        if !kept.contains(&epoch) {
            return Err(RunError::NoCheckpoint { path: self.path.clone(), epoch, kept });
        }
        self.load(&checkpoint::path(&self.path, epoch), device)
    }

    /// The epochs with a checkpoint, in order.
    pub fn checkpoints(&self) -> Result<Vec<usize>, RunError> {
        let names = match file_names(&checkpoint::folder(&self.path)) {
            Err(RunError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Vec::new(),
            names => names?,
        };
        let mut epochs: Vec<usize> =
            names.iter().filter_map(|name| checkpoint::epoch_of(name)).collect();
        epochs.sort_unstable();
        Ok(epochs)
    }

    fn load(&self, file: &Path, device: &Device) -> Result<Classifier, RunError> {
        if self.config.model.is_some() {
            return Err(RunError::Model { path: self.path.clone() });
        }
        let architecture: Architecture =
            self.config.architecture.parse().map_err(|error: ArchitectureError| {
                RunError::Config { path: self.path.join(CONFIG), reason: error.to_string() }
            })?;
        let RunConfig { input_shape, classes, .. } = self.config;
        let classifier = architecture.skeleton(input_shape, classes, device)?;
        let classifier = Weights::load(file, classifier)?;
        Ok(classifier
            .with_normalisation(self.config.normalisation.clone())
            .with_batch_norm_epsilon(self.config.batch_norm_epsilon))
    }

    fn write_config(&self) -> Result<(), RunError> {
        self.config.write(&self.path.join(CONFIG))
    }
}
