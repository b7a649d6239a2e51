//! The geometry of regions compared with the least passes that it needs. Both are timed in turn in
//! one run: crossings and forward passes in f64, patterns and replays, halfspaces of regions and
//! linear terms in f64, distances by columns and forward passes in f32. Facets are compared with
//! the sides that they are among.
//!
//! ```text
//! cargo bench --bench regions            both networks
//! cargo bench --bench regions -- vgg     one of fcn4, vgg
//! ```

use std::ops::ControlFlow;

use burn::tensor::{Device, Tensor, TensorData};
use tropex::geometry::{DistanceMethod, Paths, Patterns, RegionCount, RegionSegment, Regions};
use tropex::train::zoo::{Architecture, Classifier};
use tropex::{Classes, ComputeTarget, Extractor, Gauge, Network, Precision, capture};

mod support;
use support::{arguments, threads, timed};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Number of rounds. The fastest one counts, which other load on the machine disturbs least.
const ROUNDS: usize = 3;

struct RegionBench {
    architecture: &'static str,
    shape: [usize; 3],
    /// Number of points whose patterns are read.
    points: usize,
    /// Number of points in a batch.
    batch: usize,
    /// Number of rays in a batch.
    rays: usize,
    /// Number of regions on each ray.
    regions: usize,
    /// Number of points whose distances are computed by one backward pass for every side.
    distances: usize,
    /// Whether the facets of a region are found.
    facets: bool,
}

const CASES: [RegionBench; 2] = [
    RegionBench {
        architecture: "fcn4",
        shape: [1, 28, 28],
        points: 4096,
        batch: 512,
        rays: 128,
        regions: 8,
        distances: 8,
        facets: true,
    },
    RegionBench {
        architecture: "vgg",
        shape: [3, 32, 32],
        points: 128,
        batch: 32,
        rays: 16,
        regions: 4,
        // A point has about 180,000 halfspaces. Each one takes a backward pass.
        distances: 0,
        facets: false,
    },
];

fn main() {
    let wanted = arguments();
    let (name, device) = support::device();
    println!(
        "device {name}, {} threads, fastest of {ROUNDS} rounds, seed 0, untrained\n",
        threads()
    );
    for case in CASES {
        if wanted.is_empty() || wanted.iter().any(|name| name == case.architecture) {
            case.run(&device);
        }
    }
}

impl RegionBench {
    fn run(&self, device: &Device) {
        let network = self.network(device);
        let units = Patterns::new(&network).units();
        println!("{}: {units} units with several pieces", self.architecture);
        self.crossings(&network);
        self.patterns(&network);
        if self.distances > 0 {
            self.distances(&network);
        }
        self.nearest(&network);
        if self.facets {
            self.facets(&network);
        }
        println!();
    }

    fn network(&self, device: &Device) -> Network {
        let architecture = Architecture::find(self.architecture).expect("in the zoo");
        let classifier = architecture.init(self.shape, 10, device, 0).expect("fits the images");
        capture(&classifier, self.shape, Classifier::forward).expect("zoo networks are supported")
    }

