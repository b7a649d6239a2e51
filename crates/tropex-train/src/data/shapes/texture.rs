//! Textures: a colour with a gradient, stripes, blotches and grain.

use super::rng::ImageRng;

/// Width and height of an image, in pixels.
pub(super) const SIDE: usize = 32;

/// Pixels between the nodes of the blotches.
const CELL: f32 = 8.0;
const NODES: usize = SIDE / CELL as usize + 1;
/// Largest change of a channel by texture, and by grain.
const TEXTURE: f32 = 0.14;
const GRAIN: f32 = 0.04;

/// A textured surface.
pub(super) struct Texture {
    color: [f32; 3],
    /// Change of each channel per unit of texture.
    tint: [f32; 3],
    gradient: [f32; 2],
    /// Direction across the stripes, divided by their period in pixels.
    wave: [f32; 2],
    phase: f32,
    stripes: f32,
    blotches: [[f32; NODES]; NODES],
}

impl Texture {
    pub(super) fn draw(color: [f32; 3], random: &mut ImageRng) -> Self {
        let tint = [(); 3].map(|()| random.between(-TEXTURE, TEXTURE));
        let slope = random.between(0.0, 2.0 / SIDE as f32);
        let gradient = random.direction().map(|part| part * slope);
        let period = random.between(4.0, 14.0);
        let wave = random.direction().map(|part| part / period);
        let (phase, stripes) = (random.between(0.0, 1.0), random.between(0.0, 1.0));
        let blotches = [(); NODES].map(|()| [(); NODES].map(|()| random.between(-1.0, 1.0)));
        Self { color, tint, gradient, wave, phase, stripes, blotches }
    }

    /// The colour at a point in pixels; values can be slightly outside [0, 1].
    pub(super) fn color(&self, x: f32, y: f32) -> [f32; 3] {
        let middle = SIDE as f32 / 2.0;
        let gradient = (x - middle) * self.gradient[0] + (y - middle) * self.gradient[1];
        let along = x * self.wave[0] + y * self.wave[1] + self.phase + 64.0;
        let stripes = triangle(along) * self.stripes;
        let texture = gradient + stripes + self.blotch(x / CELL, y / CELL);
        [
            self.color[0] + self.tint[0] * texture,
            self.color[1] + self.tint[1] * texture,
            self.color[2] + self.tint[2] * texture,
        ]
    }

    /// Bilinear interpolation between the nodes.
    fn blotch(&self, x: f32, y: f32) -> f32 {
        let (i, j) = (x as usize, y as usize);
        let (u, v) = (x - i as f32, y - j as f32);
        let [above, below] = [&self.blotches[j], &self.blotches[j + 1]];
        let upper = above[i] + u * (above[i + 1] - above[i]);
        let lower = below[i] + u * (below[i + 1] - below[i]);
        upper + v * (lower - upper)
    }
}

/// A wave of period 1 between -1 and 1, for positive `t`.
fn triangle(t: f32) -> f32 {
    let part = t - (t as u32) as f32;
    if part < 0.5 { 4.0 * part - 1.0 } else { 3.0 - 4.0 * part }
}

/// Independent changes of the channels of one pixel.
pub(super) fn grain(salt: u32, position: u32) -> [f32; 3] {
    let mut bits = position.wrapping_mul(0x9e37_79b9) ^ salt;
    bits = (bits ^ (bits >> 16)).wrapping_mul(0x85eb_ca6b);
    bits = (bits ^ (bits >> 13)).wrapping_mul(0xc2b2_ae35);
    bits ^= bits >> 16;
    let scale = 2.0 * GRAIN / 255.0;
    [
        (bits & 0xff) as f32 * scale - GRAIN,
        ((bits >> 8) & 0xff) as f32 * scale - GRAIN,
        (bits >> 24) as f32 * scale - GRAIN,
    ]
}
