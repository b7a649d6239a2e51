//! Time and peak memory of whole extractions, from points to shards on disk, for both gauges and
//! different budgets of the tight one. Each runs in a process of its own; where others use the
//! machine too, the time of the processor says more than the time that passed.
//!
//! ```text
//! cargo bench --bench memory
//! ```

use std::ops::Range;
use std::process::{Command, Stdio};
use std::time::Instant;

use tropex::extract::job::ExtractOptions;
use tropex::train::zoo::{Architecture, Classifier};
use tropex::{Classes, Extractor, Gauge, PointSource, TermStore, capture, device};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Names what a process is to measure: architecture, points, gauge and bytes of memory.
const MEASURED: &str = "TROPEX_BENCH_MEASURED";

/// Memory in which all rows fit.
const PLENTY: usize = 8 << 30;

/// Architectures, the shape of their images, and how many of these.
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

/// What a process measures: seconds that passed, seconds of processors, and MiB of memory.
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
        dominance_points: 0, // the same work for both gauges, and none of the extraction's own
        ..ExtractOptions::default()
    };
    let source = Generated { count: points, features: network.features() };
    let start = Instant::now();
    TermStore::extract(folder.path(), &extractor, &source, &options, &|_| {})
        .expect("the disk has room");
    let passed = start.elapsed().as_secs_f64();
    println!("{passed} {} {}", processor_seconds().unwrap_or(f64::NAN), peak().unwrap_or(f64::NAN));
}

/// The time that all processors together spent on this process, as Linux counts it.
fn processor_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<_> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |field: usize| fields.get(field)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / 100.0) // in the program and in the kernel
}

/// The most memory that this process ever held in MiB, as Linux counts it.
fn peak() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes / 1024.0)
}

/// Points made when they are read, so that they take no memory of their own.
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
