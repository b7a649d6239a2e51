//! Planes through input space.

use burn::tensor::{Tensor, TensorData};

use crate::Error;
use tropex_extract::Network;
use tropex_extract::network::Node;
use tropex_kernels::ComputeTarget;

/// Largest number of points of a plane that run through a network at a time.
const BATCH: usize = 256;

/// Work of such points in multiplications: some tenths of a second on one core, after which the
/// caller can stop the work.
const BATCH_WORK: usize = 2_000_000_000;

/// Multiplications that take as long as one number of a node, whose slopes are computed modulo a
/// prime; measured on a network with two convolutions.
const OF_NUMBER: usize = 1000;

/// Number of points of a plane that run through a network at a time.
pub(super) fn batch_of(network: &Network) -> usize {
    (BATCH_WORK / work_of_point(network, OF_NUMBER)).clamp(1, BATCH)
}

/// Work of a point in multiplications, at least 1, if a number of a node takes as long as
/// `of_number` multiplications.
pub(super) fn work_of_point(network: &Network, of_number: usize) -> usize {
    let of_node =
        |node: &Node| node.multiplications() + of_number * node.shape().iter().product::<usize>();
    network.nodes().iter().map(of_node).sum::<usize>().max(1)
}

/// Smallest height of a triangle, as a share of its longest side. A flatter triangle counts as a
/// line.
const FLATTEST: f64 = 1e-6;

/// A plane through input space: the points `origin + u * axes[0] + v * axes[1]`. The axes are
/// orthonormal, so that distances on the plane are distances between points.
#[derive(Clone, Debug, PartialEq)]
pub struct Plane {
    origin: Vec<f64>,
    axes: [Vec<f64>; 2],
}

impl Plane {
    /// The plane through three points. The first point is the origin `(0, 0)`, the second one has
    /// `v = 0` and a positive `u`, and the third one has a positive `v`.
    ///
    /// # Shapes
    /// - points: `[features]` each
    ///
    /// # Errors
    /// Points of different length, points that are not finite, or that lie on a line.
    pub fn through<T: Copy + Into<f64>>(points: [&[T]; 3]) -> Result<Self, Error> {
        let [first, second, third] =
            points.map(|point| point.iter().map(|&x| x.into()).collect::<Vec<f64>>());
        for (name, point) in [("second", &second), ("third", &third)] {
            if point.len() != first.len() {
                let what = format!("values of the {name} point of a plane");
                return Err(Error::shape(what, point.len(), first.len()));
            }
        }
        let finite =
            [&first, &second, &third].iter().all(|point| point.iter().all(|x| x.is_finite()));
        let (right, up) = (minus(&second, &first), minus(&third, &first));
        let longest = [&right, &up, &minus(&third, &second)].map(|side| length(side));
        let longest = longest.into_iter().fold(0.0, f64::max);
        let (right, base) = normalised(right);
        // Twice, because the first subtraction may cancel leading digits.
        let up = without(&right, without(&right, up));
        let (up, height) = normalised(up);
        if !finite || base.min(height) <= FLATTEST * longest {
            return Err(Error::PointsOnLine);
        }
        Ok(Self { origin: first, axes: [right, up] })
    }

    /// The input space of a network with two inputs, in the coordinates of the inputs.
    pub fn whole() -> Self {
        Self { origin: vec![0.0; 2], axes: [vec![1.0, 0.0], vec![0.0, 1.0]] }
    }

    /// Number of values of a point.
    pub fn features(&self) -> usize {
        self.origin.len()
    }

    /// The point `(0, 0)`.
    pub fn origin(&self) -> &[f64] {
        &self.origin
    }

    /// The directions of the coordinates `u` and `v`, `[features]` each.
    pub fn axes(&self) -> &[Vec<f64>; 2] {
        &self.axes
    }

    /// The point at coordinates `(u, v)`.
    pub fn point(&self, [u, v]: [f64; 2]) -> impl Iterator<Item = f64> {
        let axes = self.axes[0].iter().zip(&self.axes[1]);
        self.origin.iter().zip(axes).map(move |(origin, (right, up))| origin + u * right + v * up)
    }

