//! Planes through input space, and windows on them.

use burn::tensor::{Tensor, TensorData};

use crate::{Error, Placement};

/// Triangles flatter than this share of their longest side count as lines.
const FLATTEST: f64 = 1e-6;

/// Most sides of a window.
const SIDES: usize = 64;

/// A plane through input space: `origin + u * axes[0] + v * axes[1]`, with axes of length 1 that
/// are orthogonal, so that distances on the plane are distances between points.
#[derive(Clone, Debug, PartialEq)]
pub struct Plane {
    origin: Vec<f64>,
    axes: [Vec<f64>; 2],
}

impl Plane {
    /// The plane through three points, the first of which is `(0, 0)`; the second lies to its
    /// right, the third above the line through both.
    ///
    /// # Errors
    /// Points of different length, points that are not finite, or that lie on a line.
    pub fn through(points: [&[f32]; 3]) -> Result<Self, Error> {
        let [first, second, third] =
            points.map(|point| point.iter().map(|&x| f64::from(x)).collect::<Vec<_>>());
        for (name, point) in [("second", &second), ("third", &third)] {
            if point.len() != first.len() {
                let what = format!("values of the {name} point of a plane");
                return Err(Error::shape(what, point.len(), first.len()));
            }
        }
        let finite = points.iter().all(|point| point.iter().all(|x| x.is_finite()));
        let (right, up) = (minus(&second, &first), minus(&third, &first));
        let longest = [&right, &up, &minus(&third, &second)].map(|side| length(side));
        let longest = longest.into_iter().fold(0.0, f64::max);
        let (right, base) = normalised(right);
        // Once more, since the first difference may have lost digits.
        let up = without(&right, without(&right, up));
        let (up, height) = normalised(up);
        if !finite || base.min(height) <= FLATTEST * longest {
            return Err(Error::slice(
                "the three points of the plane lie on one line; choose others",
            ));
        }
        Ok(Self { origin: first, axes: [right, up] })
    }

    /// The whole input space of a network with two inputs, with its own coordinates.
    pub fn whole() -> Self {
        Self { origin: vec![0.0; 2], axes: [vec![1.0, 0.0], vec![0.0, 1.0]] }
    }

    /// Values of a point.
    pub fn features(&self) -> usize {
        self.origin.len()
    }

    /// The point `(0, 0)`.
    pub fn origin(&self) -> &[f64] {
        &self.origin
    }

    /// The directions of both coordinates.
    pub fn axes(&self) -> &[Vec<f64>; 2] {
        &self.axes
    }

    /// The point at coordinates `(u, v)`.
    pub fn point(&self, [u, v]: [f64; 2]) -> impl Iterator<Item = f64> {
        let axes = self.axes[0].iter().zip(&self.axes[1]);
        self.origin.iter().zip(axes).map(move |(origin, (right, up))| origin + u * right + v * up)
    }

    /// Points of the plane as `[points, features]`.
    pub(super) fn tensor(&self, points: &[[f64; 2]], placement: &Placement) -> Tensor<2> {
        let values: Vec<f64> = points.iter().flat_map(|&point| self.point(point)).collect();
        placement.tensor(TensorData::new(values, [points.len(), self.features()]))
    }

    /// Coordinates of the point of the plane that is nearest to a point.
    ///
    /// # Errors
    /// A point of another length.
    pub fn coordinates(&self, point: &[f32]) -> Result<[f64; 2], Error> {
        if point.len() != self.features() {
            return Err(Error::shape("values of a point", point.len(), self.features()));
        }
        let along = |axis: &Vec<f64>| {
            let differences =
                point.iter().zip(&self.origin).map(|(&x, origin)| f64::from(x) - origin);
            differences.zip(axis).map(|(difference, axis)| difference * axis).sum()
        };
        Ok([along(&self.axes[0]), along(&self.axes[1])])
    }
}

/// A convex part of a plane.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    corners: Vec<[f64; 2]>,
}

impl Window {
    /// All points with coordinates between two numbers each.
    ///
    /// # Errors
    /// Numbers that are not finite, or not in order.
    pub fn rectangle([left, right]: [f64; 2], [low, high]: [f64; 2]) -> Result<Self, Error> {
        Self::polygon(vec![[left, low], [right, low], [right, high], [left, high]])
    }

