//! A table of terms of consecutive points, in memory.

use std::ops::Range;

use burn::tensor::TensorData;

use super::{Classes, Terms};

/// The terms of consecutive points: a whole shard or a part of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TermTable {
    /// Position of the first point in the store, counted from 0.
    pub first: usize,
    /// Index of each point in the dataset, `[points]`.
    pub index: Vec<i64>,
    /// True class of each point, `[points]`.
    pub label: Vec<i64>,
    /// Class that the network predicts at each point, `[points]`.
    pub predicted: Vec<i64>,
    /// Linear coefficients, `[points, features]` for one class and `[points, classes, features]`
    /// for all classes.
    pub linear_coefficients: TensorData,
    /// Linear biases, `[points]` for one class and `[points, classes]` for all classes.
    pub linear_bias: TensorData,
    /// Negative coefficients, `[points, features]`.
    pub negative_coefficients: TensorData,
    /// Negative biases, `[points]`.
    pub negative_bias: TensorData,
    /// The linear part of a negative term: zeros, `[features]`.
    pub(crate) zero: TensorData,
    /// The classes of the linear terms.
    pub(crate) classes: Classes,
}

impl TermTable {
    /// Number of points.
    #[allow(clippy::len_without_is_empty)] // the manifest refuses empty shards
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Positions of the points in the store.
    pub(crate) fn positions(&self) -> Range<usize> {
        self.first..self.first + self.len()
    }
}

impl TermTable {
    /// The terms of a batch. `first` is the position of its first point in the store. Labels are 0.
    pub(crate) fn of(terms: &Terms, first: usize, classes: Classes) -> Self {
        let (points, per_point) = (terms.len(), terms.per_point());
        // The rows of a batch are ordered by class, the rows of a table by point.
        let linear: Vec<usize> = (0..points)
            .flat_map(|point| (0..per_point).map(move |class| class * points + point))
            .collect();
        let negative: Vec<usize> = (per_point * points..(per_point + 1) * points).collect();
        let predicted = terms.predicted().iter().map(|&class| class as i64).collect();
        Self::in_memory(first, classes, predicted, terms.gather(&linear), terms.gather(&negative))
    }

    /// A table in the precision of `linear` and `negative`, which hold the coefficients and biases
    /// of all rows.
    pub(crate) fn in_memory(
        first: usize,
        classes: Classes,
        predicted: Vec<i64>,
        linear: [TensorData; 2],
        negative: [TensorData; 2],
    ) -> Self {
        let points = first as i64..(first + predicted.len()) as i64;
        let [linear_coefficients, linear_bias] = linear;
        let [negative_coefficients, negative_bias] = negative;
        let features = negative_coefficients.num_elements() / predicted.len();
        let dtype = negative_bias.dtype();
        Self {
            first,
            index: points.collect(),
            label: vec![0; predicted.len()],
            predicted,
            linear_coefficients,
            linear_bias,
            negative_coefficients,
            negative_bias,
            zero: TensorData::zeros::<f32, _>([features]).convert_dtype(dtype),
            classes,
        }
    }
}

impl TermTable {
    /// Number of linear terms per point.
    pub fn per_point(&self) -> usize {
        self.linear_bias.num_elements() / self.len()
    }

    /// Number of input features of a point.
    pub fn features(&self) -> usize {
        self.negative_coefficients.num_elements() / self.len()
    }

    /// Coefficients `[features]` and bias of a linear term. `point` is the position in the table.
    /// `class` is used only if the table has terms of all classes.
    pub fn linear_term(&self, point: usize, class: usize) -> (Vec<f64>, f64) {
        let slot = if self.classes == Classes::All { class } else { 0 };
        let row = point * self.per_point() + slot;
        let coefficients = row_of(&self.linear_coefficients, row, self.features());
        (coefficients, row_of(&self.linear_bias, row, 1)[0])
    }

    /// Coefficients `[features]` and bias of the negative term. `point` is the position in the
    /// table.
    pub fn negative_term(&self, point: usize) -> (Vec<f64>, f64) {
        let coefficients = row_of(&self.negative_coefficients, point, self.features());
        (coefficients, row_of(&self.negative_bias, point, 1)[0])
    }

    /// The slot of the linear term that represents the predicted class of a point.
    pub(crate) fn predicted_slot(&self, term: usize) -> usize {
        if self.classes == Classes::All { self.predicted[term] as usize } else { 0 }
    }

    /// The class of the linear term in a slot of a point.
    pub fn class_of(&self, term: usize, slot: usize) -> usize {
        match self.classes {
            Classes::All => slot,
            Classes::Predicted => self.predicted[term] as usize,
            Classes::One(class) => class,
        }
    }
}

/// A row of numbers in either format, as `f64`.
fn row_of(data: &TensorData, row: usize, width: usize) -> Vec<f64> {
    let span = row * width..(row + 1) * width;
    match data.as_slice::<f32>() {
        Ok(numbers) => numbers[span].iter().map(|&number| number.into()).collect(),
        Err(_) => {
            data.as_slice::<f64>().map_or(vec![f64::NAN; width], |numbers| numbers[span].to_vec())
        }
    }
}
