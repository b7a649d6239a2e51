//! Ctrl-C: the command prints what is saved and how to continue, and ends at once.
//!
//! Files are replaced atomically, so they are complete at any moment.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Describes what is saved at this moment; `None` if nothing is.
type DescribeKept = Box<dyn Fn() -> Option<String> + Send>;

/// Descriptions by the running parts of the command, the innermost last.
static NOTES: Mutex<Vec<DescribeKept>> = Mutex::new(Vec::new());

fn notes() -> MutexGuard<'static, Vec<DescribeKept>> {
    NOTES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// While this value exists, an interrupt prints what its part of the command has saved.
#[must_use]
pub struct InterruptNote(());

impl InterruptNote {
    /// `describe` is called at an interrupt, on another thread.
    pub fn set(describe: impl Fn() -> Option<String> + Send + 'static) -> Self {
        notes().push(Box::new(describe));
        Self(())
    }
}

impl Drop for InterruptNote {
    fn drop(&mut self) {
        notes().pop();
    }
}

/// The line to print at an interrupt.
#[cfg_attr(not(unix), allow(dead_code))]
fn line(notes: &[DescribeKept], command: &str) -> String {
    match notes.last().map(|describe| describe()) {
        None => format!(
            "interrupted: this command saves nothing before its end; the same command starts \
             again: {command}"
        ),
        Some(None) => format!(
            "interrupted: nothing new is saved yet; the same command starts again: {command}"
        ),
        Some(Some(kept)) => format!("interrupted: {kept}; the same command continues: {command}"),
    }
}

/// Ends the process on SIGINT and SIGTERM with a line on standard error and the exit codes 130 and
/// 143, as shells do. A second signal ends it immediately.
#[cfg(unix)]
pub fn watch() -> std::io::Result<()> {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::flag;
    use signal_hook::iterator::Signals;

    // Registered first: it queues the signals that come before the thread runs.
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

/// On other systems the process ends without a message.
#[cfg(not(unix))]
pub fn watch() -> std::io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn end(signal: i32) -> ! {
    use std::io::{self, Write};

    let line = line(&notes(), &command());
    let line = crate::remote::with_urls(&line).into_owned();
    crate::output::stop_progress();
    // Waits for a result that is being printed, and prevents further output.
    let _stdout = io::stdout().lock();
    let mut stderr = io::stderr().lock();
    let _ = writeln!(stderr, "{line}");
    crate::remote::close();
    tropex_files::remove_own_files();
    signal_hook::low_level::exit(128 + signal)
}

/// The command line, quoted for a shell.
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
    fn the_line_describes_the_saved_state_and_the_next_command() {
        let said = |kept: Option<&str>| {
            let kept = kept.map(str::to_owned);
            let say: DescribeKept = Box::new(move || kept.clone());
            line(&[Box::new(|| Some("all".into())), say], "tropex train fcn4")
        };
        let expected = "interrupted: 3 of 6 epochs are kept in runs/a; the same command continues: \
                        tropex train fcn4";
        assert_eq!(said(Some("3 of 6 epochs are kept in runs/a")), expected);
        assert!(said(None).contains("nothing new is saved yet; the same command starts again: "));
        assert!(line(&[], "tropex evaluate a").contains("saves nothing before its end"));
    }
}
