//! Whole processes: start, reading, extracting and writing.
//!
//! ```text
//! cargo bench --bench process                  start-up alone
//! cargo bench --bench process -- RUN...        and `tropex extract` of trained runs
//! TROPEX_BENCH_PYTHON=.../bin/python cargo bench --bench process -- RUN...
//! ```
//!
//! If the Python has `numpy` and `safetensors`, the published algorithm in numpy and f64 extracts
//! and writes the terms of the same points, in turn with this program in f32.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use tropex::experiments::pipeline::check_data;
use tropex::train::data::{OpenOptions, open};
use tropex::train::run::Run;

mod support;
use support::peer::{python, script};
use support::{arguments, threads, timed, write_points};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Number of rounds of long and of short work. The fastest one counts.
const ROUNDS: usize = 3;
const SHORT_ROUNDS: usize = 20;

/// The published algorithm does not compare terms with each other.
const UNCHECKED: &[&str] = &["--check", "0"];

/// A few points, to measure start and end.
const FEW: usize = 10;

/// Architectures, their layers in the notation of `numpy/published.py`, and the number of points.
const CASES: [(&str, &str, usize); 2] =
    [("fcn4", "FDDDD", 60_000), ("vgg", "CCPCCCPCCCPFDD", 4_000)];

fn main() {
    println!("{} threads, fastest of {ROUNDS} rounds", threads());
    let list = || tropex(&["list".into()]);
    let start = (0..SHORT_ROUNDS).map(|_| timed(list).0).fold(f64::INFINITY, f64::min);
    println!("tropex list: {:.1} ms (fastest of {SHORT_ROUNDS})", 1e3 * start);
    for run in arguments() {
        let run = Run::open(Path::new(&run)).expect("the argument is the folder of a run");
        of_run(&run);
    }
}

fn of_run(run: &Run) {
    let name = &run.config().architecture;
    let case = CASES.iter().find(|(architecture, ..)| architecture == name);
    let &(_, layers, points) = case.expect("one of the architectures above");
    let place = tempfile::tempdir().expect("a temporary folder");
    let copy = place.path().join("run");
    fs::create_dir(&copy).expect("the folder is new");
    for file in ["config.json", "model.safetensors"] {
        fs::copy(run.path().join(file), copy.join(file)).expect("a run has these files");
    }
    println!("\n{name} ({})", run.path().display());
    let start = extraction(&copy, FEW, UNCHECKED);
    let own = extraction(&copy, points, UNCHECKED);
    let tenth = extraction(&copy, points / 10, UNCHECKED);
    println!("  extract, {FEW} points: {start:.2} s");
    for (points, seconds) in [(points, own), (points / 10, tenth)] {
        let each = 1e6 * (seconds - start) / (points - FEW) as f64;
        println!("  extract, {points} points: {seconds:.2} s, {each:.1} us for each further point");
    }
    let checked = extraction(&copy, points, &[]);
    println!("  extract, {points} points, own terms of 1,000 compared with all: {checked:.2} s");
    let Some(python) = python() else { return };
    let file = place.path().join("points.safetensors");
    let dataset = open(&run.config().dataset, &OpenOptions::default()).expect("the run's dataset");
    check_data(run, &dataset).expect("as the run used it");
    write_points(&file, &dataset.train.read(0..points), points, &run.config().input_shape);
    let out = place.path().join("terms.safetensors");
    let publish = || {
        let files = [run.model_path(), file.clone(), out.clone()];
        let script = script("numpy/published.py");
        let status = Command::new(&python).arg(script).arg(layers).args(files).status();
        assert!(status.expect("TROPEX_BENCH_PYTHON names a Python").success());
    };
    let peer = (0..ROUNDS).map(|_| timed(publish).0).fold(f64::INFINITY, f64::min);
    println!("  published algorithm in numpy, f64: {peer:.2} s, x{:.1}", peer / own);
}

/// Seconds of a complete extraction.
fn extraction(run: &Path, points: usize, options: &[&str]) -> f64 {
    let terms = run.join("terms");
    let (run, points) = (run.display().to_string(), points.to_string());
    let arguments =
        ["extract", &run, "--limit", &points].into_iter().chain(options.iter().copied());
    let arguments: Vec<String> = arguments.map(str::to_owned).collect();
    let round = || {
        let _ = fs::remove_dir_all(&terms);
        timed(|| tropex(&arguments)).0
    };
    (0..ROUNDS).map(|_| round()).fold(f64::INFINITY, f64::min)
}

fn tropex(arguments: &[String]) {
    let program = env!("CARGO_BIN_EXE_tropex");
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).status();
    assert!(status.expect("the program is built with the benchmark").success());
}
