//! The time of linear terms, operation by operation, forward and back.
//!
//! ```text
//! cargo bench --bench layers -- predicted|all BATCH RUN...
//! ```
//!
//! A RUN is a trained network without branches. For a batch of training images, the benchmark
//! prints the time of each operation, the share of nonzero numbers in its input, and the total time
//! of `Network::linear_terms`, for the predicted class or for all classes.

use std::path::Path;

use burn::tensor::{Tensor, TensorData};
use tropex::experiments::pipeline::{check_data, network};
use tropex::extract::AffineRows;
use tropex::train::data::{OpenOptions, open};
use tropex::train::run::Run;
use tropex::{Classes, Network};

mod support;
use support::{arguments, threads, timed};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Number of rounds. The fastest one counts, which other load on the machine disturbs least.
const ROUNDS: usize = 9;

fn main() {
    let mut arguments = arguments().into_iter();
    let classes = match arguments.next().as_deref() {
        Some("predicted") => Classes::Predicted,
        Some("all") => Classes::All,
        _ => return println!("predicted or all, points in a batch, runs: nothing to measure"),
    };
    let batch = arguments.next().and_then(|batch| batch.parse().ok()).expect("points in a batch");
    let (name, device) = support::device();
    println!("device {name}, {} threads, f32, fastest of {ROUNDS} rounds", threads());
    for run in arguments {
        let run = Run::open(Path::new(&run)).expect("the argument is the folder of a run");
        let network = network(&run, &device).expect("the weights fit");
        let dataset = open(&run.config().dataset, &OpenOptions::default()).expect("its dataset");
        check_data(&run, &dataset).expect("as the run used it");
        assert!(dataset.train.len() >= batch, "the dataset has at least {batch} images");
        println!("\n{}, {batch} points", run.path().display());
        measure(&network, classes, &dataset.train.read(0..batch));
    }
}

fn measure(network: &Network, classes: Classes, points: &[f32]) {
    let batch = points.len() / network.features();
    let mut times = vec![[f64::INFINITY; 2]; network.nodes().len()];
    let mut shares = vec![[0.0; 2]; network.nodes().len()];
    let mut whole = f64::INFINITY;
    // The total is measured first, because the walk below changes the allocated memory.
    for _ in 0..ROUNDS {
        let terms = || network.linear_terms(points, classes).expect("whole points");
        whole = whole.min(timed(terms).0);
    }
    for _ in 0..ROUNDS {
        walk(network, classes, points, &mut times, &mut shares);
    }
    let each = |seconds: f64| 1e6 * seconds / batch as f64;
    println!("  forward us  not zero     back us  not zero");
    for ((node, [forward, back]), [read, rows]) in network.nodes().iter().zip(&times).zip(&shares) {
        println!(
            "  {:10.2}  {:6.1} %  {:10.2}  {:6.1} %  {} to {:?}",
            each(*forward),
            100.0 * read,
            each(*back),
            100.0 * rows,
            node.op().name(),
            node.shape()
        );
    }
    let sum = |side: usize| each(times.iter().map(|times| times[side]).sum());
    println!("  {:10.2} {:22.2}  all of them", sum(0), sum(1));
    println!("  {:.2} us a point for linear terms: {:.0} a second", each(whole), 1e6 / each(whole));
}

/// Times every operation alone, forward and back.
fn walk(
    network: &Network,
    classes: Classes,
    points: &[f32],
    times: &mut [[f64; 2]],
    shares: &mut [[f64; 2]],
) {
    let device = network.target().device();
    let shape = [points.len() / network.features(), network.features()];
    let mut values = Tensor::<2>::from_data(TensorData::new(points.to_vec(), shape), device);
    let (mut pieces, mut masks) = (Vec::new(), vec![None]);
    for (at, node) in network.nodes().iter().enumerate() {
        shares[at][0] = share(&values);
        let (seconds, (output, piece)) = timed(|| node.op().forward(vec![values]));
        times[at][0] = times[at][0].min(seconds);
        masks.push(node.op().active_mask(&masks[at..], &piece));
        pieces.push(piece);
        values = output;
    }
    let [count, outputs] = values.dims();
    let seeds = match classes {
        Classes::All => {
            Tensor::eye(outputs, device).repeat_dim(1, count).reshape([-1, outputs as i32])
        }
        _ => values.clone().equal(values.max_dim(1).expand([count, outputs])).float(),
    };
    let mut rows = AffineRows::new(seeds, count);
    for (at, node) in network.nodes().iter().enumerate().rev() {
        shares[at][1] = share(&rows.clone().into_tensor());
        let rows_to = rows.with_active_mask(masks[at].clone());
        let (seconds, pulled) = timed(|| node.op().pullback(rows_to, &pieces[at]));
        times[at][1] = times[at][1].min(seconds);
        rows = pulled.rows.into_iter().next().expect("networks here have no branches");
    }
}

/// Share of nonzero numbers.
fn share(values: &Tensor<2>) -> f64 {
    let data = values.to_data();
    let values = data.as_slice::<f32>().expect("in f32");
    values.iter().filter(|&&value| value != 0.0).count() as f64 / values.len() as f64
}
