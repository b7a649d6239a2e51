//! Ctrl-C: one line on what is kept, and the command to go on.
//!
//! Files are whole at any moment, so the process ends at once; nothing has to be unwound.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Says what is kept at this moment; `None` if nothing is yet.
type DescribeKept = Box<dyn Fn() -> Option<String> + Send>;

/// What the parts of the command under way say, the innermost last.
static NOTES: Mutex<Vec<DescribeKept>> = Mutex::new(Vec::new());

fn notes() -> MutexGuard<'static, Vec<DescribeKept>> {
    NOTES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// As long as this is there, an interrupt tells what a part of the command keeps.
#[must_use]
pub struct InterruptNote(());

impl InterruptNote {
    /// `say` is asked when an interrupt comes, from another thread.
    pub fn set(say: impl Fn() -> Option<String> + Send + 'static) -> Self {
        notes().push(Box::new(say));
        Self(())
    }
}

impl Drop for InterruptNote {
    fn drop(&mut self) {
        notes().pop();
    }
}

/// The line for an interrupt, without its end.
#[cfg_attr(not(unix), allow(dead_code))]
fn line(notes: &[DescribeKept], command: &str) -> String {
    match notes.last().map(|say| say()) {
        None => format!(
            "interrupted: this command keeps nothing until it is done; the same command starts \
             again: {command}"
        ),
        Some(None) => format!(
            "interrupted: nothing new is kept yet; the same command starts again: {command}"
        ),
        Some(Some(kept)) => format!("interrupted: {kept}; the same command goes on: {command}"),
    }
}

/// Ends the process on SIGINT and SIGTERM with a line on standard error and the exit code that
/// shells give: 130 and 143. A second signal ends it without waiting for anything.
#[cfg(unix)]
pub fn watch() -> std::io::Result<()> {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::flag;
    use signal_hook::iterator::Signals;

    // First, so that no signal is lost: this one keeps what comes before anybody looks.
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let is_second = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        flag::register_conditional_shutdown(signal, 128 + signal, is_second.clone())?;
        flag::register(signal, is_second.clone())?;
    }
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        if let Some(signal) = signals.forever().next() {
            end(signal);
        }
    })?;
    Ok(())
}

/// Elsewhere the system ends the process, without a word.
#[cfg(not(unix))]
pub fn watch() -> std::io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn end(signal: i32) -> ! {
    use std::io::{self, Write};

    let line = line(&notes(), &command());
    crate::output::stop_progress();
    // A result is printed to its end, and none is begun. Nor is an error that ending brings about.
    let _stdout = io::stdout().lock();
    let mut stderr = io::stderr().lock();
    let _ = writeln!(stderr, "{line}");
    tropex_files::remove_own_files();
    signal_hook::low_level::exit(128 + signal)
}

/// The command as it was called, quoted for a shell.
#[cfg(unix)]
fn command() -> String {
    use std::os::unix::ffi::OsStringExt;

    let words: Vec<_> = std::env::args_os().map(OsStringExt::into_vec).collect();
    let words = words.iter().map(Vec::as_slice);
    let quoted = shlex::bytes::Quoter::new().allow_nul(true).join(words).unwrap_or_default();
    String::from_utf8_lossy(&quoted).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_what_is_kept_and_how_to_go_on() {
        let said = |kept: Option<&str>| {
            let kept = kept.map(str::to_owned);
            let say: DescribeKept = Box::new(move || kept.clone());
            line(&[Box::new(|| Some("all".into())), say], "tropex train fcn4")
        };
        let expected = "interrupted: 3 of 6 epochs are kept in runs/a; the same command goes on: \
                        tropex train fcn4";
        assert_eq!(said(Some("3 of 6 epochs are kept in runs/a")), expected);
        assert!(said(None).contains("nothing new is kept yet; the same command starts again: "));
        assert!(line(&[], "tropex evaluate a").contains("keeps nothing until it is done"));
    }
}
