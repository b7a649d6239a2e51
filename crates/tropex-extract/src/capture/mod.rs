//! From a Burn module to a [`Network`]: record the forward pass, lower the recorded operations.
//!
//! `record` runs the module on Burn's capture device, `lower` translates operation by operation,
//! `fuse` joins neighbouring affine maps, `verify` compares the result with the module. Nothing
//! outside this folder knows Burn's intermediate representation.
//!
//! What `lower` stands on: `context` knows every recorded tensor, `shapes` where the points are in
//! it, `evaluate` computes constants, `rearrange` sees where an operation moves numbers, `linear`
//! which matrix it is, `form` that a choice is a maximum, `curve` that it is continuous, and `build`
//! makes operations out of others.

mod broadcast;
mod build;
mod context;
mod curve;
mod evaluate;
mod form;
mod fuse;
mod linear;
mod lower;
mod output;
mod rearrange;
mod record;
mod refusal;
mod shapes;
mod verify;

use burn::module::Module;
use burn::tensor::Tensor;

use crate::{Error, Network};

/// Captures a module's forward pass as a piecewise-linear [`Network`].
///
/// `input_shape` is the shape of one point, without the axis of points: `[3, 32, 32]` for a module
/// that takes `Tensor<4>`. `forward` maps `[points, ...]` to logits `[points, classes]`; a softmax
/// or log-softmax at its very end is left out and recorded. The module is captured as it evaluates:
/// dropout does nothing, batch norm uses its running statistics.
///
/// The network computes in f64 if the module's parameters are f64, and in f32 otherwise: parameters in
/// bf16 or f16 are taken as they are, and what the module rounds to these types in between is not.
///
/// Before it is returned, the network is compared with the module's own forward on random points. They
/// may differ by what rounding explains in the module's own type, on the scale of what is summed.
///
/// # Errors
/// [`Error::Unsupported`] lists every operation that is not piecewise linear or not supported;
/// [`Error::SelfCheck`] is a network that differs from the module by more than rounding;
/// [`Error::Capture`] is anything else that stands against a capture, such as a wrong input shape.
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
        return Err(Error::Capture(format!(
            "input shape {input_shape:?} has {P} axes, but forward takes Tensor<{D}>: give the {} \
             extents of one point, none of them 0, without the axis of points",
            D - 1
        )));
    }
    let module = module.valid();
    let recording = record::record(&module, &input_shape, &forward)?;
    let lowered = lower::lower(recording, &input_shape)?;
    let network = fuse::fuse(&lowered);
    verify::verify(&network, &lowered, &module, &forward)?;
    Ok(network)
}
