//! Linear terms by this library and by a Python script, in turn.

use std::thread::sleep;
use std::time::Duration;

use tropex::{Classes, Network};

use super::peer::Peer;
use super::timed;

/// Number of rounds. The fastest one of each side counts, which other load disturbs least.
pub(crate) const ROUNDS: usize = 5;

/// Pause before each side. Afterwards, idle threads of the other side no longer spin.
const REST: Duration = Duration::from_millis(200);

/// Both sides and their common work.
pub(crate) struct Comparison<'a> {
    pub(crate) network: &'a Network,
    pub(crate) points: &'a [f32],
    pub(crate) peer: &'a mut Peer,
}

impl Comparison<'_> {
    /// Prints the linear terms a second of both sides, each with its best batch size. `order` asks
    /// the script for a round.
    pub(crate) fn run(mut self, order: &str, classes: Classes, batches: &[usize]) {
        let (mut own, mut other) = ((f64::INFINITY, 0), (f64::INFINITY, 0));
        for &batch in batches {
            own = own.min_by_time((self.own(classes, batch).0, batch));
            other = other.min_by_time((self.other(order, batch).0, batch));
        }
        let (mut sum, mut expected) = (0.0, 0.0);
        for _ in 0..ROUNDS {
            let (seconds, found) = self.own(classes, own.1);
            own.0 = own.0.min(seconds);
            sum = found;
            let (seconds, found) = self.other(order, other.1);
            other.0 = other.0.min(seconds);
            expected = found;
        }
        assert!((sum - expected).abs() <= 1e-3 * expected, "{sum} and {expected} are not the same");
        let points = self.points.len() / self.network.features();
        let rate = |seconds: f64| digits(points as f64 / seconds);
        println!(
            "  {order:9} {points:5} points: {} a second (batches of {}), PyTorch {} ({}): x{:.2}",
            rate(own.0),
            own.1,
            rate(other.0),
            other.1,
            other.0 / own.0
        );
    }

    /// The time in seconds, and the sum of the absolute values of all coefficients. The sum is not
    /// timed.
    fn own(&self, classes: Classes, batch: usize) -> (f64, f64) {
        sleep(REST);
        let (mut seconds, mut total) = (0.0, 0.0);
        for points in self.points.chunks(batch * self.network.features()) {
            let (time, terms) =
                timed(|| self.network.linear_terms(points, classes).expect("whole points"));
            seconds += time;
            for class in 0..terms.per_point() {
                let coefficients = terms.coefficients(class);
                let coefficients = coefficients.as_slice::<f32>().expect("in f32");
                total += coefficients.iter().map(|&value| f64::from(value.abs())).sum::<f64>();
            }
        }
        (seconds, total)
    }

    fn other(&mut self, order: &str, batch: usize) -> (f64, f64) {
        sleep(REST);
        let answer = self.peer.ask(&format!("{order} {batch}"));
        (answer[0], answer[1])
    }
}

/// A rate with at least three digits.
fn digits(rate: f64) -> String {
    if rate < 100.0 { format!("{rate:8.2}") } else { format!("{rate:8.0}") }
}

/// The faster of two.
trait Faster {
    fn min_by_time(self, other: Self) -> Self;
}

impl Faster for (f64, usize) {
    fn min_by_time(self, other: Self) -> Self {
        if other.0 < self.0 { other } else { self }
    }
}
