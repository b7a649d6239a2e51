//! Coefficient rows on their way from the logits to the input.

use burn::tensor::Tensor;

use crate::kernels;
#[cfg(feature = "flex")]
use crate::kernels::Lanes;

/// Rows `[groups * points, features]`, group by group: row `g * points + i` belongs to point `i`.
///
/// A group is one affine function per point, such as the linear term of the predicted class. Where
/// a shift is pending, the **last** group is the negative term: it alone is shifted, since the
/// positive term is carried as its difference to the negative one.
#[derive(Clone, Debug)]
pub struct Rows {
    held: Held,
    points: usize,
    shift: Option<Tensor<2>>,
    gate: Option<Tensor<2>>,
}

/// How rows are held.
#[derive(Clone, Debug)]
enum Held {
    Tensor(Tensor<2>),
    #[cfg(feature = "flex")]
    Lanes(Lanes),
}

impl Held {
    fn into_tensor(self) -> Tensor<2> {
        match self {
            Self::Tensor(tensor) => tensor,
            #[cfg(feature = "flex")]
            Self::Lanes(lanes) => lanes.into_tensor(),
        }
    }
}

impl Rows {
    /// Rows `[groups * points, features]` without a shift; their number is a multiple of `points`.
    pub fn new(tensor: Tensor<2>, points: usize) -> Self {
        Self { held: Held::Tensor(tensor), points, shift: None, gate: None }
    }

    /// Leaves a shift `[1, features]` to whoever touches the rows next, to spare a pass of its own.
    pub(crate) fn with_shift(self, shift: Option<&Tensor<2>>) -> Self {
        Self { shift: shift.cloned(), ..self }
    }

    /// Says where rows that come of these are read, `[points, features at the input]`: a kernel may
    /// leave out what they have where the gate is not positive.
    pub fn with_gate(self, gate: Option<Tensor<2>>) -> Self {
        Self { gate, ..self }
    }

    /// Where rows that come of these are read, if that is not everywhere.
    #[cfg(feature = "flex")]
    pub(crate) fn gate(&self) -> Option<&Tensor<2>> {
        self.gate.as_ref()
    }

    /// Whether a kernel may leave out what the gate holds back.
    pub(crate) fn may_be_gated(&self) -> bool {
        let is_ours = match &self.held {
            Held::Tensor(tensor) => kernels::is_ours(tensor),
            #[cfg(feature = "flex")]
            Held::Lanes(_) => true,
        };
        let is_open_to_us = self.gate.as_ref().is_none_or(kernels::is_ours);
        self.shift.is_none() && is_ours && is_open_to_us
    }

    /// Points per group.
    pub fn points(&self) -> usize {
        self.points
    }

    /// Number of groups.
    pub fn groups(&self) -> usize {
        match &self.held {
            Held::Tensor(tensor) => tensor.dims()[0] / self.points,
            #[cfg(feature = "flex")]
            Held::Lanes(lanes) => lanes.groups(),
        }
    }

    /// The same rows after a map of their features.
    pub(crate) fn map(self, f: impl FnOnce(Tensor<2>) -> Tensor<2>) -> Self {
        let points = self.points;
        Self::new(f(self.into_tensor()), points)
    }

    /// The rows, their pending shift added.
    pub fn into_tensor(self) -> Tensor<2> {
        let tensor = self.held.into_tensor();
        match self.shift {
            None => tensor,
            Some(shift) => {
                let [rows, features] = tensor.dims();
                let groups = rows / self.points;
                let shifts = on_last_group(shift, groups);
                let tensor = tensor.reshape([groups, self.points, features]) + shifts;
                tensor.reshape([rows, features])
            }
        }
    }

    /// Rows that lie side by side.
    #[cfg(feature = "flex")]
    pub(crate) fn of_lanes(lanes: Lanes) -> Self {
        let points = lanes.points();
        Self { held: Held::Lanes(lanes), points, shift: None, gate: None }
    }

    /// The rows, if they lie side by side and nothing is to be added to them.
    #[cfg(feature = "flex")]
    pub(crate) fn lanes(&self) -> Option<&Lanes> {
        match &self.held {
            Held::Lanes(lanes) if self.shift.is_none() => Some(lanes),
            _ => None,
        }
    }

    /// Other rows in the place of those that lie side by side.
    #[cfg(feature = "flex")]
    pub(crate) fn map_lanes(self, work: impl FnOnce(Lanes) -> Lanes) -> Self {
        match self.held {
            Held::Lanes(lanes) => Self { held: Held::Lanes(work(lanes)), ..self },
            Held::Tensor(_) => self,
        }
    }

    /// The same rows in a tensor.
    #[cfg(feature = "flex")]
    pub(crate) fn in_tensor(self) -> Self {
        Self { held: Held::Tensor(self.held.into_tensor()), ..self }
    }

    /// The rows without their pending shift, if they are in a tensor.
    #[cfg(feature = "flex")]
    pub(crate) fn tensor(&self) -> Option<&Tensor<2>> {
        match &self.held {
            Held::Tensor(tensor) => Some(tensor),
            Held::Lanes(_) => None,
        }
    }

    /// The pending shift.
    #[cfg(feature = "flex")]
    pub(crate) fn shift(&self) -> Option<&Tensor<2>> {
        self.shift.as_ref()
    }

    /// Rows and pending shift, for kernels that add it themselves.
    #[cfg(feature = "flex")]
    pub(crate) fn into_parts(self) -> (Tensor<2>, usize, Option<Tensor<2>>) {
        (self.held.into_tensor(), self.points, self.shift)
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
