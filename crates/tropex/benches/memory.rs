//! Peak memory and time of whole extractions, from points to shards on disk and their self-check,
//! for two numbers of points. Each runs in a process of its own.
//!
//! ```text
//! cargo bench --bench memory
//! ```

use std::ops::Range;
use std::process::Command;
use std::time::Instant;

use tropex::extract::store::ExtractOptions;
use tropex::train::zoo::{Architecture, Classifier};
use tropex::{Classes, Extractor, Gauge, PointSource, TermStore, capture, device};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Tells a process that it is the one to measure, and how many points it extracts.
const POINTS: &str = "TROPEX_BENCH_POINTS";

fn main() {
    if let Ok(points) = std::env::var(POINTS) {
        return measure(points.parse().expect("a number of points"));
    }
    let name = device::default_name();
    println!("fcn4, f32, linear and negative term, device {name}, seed 0\n");
    for points in [10_000_usize, 60_000] {
        let program = std::env::current_exe().expect("this program has a path");
        let status = Command::new(program).env(POINTS, points.to_string()).status();
        assert!(status.is_ok_and(|status| status.success()), "the measured process failed");
    }
}

fn measure(count: usize) {
    let device = device::find(&device::default_name()).expect("the default device exists");
    let architecture = Architecture::find("fcn4").expect("in the zoo");
    let classifier = architecture.init([1, 28, 28], 10, &device, 0).expect("fits the images");
    let network = capture(&classifier, [1, 28, 28], Classifier::forward).expect("is supported");
    let extractor = Extractor::new(&network, Gauge::WorstCase, Classes::Predicted)
        .expect("the shifts are finite");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let start = Instant::now();
    let store = TermStore::extract(
        folder.path(),
        &extractor,
        &Generated { count },
        &ExtractOptions::default(),
        &|_| {},
    )
    .expect("the disk has room");
    println!(
        "{:6} points: {:6.2} s, {:7.0} points/s, peak memory {}",
        store.len(),
        start.elapsed().as_secs_f64(),
        store.len() as f64 / start.elapsed().as_secs_f64(),
        peak().unwrap_or_else(|| "not known on this platform".into())
    );
}

/// The most memory that this process ever held, as Linux counts it.
fn peak() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(format!("{:.0} MiB", kibibytes / 1024.0))
}

/// Points made when they are read, so that they take no memory of their own.
struct Generated {
    count: usize,
}

impl PointSource for Generated {
    fn len(&self) -> usize {
        self.count
    }

    fn features(&self) -> usize {
        784
    }

    fn read(&self, range: Range<usize>) -> Vec<f32> {
        let values = range.start * 784..range.end * 784;
        values.map(|index| (index as f32 * 0.618_034).fract()).collect()
    }

    fn label(&self, _: usize) -> usize {
        0
    }

    fn fingerprint(&self) -> String {
        "generated".into()
    }
}
