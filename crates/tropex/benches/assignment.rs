//! Exact assignment compared with products of equal shapes, in f32 (without any guarantee) and in
//! f64. All are timed in turn in one run, from the store on disk to the winners.
//!
//! ```text
//! cargo bench --bench assignment                       5,000 terms of an untrained fcn4
//! cargo bench --bench assignment -- RUN [FOLDER] [N]   the terms of a run, and N test images;
//!                                                      FOLDER holds the images' files
//! ```
//!
//! "Products" is the least work that finds both maxima: rows of positive and negative terms, and a
//! product of each with the points. "And maxima" also finds the largest entries.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use burn::tensor::{DType, Device, FloatDType, Int, Tensor, TensorData};
use tropex::experiments::{ImagePoints, pipeline};
use tropex::extract::function::WorkStats;
use tropex::extract::job::ExtractOptions;
use tropex::train::data::{Dataset, OpenOptions, open};
use tropex::train::run::Run;
use tropex::train::zoo::{Architecture, Classifier};
use tropex::{
    Classes, ExtractedFunction, Extractor, Gauge, PointSource, TermStore, capture, device,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Number of rounds. The fastest one counts, which other load on the machine disturbs least.
const ROUNDS: usize = 5;

/// Number of points in one product.
const POINTS: usize = 512;
const TERMS: usize = 1024;

/// Default number of test images.
const IMAGES: usize = 1000;

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let name = std::env::var("TROPEX_BENCH_DEVICE").unwrap_or_else(|_| device::default_name());
    let device = device::find(&name).expect("TROPEX_BENCH_DEVICE names a device of this build");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("device {name}, {cores} threads, fastest of {ROUNDS} rounds, seed 0");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (what, store, dataset) = match arguments.first() {
        Some(run) => of_run(Path::new(run), arguments.get(1), &device),
        None => of_untrained(folder.path(), &device),
    };
    let count = arguments.get(2).map_or(IMAGES, |count| count.parse().expect("N is a number"));
    let points = ImagePoints::new(&dataset.test, Some(count));
    println!(
        "{what}: {} terms, {} points, {} values each",
        store.len(),
        points.len(),
        points.features()
    );
    compare(&store, &points.read(0..points.len()), &device);
}

fn of_run(run: &Path, data_dir: Option<&String>, device: &Device) -> (String, TermStore, Dataset) {
    let run = Run::open(run).expect("a run with terms");
    let options = OpenOptions::default().with_data_dir(data_dir.map(Into::into));
    let dataset = open(&run.config().dataset, &options).expect("the images of the run");
    let opened = pipeline::open_terms(&run, &dataset, device, Gauge::WorstCase);
    let (store, _) = opened.expect("terms of `tropex extract`");
    (run.path().display().to_string(), store, dataset)
}

fn of_untrained(folder: &Path, device: &Device) -> (String, TermStore, Dataset) {
    let dataset = open("embedded", &OpenOptions::default()).expect("inside this program");
    let (shape, classes) = (dataset.train.shape(), dataset.train.classes());
    let architecture = Architecture::find("fcn4").expect("in the zoo");
    let classifier = architecture.init(shape, classes, device, 0).expect("fits the images");
    let network = capture(&classifier, shape, Classifier::forward).expect("is supported");
    let extractor = Extractor::new(&network, Gauge::WorstCase, Classes::Predicted);
    let extractor = extractor.expect("the shifts are finite");
    let points = ImagePoints::new(&dataset.train, None);
    let options = ExtractOptions { dominance_points: 0, ..ExtractOptions::default() };
    let store =
        TermStore::extract(folder, &extractor, &points, &options, &|_| ControlFlow::Continue(()));
    ("untrained fcn4 on `embedded`".into(), store.expect("the disk has room"), dataset)
}

fn compare(store: &TermStore, points: &[f32], device: &Device) {
    let mut times = [Duration::MAX; 5];
    let (mut single, mut double) = (Vec::new(), Vec::new());
    let (mut winners, mut work) = (Vec::new(), WorkStats::default());
    for _ in 0..ROUNDS {
        let round = [
            time(|| certified(store, points, device, &mut winners, &mut work)),
            time(|| products(store, points, device, FloatDType::F32, None)),
            time(|| products(store, points, device, FloatDType::F32, Some(&mut single))),
            time(|| products(store, points, device, FloatDType::F64, None)),
            time(|| products(store, points, device, FloatDType::F64, Some(&mut double))),
        ];
        times.iter_mut().zip(round).for_each(|(least, time)| *least = time.min(*least));
    }
    let seconds = times.map(|time| time.as_secs_f64());
    let names =
        ["certified", "f32, products", "f32, and maxima", "f64, products", "f64, and maxima"];
    let flops = 4.0 * (points.len() * store.len()) as f64;
    for (name, time) in names.into_iter().zip(seconds) {
        let (rate, ratio) = (flops / time / 1e9, seconds[0] / time);
        println!("  {name:16} {time:7.3} s {rate:6.1} GFLOP/s   certified takes x{ratio:.2}");
    }
    for (name, found) in [("f32", &single), ("f64", &double)] {
        let wrong = found.iter().zip(&winners).filter(|(found, winner)| found != winner).count();
        println!("  {name} alone names a wrong term at {wrong} of {} points", winners.len());
    }
    let WorkStats { pairs, reevaluated, exact, .. } = work;
    println!("  of {pairs} values {reevaluated} were computed again in f64, {exact} exactly");
}