    fn crossings(&self, network: &Network) {
        let paths = Paths::new(network).expect("the device has f64").with_batch(self.rays);
        let points = self.values(self.rays, 0.618_034);
        let directions = self.values(self.rays, 0.414_214);
        let wide = wide(network);
        let tensor = tensor(&points, &wide);
        let walk = || {
            let mut passed = vec![0; self.rays];
            let visit = |ray: usize, _: &RegionSegment<'_>| {
                passed[ray] += 1;
                let ends = passed[ray] == self.regions;
                if ends { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            paths.visit(&points, &directions, f64::INFINITY, visit).expect("finite numbers");
        };
        let forward = || {
            (0..self.regions).for_each(|_| {
                std::hint::black_box(wide.replay(tensor.clone()).logits().into_data());
            });
        };
        let regions = (self.rays * self.regions) as f64;
        report("regions on rays", "forward, f64", regions, walk, forward);
    }

    fn patterns(&self, network: &Network) {
        let patterns = Patterns::new(network).with_batch(self.batch);
        let points: Vec<f32> =
            self.values(self.points, 0.618_034).into_iter().map(|value| value as f32).collect();
        let hash = || {
            let mut count = RegionCount::default();
            count.extend(patterns.ids(&points).expect("whole points"));
            std::hint::black_box(count.regions());
        };
        let replay = || {
            for points in points.chunks(self.batch * network.features()) {
                std::hint::black_box(network.classify(points).expect("whole points"));
            }
        };
        report("patterns hashed", "replay, f32", self.points as f64, hash, replay);
    }

    fn distances(&self, network: &Network) {
        let regions = Regions::new(network).expect("the device has f64");
        let points = self.values(self.distances, 0.618_034);
        let mut sides = 0;
        regions.visit_halfspaces(&points, |_| sides += 1).expect("finite numbers");
        let find = || {
            std::hint::black_box(regions.distances(&points).expect("finite numbers"));
        };
        // As many rows from the logits to the input: a point has one linear term a class and one
        // negative term.
        let extractor = Extractor::new(&wide(network), Gauge::WorstCase, Classes::All)
            .expect("the shifts are finite");
        let rows = network.classes() + 1;
        let more = sides / rows;
        let points: Vec<f32> =
            self.values(more, 0.618_034).into_iter().map(|value| value as f32).collect();
        let extract = || {
            for points in points.chunks(128 * network.features()) {
                std::hint::black_box(extractor.extract(points).expect("whole points"));
            }
        };
        let distances = self.distances;
        println!("  {distances} points have {sides} sides");
        report("sides, distances", "terms, f64", sides as f64, find, extract);
    }

    /// The nearest boundary of one point by columns, beside one forward pass for every input.
    fn nearest(&self, network: &Network) {
        let regions = Regions::new(network).expect("the device has f64");
        let regions = regions.with_distance_method(DistanceMethod::Columns);
        let point = self.values(1, 0.618_034);
        let find = || {
            std::hint::black_box(regions.distances(&point).expect("finite numbers"));
        };
        let inputs: Vec<f32> = self
            .values(network.features(), 0.618_034)
            .into_iter()
            .map(|value| value as f32)
            .collect();
        let replay = || {
            for points in inputs.chunks(self.batch * network.features()) {
                std::hint::black_box(network.classify(points).expect("whole points"));
            }
        };
        report("nearest, columns", "replays, f32", 1.0, find, replay);
    }

    /// The facets of one region and its largest ball, beside the sides of the region.
    fn facets(&self, network: &Network) {
        let regions = Regions::new(network).expect("the device has f64");
        let point = self.values(1, 0.618_034);
        let read = || regions.polytope(&point).expect("finite numbers");
        let polytope = read();
        let find = || {
            let essential = polytope.irredundant().expect("the region has an interior");
            std::hint::black_box(essential.ball().expect("the program ends"));
        };
        let read_again = || {
            std::hint::black_box(read());
        };
        println!("  the region of a point has {} sides", polytope.sides());
        report("facets, ball", "sides", 1.0, find, read_again);
    }

    fn values(&self, count: usize, step: f64) -> Vec<f64> {
        let features: usize = self.shape.iter().product();
        (0..count * features).map(|index| (index as f64 * step).fract()).collect()
    }
}

/// Times two functions in turn and prints their rates for `count` items.
fn report(what: &str, other: &str, count: f64, work: impl Fn(), compared: impl Fn()) {
    let (mut own, mut least) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..ROUNDS {
        own = own.min(timed(&work).0);
        least = least.min(timed(&compared).0);
    }
    for (name, seconds) in [(what, own), (other, least)] {
        let ratio = seconds / least;
        println!("  {name:16} {seconds:8.3} s {:9.0} a second  x{ratio:.2}", count / seconds);
    }
}

fn wide(network: &Network) -> Network {
    let target = ComputeTarget::new(network.target().device(), Precision::F64);
    network.to_target(&target.expect("the device has f64"))
}

fn tensor(points: &[f64], network: &Network) -> Tensor<2> {
    let shape = [points.len() / network.features(), network.features()];
    let dtype = network.target().precision().dtype();
    let data = TensorData::new(points.to_vec(), shape);
    Tensor::from_data(data, (network.target().device(), dtype))
}
