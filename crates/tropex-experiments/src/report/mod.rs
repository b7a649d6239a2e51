//! Findings of experiments, and how they are written: tables, files, pages.

mod answer;
mod column_keys;
mod comparison;
mod csv;
mod description;
mod figure_table;
mod file_stem;
mod finding;
mod folder;
mod markdown;
mod number_id;
mod page;
mod reproducibility;
mod summary;
mod table;

pub use answer::{Answer, Measure};
pub use comparison::{BY_EPOCH, comparison, comparison_figures};
pub use csv::csv;
pub use description::{ExperimentDescription, Topic};
pub use figure_table::figure_table;
pub(crate) use file_stem::last_part;
pub use finding::{FORMAT, Finding, RunRecord, TakenImages};
pub(crate) use folder::finish_writing;
pub use folder::{ReportLocks, read_finding, report_folder, write_finding};
pub use number_id::NumberId;
pub use page::{Page, PageFiles};
pub use reproducibility::Reproducibility;
pub use summary::{
    Claim, GaugeChange, GaugeChanges, HeadlineCard, ShareEstimate, StudySummary, Verdict,
};
pub use table::{Column, Table, TableCell};

pub use crate::unit::{Unit, count, percent};
