//! Capture: from a Burn module to a [`Network`].
//!
//! `record` runs the forward pass on Burn's capture device, `lower` translates the recorded
//! operations, `fuse` joins consecutive affine maps, and `verify` compares the network with the
//! module. Only this folder uses Burn's intermediate representation.
//!
//! `lower` uses: `context`, the state of every recorded tensor; `diagnostics`, the unsupported
//! operations; `shapes`, the axis of points; `evaluate`, the values of constants; `rearrange`,
//! operations that move numbers; `linear`, the matrix of an operation; `form`, recognition of
//! maxima; `elementwise_function` and `piecewise`, recognition of continuous functions; `mask`,
//! Boolean tensors; `build`, operations composed of others.

mod broadcast;
mod build;
mod context;
mod diagnostics;
mod elementwise_function;
mod evaluate;
mod form;
mod fuse;
mod linear;
mod lower;
mod lowering_error;
mod mask;
mod output;
mod piecewise;
mod rearrange;
mod record;
mod shapes;
mod verify;

use burn::module::Module;
use burn::tensor::Tensor;

use crate::{CaptureError, Error, Network};

/// Captures the forward pass of a module as a piecewise-linear [`Network`].
///
/// A softmax or log-softmax over the classes at the end of the forward pass is recorded and
/// omitted. The module is captured in evaluation mode: dropout does nothing, and batch norm uses
/// its running statistics.
///
/// # Shapes
/// - `input_shape`: the shape of one point, such as `[3, 32, 32]` for a module that takes
///   `Tensor<4>`
/// - `forward`: maps `[points, input_shape..]` to logits `[points, classes]`
///
/// # Precision
///
/// The network computes in `f64` if the parameters are `f64`, and in `f32` otherwise. Parameters in
/// `bf16` or `f16` are used exactly; the rounding of intermediate values to these types is not
/// reproduced.
///
/// The network is compared with the module's forward pass at random points. A difference that
/// rounding in the module's type explains is accepted.
///
/// # Errors
/// [`Error::Unsupported`] lists every operation that is not piecewise linear or not supported.
/// [`Error::SelfCheck`]: the network differs from the module by more than rounding.
/// [`Error::Capture`]: another reason, such as a wrong input shape.
///
/// # Example
/// ```
/// use burn::nn::{Linear, LinearConfig};
/// use burn::tensor::{Device, Tensor, activation::relu};
/// use burn::module::Module;
///
/// #[derive(Module, Debug)]
/// struct Model {
///     hidden: Linear,
///     output: Linear,
/// }
///
/// impl Model {
///     fn forward(&self, points: Tensor<2>) -> Tensor<2> {
///         self.output.forward(relu(self.hidden.forward(points)))
///     }
/// }
///
/// # #[cfg(feature = "flex")] {
/// let device = Device::flex();
/// let model = Model {
///     hidden: LinearConfig::new(4, 8).init(&device),
///     output: LinearConfig::new(8, 3).init(&device),
/// };
/// let network = tropex_extract::capture(&model, [4], Model::forward)?;
/// assert_eq!((network.features(), network.units(), network.classes()), (4, 8, 3));
/// # }
/// # Ok::<(), tropex_extract::Error>(())
/// ```
pub fn capture<M, F, const P: usize, const D: usize>(
    module: &M,
    input_shape: [usize; P],
    forward: F,
) -> Result<Network, Error>
where
    M: Module,
    F: Fn(&M, Tensor<D>) -> Tensor<2>,
{
    if P + 1 != D || input_shape.contains(&0) {
        return Err(CaptureError::InputShape { shape: input_shape.to_vec(), axes: D }.into());
    }
    let module = module.valid();
    let recording = record::record(&module, &input_shape, &forward)?;
    let lowered = lower::lower(recording, &input_shape)?;
    let network = fuse::fuse(&lowered);
    verify::verify(&network, &lowered, &module, &forward)?;
    Ok(network)
}
