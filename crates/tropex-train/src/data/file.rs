//! Images from a safetensors file of the user's own.
//!
//! Images are `[count, channels, height, width]`, as U8 (scaled by 1/255) or as F32 in [0, 1];
//! labels are `[count]`, as U8, U32, I32 or I64. In place of `images`, a file can contain `points`
//! of any number of axes: `[count, d]` becomes images of 1x1xd, `[count, a, b]` images of 1xaxb.
//!
//! A file contains both splits as `train.images`, `train.labels`, `test.images` and `test.labels`,
//! or one set as `images` and `labels`. A sixth of every class of a single set (at least one image)
//! is held out as the test split and never trained on. The number of classes is one more than the
//! largest label of either split.

use std::path::Path;

use safetensors::{Dtype, SafeTensors};

use super::error::DataError;
use super::file_error::{FileError, MAX_CLASSES};
use super::image_layout::{ImageLayout, looks_like_channels_last};
use super::images::{Images, Pixels};
use super::regular_file;
use super::subset::SubsetRule;
use super::{
    Dataset, FILE_PREFIX, FileReadOptions, HoldOut, OpenOptions, ValueRange, missing_classes,
};
use crate::memory::InsufficientMemory;

#[cfg(test)]
mod tests;

/// Opens the dataset in the file at `path`, or in the file of that name in the folder of the
/// options.
///
/// The name of the dataset contains the absolute path, so that the dataset can be opened from
/// another working directory.
pub(crate) fn open(path: &Path, options: &OpenOptions<'_>) -> Result<Dataset, DataError> {
    let path = match (options.data_dir.as_deref(), path.file_name()) {
        (Some(folder), Some(name)) => &folder.join(name),
        _ => path,
    };
    let path = &std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let bytes = regular_file::read(path)?;
    let content = read(&bytes, options)
        .map_err(|problem| DataError::File { path: path.to_path_buf(), problem })?;
    let FileContent { train, test, reading } = content;
    let warnings = missing_classes::warning(&train, &test).into_iter().collect();
    Ok(Dataset {
        name: format!("{FILE_PREFIX}{}", path.display()),
        train,
        test,
        class_names: Vec::new(),
        reading: Some(reading),
        warnings,
    })
}

/// Training and test images, and the options that they were read with.
struct FileContent {
    train: Images,
    test: Images,
    reading: FileReadOptions,
}

fn read(bytes: &[u8], options: &OpenOptions<'_>) -> Result<FileContent, FileError> {
    if let Some(reason) = tropex_files::lfs_pointer(bytes) {
        return Err(FileError::Pointer(reason));
    }
    let tensors = SafeTensors::deserialize(bytes).map_err(FileError::Format)?;
    let splits = tensors.names().iter().any(|n| n.starts_with("train.") || n.starts_with("test."));
    if !splits {
        let all = LabelledImages::read(&tensors, "", options)?;
        let reading = all.reading(Some(options.held_out));
        let (train, test) = all.held_out(options.held_out)?;
        return Ok(FileContent { train, test, reading });
    }
    let train = LabelledImages::read(&tensors, "train.", options)?;
    let test = LabelledImages::read(&tensors, "test.", options)?;
    if test.shape != train.shape {
        let [channels, height, width] = train.shape;
        return Err(FileError::Shape {
            name: test.name,
            found: [&[test.labels.len()], test.shape.as_slice()].concat(),
            expected: format!("[n, {channels}, {height}, {width}] as in `{}`", train.name),
        });
    }
    let classes = classes(train.labels.iter().chain(&test.labels));
    let reading = train.reading(None);
    Ok(FileContent { train: train.images(classes)?, test: test.images(classes)?, reading })
}

/// Number of classes: the largest label plus one.
fn classes<'a>(labels: impl Iterator<Item = &'a u32>) -> usize {
    labels.max().map_or(0, |&label| label as usize + 1)
}

/// Images or points and labels of one split, before the number of classes is known.
struct LabelledImages {
    /// Name of the tensor.
    name: String,
    shape: [usize; 3],
    pixels: Pixels,
    labels: Vec<u32>,
    layout: ImageLayout,
    values: ValueRange,
}

impl LabelledImages {
    fn read(
        tensors: &SafeTensors<'_>,
        prefix: &'static str,
        options: &OpenOptions<'_>,
    ) -> Result<Self, FileError> {
        let (images, points) = (format!("{prefix}images"), format!("{prefix}points"));
        let are_points = tensors.tensor(&images).is_err() && tensors.tensor(&points).is_ok();
        let name = if are_points { points } else { images };
        let view = tensor(tensors, &name)?;
        let (extents, layout) = axes(&name, view.shape(), are_points, options)?;
        let labels = read_labels(tensors, format!("{prefix}labels"), view.shape()[0])?;
        // Safetensors has checked that the data has the length of the shape.
        InsufficientMemory::require(2 * view.data().len() as u64).map_err(FileError::Memory)?;
        let shape = layout.shape(extents);
        let pixels = match view.dtype() {
            Dtype::U8 => Pixels::Bytes(layout.channels_first(view.data().to_vec(), shape)),
            Dtype::F32 => {
                let values = elements(view.data(), f32::from_le_bytes).collect();
                Pixels::Floats(layout.channels_first(values, shape))
            }
            found => return Err(FileError::Type { name, found, expected: "U8 or F32" }),
        };
        Ok(Self { name, shape, pixels, labels, layout, values: options.values })
    }

