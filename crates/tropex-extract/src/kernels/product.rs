//! Rows times weights, and planes under convolutions.

#[cfg(feature = "flex")]
use std::sync::{Arc, OnceLock};

use burn::tensor::Tensor;

#[cfg(feature = "flex")]
use super::gated::{self, Map, Other};
#[cfg(feature = "flex")]
use super::{Neighbours, Panels, flex, kept, sparse};
use super::{Stencil, matmul};
use crate::rows::Rows;

/// A matrix `[inputs, outputs]` that many rows are multiplied with.
#[derive(Clone, Debug)]
pub(crate) struct Factor {
    matrix: Tensor<2>,
    /// Of the matrix and of its transpose, made when they are first asked for.
    #[cfg(feature = "flex")]
    panels: Arc<[OnceLock<Panels>; 2]>,
}

impl Factor {
    pub(crate) fn new(matrix: Tensor<2>) -> Self {
        Self {
            matrix,
            #[cfg(feature = "flex")]
            panels: Arc::default(),
        }
    }

    /// `rows . matrix + bias`: rows `[groups * points, inputs]`, group by group, and a bias
    /// `[1, outputs]`.
    #[cfg_attr(not(feature = "flex"), allow(unused_variables))]
    pub(crate) fn product(
        &self,
        rows: Tensor<2>,
        points: usize,
        bias: Option<Tensor<2>>,
    ) -> Tensor<2> {
        #[cfg(feature = "flex")]
        if is_ours(&rows) {
            let panels = kept(&self.panels[0], || Panels::of_vectors(self.matrix.clone()));
            return flex::product(&rows, points, panels, bias);
        }
        let product = matmul(rows, self.matrix.clone());
        match bias {
            None => product,
            Some(bias) => product + bias,
        }
    }

    /// `rows . matrix^T`: rows `[groups * points, outputs]`.
    #[cfg_attr(not(feature = "flex"), allow(unused_variables))]
    pub(crate) fn transposed_product(&self, rows: Tensor<2>, points: usize) -> Tensor<2> {
        #[cfg(feature = "flex")]
        if is_ours(&rows) {
            let panels = kept(&self.panels[1], || Panels::of_transposed(self.matrix.clone()));
            return flex::product(&rows, points, panels, None);
        }
        matmul(rows, self.matrix.clone().transpose())
    }

    /// Rows on their way back: the [transposed product](Self::transposed_product), and sums `[rows, 1]`
    /// of the rows times a bias `[1, outputs]`.
    pub(crate) fn pull(&self, rows: Rows, bias: Option<Tensor<2>>) -> Gated {
        #[cfg(feature = "flex")]
        if let Some(pulled) =
            self.gated(&rows, bias.clone()).or_else(|| self.pull_lanes(&rows, &bias))
        {
            return pulled;
        }
        let (points, rows) = (rows.points(), rows.into_tensor());
        let offset = bias.map(|bias| matmul(rows.clone(), bias.transpose()));
        (Rows::new(self.transposed_product(rows, points), points), offset)
    }

    /// The same behind the gate of the rows; none if that is no gain.
    #[cfg(feature = "flex")]
    fn gated(&self, rows: &Rows, bias: Option<Tensor<2>>) -> Option<Gated> {
        let [inputs, outputs] = self.matrix.dims();
        let neighbours = Neighbours::single();
        let map = || Map {
            neighbours: &neighbours,
            channels: [outputs, inputs],
            weights: flex::held(self.matrix.clone()),
        };
        let other = Other { cost: |share| share, takes_lanes: true };
        gated::pull(rows, map, other, bias)
    }

    /// The same of rows that lie side by side; none of others.
    #[cfg(feature = "flex")]
    fn pull_lanes(&self, rows: &Rows, bias: &Option<Tensor<2>>) -> Option<Gated> {
        let lanes = rows.lanes()?;
        let panels = kept(&self.panels[1], || Panels::of_transposed(self.matrix.clone()));
        let offset = bias.clone().map(|bias| lanes.offset(&flex::held(bias)));
        Some((Rows::new(flex::product_of_lanes(lanes, panels), rows.points()), offset))
    }
}

/// Rows behind a gate, and what a bias adds to theirs.
pub(crate) type Gated = (Rows, Option<Tensor<2>>);

/// Rows on their way back through a stencil, behind their gate, and sums `[rows, 1]` of the rows times
/// a bias for every channel; none if that is no gain.
#[cfg_attr(not(feature = "flex"), allow(unused_variables))]
pub(crate) fn correlate_gated(
    rows: &Rows,
    stencil: &Stencil,
    bias: Option<Tensor<1>>,
) -> Option<Gated> {
    #[cfg(feature = "flex")]
    return {
        let cost = |share| sparse::cost(share, rows.groups(), stencil.channels[1]).min(1.0);
        let map = || Map {
            neighbours: &stencil.neighbours,
            channels: stencil.channels,
            weights: flex::held(stencil.by_output().clone()),
        };
        gated::pull(rows, map, Other { cost, takes_lanes: false }, bias)
    };
    #[cfg(not(feature = "flex"))]
    return None;
}

/// Whether values lie where kernels of ours can read them.
#[cfg_attr(not(feature = "flex"), allow(unused_variables))]
pub(crate) fn is_ours(values: &Tensor<2>) -> bool {
    #[cfg(feature = "flex")]
    return flex::holds(values);
    #[cfg(not(feature = "flex"))]
    return false;
}

/// Planes `[groups * points, channels * cells]`, group by group, under a stencil, and a bias for every
/// channel of the output; none if that is the backend's matter.
#[cfg_attr(not(feature = "flex"), allow(unused_variables))]
pub(crate) fn correlate(
    planes: &Tensor<2>,
    points: usize,
    stencil: &Stencil,
    bias: Option<&Tensor<1>>,
) -> Option<Tensor<2>> {
    #[cfg(feature = "flex")]
    return flex::correlation(planes, points, stencil, bias);
    #[cfg(not(feature = "flex"))]
    return None;
}
