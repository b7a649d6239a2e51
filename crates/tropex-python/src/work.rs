//! Work without the global interpreter lock, which Ctrl-C ends.

use std::cell::{Cell, RefCell};
use std::ops::ControlFlow;
use std::panic::{self, AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use pyo3::prelude::*;

use crate::errors::{ToException, error};

/// Time between two looks at Python's signals.
const LOOK: Duration = Duration::from_millis(50);

/// Looks at Python's signals while work runs without the global interpreter lock.
pub(crate) struct Watch {
    looked: Cell<Instant>,
    /// The exception that cancelled the work.
    exception: RefCell<Option<PyErr>>,
}

impl Watch {
    /// Cancels the work if a signal handler raised an exception, such as `KeyboardInterrupt`. To be
    /// called often, on the thread of the caller.
    pub(crate) fn look(&self) -> ControlFlow<()> {
        if self.looked.get().elapsed() < LOOK {
            return self.answer();
        }
        self.looked.set(Instant::now());
        self.call(|py| py.check_signals())
    }

    /// Does work on another thread, whose steps may be on any thread, and looks at the signals
    /// meanwhile. The work receives a function to be called often, which cancels it once a signal
    /// handler raised an exception.
    pub(crate) fn attend<T: Send>(
        &self,
        work: impl FnOnce(&(dyn Fn() -> ControlFlow<()> + Sync)) -> T + Send,
    ) -> T {
        let is_stopped = AtomicBool::new(false);
        let step = || match is_stopped.load(Ordering::Relaxed) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        };
        let (sender, receiver) = mpsc::channel();
        thread::scope(|scope| {
            let worker = scope.spawn(|| {
                // Dropped at the end of the work, which wakes the loop.
                let _sender: Sender<()> = sender;
                work(&step)
            });
            while receiver.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                if self.call(|py| py.check_signals()).is_break() {
                    is_stopped.store(true, Ordering::Relaxed);
                }
            }
            worker.join().unwrap_or_else(|payload| resume_unwind(payload))
        })
    }

    /// Calls a function with the global interpreter lock and cancels the work if it fails.
    pub(crate) fn call(
        &self,
        function: impl FnOnce(Python<'_>) -> PyResult<()>,
    ) -> ControlFlow<()> {
        if let Err(error) = Python::attach(function) {
            self.exception.borrow_mut().get_or_insert(error);
        }
        self.answer()
    }

    /// Whether the work goes on.
    fn answer(&self) -> ControlFlow<()> {
        match *self.exception.borrow() {
            Some(_) => ControlFlow::Break(()),
            None => ControlFlow::Continue(()),
        }
    }
}

/// Does work without the global interpreter lock.
///
/// # Errors
/// The exception that cancelled the work; the error of the work; a `tropex.Error` in place of a
/// panic.
pub(crate) fn detached<T: Send, E: ToException + Send>(
    py: Python<'_>,
    work: impl FnOnce(&Watch) -> Result<T, E> + Send,
) -> PyResult<T> {
    let outcome = py.detach(|| {
        let watch = Watch { looked: Cell::new(Instant::now()), exception: RefCell::new(None) };
        let outcome = catch_unwind(AssertUnwindSafe(|| work(&watch)));
        (watch.exception.into_inner(), outcome)
    });
    match outcome {
        (Some(exception), _) => Err(exception),
        (None, Ok(result)) => result.map_err(ToException::to_exception),
        (None, Err(_)) => Err(exception_of_panic()),
    }
}

fn exception_of_panic() -> PyErr {
    let panic = PANIC.lock().unwrap_or_else(PoisonError::into_inner).take();
    let panic = panic.unwrap_or_else(|| "no message".into());
    error(&format!("internal error: {panic}; please report it"))
}

/// Message and place of the last panic.
static PANIC: Mutex<Option<String>> = Mutex::new(None);

/// Keeps panics off standard error. The hook concerns this library only, which has a copy of Rust's
/// standard library of its own.
pub(crate) fn keep_panics() {
    panic::set_hook(Box::new(|panic| {
        let message = panic.payload_as_str().unwrap_or("no message");
        let place = panic.location().map_or(String::new(), |place| format!(" ({place})"));
        *PANIC.lock().unwrap_or_else(PoisonError::into_inner) = Some(format!("{message}{place}"));
    }));
}
