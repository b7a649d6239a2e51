//! Matrices of terms.

/// A matrix in row-major order.
#[derive(Clone, Copy, Debug)]
pub struct RowMatrix<'a> {
    values: &'a [f32],
    width: usize,
}

impl<'a> RowMatrix<'a> {
    /// A matrix of rows.
    ///
    /// # Shapes
    /// - `values`: `[rows, width]`
    pub fn new(values: &'a [f32], width: usize) -> Self {
        Self { values, width }
    }

    /// A row.
    pub fn row(&self, index: usize) -> &'a [f32] {
        &self.values[index * self.width..][..self.width]
    }

    /// The first `count` rows, or all if there are fewer.
    #[must_use]
    pub fn first(&self, count: usize) -> Self {
        Self { values: &self.values[..count.min(self.len()) * self.width], ..*self }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.values.len() / self.width
    }

    /// Number of rows whose entries are all zero.
    pub fn zeros(&self) -> usize {
        self.values.chunks(self.width).filter(|row| row.iter().all(|entry| *entry == 0.0)).count()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Length of a row.
    pub fn width(&self) -> usize {
        self.width
    }
}
