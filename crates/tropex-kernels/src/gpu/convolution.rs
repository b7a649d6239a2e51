//! Convolutions as products of matrices.
//!
//! The kernel is the product of dense layers, which multiplies in f32 without tensor cores. It
//! reads its left factor, the unfolded windows (im2col), from the planes: an implicit GEMM, whose
//! left factor is never in memory.

use burn::tensor::Tensor;
use burn::tensor::ops::ConvOptions;
use burn_cubecl::cubecl::prelude::Scalar;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubek::convolution::components::global::args::RuntimeArgs;
use cubek::convolution::components::{
    ConvSetupError, ConvolutionOperation, ConvolutionProblem, Dimensionality,
};
use cubek::convolution::{backward_data, forward};
use cubek::matmul::definition::{
    AccumulatorOperand, AvailableVectorSizes, MatmulElems, MatmulVectorSizes,
};
use cubek::matmul::multi_level::BatchMatmulRoutine;
use cubek::matmul::multi_level::args::TensorArgs;
use cubek::matmul::multi_level::definition::{BatchMatmulBlueprint, TilingScheme};
use cubek::matmul::multi_level::routines::batch::simple_unit::SimpleUnitAlgorithm;
use cubek::matmul::routine::BlueprintStrategy;
use cubek::std::{InputBinding, MatrixLayout};

use super::tensor::{empty, on_gpu};

/// The product of register tiles that dense layers use too.
type Product = SimpleUnitAlgorithm;

type Arguments = TensorArgs<RuntimeArgs>;

/// A cross-correlation without bias. `None` for groups of channels.
///
/// # Shapes
/// - planes: `[count, input channels, extents..]`
/// - weight: `[output channels, input channels, kernel..]`
/// - output: `[count, output channels, output extents..]`
pub(crate) fn convolve<const S: usize, const D: usize>(
    planes: &Tensor<D>,
    weight: &Tensor<D>,
    options: &ConvOptions<S>,
    extents: [usize; S],
) -> Option<Tensor<D>> {
    let shape = shape(planes, weight.dims()[0], extents);
    launch(ConvolutionOperation::Forward, planes, weight, options, shape)
}

/// Largest product of the strides of a transpose. The kernel multiplies zeros for the cells between
/// two windows, which makes the product of the strides times the needed work. Burn's direct kernel
/// skips them: with a product of 4 both take the same time (32 channels, 3x3, on llvmpipe; not
/// measured on a GPU, `cargo bench --bench operations -- conv`).
const MAX_STRIDES: usize = 4;

/// The transpose of [`convolve`]. `None` also for long strides.
///
/// # Shapes
/// - planes: `[count, output channels, output extents..]`
/// - weight: `[output channels, input channels, kernel..]`
/// - output: `[count, input channels, extents..]`
pub(crate) fn convolve_transposed<const S: usize, const D: usize>(
    planes: &Tensor<D>,
    weight: &Tensor<D>,
    options: &ConvOptions<S>,
    extents: [usize; S],
) -> Option<Tensor<D>> {
    if options.stride.iter().product::<usize>() > MAX_STRIDES {
        return None;
    }
    let shape = shape(planes, weight.dims()[1], extents);
    launch(ConvolutionOperation::BackwardData, planes, weight, options, shape)
}

/// `[count of planes, channels, extents..]`
fn shape<const S: usize, const D: usize>(
    planes: &Tensor<D>,
    channels: usize,
    extents: [usize; S],
) -> [usize; D] {
    let mut shape = planes.dims();
    shape[1] = channels;
    shape[2..].copy_from_slice(&extents);
    shape
}

/// Launches the product. `None` if there is no kernel for the sizes.
fn launch<const S: usize, const D: usize>(
    operation: ConvolutionOperation,
    planes: &Tensor<D>,
    weight: &Tensor<D>,
    options: &ConvOptions<S>,
    shape: [usize; D],
) -> Option<Tensor<D>> {
    if options.groups != 1 {
        return None;
    }
    let (source, weight) = (channels_last(planes)?, channels_last(weight)?);
    let target = empty(shape, &planes.device());
    let operands = Operands {
        source: into_contiguous(source),
        weight: into_contiguous(weight),
        // The kernel writes planes with their channels first, so that nothing copies them.
        target: channels_last(&target)?,
    };
    let problem = operands.problem(operation, options)?;
    operands.launch(&problem).ok().map(|()| target)
}

