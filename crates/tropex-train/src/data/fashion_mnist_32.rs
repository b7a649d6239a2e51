//! Fashion-MNIST in the shape of CIFAR-10: real images for architectures of CIFAR-10, without its
//! download.

use super::error::DataError;
use super::images::Images;
use super::{Dataset, DatasetEntry, OpenOptions, fashion_mnist};

pub(super) const ENTRY: DatasetEntry = DatasetEntry {
    name: "fashion-mnist-32",
    summary: "fashion-mnist, zero-padded to 32 x 32, in three equal channels",
    shape: SHAPE,
    classes: fashion_mnist::ENTRY.classes,
    open,
};

const SHAPE: [usize; 3] = [3, 32, 32];

fn open(options: &OpenOptions<'_>) -> Result<Dataset, DataError> {
    let plain = (fashion_mnist::ENTRY.open)(options)?;
    let zero_padded = |images: &Images| {
        images.zero_padded(SHAPE).map_err(|problem| DataError::Images {
            place: fashion_mnist::ENTRY.name.into(),
            problem,
        })
    };
    Ok(Dataset {
        name: ENTRY.name.into(),
        train: zero_padded(&plain.train)?,
        test: zero_padded(&plain.test)?,
        ..plain
    })
}
