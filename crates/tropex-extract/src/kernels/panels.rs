//! Weights in the order in which products that skip zeros read them.

use burn::tensor::{Element, Tensor, TensorData};

/// Columns of a panel.
const WIDTH: usize = 64;

/// A matrix `[inputs, outputs]` in panels of some columns, one after the other, each row by row: what
/// one row gives to a few columns lies together, and a panel stays in a core's own cache.
#[derive(Clone, Debug)]
pub(crate) struct Panels {
    data: TensorData,
    inputs: usize,
}

/// Some columns of a matrix.
#[cfg_attr(not(feature = "flex"), allow(dead_code))]
pub(super) struct Panel<'a, F> {
    /// The first column.
    pub(super) start: usize,
    /// Columns.
    pub(super) width: usize,
    /// `[inputs, width]`
    pub(super) weights: &'a [F],
}

impl Panels {
    /// Puts weights in order.
    pub(crate) fn of(weight: Tensor<2>) -> Self {
        let [inputs, outputs] = weight.dims();
        let data = weight.into_data();
        let data = match data.as_slice::<f64>() {
            Ok(weights) => packed(weights, inputs, outputs),
            Err(_) => packed(data.as_slice::<f32>().unwrap_or(&[]), inputs, outputs),
        };
        Self { data, inputs }
    }
}

#[cfg_attr(not(feature = "flex"), allow(dead_code))]
impl Panels {
    /// The panels, if `F` is the type of the weights.
    pub(super) fn all<F: Element>(&self) -> impl Iterator<Item = Panel<'_, F>> {
        let panels = self.data.as_slice::<F>().unwrap_or(&[]).chunks(WIDTH * self.inputs);
        panels.enumerate().map(|(index, weights)| {
            let width = weights.len() / self.inputs;
            Panel { start: index * WIDTH, width, weights }
        })
    }
}

fn packed<F: Element>(weights: &[F], inputs: usize, outputs: usize) -> TensorData {
    let mut packed = Vec::with_capacity(weights.len());
    for start in (0..outputs).step_by(WIDTH) {
        let columns = start..outputs.min(start + WIDTH);
        weights
            .chunks_exact(outputs)
            .for_each(|row| packed.extend_from_slice(&row[columns.clone()]));
    }
    TensorData::new(packed, [inputs * outputs])
}
