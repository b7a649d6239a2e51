//! Progress of an extraction on the terminal.

use std::cell::{Cell, OnceCell, RefCell};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use tropex::extract::job::{Estimate, Progress, SavedProgress};

use crate::interrupt::InterruptNote;
use crate::output::{CommandProgress, Output, count, plural};

/// Shows the progress of an extraction, and says at an interrupt what is saved.
pub struct ExtractionProgress<'a> {
    output: &'a Output,
    bar: CommandProgress,
    /// The folder of the terms.
    folder: PathBuf,
    estimate: RefCell<Estimate>,
    began: OnceCell<InterruptNote>,
    /// Whether there was anything to do.
    worked: Cell<bool>,
    /// The current trial and the number of trials.
    trial: Cell<Option<(usize, usize)>>,
    /// The last stage after which a wait was announced.
    awaited: Cell<usize>,
}

impl<'a> ExtractionProgress<'a> {
    pub fn new(output: &'a Output, folder: PathBuf) -> Self {
        Self {
            output,
            bar: output.bar(),
            folder,
            estimate: RefCell::default(),
            began: OnceCell::new(),
            worked: Cell::new(false),
            trial: Cell::new(None),
            awaited: Cell::new(0),
        }
    }

    pub fn show(&self, progress: Progress) -> ControlFlow<()> {
        self.began.get_or_init(|| {
            let folder = self.folder.clone();
            InterruptNote::set(move || kept(&folder))
        });
        self.worked.set(self.worked.get() || is_work(progress));
        let what = what(progress, &self.trial);
        if let Progress::Waiting { stage, .. } = progress
            && self.awaited.replace(stage) != stage
        {
            self.bar.suspend(|| self.output.progress(&what));
        }
        self.bar.show(self.estimate.borrow_mut().share(progress), what);
        ControlFlow::Continue(())
    }

    /// Removes the bar. Whether there was anything to do.
    pub fn finish(&self) -> bool {
        self.bar.finish();
        self.worked.get()
    }
}

/// The current activity of an extraction. `trial` keeps the number of the current trial.
fn what(progress: Progress, trial: &Cell<Option<(usize, usize)>>) -> String {
    let of_trial = |what: &str| match trial.get() {
        Some((number, of)) => format!("trial {number} of {of}, {what}"),
        None => what.to_owned(),
    };
    match progress {
        Progress::Trial { trial: number, of } => {
            trial.set(Some((number, of)));
            of_trial("starting")
        }
        Progress::Shifted { stage, stages, .. } => {
            of_trial(&format!("finding shifts, stage {stage} of {stages}"))
        }
        Progress::Extracted { points, of } => {
            trial.set(None);
            format!("extracting, {} of {}", count(points), plural(of, "point"))
        }
        Progress::Waiting { stage, stages, part, missing } => {
            let others = match missing - 1 {
                0 => String::new(),
                others => format!(" and {}", plural(others, "other part")),
            };
            format!("stage {stage} of {stages} is done; waiting for part {part}{others}")
        }
        Progress::Joined { points, of } => {
            format!("joining, {} of {}", count(points), plural(of, "point"))
        }
        _ => of_trial("checking"),
    }
}

/// Describes the saved state of an extraction.
fn kept(folder: &Path) -> Option<String> {
    let (kept, folder) = (SavedProgress::of(folder)?, folder.display());
    match kept {
        SavedProgress { points: 0, of: 0, trials: 0 } => None,
        SavedProgress { points: 0, of: 0, trials } => {
            let verb = if trials == 1 { "is" } else { "are" };
            let trials = plural(trials, "trial");
            Some(format!("{trials} of the calibration {verb} kept in {folder}"))
        }
        SavedProgress { points: 0, .. } => Some(format!("the shifts are kept in {folder}")),
        SavedProgress { points, of, .. } => {
            let points = count(points);
            Some(format!("terms of {points} of {} are kept in {folder}", plural(of, "point")))
        }
    }
}

fn is_work(progress: Progress) -> bool {
    !matches!(progress, Progress::Extracted { points, of } if points == of)
}
