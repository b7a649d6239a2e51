//! MNIST: 60,000 + 10,000 handwritten digits, 28 x 28 pixels in grey.
//!
//! LeCun, Cortes, Burges, "The MNIST database of handwritten digits", 1998.

use super::idx_dataset::{self, CLASSES, SHAPE, remote_files};
use super::source::DatasetSource;
use super::{Dataset, DatasetEntry, OpenOptions, error::DataError};

pub(crate) const ENTRY: DatasetEntry = DatasetEntry {
    name: "mnist",
    summary: "handwritten digits, 60,000 + 10,000 grey images of 28 x 28",
    shape: SHAPE,
    classes: CLASSES,
    open,
};

const SOURCE: DatasetSource<'static> = DatasetSource {
    name: "mnist",
    subfolders: &["mnist", "MNIST/raw"],
    system: None,
    mirrors: &[
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
    ],
    files: &remote_files(
        [9_912_422, 28_881, 1_648_877, 4_542],
        [
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        ],
    ),
};

fn open(options: &OpenOptions<'_>) -> Result<Dataset, DataError> {
    idx_dataset::open(&SOURCE, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"], options)
}
