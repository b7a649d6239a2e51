//! Networks from ONNX files.

use std::path::Path;

use burn::module::Module;
use burn::tensor::{Device, FloatDType, Tensor};
use tropex_extract::ops::extents;
use tropex_extract::{Network, capture};
use tropex_onnx::{OnnxError, OnnxModel, OnnxOptions};
use tropex_train::data::{Dataset, ImageLayout, as_planes};
use tropex_train::run::{ModelFile, ModelImport, Run, channels, has_channels_last};
use tropex_train::zoo::Normalisation;

use crate::Error;

/// The operations before the model in its network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OnnxInput {
    /// Whether points are `[channels, height, width]` while the model reads channels last.
    pub channels_last: bool,
    /// Normalisation of the points.
    pub normalisation: Option<Normalisation>,
}

/// Options for importing an ONNX file into a run.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct OnnxImport {
    /// Name of the output; `None` for the only one.
    pub output: Option<String>,
    /// Layout of the model's images, if the dataset has channels first; with `None`, points have
    /// the model's own shape.
    pub layout: Option<ImageLayout>,
    /// Normalisation that the network was trained with.
    pub normalisation: Option<Normalisation>,
}

impl OnnxImport {
    /// Opens the model in the precision that loses no digit of its weights on the device.
    ///
    /// # Errors
    /// Those of [`OnnxModel::open`].
    pub fn open(&self, path: &Path, device: &Device) -> Result<OnnxModel, Error> {
        open(path, self.output.as_deref(), device)
    }
}

/// Captures the network of an ONNX file, for points of the model's own shape.
///
/// The weights keep all digits: the file is read in f64 where the device has it. A positive factor
/// of all logits at the end of the model belongs to the network.
///
/// # Errors
/// Those of [`OnnxModel::open`]; operations that are not piecewise linear.
pub fn capture_onnx(path: &Path, options: &OnnxOptions, device: &Device) -> Result<Network, Error> {
    let open = |options: &OnnxOptions| options.open(path, device);
    capture_in_own_shape(&open_for_capture(open, options, device)?)
}

/// Captures the network of the content of an ONNX file, like [`capture_onnx`].
///
/// # Errors
/// Those of [`OnnxModel::from_bytes`]; operations that are not piecewise linear.
pub fn capture_onnx_bytes(
    content: &[u8],
    options: &OnnxOptions,
    device: &Device,
) -> Result<Network, Error> {
    let open = |options: &OnnxOptions| options.open_bytes(content.to_vec(), device);
    capture_in_own_shape(&open_for_capture(open, options, device)?)
}

/// Opens a model in the precision that loses no digit of its weights. A model without weights is
/// opened in the type of points on the device, which the capture gives to modules without
/// parameters.
fn open_for_capture(
    open: impl Fn(&OnnxOptions) -> Result<OnnxModel, OnnxError>,
    options: &OnnxOptions,
    device: &Device,
) -> Result<OnnxModel, OnnxError> {
    let model = open(&options.clone().with_precision(precision(device)))?;
    match Module::num_params(&model) {
        0 => open(options),
        _ => Ok(model),
    }
}

fn capture_in_own_shape(model: &OnnxModel) -> Result<Network, Error> {
    macro_rules! captured {
        ($axes:literal) => {{
            let mut shape = [0; $axes];
            shape.copy_from_slice(model.input_shape());
            let forward = |model: &OnnxModel, points: Tensor<{ $axes + 1 }>| {
                model.logits(points).unwrap_or_else(|error| panic!("{error}"))
            };
            Ok(capture(model, shape, forward)?.with_output_scales())
        }};
    }
    match model.input_shape().len() {
        1 => captured!(1),
        2 => captured!(2),
        3 => captured!(3),
        4 => captured!(4),
        5 => captured!(5),
        _ => {
            let shape = as_planes(model.input_shape());
            Ok(capture_model(model, shape, &OnnxInput::default())?.with_output_scales())
        }
    }
}

