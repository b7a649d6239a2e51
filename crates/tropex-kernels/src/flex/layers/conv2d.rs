//! Convolutions with a bias and an activation, and their backward pass.

use burn::backend::Flex;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops};
use burn::backend::flex::FlexTensor;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Tensor, TensorData};

use super::activation::activation_gradient;
use super::convolve::{Convolution, Epilogue, pack_panels};
use super::geometry::WindowGeometry;
use super::planes::{PlaneShape, in_planes, numbers};
use super::recorded::{LayerTensor, nodes, record};
use super::weight_gradient::WeightGradient;
use crate::simd::{SimdFloat, for_float};

/// [`crate::conv2d`], if `flex` holds the tensors, there is one group of channels, and there are
/// enough points.
pub(crate) fn conv2d(
    input: &Tensor<4>,
    weight: &Tensor<4>,
    bias: &Tensor<1>,
    options: &ConvOptions<2>,
    slope: Option<f64>,
) -> Option<Tensor<4>> {
    let [_, channels, height, width] = input.dims();
    let [_, inputs, rows, columns] = weight.dims();
    if options.groups != 1 || channels != inputs {
        return None;
    }
    let ConvOptions { stride, padding, dilation, .. } = options.clone();
    let geometry =
        WindowGeometry::new([height, width], [rows, columns], stride, padding, dilation)?;
    let parts = [LayerTensor::of(input)?, LayerTensor::of(weight)?, LayerTensor::of(bias)?];
    let dtype = parts[0].numbers.dtype();
    if parts.iter().any(|part| part.numbers.dtype() != dtype) {
        return None;
    }
    for_float!(dtype, conv2d_in(parts, geometry, slope))
}

fn conv2d_in<F: SimdFloat>(
    parts: [LayerTensor; 3],
    geometry: WindowGeometry,
    slope: Option<f64>,
) -> Option<Tensor<4>> {
    let [input, weight, bias] = parts.each_ref().map(|part| part.numbers.clone());
    let shape = PlaneShape::of::<F>(&input);
    if !shape.is_dense() {
        return None;
    }
    let (input, weight) = (in_planes::<F>(input), weight.to_contiguous());
    let bias = bias.to_contiguous();
    let output = forward::<F>(&input, &weight, &bias, &geometry, slope);
    let (nodes, kept) = (nodes(parts), output.clone());
    let state = || Conv2dState { input, weight, output: kept, geometry, slope };
    Some(record(Conv2dBackward, nodes, output, state))
}

fn forward<F: SimdFloat>(
    input: &FlexTensor,
    weight: &FlexTensor,
    bias: &FlexTensor,
    geometry: &WindowGeometry,
    slope: Option<f64>,
) -> FlexTensor {
    let (shape, outputs) = (PlaneShape::of::<F>(input), weight.layout().shape()[0]);
    let weights = numbers::<F>(weight);
    let (inputs, cells) = (shape.channels, geometry.kernel_cells());
    let panels = pack_panels([cells, inputs, outputs], |cell, input, output| {
        weights[(output * inputs + input) * cells + cell]
    });
    let epilogue = Epilogue { bias: Some(numbers(bias)), slope: slope.map(F::of) };
    let (pattern, input) = (&geometry.patterns().forward, input.storage::<F>());
    let output = Convolution { pattern, panels: &panels, input, shape, epilogue }.output(outputs);
    PlaneShape::new::<F>(shape.points, outputs, geometry.output).tensor(output)
}

/// The gradient of the input, from that of the sums before the activation.
fn input_gradient<F: SimdFloat>(
    gradient: &FlexTensor,
    weight: &FlexTensor,
    geometry: &WindowGeometry,
) -> FlexTensor {
    let (shape, inputs) = (PlaneShape::of::<F>(gradient), weight.layout().shape()[1]);
    let weights = numbers::<F>(weight);
    let (outputs, cells) = (shape.channels, geometry.kernel_cells());
    let panels = pack_panels([cells, outputs, inputs], |cell, output, input| {
        weights[(output * inputs + input) * cells + cells - 1 - cell]
    });
    let epilogue = Epilogue { bias: None, slope: None };
    let (pattern, input) = (&geometry.patterns().transposed, gradient.storage::<F>());
    let output = Convolution { pattern, panels: &panels, input, shape, epilogue }.output(inputs);
    PlaneShape::new::<F>(shape.points, inputs, geometry.input).tensor(output)
}

fn weight_gradient<F: SimdFloat>(
    input: &FlexTensor,
    gradient: &FlexTensor,
    weight: &FlexTensor,
    geometry: &WindowGeometry,
) -> FlexTensor {
    let operands = WeightGradient {
        geometry,
        input: input.storage::<F>(),
        input_shape: PlaneShape::of::<F>(input),
        gradient: gradient.storage::<F>(),
        output_shape: PlaneShape::of::<F>(gradient),
    };
    FlexTensor::from_data(TensorData::new(operands.sum(), weight.layout().shape().clone()))
}

#[derive(Debug)]
struct Conv2dBackward;

/// What the backward pass of a convolution reads.
#[derive(Clone, Debug)]
struct Conv2dState {
    input: FlexTensor,
    weight: FlexTensor,
    /// The output of the activation, which has the sign of its input.
    output: FlexTensor,
    geometry: WindowGeometry,
    slope: Option<f64>,
}

impl Backward<Flex, 3> for Conv2dBackward {
    type State = Conv2dState;

    fn backward(self, ops: Ops<Conv2dState, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = gradients.consume::<Flex>(&ops.node);
        let wanted = ops.parents.each_ref().map(Option::is_some);
        let found = for_float!(gradient.dtype(), backward_in(ops.state, gradient, wanted));
        for (parent, found) in ops.parents.into_iter().zip(found) {
            if let (Some(parent), Some(found)) = (parent, found) {
                gradients.register::<Flex>(parent.id, found);
            }
        }
    }
}

/// The wanted gradients of input, weight and bias.
fn backward_in<F: SimdFloat>(
    state: Conv2dState,
    gradient: FlexTensor,
    wanted: [bool; 3],
) -> [Option<FlexTensor>; 3] {
    let Conv2dState { input, weight, output, geometry, slope } = state;
    let gradient = in_planes::<F>(gradient);
    let (gradient, sums) = activation_gradient(gradient, &output, slope.map(F::of));
    drop(output);
    let channels = sums.len();
    [
        wanted[0].then(|| input_gradient::<F>(&gradient, &weight, &geometry)),
        wanted[1].then(|| weight_gradient::<F>(&input, &gradient, &weight, &geometry)),
        wanted[2].then(|| FlexTensor::from_data(TensorData::new(sums, [channels]))),
    ]
}
