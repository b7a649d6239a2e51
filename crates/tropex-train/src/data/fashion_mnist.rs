//! Fashion-MNIST: 60,000 + 10,000 articles of clothing, 28 x 28 pixels in grey.
//!
//! Xiao, Rasul, Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine learning
//! algorithms", 2017. The folder of Debian's package `dataset-fashion-mnist` is searched too.

use super::idx_dataset::{self, CLASSES, SHAPE, remote_files};
use super::source::DatasetSource;
use super::{Dataset, DatasetEntry, OpenOptions, error::DataError};

pub(crate) const ENTRY: DatasetEntry = DatasetEntry {
    name: "fashion-mnist",
    summary: "articles of clothing, 60,000 + 10,000 grey images of 28 x 28",
    shape: SHAPE,
    classes: CLASSES,
    open,
};

/// What the ten classes show.
pub(crate) const CLASS_NAMES: [&str; CLASSES] = [
    "t-shirt",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
];

pub(crate) const SOURCE: DatasetSource<'static> = DatasetSource {
    name: "fashion-mnist",
    subfolders: &["fashion-mnist", "FashionMNIST/raw"],
    system: Some("/usr/share/datasets/fashion-mnist"),
    mirrors: &[
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    ],
    // Checksums of the published files. Debian's files contain equal images with other gzip
    // headers.
    files: &remote_files(
        [26_421_880, 29_515, 4_422_102, 5_148],
        [
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        ],
    ),
};

fn open(options: &OpenOptions<'_>) -> Result<Dataset, DataError> {
    idx_dataset::open(&SOURCE, CLASS_NAMES, options)
}