    /// The options that the images were read with.
    fn reading(&self, held_out: Option<HoldOut>) -> FileReadOptions {
        FileReadOptions { layout: self.layout, held_out, values: self.values }
    }

    /// The training images, and the sixth that is held out for testing.
    fn held_out(self, rule: HoldOut) -> Result<(Images, Images), FileError> {
        let count = self.labels.len();
        if count < 2 {
            return Err(FileError::TooFew { found: count });
        }
        let held_out = (count / 6).max(1);
        let classes = classes(self.labels.iter());
        let images = self.images(classes)?;
        let test = match rule {
            HoldOut::Stratified => images.subset(Some(held_out), SubsetRule::DEFAULT),
            HoldOut::Last => {
                return Ok((
                    images.select(0..count - held_out),
                    images.select(count - held_out..count),
                ));
            }
        };
        let train: Vec<_> = (0..count).filter(|&image| test.position(image).is_none()).collect();
        Ok((images.select(train.iter().copied()), images.select(test.indices())))
    }

    fn images(self, classes: usize) -> Result<Images, FileError> {
        let Self { name, shape, labels, .. } = self;
        match (self.pixels, self.values) {
            (Pixels::Bytes(bytes), _) => Images::from_bytes(shape, classes, bytes, labels),
            (Pixels::Floats(values), ValueRange::Pixels) => {
                Images::from_floats(shape, classes, values, labels)
            }
            (Pixels::Floats(values), ValueRange::Any) => {
                Images::from_points(shape, classes, values, labels)
            }
        }
        .map_err(|problem| FileError::Images { name, problem })
    }
}

/// The last three axes of images or points `[count, ..]`, and their layout.
fn axes(
    name: &str,
    shape: &[usize],
    are_points: bool,
    options: &OpenOptions<'_>,
) -> Result<([usize; 3], ImageLayout), FileError> {
    let wrong = |expected: &str| FileError::Shape {
        name: name.to_owned(),
        found: shape.to_vec(),
        expected: expected.to_owned(),
    };
    if shape.contains(&0) {
        return Err(wrong("extents of at least 1"));
    }
    let own = shape.split_first().map(|(_, point)| point).filter(|point| !point.is_empty());
    let is_of_network = own.is_some() && own == options.point_shape.as_deref();
    match own {
        Some(point) if are_points || is_of_network => Ok((as_planes(point), ImageLayout::Nchw)),
        None if are_points => Err(wrong("[count, ..], the shape of a point behind the count")),
        Some(&[first, second, third]) => {
            let extents = [first, second, third];
            if options.layout.is_none() && looks_like_channels_last(extents) {
                let found = shape.to_vec();
                return Err(FileError::ChannelsLast { name: name.to_owned(), found });
            }
            // The network reads channels last, the file has channels first.
            let is_of_network_last =
                options.point_shape.as_deref() == Some(&[second, third, first]);
            match options.layout {
                Some(layout) if !is_of_network_last => Ok((extents, layout)),
                _ => Ok((extents, ImageLayout::Nchw)),
            }
        }
        _ => Err(wrong("[count, channels, height, width]")),
    }
}

/// The shape of a point with three axes: leading ones, or the first axes joined.
pub fn as_planes(shape: &[usize]) -> [usize; 3] {
    match *shape {
        [] => [1, 1, 1],
        [width] => [1, 1, width],
        [height, width] => [1, height, width],
        [ref planes @ .., height, width] => [planes.iter().product(), height, width],
    }
}

fn tensor<'a>(
    tensors: &SafeTensors<'a>,
    name: &str,
) -> Result<safetensors::tensor::TensorView<'a>, FileError> {
    tensors.tensor(name).map_err(|_| {
        let mut names: Vec<_> = tensors.names().iter().map(|name| format!("`{name}`")).collect();
        names.sort();
        names.truncate(8);
        let found = if names.is_empty() { "nothing".to_string() } else { names.join(", ") };
        FileError::Lacking { wanted: name.to_string(), found }
    })
}

fn read_labels(
    tensors: &SafeTensors<'_>,
    name: String,
    count: usize,
) -> Result<Vec<u32>, FileError> {
    let view = tensor(tensors, &name)?;
    if view.shape() != [count] {
        let found = view.shape().to_vec();
        let expected = format!("[{count}], one label per image");
        return Err(FileError::Shape { name, found, expected });
    }
    let data = view.data();
    let labels: Vec<i64> = match view.dtype() {
        Dtype::U8 => elements(data, u8::from_le_bytes).map(i64::from).collect(),
        Dtype::U32 => elements(data, u32::from_le_bytes).map(i64::from).collect(),
        Dtype::I32 => elements(data, i32::from_le_bytes).map(i64::from).collect(),
        Dtype::I64 => elements(data, i64::from_le_bytes).collect(),
        found => return Err(FileError::Type { name, found, expected: "U8, U32, I32 or I64" }),
    };
    let checked = labels.into_iter().enumerate().map(|(index, label)| match u32::try_from(label) {
        Ok(label) if label < MAX_CLASSES => Ok(label),
        _ => Err(FileError::Label { name: name.clone(), index, label }),
    });
    checked.collect()
}

/// Elements of little-endian data with any alignment.
fn elements<T, const N: usize>(
    data: &[u8],
    from: fn([u8; N]) -> T,
) -> impl Iterator<Item = T> + use<'_, T, N> {
    data.as_chunks::<N>().0.iter().map(move |&bytes| from(bytes))
}