/// The tensor with the axes `[count, extents.., channels]`, without a copy.
fn channels_last<const D: usize>(planes: &Tensor<D>) -> Option<CubeTensor> {
    let axes = std::array::from_fn(|axis| match axis {
        0 => 0,
        _ if axis + 1 == D => 1,
        _ => axis as isize + 1,
    });
    on_gpu(&planes.clone().permute::<isize>(axes))
}

/// The two factors and the result, all with their channels last.
struct Operands {
    source: CubeTensor,
    weight: CubeTensor,
    target: CubeTensor,
}

impl Operands {
    /// The sizes of the product. `None` for another number of axes than 1 to 3.
    fn problem<const S: usize>(
        &self,
        operation: ConvolutionOperation,
        options: &ConvOptions<S>,
    ) -> Option<ConvolutionProblem> {
        let Self { source, weight, target } = self;
        let is_forward = operation == ConvolutionOperation::Forward;
        let (input, output) = if is_forward { (source, target) } else { (target, source) };
        let narrow = |sizes: [usize; S]| sizes.map(|size| size as u32).to_vec();
        let tensors = [source, weight, target].into_iter();
        Some(ConvolutionProblem {
            m: target.meta.shape()[0] * extents(target).iter().product::<usize>(),
            n: channels(target),
            k: channels(source) * extents(weight).iter().product::<usize>(),
            lhs_strides: source.meta.strides().clone(),
            rhs_strides: weight.meta.strides().clone(),
            lhs_layout: MatrixLayout::RowMajor,
            rhs_layout: if is_forward { MatrixLayout::ColMajor } else { MatrixLayout::RowMajor },
            kernel_size: extents(weight).iter().map(|&size| size as u32).collect(),
            stride: narrow(options.stride),
            padding: options.padding_begin().iter().map(|&size| size as i32).collect(),
            dilation: narrow(options.dilation),
            batches: source.meta.shape()[0],
            // The channels of the left factor in both directions: the kernel takes from them
            // whether it has to check them.
            channels: channels(source),
            out_channels: channels(output),
            in_shape: extents(input).into(),
            out_shape: extents(output).into(),
            padded_channels: channels(source),
            operation,
            dimensionality: match S {
                1 => Dimensionality::Dim1,
                2 => Dimensionality::Dim2,
                3 => Dimensionality::Dim3,
                _ => return None,
            },
            global_dtypes: single().as_global_elems(),
            address_type: tensors.map(CubeTensor::required_address_type).max()?,
        })
    }

    /// Launches the product with the first tiling that the device takes.
    fn launch(&self, problem: &ConvolutionProblem) -> Result<(), ConvSetupError> {
        let vector_sizes = self.vector_sizes()?;
        if let Some(blueprint) = self.narrow_blueprint(problem, vector_sizes)? {
            let narrow = BlueprintStrategy::Forced(blueprint);
            if self.launch_with(problem, vector_sizes, &narrow).is_ok() {
                return Ok(());
            }
        }
        let inferred = BlueprintStrategy::Inferred(Default::default());
        self.launch_with(problem, vector_sizes, &inferred)
    }

    fn launch_with(
        &self,
        problem: &ConvolutionProblem,
        vector_sizes: MatmulVectorSizes,
        strategy: &BlueprintStrategy<RuntimeArgs, Product>,
    ) -> Result<(), ConvSetupError> {
        let client = &self.source.client;
        let input = |tensor: &CubeTensor| {
            InputBinding::new(tensor.clone().binding(), f32::elem_type_native())
        };
        let (source, weight) = (input(&self.source), input(&self.weight));
        let (target, problem) = (self.target.clone().binding(), problem.clone());
        let dtypes = single();
        if problem.operation == ConvolutionOperation::Forward {
            forward::selector::launch_kernel_concrete::<Arguments, Product>(
                client,
                source,
                weight,
                None,
                target,
                problem,
                vector_sizes,
                strategy,
                &dtypes,
            )
        } else {
            backward_data::selector::launch_kernel_concrete::<Arguments, Product>(
                client,
                source,
                weight,
                target,
                problem,
                vector_sizes,
                strategy,
                &dtypes,
            )
        }
    }

