//! Python for tests that compare with other programs. Tests of other crates include this file too.

use std::ffi::OsStr;
use std::process::Command;

/// The Python interpreter in `TROPEX_TEST_PYTHON`, or `python3`, if it has the modules. Otherwise
/// prints that the test is skipped and returns `None`.
pub(crate) fn python(modules: &str) -> Option<String> {
    let python = std::env::var("TROPEX_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let found = Command::new(&python).args(["-c", &format!("import {modules}")]).output();
    if found.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    println!("skipped: {python} lacks {modules}");
    None
}

/// Standard output of a Python script. The script must succeed.
pub(crate) fn output_of<S: AsRef<OsStr>>(
    python: &str,
    arguments: impl IntoIterator<Item = S>,
) -> Vec<u8> {
    let output = Command::new(python).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
