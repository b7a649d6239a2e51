//! Windows on planes.

use crate::Error;

/// Largest number of sides of a window: a mesh has a bit for each in a 64-bit word.
const SIDES: usize = 64;

/// A convex polygon on a plane.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    corners: Vec<[f64; 2]>,
}

impl Window {
    /// The rectangle with `u` from `left` to `right` and `v` from `low` to `high`.
    ///
    /// # Errors
    /// Limits that are not finite, or not in increasing order.
    pub fn rectangle([left, right]: [f64; 2], [low, high]: [f64; 2]) -> Result<Self, Error> {
        Self::polygon(vec![[left, low], [right, low], [right, high], [left, high]])
    }

    /// The smallest rectangle around some points of a plane, with a margin on every side. A
    /// positive margin is a share of the longer side. A negative margin is a share of the width or
    /// height.
    ///
    /// # Errors
    /// No points, or a rectangle without area.
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

    /// A convex polygon from its corners, counter-clockwise.
    ///
    /// # Errors
    /// Fewer than 3 or more than 64 corners; corners that are not finite; corners that are not
    /// those of a convex polygon in counter-clockwise order.
    pub fn polygon(corners: Vec<[f64; 2]>) -> Result<Self, Error> {
        let count = corners.len();
        let finite = corners.iter().flatten().all(|coordinate| coordinate.is_finite());
        if !(3..=SIDES).contains(&count) || !finite {
            return Err(Error::WindowCorners { most: SIDES });
        }
        let window = Self { corners };
        let corner = |index: usize| window.corners[index % count];
        let turns_left = |index| {
            area(&[corner(index), corner(index + 1), corner(index + 2)]) > 1e-12 * window.area()
        };
        // The corners turn left, and only once around: otherwise triangles from the first corner
        // would overlap.
        let fan = |index| area(&[corner(0), corner(index), corner(index + 1)]) > 0.0;
        if window.area() > 0.0 && (0..count).all(turns_left) && (1..count - 1).all(fan) {
            return Ok(window);
        }
        Err(Error::WindowShape)
    }

    /// The corners, counter-clockwise.
    pub fn corners(&self) -> &[[f64; 2]] {
        &self.corners
    }

    /// The area.
    pub fn area(&self) -> f64 {
        area(&self.corners)
    }

    /// Smallest and largest value of `u`, and of `v`.
    pub fn extents(&self) -> [[f64; 2]; 2] {
        [0, 1].map(|axis| {
            let values = self.corners.iter().map(|corner| corner[axis]);
            [values.clone().fold(f64::INFINITY, f64::min), values.fold(f64::NEG_INFINITY, f64::max)]
        })
    }

    /// Whether a point of the plane is inside or on the border.
    pub fn contains(&self, point: [f64; 2]) -> bool {
        let following = self.corners.iter().cycle().skip(1);
        self.corners.iter().zip(following).all(|(&from, &to)| area(&[from, to, point]) >= 0.0)
    }
}

/// Area of a polygon, negative for clockwise corners.
pub(crate) fn area(corners: &[[f64; 2]]) -> f64 {
    let [x, y] = corners.first().copied().unwrap_or_default();
    // Relative to one corner, so that no digits cancel far from the origin.
    let crossed = corners.windows(2).map(|side| {
        let ([a, b], [c, d]) = (side[0], side[1]);
        (a - x) * (d - y) - (c - x) * (b - y)
    });
    crossed.sum::<f64>() / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_convex_windows_are_accepted() {
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