    /// The smallest rectangle around some points of a plane, wider on every side by a share of its
    /// longer side; if that is negative, narrower by a share of its width and height.
    ///
    /// # Errors
    /// No points, or points that are all the same; less than nothing left.
    pub fn around(points: &[[f64; 2]], margin: f64) -> Result<Self, Error> {
        let extent = |axis: usize| {
            points.iter().fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], point| {
                [low.min(point[axis]), high.max(point[axis])]
            })
        };
        let extents = [extent(0), extent(1)];
        let longer = extents.iter().map(|[low, high]| high - low).fold(0.0, f64::max);
        let moved = extents.map(|[low, high]| {
            let by = margin * if margin < 0.0 { high - low } else { longer };
            [low - by, high + by]
        });
        Self::rectangle(moved[0], moved[1])
    }

    /// The inside of a convex polygon, given by its corners counter-clockwise.
    ///
    /// # Errors
    /// Fewer than 3 or more than 64 corners; corners that are not finite, or not those of a convex
    /// polygon in this order.
    pub fn polygon(corners: Vec<[f64; 2]>) -> Result<Self, Error> {
        let count = corners.len();
        let finite = corners.iter().flatten().all(|coordinate| coordinate.is_finite());
        if !(3..=SIDES).contains(&count) || !finite {
            let reason = format!("a window has 3 to {SIDES} corners with finite coordinates");
            return Err(Error::slice(reason));
        }
        let window = Self { corners };
        let corner = |index: usize| window.corners[index % count];
        let turns_left = |index| {
            area(&[corner(index), corner(index + 1), corner(index + 2)]) > 1e-12 * window.area()
        };
        // Left turns only, and once around: fans of triangles from the first corner overlap else.
        let fan = |index| area(&[corner(0), corner(index), corner(index + 1)]) > 0.0;
        if window.area() > 0.0 && (0..count).all(turns_left) && (1..count - 1).all(fan) {
            return Ok(window);
        }
        let reason = "the window is empty, or not a convex polygon with corners counter-clockwise";
        Err(Error::slice(reason))
    }

    /// Its corners, counter-clockwise.
    pub fn corners(&self) -> &[[f64; 2]] {
        &self.corners
    }

    /// Its area.
    pub fn area(&self) -> f64 {
        area(&self.corners)
    }

    /// Least and largest value of both coordinates.
    pub fn extents(&self) -> [[f64; 2]; 2] {
        [0, 1].map(|axis| {
            let values = self.corners.iter().map(|corner| corner[axis]);
            [values.clone().fold(f64::INFINITY, f64::min), values.fold(f64::NEG_INFINITY, f64::max)]
        })
    }

    /// Whether a point of the plane lies inside or on the border.
    pub fn contains(&self, point: [f64; 2]) -> bool {
        let following = self.corners.iter().cycle().skip(1);
        self.corners.iter().zip(following).all(|(&from, &to)| area(&[from, to, point]) >= 0.0)
    }
}

/// Area of a polygon, negative if its corners run clockwise.
pub(crate) fn area(corners: &[[f64; 2]]) -> f64 {
    let [x, y] = corners.first().copied().unwrap_or_default();
    // From one of the corners, so that no digits are lost far from the origin.
    let crossed = corners.windows(2).map(|side| {
        let ([a, b], [c, d]) = (side[0], side[1]);
        (a - x) * (d - y) - (c - x) * (b - y)
    });
    crossed.sum::<f64>() / 2.0
}

fn minus(left: &[f64], right: &[f64]) -> Vec<f64> {
    left.iter().zip(right).map(|(left, right)| left - right).collect()
}

fn length(vector: &[f64]) -> f64 {
    vector.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// The vector with length 1, and what its length was.
fn normalised(mut vector: Vec<f64>) -> (Vec<f64>, f64) {
    let length = length(&vector);
    vector.iter_mut().for_each(|x| *x /= length);
    (vector, length)
}

/// What is left of a vector without its part along a direction of length 1.
fn without(direction: &[f64], mut vector: Vec<f64>) -> Vec<f64> {
    let along: f64 = vector.iter().zip(direction).map(|(x, axis)| x * axis).sum();
    vector.iter_mut().zip(direction).for_each(|(x, axis)| *x -= along * axis);
    vector
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_lead_back_to_the_points_of_a_plane() {
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
    fn what_spans_no_plane_is_refused() {
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

    #[test]
    fn windows_are_convex() {
        let window = Window::around(&[[0.0, 1.0], [4.0, 2.0]], 0.25).unwrap();
        assert_eq!(window.extents(), [[-1.0, 5.0], [0.0, 3.0]]);
        assert_eq!(window.area(), 18.0);
        assert!(window.contains([5.0, 3.0]) && !window.contains([5.1, 3.0]));
        let inner = Window::around(&[[0.0, 1.0], [4.0, 2.0]], -0.25).unwrap();
        assert_eq!(inner.extents(), [[1.0, 3.0], [1.25, 1.75]]);
        let star = vec![[0.0, 1.0], [-0.6, -0.8], [0.95, 0.3], [-0.95, 0.3], [0.6, -0.8]];
        let dent = vec![[0.0, 0.0], [1.0, 0.0], [0.2, 0.2], [0.0, 1.0]];
        let clockwise = vec![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0]];
        for corners in [star, dent, clockwise, vec![[0.0, 0.0], [1.0, 0.0]]] {
            assert!(Window::polygon(corners.clone()).is_err(), "{corners:?}");
        }
        assert!(Window::rectangle([1.0, 0.0], [0.0, 1.0]).is_err());
        assert!(Window::rectangle([0.0, f64::INFINITY], [0.0, 1.0]).is_err());
        assert!(Window::around(&[], 0.1).is_err());
    }
}
