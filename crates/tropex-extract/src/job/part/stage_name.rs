//! Names of the stages that parts do together.

/// A stage: of the search for the tight shifts, or of a search for the calibrated shifts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StageName {
    /// The search of the calibrated gauge, counted from 1; `None` for the tight gauge.
    pub(super) search: Option<usize>,
    /// The stage, counted from 1.
    pub(super) stage: usize,
}

impl StageName {
    /// A stage of the tight gauge.
    pub(super) fn tight(stage: usize) -> Self {
        Self { search: None, stage }
    }

    /// Name of the file of the stage.
    pub(super) fn file(self) -> String {
        match self.search {
            None => format!("stage-{}.part", self.stage),
            Some(search) => format!("search-{search}-stage-{}.part", self.stage),
        }
    }

    /// Beginning of the name of a folder of rows after the stage.
    pub(super) fn rows(self) -> String {
        match self.search {
            None => format!("rows-{}-", self.stage),
            Some(search) => format!("rows-{search}-{}-", self.stage),
        }
    }
}
