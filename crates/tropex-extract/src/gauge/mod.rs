//! Gauges: rules for the shifts, affine functions that are added to positive and negative terms.

mod kind;
mod scale;
mod shifts;
pub(crate) mod tight;
mod worst_case;

pub use kind::{Gauge, ParseGaugeError};
pub(crate) use scale::ShiftScale;
pub use shifts::Shifts;
pub(crate) use worst_case::worst_case;
