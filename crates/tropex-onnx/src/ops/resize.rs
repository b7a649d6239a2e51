//! Interpolation. Every axis is resampled separately, by a choice of entries or by weights.

use crate::array::Array;
use crate::error::OpError;
use crate::op_args::{OpArgs, OpOutputs, axis};

/// The settings of the resampling of an axis.
struct Resampling<'a> {
    mode: ResizeMode,
    /// `coordinate_transformation_mode`
    coordinates: &'a str,
    /// `nearest_mode`
    rounding: &'a str,
    /// `cubic_coeff_a`
    cubic: f64,
    excludes_outside: bool,
    antialias: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum ResizeMode {
    Nearest,
    Linear,
    Cubic,
}

fn mode(text: &str) -> Result<ResizeMode, OpError> {
    match text {
        "nearest" => Ok(ResizeMode::Nearest),
        "linear" | "bilinear" | "trilinear" => Ok(ResizeMode::Linear),
        "cubic" => Ok(ResizeMode::Cubic),
        _ => Err(format!("`mode` {text:?} is unknown").into()),
    }
}

/// `Upsample`, which `Resize` replaced in version 10.
pub(super) fn upsample(args: &OpArgs) -> Result<OpOutputs, OpError> {
    let attribute = args.attributes.floats("scales")?;
    let attribute = attribute.map(|list| list.iter().map(|&scale| f64::from(scale)).collect());
    let input = args.optional_constant(1)?.map(|constant| constant.numbers.clone());
    let scales: Vec<f64> = input.or(attribute).ok_or("it has no scales")?;
    let mode = mode(args.attributes.text("mode")?.unwrap_or("nearest"))?;
    let shape = args.shape(0)?;
    let all: Vec<usize> = (0..shape.len()).collect();
    let targets = scaled(&shape, &all, &scales)?;
    resample(args, &old(mode), &all, &targets)
}

/// The settings of version 10, which had no attributes for them.
fn old(mode: ResizeMode) -> Resampling<'static> {
    Resampling {
        mode,
        coordinates: "asymmetric",
        rounding: "floor",
        cubic: -0.75,
        excludes_outside: false,
        antialias: false,
    }
}

pub(super) fn resize(args: &OpArgs) -> Result<OpOutputs, OpError> {
    let shape = args.shape(0)?;
    let reader = &args.attributes;
    let mode = mode(reader.text("mode")?.unwrap_or("nearest"))?;
    if args.opset < 11 {
        let all: Vec<usize> = (0..shape.len()).collect();
        let targets = scaled(&shape, &all, &args.constant(1)?.numbers)?;
        return resample(args, &old(mode), &all, &targets);
    }
    args.ignore(&["extrapolation_value"]);
    let resampling = Resampling {
        mode,
        coordinates: reader.text("coordinate_transformation_mode")?.unwrap_or("half_pixel"),
        rounding: reader.text("nearest_mode")?.unwrap_or("round_prefer_floor"),
        cubic: reader.float("cubic_coeff_a")?.unwrap_or(-0.75),
        excludes_outside: args.flag("exclude_outside")?,
        antialias: args.flag("antialias")?,
    };
    let axes = match reader.ints("axes")? {
        Some(list) => {
            list.iter().map(|&number| axis(number, shape.len())).collect::<Result<_, _>>()?
        }
        None => (0..shape.len()).collect::<Vec<_>>(),
    };
    let policy = reader.text("keep_aspect_ratio_policy")?.unwrap_or("stretch");
    let given = |index| args.shape(index).is_ok_and(|shape| !shape.contains(&0));
    let targets = match (given(2), given(3)) {
        (true, false) => scaled(&shape, &axes, &args.constant(2)?.numbers)?,
        (false, true) => sized(args, &shape, &axes, policy)?,
        _ => return Err("it has not either scales or sizes".into()),
    };
    resample(args, &resampling, &axes, &targets)
}

/// Extent and scale of an axis of the result.
type AxisTarget = (usize, f64);

fn scaled(shape: &[usize], axes: &[usize], scales: &[f64]) -> Result<Vec<AxisTarget>, OpError> {
    if scales.len() != axes.len() {
        return Err(format!("{} scales for {} axes", scales.len(), axes.len()).into());
    }
    let target = |(&axis, &scale): (&usize, &f64)| {
        let extent = (shape[axis] as f64 * scale).floor();
        match extent >= 1.0 && extent < f64::from(1 << 24) {
            true => Ok((extent as usize, scale)),
            false => Err(format!("scale {scale} of an axis of {} entries", shape[axis]).into()),
        }
    };
    axes.iter().zip(scales).map(target).collect()
}

fn sized(
    args: &OpArgs,
    shape: &[usize],
    axes: &[usize],
    policy: &str,
) -> Result<Vec<AxisTarget>, OpError> {
    let mut sizes = crate::op_args::extents(&args.integers(3)?)?;
    if sizes.len() != axes.len() || sizes.contains(&0) {
        return Err(format!("sizes {sizes:?} for {} axes", axes.len()).into());
    }
    // The number of points in the file differs from that of this batch.
    if let Some(batch) = args.batch.filter(|_| args.depends(0) && args.is_fixed(3))
        && let Some(first) = axes.iter().position(|&axis| axis == 0)
        && sizes[first] == batch.written
        && shape[0] == batch.points
    {
        sizes[first] = shape[0];
    }
    let scale = |(&axis, &size): (&usize, &usize)| size as f64 / shape[axis] as f64;
    let scales = axes.iter().zip(&sizes).map(scale);
    let common = match policy {
        "stretch" => return Ok(sizes.iter().copied().zip(scales).collect()),
        "not_larger" => scales.fold(f64::INFINITY, f64::min),
        "not_smaller" => scales.fold(0.0, f64::max),
        _ => return Err(format!("`keep_aspect_ratio_policy` {policy:?} is unknown").into()),
    };
    let round = |&axis: &usize| (shape[axis] as f64 * common + 0.5).floor().max(1.0) as usize;
    Ok(axes.iter().map(|axis| (round(axis), common)).collect())
}

