//! The ten shapes, as signed distance functions.

use std::f32::consts::{FRAC_1_SQRT_2, PI};

use super::rng::ImageRng;

/// A shape around the origin that reaches to distance 1, approximately.
pub(super) struct Outline {
    pub(super) name: &'static str,
    /// Area.
    area: f32,
    /// Signed distance of a point from the outline, negative inside.
    distance: fn(f32, f32) -> f32,
}

/// One shape per class. Shapes that differ by a rotation only (square and diamond) appear once.
pub(super) const OUTLINES: [Outline; 10] = [
    Outline { name: "disc", area: PI, distance: disc },
    Outline { name: "ring", area: 2.19126, distance: ring },
    Outline { name: "square", area: 2.0, distance: square },
    Outline { name: "frame", area: 1.36, distance: frame },
    Outline { name: "triangle", area: 1.29904, distance: triangle },
    Outline { name: "star", area: 1.23435, distance: star },
    Outline { name: "cross", area: 1.98375, distance: cross },
    Outline { name: "bar", area: 1.1875, distance: bar },
    Outline { name: "corner", area: 1.16420, distance: corner },
    Outline { name: "crescent", area: 1.52984, distance: crescent },
];

/// Half the side of a square with corners at distance 1.
const HALF: f32 = FRAC_1_SQRT_2;
/// Half the length and half the thickness of a bar that reaches to distance 1.
const LONG: f32 = 0.95;
const THIN: f32 = 0.3125;

fn disc(x: f32, y: f32) -> f32 {
    (x * x + y * y).sqrt() - 1.0
}

fn ring(x: f32, y: f32) -> f32 {
    let radius = (x * x + y * y).sqrt();
    (radius - 1.0).max(0.55 - radius)
}

fn square(x: f32, y: f32) -> f32 {
    x.abs().max(y.abs()) - HALF
}

fn frame(x: f32, y: f32) -> f32 {
    square(x, y).max(0.4 - x.abs().max(y.abs()))
}

/// Equilateral: three lines at distance 1/2.
fn triangle(x: f32, y: f32) -> f32 {
    (-y).max(0.866_025 * x.abs() + 0.5 * y) - 0.5
}

/// Five points, with notches at distance 0.42. Folded into a tenth of the plane, the outline is one
/// line.
fn star(x: f32, y: f32) -> f32 {
    const NORMAL: [f32; 2] = [0.809_017, 0.587_785];
    let (mut x, mut y) = (x.abs(), y);
    for sign in [1.0, -1.0] {
        let beyond = (sign * NORMAL[0] * x - NORMAL[1] * y).max(0.0);
        x -= 2.0 * beyond * sign * NORMAL[0];
        y += 2.0 * beyond * NORMAL[1];
    }
    0.936_652 * x.abs() + 0.350_237 * (y - 1.0)
}

fn bar(x: f32, y: f32) -> f32 {
    (x.abs() - LONG).max(y.abs() - THIN)
}

fn cross(x: f32, y: f32) -> f32 {
    bar(x, y).min(bar(y, x))
}

/// A square without its upper right part.
fn corner(x: f32, y: f32) -> f32 {
    square(x, y).max((x + 0.2071).min(y + 0.2071))
}

/// A disc without a part of another disc.
fn crescent(x: f32, y: f32) -> f32 {
    let bite = x - 0.5;
    disc(x, y).max(0.8 - (bite * bite + y * y).sqrt())
}

/// A shape at a position in an image.
pub(super) struct PlacedOutline {
    figure: &'static Outline,
    center: [f32; 2],
    /// Cosine and sine of the rotation.
    axis: [f32; 2],
    /// Pixels per unit length of the shape.
    scale: f32,
}

impl PlacedOutline {
    /// Random area between two limits in pixels, random rotation, random position inside the image.
    pub(super) fn draw(
        figure: &'static Outline,
        area: [f32; 2],
        side: f32,
        random: &mut ImageRng,
    ) -> Self {
        let scale = (random.between(area[0], area[1]) / figure.area).sqrt();
        let [low, high] = [scale, side - scale];
        let center = [random.between(low, high), random.between(low, high)];
        Self { figure, center, axis: random.direction(), scale }
    }

    /// The part of the pixel around a point that the shape covers, from 0 to 1.
    pub(super) fn coverage(&self, x: f32, y: f32) -> f32 {
        let [x, y] = [x - self.center[0], y - self.center[1]];
        let reach = self.scale + 1.0;
        if x * x + y * y > reach * reach {
            return 0.0;
        }
        let [cosine, sine] = self.axis;
        let [u, v] = [(cosine * x + sine * y) / self.scale, (cosine * y - sine * x) / self.scale];
        (0.5 - (self.figure.distance)(u, v) * self.scale).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A grid over [-1, 1]^2.
    fn grid() -> impl Iterator<Item = (f32, f32)> {
        const STEPS: i32 = 400;
        let at = |i: i32| (i as f32 + 0.5) / STEPS as f32 * 2.0 - 1.0;
        (0..STEPS * STEPS).map(move |i| (at(i / STEPS), at(i % STEPS)))
    }

    fn overlap(a: &Outline, b: &Outline) -> f32 {
        let inside = |f: &Outline, (x, y)| (f.distance)(x, y) < 0.0;
        let both = grid().filter(|&p| inside(a, p) && inside(b, p)).count() as f32;
        both / grid().filter(|&p| inside(a, p) || inside(b, p)).count() as f32
    }

    #[test]
    fn stated_areas_are_right() {
        for figure in &OUTLINES {
            let inside = grid().filter(|&(x, y)| (figure.distance)(x, y) < 0.0).count();
            let area = inside as f32 * 4.0 / grid().count() as f32;
            assert!((area / figure.area - 1.0).abs() < 0.01, "{}: {area}", figure.name);
        }
    }

    #[test]
    fn figures_reach_to_distance_one_and_differ() {
        for (i, a) in OUTLINES.iter().enumerate() {
            let farthest = grid()
                .filter(|&(x, y)| (a.distance)(x, y) < 0.0)
                .fold(0.0f32, |most, (x, y)| most.max((x * x + y * y).sqrt()));
            assert!((0.95..1.01).contains(&farthest), "{}: {farthest}", a.name);
            for b in &OUTLINES[..i] {
                assert!(overlap(a, b) < 0.8, "{} and {}", a.name, b.name);
            }
        }
    }

    #[test]
    fn distances_are_never_too_large() {
        // Makes the edge of a shape one pixel wide: a step of length s changes a distance by at
        // most s.
        for figure in &OUTLINES {
            for (x, y) in grid().step_by(7) {
                let change = (figure.distance)(x + 0.01, y) - (figure.distance)(x, y);
                assert!(change.abs() <= 0.0101, "{} at {x}, {y}", figure.name);
            }
        }
    }
}
