//! Python, where it is here.

use std::ffi::OsStr;
use std::process::Command;

/// A Python with some modules: `TROPEX_TEST_PYTHON`, or `python3`. None, which is told, where there
/// is none.
pub(crate) fn python(modules: &str) -> Option<String> {
    let python = std::env::var("TROPEX_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let found = Command::new(&python).args(["-c", &format!("import {modules}")]).output();
    if found.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    println!("skipped: {python} with {modules} is not here");
    None
}

/// What a script prints.
pub(crate) fn printed<S: AsRef<OsStr>>(
    python: &str,
    arguments: impl IntoIterator<Item = S>,
) -> Vec<u8> {
    let output = Command::new(python).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
