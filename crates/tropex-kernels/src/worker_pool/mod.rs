//! A pool of workers that share jobs: a free worker takes the next job.

#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use burn::tensor::Device;

use crate::cancelled::Cancelled;
use crate::target::ComputeTarget;

/// A worker that does jobs on a device.
pub trait Worker: Sync {
    /// The device.
    fn device(&self) -> &Device;
}

impl Worker for ComputeTarget {
    fn device(&self) -> &Device {
        self.device()
    }
}

/// A pool of workers that share jobs.
pub struct WorkerPool<'a, W> {
    /// The workers, at least one. A single worker works on the thread of the caller.
    pub workers: &'a [W],
    /// Number of finished results that may wait for an earlier job, in addition to one per worker.
    pub waiting: usize,
}

/// A message of a worker to the caller.
enum Message<R, E> {
    /// Steps of a job are done.
    Progress(usize),
    /// The job with a number has ended, with its result or by a panic.
    Done(usize, thread::Result<Result<R, E>>),
}

impl<W: Worker> WorkerPool<'_, W> {
    /// Does the jobs and passes their results to `take`, in the order of the jobs and on the thread
    /// of the caller.
    ///
    /// # Errors
    /// The first error in the order of the jobs. Jobs that have begun by then are finished and
    /// their results dropped.
    ///
    /// # Panics
    /// If a job panics, with the job's message.
    pub fn run<J: Send, R: Send, E: Send + From<Cancelled>>(
        &self,
        jobs: impl Iterator<Item = J> + Send,
        work: impl Fn(&W, J) -> Result<R, E> + Sync,
        take: impl FnMut(R) -> Result<(), E>,
    ) -> Result<(), E> {
        let progress = &|_| ControlFlow::Continue(());
        self.run_with_progress(jobs, progress, |worker, job, _| work(worker, job), take)
    }

    /// Like [`run`](Self::run). `work` reports the number of steps that it did since its last
    /// report. `progress` receives the reports on the thread of the caller. After it has answered
    /// `Break`, all reports do, so that `work` can end early.
    ///
    /// # Errors
    /// As for [`WorkerPool::run`]; [`Cancelled`].
    ///
    /// # Panics
    /// As for [`WorkerPool::run`].
    pub fn run_with_progress<J: Send, R: Send, E: Send + From<Cancelled>>(
        &self,
        mut jobs: impl Iterator<Item = J> + Send,
        progress: &dyn Fn(usize) -> ControlFlow<()>,
        work: impl Fn(&W, J, &dyn Fn(usize) -> ControlFlow<()>) -> Result<R, E> + Sync,
        mut take: impl FnMut(R) -> Result<(), E>,
    ) -> Result<(), E> {
        if let [worker] = self.workers {
            let answer = Cell::new(ControlFlow::Continue(()));
            let report = |step| {
                if answer.get().is_continue() {
                    answer.set(progress(step));
                }
                answer.get()
            };
            return jobs.try_for_each(|job| {
                let result = work(worker, job, &report)?;
                Cancelled::check(answer.get())?;
                take(result)
            });
        }
        let allowed = self.workers.len().saturating_add(self.waiting);
        let queue = JobQueue::new(jobs, allowed);
        let result = thread::scope(|scope| {
            let (sender, receiver) = channel();
            for worker in self.workers {
                let (sender, queue, work) = (sender.clone(), &queue, &work);
                scope.spawn(move || queue.run(&sender, |job, report| work(worker, job, report)));
            }
            drop(sender);
            let _closing = CloseOnDrop(&queue);
            let (mut next, mut finished) = (0, BTreeMap::new());
            for message in receiver {
                match message {
                    Message::Progress(step) => Cancelled::check(progress(step))?,
                    Message::Done(number, outcome) => {
                        finished.insert(number, outcome);
                    }
                }
                while let Some(outcome) = finished.remove(&next) {
                    take(outcome.unwrap_or_else(|panic| resume_unwind(panic))?)?;
                    next += 1;
                    queue.release();
                }
            }
            Ok(())
        });
        // On a GPU every thread has its own memory, which no other thread reuses.
        self.workers.iter().for_each(|worker| worker.device().memory_cleanup());
        result
    }
}

/// The jobs to do, numbered in the order in which they begin.
struct JobQueue<I> {
    state: Mutex<QueueState<I>>,
    changed: Condvar,
}

struct QueueState<I> {
    jobs: I,
    next: usize,
    /// Number of jobs that may have begun, finished ones included.
    allowed: usize,
    is_closed: bool,
}

impl<J, I: Iterator<Item = J>> JobQueue<I> {
    fn new(jobs: I, allowed: usize) -> Self {
        let state = QueueState { jobs, next: 0, allowed, is_closed: false };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Does jobs until none is left.
    fn run<R, E>(
        &self,
        sender: &Sender<Message<R, E>>,
        work: impl Fn(J, &dyn Fn(usize) -> ControlFlow<()>) -> Result<R, E>,
    ) {
        // Sending fails after the caller has returned early, which closes the queue.
        let report = |step| match sender.send(Message::Progress(step)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        };
        while let Some((number, job)) = self.begin() {
            let outcome = catch_unwind(AssertUnwindSafe(|| work(job, &report)));
            drop(sender.send(Message::Done(number, outcome)));
        }
    }

    /// The next job, as soon as it may begin.
    fn begin(&self) -> Option<(usize, J)> {
        let may_not = |state: &mut QueueState<I>| !state.is_closed && state.next >= state.allowed;
        let waited = self.changed.wait_while(self.state(), may_not);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        if state.is_closed {
            return None;
        }
        let job = state.jobs.next()?;
        state.next += 1;
        Some((state.next - 1, job))
    }
}

impl<I> JobQueue<I> {
    fn state(&self) -> MutexGuard<'_, QueueState<I>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Allows one more job to begin.
    fn release(&self) {
        let mut state = self.state();
        state.allowed = state.allowed.saturating_add(1);
        self.changed.notify_all();
    }

    fn close(&self) {
        self.state().is_closed = true;
        self.changed.notify_all();
    }
}

/// Closes the queue when the caller returns or panics, so that no worker waits for ever.
struct CloseOnDrop<'a, I>(&'a JobQueue<I>);

impl<I> Drop for CloseOnDrop<'_, I> {
    fn drop(&mut self) {
        self.0.close();
    }
}
