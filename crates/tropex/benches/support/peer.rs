//! Python scripts to compare with. A script answers requests line by line.

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The Python interpreter in `TROPEX_BENCH_PYTHON`, if the variable is set.
pub(crate) fn python() -> Option<PathBuf> {
    std::env::var_os("TROPEX_BENCH_PYTHON").map(PathBuf::from)
}

/// The path of a script in the folder of the benchmarks.
pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/tropex/benches").join(name)
}

/// A running script that waits for requests.
pub(crate) struct Peer {
    child: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Peer {
    /// Starts a script and reads its first line, which describes it.
    pub(crate) fn start(python: &Path, name: &str, arguments: &[String]) -> (Self, String) {
        let child = Command::new(python)
            .arg(script(name))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = child.expect("TROPEX_BENCH_PYTHON names a Python");
        let orders = child.stdin.take().expect("is piped");
        let answers = BufReader::new(child.stdout.take().expect("is piped")).lines();
        let mut peer = Self { child, orders, answers };
        let greeting = peer.answer();
        (peer, greeting)
    }

    /// Sends a request. The answer is a line of numbers.
    pub(crate) fn ask(&mut self, order: &str) -> Vec<f64> {
        writeln!(self.orders, "{order}").expect("the script listens");
        let answer = self.answer();
        let number = |word: &str| word.parse().expect("a number");
        answer.split_whitespace().map(number).collect()
    }

    fn answer(&mut self) -> String {
        self.answers.next().expect("the script answers").expect("in UTF-8")
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // The script also ends when its input is closed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
