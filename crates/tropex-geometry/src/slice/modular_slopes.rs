//! Slopes of logits modulo primes, to decide without rounding errors whether two maps are equal.
//!
//! Every weight is a whole number times a power of two, so that it has a residue modulo an odd
//! prime. Sums of products of residues are whole numbers below 2^53, which f64 represents exactly.
//! Slopes with different residues are different. Slopes with equal residues modulo all primes are
//! equal, except with a probability of about 2^-72.

use std::ops::ControlFlow;

use burn::tensor::{Int, Tensor, TensorData};

use super::plane::{Plane, batch_of};
use crate::Error;
use tropex_extract::Network;
use tropex_extract::ops::Piece;
use tropex_kernels as kernels;
use tropex_kernels::read;
use tropex_kernels::{Cancelled, ComputeTarget, Precision};

/// The prime of the probe, which shows for most pairs of regions that their maps differ.
const PROBE: u32 = 4093;

/// The primes for the other pairs. They are below 2^12, so that residues are below 2^11 in absolute
/// value. An interpolation along both axes multiplies a slope by two weights; the sum of 2^20 such
/// products stays below 2^53.
const PRIMES: [u32; 6] = [4091, 4079, 4073, 4057, 4051, 4049];

/// Factors of the two axes of the plane in the direction of the probe.
const MIX: [f64; 2] = [1.0, 1009.0];

/// Residues of slopes.
pub(super) type Residues = Vec<u16>;

/// A network whose constants are residues.
#[derive(Debug)]
pub(super) struct ModularNetwork {
    network: Network,
    prime: Prime,
    /// The directions whose slopes are computed, `[groups, features]`.
    directions: Vec<f64>,
    /// Whether the pieces come from another device.
    is_elsewhere: bool,
}

impl ModularNetwork {
    /// The network of the probe, with one direction between the axes of a plane. `None` in a build
    /// without f64.
    pub(super) fn probe(network: &Network, plane: &Plane) -> Option<Self> {
        let prime = Prime(PROBE);
        let axes = plane.axes().each_ref().map(|axis| prime.of_all(axis));
        let pairs = axes[0].iter().zip(&axes[1]);
        let mixed = pairs.map(|(right, up)| prime.reduce(MIX[0] * right + MIX[1] * up));
        Self::new(network, prime, mixed.collect())
    }

    fn new(network: &Network, prime: Prime, directions: Vec<f64>) -> Option<Self> {
        let target = network.target().on_cpu();
        (target.precision() == Precision::F64).then(|| Self {
            network: network.map_constants(&|number| prime.of(number), &target),
            prime,
            directions,
            is_elsewhere: !kernels::is_cpu(network.target().device()),
        })
    }

    fn target(&self) -> &ComputeTarget {
        self.network.target()
    }

    /// The directions at a number of points, `[groups * points, features]`, group by group.
    pub(super) fn start(&self, points: usize) -> Tensor<2> {
        let groups = self.directions.chunks_exact(self.network.features());
        let count = groups.len() * points;
        let rows: Vec<f64> = groups.flat_map(|group| group.repeat(points)).collect();
        self.target().tensor(TensorData::new(rows, [count, self.network.features()]))
    }

    /// Pushes directions forward through a node in its piece, and reduces them modulo the prime.
    pub(super) fn step(&self, node: usize, inputs: Vec<Tensor<2>>, piece: &Piece) -> Tensor<2> {
        let op = self.network.nodes()[node].op();
        let pushed = match self.is_elsewhere {
            false => op.pushforward(inputs, piece),
            true => op.pushforward(inputs, &moved(piece, self.target())),
        };
        let multiples = pushed.clone().div_scalar(f64::from(self.prime.0)).round();
        pushed - multiples.mul_scalar(f64::from(self.prime.0))
    }

    /// The residues of the slopes of the logits, point by point.
    pub(super) fn finish(&self, slopes: Tensor<2>, points: usize) -> Result<Vec<Residues>, Error> {
        let slopes: Vec<f64> = read(slopes)?.iter().collect();
        let classes = self.network.classes();
        let mut found = vec![Residues::new(); points];
        for (row, slopes) in slopes.chunks_exact(classes).enumerate() {
            let residues = slopes.iter().map(|slope| slope.rem_euclid(self.prime.0.into()) as u16);
            found[row % points].extend(residues);
        }
        Ok(found)
    }
}

