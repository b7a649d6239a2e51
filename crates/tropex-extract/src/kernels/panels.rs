//! Weights in the order in which kernels read them.

use std::ops::Range;

use burn::tensor::{Element, Tensor, TensorData};

/// A matrix `[inputs, outputs]` in panels of some columns, one after the other, each row by row: what
/// one row gives to a few columns lies together, and a panel stays in a core's own cache.
#[derive(Clone, Debug)]
pub(crate) struct Panels {
    data: TensorData,
    inputs: usize,
    columns: Vec<Range<usize>>,
}

/// Some columns of a matrix.
#[cfg_attr(not(feature = "flex"), allow(dead_code))]
pub(super) struct Panel<'a, F> {
    /// Which columns.
    pub(super) columns: Range<usize>,
    /// `[inputs, columns]`
    pub(super) weights: &'a [F],
}

#[cfg_attr(not(feature = "flex"), allow(dead_code))]
impl<F> Panel<'_, F> {
    pub(super) fn width(&self) -> usize {
        self.columns.len()
    }

    #[inline(always)]
    pub(super) fn row(&self, row: usize) -> &[F] {
        &self.weights[row * self.width()..][..self.width()]
    }
}

impl Panels {
    /// Columns of a wide panel.
    const WIDTH: usize = 64;

    /// Wide panels, from whose rows vectors are read.
    pub(crate) fn wide(weight: Tensor<2>) -> Self {
        let [_, outputs] = weight.dims();
        let starts = (0..outputs).step_by(Self::WIDTH);
        let columns = starts.map(|start| start..outputs.min(start + Self::WIDTH));
        Self::new(weight, columns.collect())
    }

    fn new(weight: Tensor<2>, columns: Vec<Range<usize>>) -> Self {
        let [inputs, outputs] = weight.dims();
        let data = weight.into_data();
        let data = match data.as_slice::<f64>() {
            Ok(weights) => packed(weights, outputs, &columns),
            Err(_) => packed(data.as_slice::<f32>().unwrap_or(&[]), outputs, &columns),
        };
        Self { data, inputs, columns }
    }
}

#[cfg_attr(not(feature = "flex"), allow(dead_code))]
impl Panels {
    /// Panels of at most so many columns, and all of nearly as many.
    pub(super) fn narrow(weight: Tensor<2>, most: usize) -> Self {
        let [_, outputs] = weight.dims();
        let count = outputs.div_ceil(most);
        let start = |panel: usize| panel * outputs / count;
        Self::new(weight, (0..count).map(|panel| start(panel)..start(panel + 1)).collect())
    }

    /// The panels, if `F` is the type of the weights.
    pub(super) fn all<F: Element>(&self) -> impl Iterator<Item = Panel<'_, F>> {
        let weights = self.data.as_slice::<F>().unwrap_or(&[]);
        self.columns.iter().filter_map(move |columns| {
            let weights = weights.get(columns.start * self.inputs..columns.end * self.inputs)?;
            Some(Panel { columns: columns.clone(), weights })
        })
    }
}

fn packed<F: Element>(weights: &[F], outputs: usize, panels: &[Range<usize>]) -> TensorData {
    let mut packed = Vec::with_capacity(weights.len());
    for columns in panels {
        let rows = weights.chunks_exact(outputs);
        rows.for_each(|row| packed.extend_from_slice(&row[columns.clone()]));
    }
    let count = packed.len();
    TensorData::new(packed, [count])
}
