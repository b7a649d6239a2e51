//! Where results for single points come from.

use tropex_extract::job::PartNumber;

/// Where results for single points come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PartMode {
    /// They are computed here.
    #[default]
    Whole,
    /// Only those of one part are computed.
    One(PartNumber),
    /// They are read from the files of this number of parts.
    Joined(usize),
}