/// Imports an ONNX file as a run on a dataset. Returns the run, the network and notes for the user.
///
/// # Errors
/// Those of [`OnnxModel::open`]; a dataset with images of another shape or with more classes than
/// the model has outputs; those of [`Run::import_model`].
pub fn import_onnx(
    out: &Path,
    source: &Path,
    model: &OnnxModel,
    data: Dataset,
    options: &OnnxImport,
    device_name: &str,
) -> Result<(Run, Network, Dataset, Vec<String>), Error> {
    let shape = data.train.shape();
    let channels_last = channels_last(model.input_shape(), shape, options.layout)
        .map_err(|reason| Error::Model { path: source.to_owned(), reason })?;
    let outputs: usize = model.output_shape().iter().product();
    let data = data.with_classes(outputs).map_err(|error| Error::Model {
        path: source.to_owned(),
        reason: format!("it has {outputs} outputs, but in the dataset is a {error}"),
    })?;
    let input = OnnxInput { channels_last, normalisation: options.normalisation.clone() };
    let import = ModelImport {
        source,
        external_data: model.external_data(),
        input_shape: model.input_shape(),
        output: model.output(),
        channels_last,
        parameters: Module::num_params(model),
        normalisation: options.normalisation.as_ref(),
        data: &data,
        device_name,
    };
    if let Some(normalisation) = &options.normalisation {
        let channels = channels(model.input_shape(), channels_last);
        normalisation
            .check(channels)
            .map_err(|error| Error::Model { path: source.to_owned(), reason: error.to_string() })?;
    }
    let network = capture_model(model, shape, &input)?;
    let run = Run::import_model(out, &import)?;
    let mut notes = vec![format!("{model}")];
    if channels_last {
        notes.push("the model reads channels last: the first operation moves the axes".into());
    } else if model.input_shape() != shape {
        let own = extents(model.input_shape());
        notes.push(format!("images of {} are read as points of {own}", extents(&shape)));
    }
    if model.reads_integers() && options.normalisation.is_none() {
        notes.push(
            "the model reads whole numbers: if these are bytes of images, which have values from 0 \
             to 1 here, import it with the standard deviation 1/255 = 0.00392157"
                .into(),
        );
    }
    Ok((run, network, data, notes))
}

/// Captures the model of a run that was imported from an ONNX file.
pub(crate) fn capture_run(
    run: &Run,
    path: &Path,
    file: &ModelFile,
    device: &Device,
) -> Result<Network, Error> {
    let config = run.config();
    let model = open(path, Some(&file.output), device)?;
    let input = OnnxInput {
        channels_last: file.channels_last,
        normalisation: config.normalisation.clone(),
    };
    capture_model(&model, config.input_shape, &input)
}

fn open(path: &Path, output: Option<&str>, device: &Device) -> Result<OnnxModel, Error> {
    let options = OnnxOptions::default().with_precision(precision(device));
    let options = match output {
        Some(output) => options.with_output(output),
        None => options,
    };
    Ok(options.open(path, device)?)
}

/// f64 if the device supports it, so that weights keep all digits.
fn precision(device: &Device) -> FloatDType {
    if device.supports_dtype(FloatDType::F64) { FloatDType::F64 } else { FloatDType::F32 }
}

fn capture_model(
    model: &OnnxModel,
    shape: [usize; 3],
    input: &OnnxInput,
) -> Result<Network, Error> {
    let own = model.input_shape();
    let channels_last = has_channels_last(own, input.channels_last);
    let forward = |model: &OnnxModel, points: Tensor<4>| {
        let points = match input.channels_last {
            true => points.permute([0, 2, 3, 1]),
            false => points,
        };
        let points = match &input.normalisation {
            Some(normalisation) => normalisation.apply(points, channels_last),
            None => points,
        };
        logits(model, points)
    };
    Ok(capture(model, shape, forward)?)
}

/// The logits of points `[n, a, b, c]` in the model's own shape.
fn logits(model: &OnnxModel, points: Tensor<4>) -> Tensor<2> {
    let [count, ..] = points.dims();
    macro_rules! reshaped {
        ($axes:literal) => {{
            let mut shape = [count; $axes];
            shape[1..].copy_from_slice(model.input_shape());
            model.logits(points.reshape(shape))
        }};
    }
    let logits = match model.input_shape().len() {
        1 => reshaped!(2),
        2 => reshaped!(3),
        3 => model.logits(points),
        4 => reshaped!(5),
        _ => reshaped!(6),
    };
    logits.unwrap_or_else(|error| panic!("{error}"))
}

/// Whether the model reads channels last while images have channels first.
fn channels_last(
    own: &[usize],
    images: [usize; 3],
    layout: Option<ImageLayout>,
) -> Result<bool, String> {
    let [channels, height, width] = images;
    if own == images || as_planes(own) == images {
        return Ok(false);
    }
    let is_last = own == [height, width, channels];
    if is_last && (channels == 1 || layout == Some(ImageLayout::Nhwc)) {
        return Ok(channels > 1);
    }
    let features: usize = images.iter().product();
    if own.len() < 3 && own.iter().product::<usize>() == features {
        return Ok(false);
    }
    let help = if is_last { "; is its layout nhwc?" } else { "" };
    Err(format!(
        "its points are {}, but the images of the dataset are {channels}x{height}x{width}{help}",
        extents(own)
    ))
}
