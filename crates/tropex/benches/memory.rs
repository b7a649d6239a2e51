//! Time and peak memory of whole extractions, from points to shards on disk, for the worst-case
//! gauge and for the tight gauge with several limits of memory. Each extraction runs in a process
//! of its own. If the machine has other load, compare the processor time, not the elapsed time.
//! machine too, the time of the processor says more than the time that passed.
//!
//! ```text
//! cargo bench --bench memory
//! ```

use std::ops::{ControlFlow, Range};
use std::process::{Command, Stdio};
use std::time::Instant;

use tropex::extract::job::ExtractOptions;
use tropex::train::zoo::{Architecture, Classifier};
use tropex::{Classes, Extractor, Gauge, PointSource, TermStore, capture, device};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The variable that tells a process what to measure: architecture, points, gauge and bytes of
/// memory.
const MEASURED: &str = "TROPEX_BENCH_MEASURED";

/// An amount of memory that holds all rows.
const PLENTY: usize = 8 << 30;

/// Architectures, the shapes of their images, and the numbers of images.
const CASES: [(&str, [usize; 3], usize); 3] =
    [("fcn4", [1, 28, 28], 10_000), ("fcn4", [1, 28, 28], 60_000), ("vgg", [3, 32, 32], 1_000)];

fn main() {
    if let Ok(measured) = std::env::var(MEASURED) {
        return measure(&measured);
    }
    let name = device::default_name();
    println!("f32, linear and negative term, device {name}, seed 0");
    for (architecture, _, points) in CASES {
        println!("\n{architecture}, {points} points");
        let mut worst_case = None;
        for (gauge, memory) in
            [("worst-case", 0), ("tight", PLENTY), ("tight", 200_000_000), ("tight", 0)]
        {
            let measured = format!("{architecture} {points} {gauge} {memory}");
            let [seconds, processor, peak] = in_a_process(&measured);
            let ratio = processor / *worst_case.get_or_insert(processor);
            let budget = match (gauge, memory) {
                ("worst-case", _) => String::new(),
                (_, PLENTY) => "all rows in memory".into(),
                (_, bytes) => format!("{} MB of rows in memory", bytes / 1_000_000),
            };
            println!(
                "  {gauge:10} {budget:24} {seconds:7.2} s, {processor:7.2} s of processors x{ratio:.2}, \
                 {peak:5.0} MiB at most"
            );
        }
    }
}

/// The measurements of a process: elapsed seconds, processor seconds, and peak memory in MiB.
fn in_a_process(measured: &str) -> [f64; 3] {
    let program = std::env::current_exe().expect("this program has a path");
    let mut command = Command::new(program);
    let output = command.env(MEASURED, measured).stderr(Stdio::inherit()).output();
    let output = output.expect("this program can be started");
    assert!(output.status.success(), "the measured process failed");
    let said = String::from_utf8_lossy(&output.stdout);
    let mut numbers = said.split_whitespace().map(|number| number.parse().expect("a number"));
    [(); 3].map(|()| numbers.next().expect("three numbers"))
}

fn measure(measured: &str) {
    let words: Vec<&str> = measured.split(' ').collect();
    let number = |word: usize| words[word].parse::<usize>().expect("a number");
    let (name, points, gauge, memory) = (words[0], number(1), words[2], number(3));
    let shape = CASES.iter().find(|case| case.0 == name).expect("a case").1;
    let device = device::find(&device::default_name()).expect("the default device exists");
    let architecture = Architecture::find(name).expect("in the zoo");
    let classifier = architecture.init(shape, 10, &device, 0).expect("fits the images");
    let network = capture(&classifier, shape, Classifier::forward).expect("is supported");
    let gauge = if gauge == "tight" { Gauge::Tight } else { Gauge::WorstCase };
    let extractor =
        Extractor::new(&network, gauge, Classes::Predicted).expect("the shifts are finite");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let options = ExtractOptions {
        memory: Some(memory),
        dominance_points: 0, // equal work for both gauges
        ..ExtractOptions::default()
    };
    let source = Generated { count: points, features: network.features() };
    let start = Instant::now();
    TermStore::extract(
        folder.path(),
        &extractor,
        &source,
        &options,
        &|_| ControlFlow::Continue(()),
    )
    .expect("the disk has room");
    let passed = start.elapsed().as_secs_f64();
    println!("{passed} {} {}", processor_seconds().unwrap_or(f64::NAN), peak().unwrap_or(f64::NAN));
}

/// The processor time of this process on all processors, as Linux counts it.
fn processor_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<_> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |field: usize| fields.get(field)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / 100.0) // in the program and in the kernel
}

/// The peak memory of this process in MiB, as Linux counts it.
fn peak() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes / 1024.0)
}

/// Points that are computed when they are read, so that they take no memory.
struct Generated {
    count: usize,
    features: usize,
}

impl PointSource for Generated {
    fn len(&self) -> usize {
        self.count
    }

    fn features(&self) -> usize {
        self.features
    }

    fn read(&self, range: Range<usize>) -> Vec<f32> {
        let values = range.start * self.features..range.end * self.features;
        values.map(|index| (index as f32 * 0.618_034).fract()).collect()
    }

    fn label(&self, _: usize) -> usize {
        0
    }

    fn fingerprint(&self) -> String {
        "generated".into()
    }
}
