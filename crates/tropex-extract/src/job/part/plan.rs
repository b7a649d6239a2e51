//! The plan of an extraction in parts: its tasks, and which tasks wait for which.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::calibrated::{ReadResults, calibrate};
use super::cut::pieces_of_all;
use super::folder::{PartFolder, reduced_stage};
use super::identity::PartIdentity;
use super::search::PartSearch;
use super::sizes::stages_of;
use super::stage_name::StageName;
use super::stage_result::StageFiles;
use crate::job::ExtractOptions;
use crate::job::shard_extraction::ShardPiece;
use crate::part_number::PartNumber;
use crate::store::MANIFEST;
use crate::{Error, Extractor, PointSource};

/// All work of an extraction in parts, as steps that follow each other. The tasks of a step may run
/// at once, on any machines that see the folder; a step begins when all tasks of the step before
/// have ended. Every task may be repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PartPlan {
    /// Number of parts.
    pub parts: usize,
    /// The steps, in their order.
    pub steps: Vec<PlanStep>,
}

/// One step of a [`PartPlan`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlanStep {
    /// The work of every task of the step.
    pub work: StepWork,
    /// The tasks: one per part, or one for all parts.
    pub tasks: Vec<PlanTask>,
}

/// The work of the tasks of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StepWork {
    /// Every part runs a stage of the search for the tight or the calibrated shifts, see
    /// [`PartTask::stage`](super::PartTask::stage). Stages are counted from 1.
    Stage(usize),
    /// One task joins the minima of a stage, see
    /// [`TermStore::reduce_stage`](crate::TermStore::reduce_stage).
    Reduce(usize),
    /// Every part extracts its terms.
    Terms,
    /// One task publishes the store, see [`TermStore::merge`](crate::TermStore::merge).
    Merge,
}

/// One task of a [`PlanStep`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlanTask {
    /// Number of the task in the plan, from 1.
    pub id: usize,
    /// The part; `None` for a task of all parts.
    pub part: Option<PartNumber>,
    /// Numbers of the tasks that end before this task begins: those of the step before.
    pub after: Range<usize>,
    /// Files of other tasks that the task reads. The entry of a shard names the file of its terms,
    /// and the file of a stage the folder of the rows. Empty with the calibrated gauge, whose
    /// searches may end early.
    pub inputs: Vec<PathBuf>,
    /// Files that the task leaves.
    pub outputs: Vec<PathBuf>,
}

impl PartPlan {
    /// The plan of an extraction into a folder.
    ///
    /// # Errors
    /// A source without points, or with points of another number of features;
    /// [`Error::TooManyParts`]: more parts than batches.
    pub fn of(
        folder: &Path,
        extractor: &Extractor,
        source: &dyn PointSource,
        options: &ExtractOptions,
        parts: NonZeroUsize,
    ) -> Result<Self, Error> {
        let parts = parts.get();
        let identity = PartIdentity::new(extractor, source, options, parts)?;
        let (terms, batch) = (&identity.terms, identity.batch_size());
        let batches = batch.of_all(terms).len();
        if parts > batches {
            return Err(Error::TooManyParts { parts, batches });
        }
        let pieces = pieces_of_all(parts, terms, batch);
        let search = current_search(folder, extractor, source, &identity)?;
        let files =
            TaskFiles { folder, pieces, stages: stages_of(extractor), is_known: search.is_none() };
        let works = match search {
            None => works(files.stages),
            Some(search) => works_of(&search),
        };
        let (mut steps, mut before) = (Vec::new(), 1..1);
        for work in works {
            let step = files.step(work, before);
            before = step.tasks[0].id..step.tasks[0].id + step.tasks.len();
            steps.push(step);
        }
        Ok(Self { parts, steps })
    }

    /// All tasks, in the order of their numbers.
    pub fn tasks(&self) -> impl Iterator<Item = &PlanTask> {
        self.steps.iter().flat_map(|step| &step.tasks)
    }
}

/// The steps of an extraction with a number of stages that find the shifts.
fn works(stages: usize) -> Vec<StepWork> {
    let stages = (1..=stages).flat_map(|at| [StepWork::Stage(at), StepWork::Reduce(at)]);
    stages.chain([StepWork::Terms, StepWork::Merge]).collect()
}