/// Positions of the winning positive and negative term.
type Winners = [i64; 2];

fn certified(
    store: &TermStore,
    points: &[f32],
    device: &Device,
    winners: &mut Vec<Winners>,
    work: &mut WorkStats,
) {
    let function = ExtractedFunction::new(store, device).expect("f32 is there");
    let found =
        function.ranking(points, 1, None, &|_| ControlFlow::Continue(())).expect("a whole store");
    *work = found.work;
    let found = found.assignments.iter();
    *winners = found.map(|won| [won.positive as i64, won.negative as i64]).collect();
}

/// Both products of all points and terms in one format, and the positions of their largest entries
/// if `winners` is given.
fn products(
    store: &TermStore,
    points: &[f32],
    device: &Device,
    dtype: FloatDType,
    winners: Option<&mut Vec<Winners>>,
) {
    let features = store.manifest().terms.features();
    let options = (device, DType::F32);
    let rows = |data: &TensorData| Tensor::<2>::from_data(data.clone(), options).cast(dtype);
    let column = |data: &TensorData| {
        let numbers = Tensor::<1>::from_data(data.clone(), options).cast(dtype);
        numbers.reshape([-1, 1])
    };
    let points: Vec<_> = points
        .chunks(POINTS * features)
        .map(|points| rows(&TensorData::new(points.to_vec(), [points.len() / features, features])))
        .collect();
    let mut best: Vec<[Option<BestTerm>; 2]> = vec![[None, None]; points.len()];
    for shard in store.shards() {
        let shard = shard.expect("a whole shard");
        let linear = rows(&shard.linear_coefficients);
        let linear_bias = column(&shard.linear_bias);
        let negative = rows(&shard.negative_coefficients);
        let negative_bias = column(&shard.negative_bias);
        for start in (0..shard.len()).step_by(TERMS) {
            let count = TERMS.min(shard.len() - start);
            let part = |rows: &Tensor<2>| rows.clone().narrow(0, start, count);
            let positive = part(&linear) + part(&negative);
            let positive_bias = part(&linear_bias) + part(&negative_bias);
            let (negative, negative_bias) = (part(&negative), part(&negative_bias));
            let sides = [(positive, positive_bias), (negative, negative_bias)];
            for (side, (rows, bias)) in sides.into_iter().enumerate() {
                for (points, best) in points.iter().zip(&mut best) {
                    let scores = points.clone().matmul(rows.clone().transpose());
                    if winners.is_some() {
                        let scores = scores + bias.clone().transpose();
                        BestTerm::enter(&mut best[side], scores, shard.first + start);
                    } else {
                        std::hint::black_box(scores);
                    }
                }
            }
        }
    }
    device.sync().expect("the device answers");
    if let Some(winners) = winners {
        winners.clear();
        for best in best {
            let [positive, negative] = best.map(|best| best.expect("there are terms").positions());
            winners.extend(positive.into_iter().zip(negative).map(|(f, g)| [f, g]));
        }
    }
}

/// The largest scores of points so far, and the positions of their terms.
#[derive(Clone)]
struct BestTerm {
    /// `[points, 1]`
    scores: Tensor<2>,
    /// `[points, 1]`
    positions: Tensor<2, Int>,
}

impl BestTerm {
    /// Updates the best terms with scores `[points, terms]`. `first` is the position of the first
    /// term.
    fn enter(best: &mut Option<Self>, scores: Tensor<2>, first: usize) {
        let (scores, columns) = scores.max_dim_with_indices(1);
        let positions = columns + first as i64;
        *best = Some(match best.take() {
            None => Self { scores, positions },
            Some(best) => {
                let better = scores.clone().greater(best.scores.clone());
                Self {
                    scores: best.scores.mask_where(better.clone(), scores),
                    positions: best.positions.mask_where(better, positions),
                }
            }
        });
    }

    fn positions(self) -> Vec<i64> {
        self.positions.into_data().iter().collect()
    }
}

fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}
