//! Affine functions, stored row by row.

use std::ops::Range;

use burn::tensor::{DType, Element, TensorData};
use rayon::prelude::*;

use crate::{Error, Precision};

/// Numbers that one task checks.
const CHUNK: usize = 1 << 16;

/// Affine functions: one row of coefficients and one bias each.
#[derive(Clone, Debug)]
pub(crate) struct AffineFunctions {
    /// `[rows, features]`
    coefficients: TensorData,
    biases: Vec<f64>,
}

impl AffineFunctions {
    pub(crate) fn new(coefficients: TensorData, biases: Vec<f64>) -> Self {
        Self { coefficients, biases }
    }

    /// Returns the functions unchanged if all coefficients, biases and logits are finite in the
    /// precision of the coefficients.
    ///
    /// # Errors
    /// A number that is not finite.
    pub(crate) fn finite(self, logits: &[f64]) -> Result<Self, Error> {
        // Reads all numbers without an early exit: the loop vectorises and runs at memory
        // bandwidth.
        let singles = |part: &[f32]| part.iter().fold(true, |all, value| all & value.is_finite());
        let doubles = |part: &[f64]| part.iter().fold(true, |all, value| all & value.is_finite());
        let coefficients = match self.coefficients.as_slice::<f32>() {
            Ok(rows) => rows.par_chunks(CHUNK).all(singles),
            Err(_) => self.doubles().par_chunks(CHUNK).all(doubles),
        };
        let precision = self.precision();
        let biases = self.biases.iter().all(|&bias| match precision {
            Precision::F32 => (bias as f32).is_finite(),
            Precision::F64 => bias.is_finite(),
        });
        if coefficients && biases && doubles(logits) {
            return Ok(self);
        }
        Err(Error::Overflow { what: "a coefficient, a bias or a logit".into(), precision })
    }

    pub(crate) fn features(&self) -> usize {
        self.coefficients.shape()[1]
    }

    pub(crate) fn precision(&self) -> Precision {
        match self.coefficients.dtype() {
            DType::F64 => Precision::F64,
            _ => Precision::F32,
        }
    }

    pub(crate) fn coefficients(&self) -> &TensorData {
        &self.coefficients
    }

    pub(crate) fn biases(&self) -> &[f64] {
        &self.biases
    }

    /// Coefficients `[features]` and bias of a row.
    pub(crate) fn row(&self, row: usize) -> (Vec<f64>, f64) {
        let span = row * self.features()..(row + 1) * self.features();
        let coefficients = match self.coefficients.as_slice::<f32>() {
            Ok(rows) => rows[span].iter().map(|&value| f64::from(value)).collect(),
            Err(_) => self.doubles()[span].to_vec(),
        };
        (coefficients, self.biases[row])
    }

    /// Copies the coefficients of a row, `[features]`, and returns its bias.
    pub(crate) fn copy_row<E: Element>(&self, row: usize, into: &mut [E]) -> f64 {
        let span = row * self.features()..(row + 1) * self.features();
        match self.coefficients.as_slice::<f32>() {
            Ok(rows) => convert(&rows[span], into),
            Err(_) => convert(&self.doubles()[span], into),
        }
        self.biases[row]
    }

    /// Coefficients `[rows, features]` and biases `[rows]` of selected rows.
    pub(crate) fn gather(&self, rows: &[usize]) -> [TensorData; 2] {
        let shape = [rows.len(), self.features()];
        let coefficients = match self.coefficients.as_slice::<f32>() {
            Ok(all) => TensorData::new(chosen(all, rows, self.features()), shape),
            Err(_) => TensorData::new(chosen(self.doubles(), rows, self.features()), shape),
        };
        let biases: Vec<f64> = rows.iter().map(|&row| self.biases[row]).collect();
        let biases = TensorData::new(biases, [rows.len()]);
        [coefficients, biases.convert_dtype(self.precision().dtype())]
    }

    /// Coefficients of ranges of rows, concatenated to `[rows, features]`. There is at least one
    /// range.
    pub(crate) fn stacked(parts: &[(&Self, Range<usize>)]) -> TensorData {
        let features = parts[0].0.features();
        let shape = [parts.iter().map(|(_, rows)| rows.len()).sum(), features];
        let span = |rows: &Range<usize>| rows.start * features..rows.end * features;
        let singles = |(part, rows): &(&Self, Range<usize>)| {
            part.coefficients.as_slice::<f32>().ok().map(|all| all[span(rows)].to_vec())
        };
        match parts.iter().map(singles).collect::<Option<Vec<_>>>() {
            Some(rows) => TensorData::new(rows.concat(), shape),
            None => {
                let rows = parts.iter().map(|(part, rows)| &part.doubles()[span(rows)]);
                TensorData::new(rows.collect::<Vec<_>>().concat(), shape)
            }
        }
    }

    fn doubles(&self) -> &[f64] {
        self.coefficients.as_slice().unwrap_or(&[])
    }
}

/// Copies numbers into another format. A copy into their own format is one of memory.
fn convert<From: Element, To: Element>(numbers: &[From], into: &mut [To]) {
    into.iter_mut().zip(numbers).for_each(|(into, number)| *into = number.elem());
}

/// Copies the selected rows into one vector.
fn chosen<F: Copy>(all: &[F], rows: &[usize], features: usize) -> Vec<F> {
    rows.iter().flat_map(|&row| &all[row * features..][..features]).copied().collect()
}
