//! What experiments find, and how it is written down.

mod comparison;
mod csv;
mod figure;
mod finding;
mod folder;
mod page;
mod repeats;
mod table;
mod unit;

pub use comparison::{BY_EPOCH, comparison, comparison_figures};
pub use csv::csv;
pub use figure::{
    Axis, Bars, Bins, Curve, Curves, Figure, Group, HeatMaps, Histogram, Image, Panel, Picture,
    Pictures, Plot, STYLE, Spacing,
};
pub use finding::{Answer, FORMAT, Finding, Measure, SubjectRecord, TakenImages};
pub(crate) use folder::settle;
pub use folder::{ReportLocks, read_finding, report_folder, write_finding};
pub use page::{Page, PageFiles};
pub use repeats::Repeats;
pub use table::{Cell, Column, Table};
pub use unit::{Unit, count, percent};