fn resample(
    args: &OpArgs,
    resampling: &Resampling,
    axes: &[usize],
    targets: &[AxisTarget],
) -> Result<OpOutputs, OpError> {
    let mut shape = args.shape(0)?;
    for (&axis, &(extent, _)) in axes.iter().zip(targets) {
        args.allow(&[extent, shape[axis]])?;
        shape[axis] = extent;
    }
    args.allow(&shape)?;
    let mut array: Array = args.array(0)?;
    for (&axis, &(outputs, scale)) in axes.iter().zip(targets) {
        let inputs = array.shape()[axis];
        if inputs == outputs && scale == 1.0 {
            continue;
        }
        let places = (0..outputs)
            .map(|output| resampling.place(output, inputs, outputs, scale))
            .collect::<Result<Vec<f64>, _>>()?;
        array = if resampling.mode == ResizeMode::Nearest {
            let entries = places.iter().map(|&place| resampling.nearest(place, inputs));
            array.select(axis, &entries.collect::<Result<Vec<_>, _>>()?)?
        } else {
            let row = |&place: &f64| resampling.weights(place, inputs, scale);
            array.mix(axis, &places.iter().map(row).collect::<Vec<_>>())?
        };
    }
    Ok(array.into())
}

impl Resampling<'_> {
    /// The position of an output entry among the input entries.
    fn place(
        &self,
        output: usize,
        inputs: usize,
        outputs: usize,
        scale: f64,
    ) -> Result<f64, OpError> {
        let (at, length) = (output as f64, inputs as f64);
        let half_pixel = (at + 0.5) / scale - 0.5;
        Ok(match self.coordinates {
            "half_pixel" => half_pixel,
            "pytorch_half_pixel" if outputs == 1 => 0.0,
            "pytorch_half_pixel" => half_pixel,
            "half_pixel_symmetric" => {
                let adjustment = outputs as f64 / (scale * length);
                length / 2.0 * (1.0 - adjustment) + half_pixel
            }
            // ONNX and onnxruntime differ for a length that is not a whole number.
            "align_corners" if (scale * length).fract() != 0.0 && outputs != inputs => {
                return Err(format!(
                    "corners are aligned, but {inputs} entries times {scale} are no whole number; \
                     export the model with sizes instead of scales"
                )
                .into());
            }
            "align_corners" if outputs == 1 => 0.0,
            "align_corners" => at * (length - 1.0) / (outputs as f64 - 1.0),
            "asymmetric" => at / scale,
            "tf_half_pixel_for_nn" => (at + 0.5) / scale,
            other => {
                return Err(
                    format!("`coordinate_transformation_mode` {other:?} is not supported").into()
                );
            }
        })
    }

    fn nearest(&self, place: f64, inputs: usize) -> Result<usize, OpError> {
        let entry = match self.rounding {
            "round_prefer_floor" => (place - 0.5).ceil(),
            "round_prefer_ceil" => (place + 0.5).floor(),
            "floor" => place.floor(),
            "ceil" => place.ceil(),
            other => return Err(format!("`nearest_mode` {other:?} is unknown").into()),
        };
        Ok(entry.clamp(0.0, (inputs - 1) as f64) as usize)
    }

    /// The weight of every input entry. Entries beyond the first and the last one are copies of
    /// these, or are left out.
    fn weights(&self, place: f64, inputs: usize, scale: f64) -> Vec<f64> {
        let first = place.floor();
        let ratio = place - first;
        // A smaller result needs a wider window, so that every entry is used.
        let shrink = if self.antialias { scale.min(1.0) } else { 1.0 };
        let reach = if self.mode == ResizeMode::Linear { 1.0 } else { 2.0 };
        let start = (-reach / shrink).floor() as i64 + 1;
        let mut weights = vec![0.0; inputs];
        for offset in start..=1 - start {
            let entry = first + offset as f64;
            let last = (inputs - 1) as f64;
            let is_outside = entry < 0.0 || entry > last;
            if !(self.excludes_outside && is_outside) {
                let weight = self.kernel((offset as f64 - ratio) * shrink);
                weights[entry.clamp(0.0, last) as usize] += weight;
            }
        }
        let sum: f64 = weights.iter().sum();
        if sum != 0.0 {
            weights.iter_mut().for_each(|weight| *weight /= sum);
        }
        weights
    }

    /// The weight at a distance (Keys 1981 for cubic).
    fn kernel(&self, distance: f64) -> f64 {
        let (x, a) = (distance.abs(), self.cubic);
        match self.mode {
            ResizeMode::Nearest | ResizeMode::Linear => (1.0 - x).max(0.0),
            ResizeMode::Cubic if x <= 1.0 => ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0,
            ResizeMode::Cubic if x < 2.0 => ((a * x - 5.0 * a) * x + 8.0 * a) * x - 4.0 * a,
            ResizeMode::Cubic => 0.0,
        }
    }
}
