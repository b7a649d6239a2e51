//! Scalar products of the normals of a polytope.

use std::collections::HashMap;

use rayon::prelude::*;

use super::{Polytope, dot};

/// Memory for the products that are kept, in bytes.
const MEMORY: usize = 256 << 20;

/// Smallest number of multiplications per task.
const TASK: usize = 1 << 16;

/// The scalar products of each normal with all normals, computed when they are first read.
///
/// A step along a normal changes the depths of all sides by multiples of these products. A search
/// that needs only depths therefore does not touch coordinates.
pub(super) struct NormalProducts<'a> {
    polytope: &'a Polytope,
    rows: HashMap<usize, Vec<f64>>,
    /// Number of rows that are kept.
    capacity: usize,
}

impl<'a> NormalProducts<'a> {
    pub(super) fn new(polytope: &'a Polytope) -> Self {
        let bytes = size_of::<f64>() * polytope.sides().max(1);
        Self { polytope, rows: HashMap::new(), capacity: (MEMORY / bytes).max(1) }
    }

    /// The products of the normal of a side with the normals of all sides, `[sides]`.
    pub(super) fn row(&mut self, side: usize) -> &[f64] {
        if self.rows.len() >= self.capacity && !self.rows.contains_key(&side) {
            self.rows.clear();
        }
        self.rows.entry(side).or_insert_with(|| products(self.polytope, side))
    }
}

fn products(polytope: &Polytope, side: usize) -> Vec<f64> {
    let (normal, features) = (polytope.normal(side), polytope.features());
    let rows = polytope.normals.par_chunks_exact(features);
    rows.with_min_len(TASK.div_ceil(features)).map(|other| dot(normal, other)).collect()
}
