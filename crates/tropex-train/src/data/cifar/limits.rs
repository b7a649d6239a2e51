//! Names of batches, and sizes of records, batches and archives.

/// Bytes of an image: three channels of 32 x 32 pixels.
pub(super) const FEATURES: usize = 3 * 32 * 32;
/// Bytes of a record: a label and an image.
pub(super) const RECORD: usize = 1 + FEATURES;
/// Largest number of records of a batch: five times the number in the published batches.
pub(super) const MAX_RECORDS: usize = 50_000;
/// Largest number of bytes that an archive may unpack to; the published archive unpacks to 184
/// million.
pub(super) const MAX_UNPACKED: u64 = 1 << 30;

/// Number of classes.
pub(super) const CLASSES: usize = 10;

/// Names of the batches; the last one has the test images.
pub(super) const BATCHES: [&str; 6] = [
    "data_batch_1.bin",
    "data_batch_2.bin",
    "data_batch_3.bin",
    "data_batch_4.bin",
    "data_batch_5.bin",
    "test_batch.bin",
];
