//! The choice of a window whose regions can be drawn.

use tropex_extract::Network;
use tropex_geometry::slice::{Plane, Window, estimate_regions};

use crate::Error;

/// Largest number of multiplications of a picture whose window is not chosen: the regions times the
/// multiplications of a forward pass. A picture of `vgg` with 675 regions, which are 4e10
/// multiplications, took 40 s of time on one core.
const WORK: f64 = 3e10;

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

/// A smaller window with the same centre, with at most `limit` regions and not too many to draw.
/// `None` if the window has so few regions already.
pub(super) fn fit(
    network: &Network,
    plane: &Plane,
    window: &Window,
    points: &[[f64; 2]],
    limit: usize,
) -> Result<Option<(Window, FittedWindow)>, Error> {
    let multiplications: usize = network.nodes().iter().map(|node| node.multiplications()).sum();
    let drawable = ((WORK / multiplications.max(1) as f64) as usize).min(limit).max(1);
    let usual_regions = estimate_regions(network, plane, window)?;
    let (mut regions, mut size, mut fitted) = (usual_regions, 1.0, None);
    while regions > drawable && size > SMALLEST {
        // The number of regions grows with the area.
        let share = (drawable as f64 / regions as f64).sqrt();
        let margin = margin_of(size * share.clamp(SHRINK[0], SHRINK[1]));
        size = 1.0 + 2.0 * margin;
        let window = Window::around(points, margin)?;
        regions = estimate_regions(network, plane, &window)?;
        fitted = Some((window, FittedWindow { usual_regions, drawable, margin }));
    }
    Ok(fitted)
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
