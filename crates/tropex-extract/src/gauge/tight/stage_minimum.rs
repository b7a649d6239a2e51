//! The contribution of points to the shifts of a stage.

use burn::tensor::TensorData;

use super::bundle::TensorBundle;

/// Names of the tensors in the bytes of a minimum.
const LOWEST: &str = "lowest";
const CONSTANT: &str = "constant";

/// The smallest coefficients of the rows of points at the end of a stage, and the constant that
/// the points need at the logits. The minimum of all points follows from those of its parts,
/// whatever the parts are.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct StageMinimum {
    /// The smallest coefficient of each feature, `[features]`; `None` if no row arrives.
    pub(super) lowest: Option<Vec<f64>>,
    /// The constant at the logits, at least 0.
    pub(super) constant: f64,
}

impl StageMinimum {
    /// The minimum of two sets of points together.
    pub(crate) fn and(self, other: Self) -> Self {
        let lowest = elementwise_min(self.lowest, other.lowest);
        Self { lowest, constant: self.constant.max(other.constant) }
    }

    /// The minimum as the content of a safetensors file.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bundle = TensorBundle::default();
        if let Some(lowest) = &self.lowest {
            bundle.put(LOWEST, TensorData::new(lowest.clone(), [lowest.len()]));
        }
        bundle.put(CONSTANT, TensorData::new(vec![self.constant], [1]));
        bundle.to_bytes()
    }

    /// Reads the bytes of a minimum; `None` if they are not those of a minimum.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut bundle = TensorBundle::from_bytes(bytes)?;
        let constant = *bundle.take(CONSTANT)?.as_slice::<f64>().ok()?.first()?;
        let lowest = match bundle.take(LOWEST) {
            Some(lowest) => Some(lowest.as_slice::<f64>().ok()?.to_vec()),
            None => None,
        };
        Some(Self { lowest, constant })
    }
}

/// The smaller coefficient of each feature. A missing list is ignored.
pub(super) fn elementwise_min(
    lowest: Option<Vec<f64>>,
    other: Option<Vec<f64>>,
) -> Option<Vec<f64>> {
    match (lowest, other) {
        (Some(lowest), Some(other)) => {
            Some(lowest.into_iter().zip(other).map(|(a, b)| a.min(b)).collect())
        }
        (lowest, other) => lowest.or(other),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn minimum() -> impl Strategy<Value = StageMinimum> {
        let lowest = prop::option::of(prop::collection::vec(-2..3_i8, 3));
        let lowest = lowest.prop_map(|numbers| Some(numbers?.into_iter().map(f64::from).collect()));
        (lowest, 0..5_u8)
            .prop_map(|(lowest, constant)| StageMinimum { lowest, constant: f64::from(constant) })
    }

    proptest! {
        #[test]
        fn the_division_into_parts_does_not_matter(
            all in prop::collection::vec(minimum(), 1..9),
            cut in 0..9_usize,
        ) {
            let of = |parts: &[StageMinimum]| {
                parts.iter().cloned().fold(StageMinimum::default(), StageMinimum::and)
            };
            let (before, after) = all.split_at(cut.min(all.len()));
            prop_assert_eq!(of(before).and(of(after)), of(&all));
        }

        #[test]
        fn minima_survive_as_bytes(minimum in minimum()) {
            let bytes = minimum.to_bytes();
            prop_assert_eq!(StageMinimum::from_bytes(&bytes), Some(minimum));
            prop_assert_eq!(StageMinimum::from_bytes(&bytes[1..]), None);
        }
    }
}
