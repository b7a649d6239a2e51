//! The choice of a window whose regions can be drawn.

use std::ops::ControlFlow;

use tropex_extract::Network;

use super::plane::{Plane, work_of_point};
use super::region_estimate::estimate_regions;
use super::window::Window;
use crate::Error;

/// Largest work of a picture whose window is not chosen, in multiplications: some seconds on two
/// cores.
const WORK: f64 = 2e10;

/// Multiplications that take as long as one number of a node, per region. Its affine map and its
/// slopes modulo several primes are computed number by number, which takes most of the time in
/// convolutional networks: 1,887 regions of a network with 290,000 multiplications and 21,000
/// numbers took 5 s on two cores, and 675 regions of `vgg` with 6e7 multiplications 40 s on one.
const OF_NUMBER: usize = 200;

/// Bounds of the factor by which a window becomes smaller at a time.
const SHRINK: [f64; 2] = [0.05, 0.9];

/// Size of a window, as a share of the rectangle around the points, below which it does not become
/// smaller.
const SMALLEST: f64 = 1e-9;

/// A window that became smaller, so that its regions can be drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FittedWindow {
    /// Approximate number of regions in the window with the usual margin.
    pub usual_regions: usize,
    /// Largest number of regions that can be drawn.
    pub drawable: usize,
    /// The margin of the smaller window around the points, see [`Window::around`].
    pub margin: f64,
}

impl FittedWindow {
    /// A smaller window with the same centre, with at most `limit` regions and not too many to
    /// draw. `None` if the window has so few regions already.
    ///
    /// The number of regions is an [estimate](estimate_regions). The number that can be drawn
    /// depends on the limit and on the size of the network. `tick` is as for [`estimate_regions`].
    ///
    /// # Errors
    /// A plane through another space; points without a window around them.
    pub fn around(
        network: &Network,
        plane: &Plane,
        window: &Window,
        points: &[[f64; 2]],
        limit: usize,
        tick: &dyn Fn() -> ControlFlow<()>,
    ) -> Result<Option<(Window, Self)>, Error> {
        let drawable =
            ((WORK / work_of_point(network, OF_NUMBER) as f64) as usize).min(limit).max(1);
        let usual_regions = estimate_regions(network, plane, window, tick)?;
        let (mut regions, mut size, mut fitted) = (usual_regions, 1.0, None);
        while regions > drawable && size > SMALLEST {
            // The number of regions grows with the area.
            let share = (drawable as f64 / regions as f64).sqrt();
            let margin = margin_of(size * share.clamp(SHRINK[0], SHRINK[1]));
            size = 1.0 + 2.0 * margin;
            let window = Window::around(points, margin)?;
            regions = estimate_regions(network, plane, &window, tick)?;
            fitted = Some((window, Self { usual_regions, drawable, margin }));
        }
        Ok(fitted)
    }
}

/// The margin of a window that is a share of the rectangle around the points, rounded down to three
/// digits of this share.
fn margin_of(size: f64) -> f64 {
    let scale = 10_f64.powf((2.0 - size.log10()).ceil());
    ((size - 1.0) / 2.0 * scale).floor() / scale
}

#[cfg(test)]
mod tests {
    use super::margin_of;

    #[test]
    fn margins_keep_three_digits_of_the_size() {
        assert_eq!(margin_of(0.5), -0.25);
        assert_eq!(margin_of(0.123_456), -0.439);
        assert_eq!(margin_of(1.239e-3), -0.499_39);
        for size in [0.9, 3e-5, 7.77e-8] {
            let left = 1.0 + 2.0 * margin_of(size);
            assert!(left > 0.98 * size && left <= size * (1.0 + 1e-9), "{size}: {left}");
        }
    }
}