    /// For every value of a point, the sum of the squares of its three summands,
    /// `[points, features]`.
    pub(super) fn squares(&self, points: &[[f64; 2]], target: &ComputeTarget) -> Tensor<2> {
        let squared = |numbers: &[f64]| numbers.iter().map(|x| x * x).collect::<Vec<f64>>();
        let [right, up] = self.axes.each_ref().map(|axis| squared(axis));
        let squares = Self { origin: squared(&self.origin), axes: [right, up] };
        let points: Vec<_> = points.iter().map(|point| point.map(|x| x * x)).collect();
        squares.tensor(&points, target)
    }

    /// Points of the plane as `[points, features]`.
    pub(super) fn tensor(&self, points: &[[f64; 2]], target: &ComputeTarget) -> Tensor<2> {
        let values: Vec<f64> = points.iter().flat_map(|&point| self.point(point)).collect();
        target.tensor(TensorData::new(values, [points.len(), self.features()]))
    }

    /// Coordinates of the orthogonal projection of a point to the plane.
    ///
    /// # Errors
    /// A wrong number of values.
    pub fn coordinates<T: Copy + Into<f64>>(&self, point: &[T]) -> Result<[f64; 2], Error> {
        if point.len() != self.features() {
            return Err(Error::shape("values of a point", point.len(), self.features()));
        }
        let along = |axis: &Vec<f64>| {
            let differences = point.iter().zip(&self.origin).map(|(&x, origin)| x.into() - origin);
            differences.zip(axis).map(|(difference, axis)| difference * axis).sum()
        };
        Ok([along(&self.axes[0]), along(&self.axes[1])])
    }
}

fn minus(left: &[f64], right: &[f64]) -> Vec<f64> {
    left.iter().zip(right).map(|(left, right)| left - right).collect()
}

fn length(vector: &[f64]) -> f64 {
    vector.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// The normalised vector and its previous length.
fn normalised(mut vector: Vec<f64>) -> (Vec<f64>, f64) {
    let length = length(&vector);
    vector.iter_mut().for_each(|x| *x /= length);
    (vector, length)
}

/// A vector without its component along a direction of length 1.
fn without(direction: &[f64], mut vector: Vec<f64>) -> Vec<f64> {
    let along: f64 = vector.iter().zip(direction).map(|(x, axis)| x * axis).sum();
    vector.iter_mut().zip(direction).for_each(|(x, axis)| *x -= along * axis);
    vector
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_of_a_plane_are_recovered_from_their_coordinates() {
        let points: [&[f32]; 3] =
            [&[1.0, 2.0, 3.0, 4.0], &[4.0, 6.0, 3.0, 4.0], &[0.0, 1.0, 5.0, 4.5]];
        let plane = Plane::through(points).unwrap();
        let coordinates = points.map(|point| plane.coordinates(point).unwrap());
        assert_eq!(coordinates[0], [0.0, 0.0]);
        assert!((coordinates[1][0] - 5.0).abs() < 1e-12 && coordinates[1][1].abs() < 1e-12);
        assert!(coordinates[2][1] > 0.0);
        for (point, at) in points.iter().zip(coordinates) {
            let errors =
                plane.point(at).zip(*point).map(|(found, &x)| (found - f64::from(x)).abs());
            assert!(errors.fold(0.0, f64::max) < 1e-12);
        }
    }

    #[test]
    fn points_that_span_no_plane_are_refused() {
        let line: [&[f32]; 3] = [&[0.0, 0.0, 1.0], &[1.0, 1.0, 1.0], &[3.0, 3.0, 1.0]];
        let same: [&[f32]; 3] = [&[0.0, 0.0], &[0.0, 0.0], &[1.0, 2.0]];
        let endless: [&[f32]; 3] = [&[0.0, 0.0], &[f32::NAN, 0.0], &[1.0, 2.0]];
        for points in [line, same, endless] {
            let error = Plane::through(points).unwrap_err().to_string();
            assert!(error.contains("lie on one line"), "{error}");
        }
        let error = Plane::through([&[0.0, 0.0], &[1.0, 0.0], &[1.0]]).unwrap_err().to_string();
        assert_eq!(error, "values of the third point of a plane: found 1, expected 2");
        assert!(Plane::whole().coordinates(&[1.0]).is_err());
    }
}