/// The slopes of all logits along both axes of a plane at some of its points, modulo all primes.
/// `report` receives the finished share.
pub(super) fn slopes(
    network: &Network,
    plane: &Plane,
    points: &[[f64; 2]],
    report: &dyn Fn(f64) -> ControlFlow<()>,
) -> Result<Vec<Residues>, Error> {
    let mut found = vec![Residues::new(); points.len()];
    let batch = batch_of(network);
    let batches = PRIMES.len() * points.len().div_ceil(batch);
    let mut done = 0;
    for prime in PRIMES.map(Prime) {
        let axes = plane.axes().each_ref().map(|axis| prime.of_all(axis));
        let Some(modular) = ModularNetwork::new(network, prime, axes.concat()) else { continue };
        for (points, found) in points.chunks(batch).zip(found.chunks_mut(batch)) {
            Cancelled::check(report(done as f64 / batches as f64))?;
            done += 1;
            let values = plane.tensor(points, network.target());
            let start = (values, modular.start(points.len()));
            let (_, slopes) = network.forward(start, |index, node, inputs| {
                let (values, slopes) = inputs.into_iter().unzip();
                let (values, piece) = node.op().forward(values);
                (values, modular.step(index, slopes, &piece))
            });
            let residues = modular.finish(slopes, points.len())?;
            found.iter_mut().zip(residues).for_each(|(found, residues)| found.extend(residues));
        }
    }
    Ok(found)
}

/// A piece on another device.
fn moved(piece: &Piece, target: &ComputeTarget) -> Piece {
    match piece {
        Piece::Affine => Piece::Affine,
        Piece::Sign(sign) => Piece::Sign(target.tensor(sign.to_data())),
        Piece::Winner(winner) => {
            let cells: Vec<i32> = winner.to_data().iter().collect();
            let cells = TensorData::new(cells, winner.dims());
            Piece::Winner(Tensor::<3, Int>::from_data(cells, target.device()))
        }
    }
}

/// An odd prime below 2^12.
#[derive(Clone, Copy, Debug)]
struct Prime(u32);

impl Prime {
    /// The residue of a number, between minus half and half of the prime.
    fn of(self, number: f64) -> f64 {
        let bits = number.abs().to_bits();
        let (exponent, fraction) = (bits >> 52, bits & ((1 << 52) - 1));
        // Subnormal numbers have no leading bit, and the exponent of the smallest normal number.
        let mantissa = fraction | (u64::from(exponent > 0) << 52);
        let exponent = exponent.max(1) as i64 - 1075;
        let prime = u64::from(self.0);
        // 2^(prime - 1) is 1 modulo the prime (Fermat).
        let power = self.power_of_two(exponent.rem_euclid(prime as i64 - 1) as u64);
        self.reduce((mantissa % prime * power % prime) as f64 * number.signum())
    }

    fn of_all(self, numbers: &[f64]) -> Vec<f64> {
        numbers.iter().map(|&number| self.of(number)).collect()
    }

    /// The residue of a whole number.
    fn reduce(self, whole: f64) -> f64 {
        let prime = f64::from(self.0);
        whole - (whole / prime).round() * prime
    }

    fn power_of_two(self, exponent: u64) -> u64 {
        let prime = u64::from(self.0);
        let (mut power, mut square, mut left) = (1, 2, exponent);
        while left > 0 {
            if left % 2 == 1 {
                power = power * square % prime;
            }
            square = square * square % prime;
            left /= 2;
        }
        power
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn moduli_are_primes_below_two_to_the_twelfth() {
        for prime in PRIMES.into_iter().chain([PROBE]) {
            assert!(prime < 1 << 12 && (2..prime).all(|divisor| prime % divisor != 0), "{prime}");
        }
    }

    #[test]
    fn residues_of_whole_numbers_and_halves_are_as_computed_by_hand() {
        let prime = Prime(4091);
        for (number, residue) in [
            (0.0, 0.0),
            (-0.0, 0.0),
            (5.0, 5.0),
            (-7.0, -7.0),
            (4096.0, 5.0),
            (0.5, -2045.0), // 2 * -2045 = -4090, which is 1
            (1e8, (100_000_000 % 4091) as f64 - 4091.0),
        ] {
            let found = prime.of(number).rem_euclid(4091.0);
            assert_eq!(found, f64::rem_euclid(residue, 4091.0), "{number}");
        }
    }

    proptest! {
        /// Where f64 represents a sum or product of f32 exactly, its residue is the sum or product
        /// of the residues.
        #[test]
        fn residues_add_and_multiply(
            a in prop::num::f32::NORMAL, b in prop::num::f32::NORMAL, whole in -1000_i32..1000,
        ) {
            let (a, b, whole) = (f64::from(a), f64::from(b), f64::from(whole));
            for prime in PRIMES.map(Prime) {
                let canonical = |x: f64| x.rem_euclid(prime.0.into());
                let product = prime.of(a) * prime.of(b);
                prop_assert_eq!(canonical(prime.of(a * b)), canonical(product));
                let scaled = f64::powi(2.0, whole as i32 % 60) * a;
                let sum = prime.of(a) + prime.of(scaled);
                if (a + scaled) - a == scaled && (a + scaled) - scaled == a {
                    prop_assert_eq!(canonical(prime.of(a + scaled)), canonical(sum));
                }
            }
        }
    }
}
