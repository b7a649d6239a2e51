//! Coefficient rows on their way from the logits to the input.

use burn::tensor::Tensor;

/// Rows `[groups * points, features]`, group by group: row `g * points + i` belongs to point `i`.
///
/// A group is one affine function per point, such as the linear term of the predicted class. Where
/// a shift is pending, the **last** group is the negative term: it alone is shifted, since the
/// positive term is carried as its difference to the negative one.
#[derive(Clone, Debug)]
pub struct Rows {
    tensor: Tensor<2>,
    points: usize,
    shift: Option<Tensor<2>>,
}

impl Rows {
    /// Rows `[groups * points, features]` without a shift; their number is a multiple of `points`.
    pub fn new(tensor: Tensor<2>, points: usize) -> Self {
        Self { tensor, points, shift: None }
    }

    /// Leaves a shift `[1, features]` to whoever touches the rows next, to spare a pass of its own.
    pub(crate) fn with_shift(self, shift: Option<&Tensor<2>>) -> Self {
        Self { shift: shift.cloned(), ..self }
    }

    /// Points per group.
    pub fn points(&self) -> usize {
        self.points
    }

    /// Number of groups.
    pub fn groups(&self) -> usize {
        self.tensor.dims()[0] / self.points
    }

    /// The same rows after a map of their features.
    pub(crate) fn map(self, f: impl FnOnce(Tensor<2>) -> Tensor<2>) -> Self {
        let points = self.points;
        Self::new(f(self.into_tensor()), points)
    }

    /// The rows, their pending shift added.
    pub fn into_tensor(self) -> Tensor<2> {
        match self.shift {
            None => self.tensor,
            Some(shift) => {
                let [rows, features] = self.tensor.dims();
                let groups = rows / self.points;
                let shifts = on_last_group(shift, groups);
                let tensor = self.tensor.reshape([groups, self.points, features]) + shifts;
                tensor.reshape([rows, features])
            }
        }
    }

    /// The rows without their pending shift.
    #[cfg(feature = "flex")]
    pub(crate) fn tensor(&self) -> &Tensor<2> {
        &self.tensor
    }

    /// The pending shift.
    #[cfg(feature = "flex")]
    pub(crate) fn shift(&self) -> Option<&Tensor<2>> {
        self.shift.as_ref()
    }

    /// Rows and pending shift, for kernels that add it themselves.
    #[cfg(feature = "flex")]
    pub(crate) fn into_parts(self) -> (Tensor<2>, usize, Option<Tensor<2>>) {
        (self.tensor, self.points, self.shift)
    }

    /// Rows that arrived at a value together with further ones: a value that is used twice receives
    /// the sum of both.
    pub(crate) fn sum(arrived: Option<Self>, further: Self) -> Self {
        let Some(arrived) = arrived else { return further };
        let points = further.points;
        Self::new(arrived.into_tensor() + further.into_tensor(), points)
    }
}

/// `[groups, 1, features]` with the shift in the last group and zeros before it.
pub(crate) fn on_last_group(shift: Tensor<2>, groups: usize) -> Tensor<3> {
    let shift: Tensor<3> = shift.unsqueeze_dim(0);
    if groups == 1 {
        return shift;
    }
    let zeros = shift.zeros_like().repeat_dim(0, groups - 1);
    Tensor::cat(vec![zeros, shift], 0)
}