    /// Numbers per access to each tensor: more than one only if their channels are neighbours.
    fn vector_sizes(&self) -> Result<MatmulVectorSizes, ConvSetupError> {
        let bytes = size_of::<f32>();
        let [source, weight, target] =
            [&self.source, &self.weight, &self.target].map(|tensor| &tensor.meta);
        let row = MatrixLayout::RowMajor;
        let sizes = AvailableVectorSizes::from_type_sizes(&self.source.client, bytes, bytes, bytes)
            .filter_lhs_with_tensor(source.strides(), source.shape(), row)
            .filter_rhs_with_tensor(weight.strides(), weight.shape(), row)
            .filter_out_with_tensor(target.strides(), target.shape());
        Ok(sizes.pick_max()?)
    }

    /// A tiling for few channels. `None` if the tiles of the library are not wider than these.
    ///
    /// A thread block of the library computes 128 columns for 32 threads in a warp. Channels are
    /// columns here, so that it would compute most of a layer with 64 or 3 channels in vain.
    fn narrow_blueprint(
        &self,
        problem: &ConvolutionProblem,
        vector_sizes: MatmulVectorSizes,
    ) -> Result<Option<BatchMatmulBlueprint>, ConvSetupError> {
        let client = &self.source.client;
        let settings =
            <Product as BatchMatmulRoutine<RuntimeArgs>>::device_settings(client, vector_sizes);
        let inferred = <Product as BatchMatmulRoutine<RuntimeArgs>>::expand_blueprint(
            &problem.as_matmul_problem(AccumulatorOperand::Absent),
            &settings,
            &BlueprintStrategy::Inferred(Default::default()),
        )?;
        Ok(narrowed(inferred.blueprint, problem))
    }
}

/// Smallest number of columns of a thread block. With fewer columns it would have so many rows that
/// they exceed its shared memory.
const MIN_COLUMNS: u32 = 32;

/// The blueprint with as many threads, but fewer columns and more rows. `None` if it has less than
/// twice as many columns as needed.
fn narrowed(
    blueprint: BatchMatmulBlueprint,
    problem: &ConvolutionProblem,
) -> Option<BatchMatmulBlueprint> {
    let mut scheme: TilingScheme = blueprint.tiling_scheme;
    let needed = (problem.n as u32).max(MIN_COLUMNS);
    while scheme.elements_per_stage_along_n() >= 2 * needed && scheme.stage_size.n.is_multiple_of(2)
    {
        scheme.stage_size.n /= 2;
        scheme.stage_size.m *= 2;
        // Fewer rows per thread, so that the rows of the thread block fit into its shared memory.
        scheme.partition_size.m = scheme.partition_size.m.div_ceil(2).max(2);
    }
    if scheme == blueprint.tiling_scheme {
        return None;
    }
    let check_m_bounds = !problem.m.is_multiple_of(scheme.elements_per_stage_along_m() as usize);
    let check_n_bounds = !problem.n.is_multiple_of(scheme.elements_per_stage_along_n() as usize);
    Some(BatchMatmulBlueprint {
        tiling_scheme: scheme,
        check_m_bounds,
        check_n_bounds,
        ..blueprint
    })
}

/// f32 in memory, in shared memory and in registers.
fn single() -> MatmulElems {
    MatmulElems::from_single_dtype(f32::elem_type_native())
}

/// The extents of planes with their channels last.
fn extents(planes: &CubeTensor) -> &[usize] {
    let shape = planes.meta.shape();
    &shape[1..shape.len() - 1]
}

/// Number of channels of planes with their channels last.
fn channels(planes: &CubeTensor) -> usize {
    planes.meta.shape()[planes.meta.num_dims() - 1]
}