/// The steps of a search for the calibrated shifts, with the terms and their check.
fn works_of(search: &PartSearch) -> Vec<StepWork> {
    let stages = (search.start()..=search.check()).flat_map(|at| {
        let reduce = (at != search.terms()).then_some(StepWork::Reduce(at));
        [StepWork::Stage(at)].into_iter().chain(reduce)
    });
    stages.chain([StepWork::Merge]).collect()
}

/// The search for the calibrated shifts that the parts in a folder have begun, or the first; `None`
/// for other gauges.
fn current_search(
    folder: &Path,
    extractor: &Extractor,
    source: &dyn PointSource,
    identity: &PartIdentity,
) -> Result<Option<PartSearch>, Error> {
    let Some(mut search) = identity.search(extractor, source) else { return Ok(None) };
    let mut results = ReadResults { files: StageFiles { folder, identity }, reduced: None };
    match calibrate(&mut search, extractor, source.len(), &mut results) {
        Ok(_) | Err(Error::MissingParts { .. }) => Ok(Some(search)),
        Err(error) => Err(error),
    }
}

/// What decides the files of the tasks.
struct TaskFiles<'a> {
    folder: &'a Path,
    /// The batches of every part.
    pieces: Vec<Vec<ShardPiece>>,
    stages: usize,
    /// Whether it is known which files the tasks leave: a search may end early.
    is_known: bool,
}

impl TaskFiles<'_> {
    fn parts(&self) -> usize {
        self.pieces.len()
    }

    /// A step that follows the tasks `before`.
    fn step(&self, work: StepWork, before: Range<usize>) -> PlanStep {
        let parts: Vec<Option<PartNumber>> = match work {
            StepWork::Stage(_) | StepWork::Terms => {
                PartNumber::all(self.parts()).map(Some).collect()
            }
            StepWork::Reduce(_) | StepWork::Merge => vec![None],
        };
        let task = |(id, part)| PlanTask {
            id,
            part,
            after: before.clone(),
            inputs: self.inputs(work, part),
            outputs: self.outputs(work, part),
        };
        PlanStep { work, tasks: (before.end..).zip(parts).map(task).collect() }
    }

    fn inputs(&self, work: StepWork, part: Option<PartNumber>) -> Vec<PathBuf> {
        match work {
            _ if !self.is_known => Vec::new(),
            StepWork::Stage(stage) => self.before(stage, part),
            StepWork::Terms => self.before(self.stages + 1, part),
            StepWork::Reduce(stage) => self.outputs_of_all(StepWork::Stage(stage)),
            StepWork::Merge => {
                let mut inputs = self.before(self.stages + 1, None);
                inputs.extend(self.outputs_of_all(StepWork::Terms));
                inputs
            }
        }
    }

    /// What a part reads at a stage: the minima of all earlier stages, and its own last stage,
    /// which names the folder of its rows.
    fn before(&self, stage: usize, part: Option<PartNumber>) -> Vec<PathBuf> {
        let own = part
            .filter(|_| stage > 1)
            .map(|part| self.own(part).stage(StageName::tight(stage - 1)));
        let reduced = (1..stage)
            .map(|stage| reduced_stage(self.folder, self.parts(), StageName::tight(stage)));
        reduced.chain(own).collect()
    }

    fn outputs(&self, work: StepWork, part: Option<PartNumber>) -> Vec<PathBuf> {
        let name = StageName::tight;
        match (work, part) {
            (StepWork::Merge, _) => vec![self.folder.join(MANIFEST)],
            _ if !self.is_known => Vec::new(),
            (StepWork::Stage(stage), Some(part)) => vec![self.own(part).stage(name(stage))],
            (StepWork::Terms, Some(part)) => {
                let pieces = self.pieces[part.number() - 1].iter();
                pieces.map(|piece| self.own(part).shard(piece.shard)).collect()
            }
            (StepWork::Reduce(stage), _) => {
                vec![reduced_stage(self.folder, self.parts(), name(stage))]
            }
            _ => Vec::new(),
        }
    }

    fn outputs_of_all(&self, work: StepWork) -> Vec<PathBuf> {
        PartNumber::all(self.parts()).flat_map(|part| self.outputs(work, Some(part))).collect()
    }

    fn own(&self, part: PartNumber) -> PartFolder {
        PartFolder::new(self.folder, part)
    }
}
