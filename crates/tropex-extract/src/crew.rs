//! Work that several workers share: whoever is free takes the next job.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use burn::tensor::Device;

use crate::{Error, Placement};

/// Whoever does jobs on a device.
pub(crate) trait Worker: Sync {
    /// The device.
    fn device(&self) -> &Device;
}

impl Worker for Placement {
    fn device(&self) -> &Device {
        self.device()
    }
}

/// Workers that share jobs.
pub(crate) struct Crew<'a, W> {
    /// At least one. A single one works on the thread of the caller.
    pub(crate) workers: &'a [W],
    /// Results that may wait for an earlier one, besides one a worker.
    pub(crate) waiting: usize,
}

/// What a worker lets the caller know.
enum Word<R> {
    /// So much of a job is done.
    Step(usize),
    /// The job of a number is done, or whoever did it panicked.
    Done(usize, thread::Result<Result<R, Error>>),
}

impl<W: Worker> Crew<'_, W> {
    /// Does jobs, and hands their results to `take` one after the other, in the order of the jobs
    /// and on the thread of the caller.
    ///
    /// # Errors
    /// The first one, in the order of the jobs; what was begun by then is finished and dropped.
    ///
    /// # Panics
    /// Where a job does, with what it says.
    pub(crate) fn share<J: Send, R: Send>(
        &self,
        jobs: impl Iterator<Item = J> + Send,
        work: impl Fn(&W, J) -> Result<R, Error> + Sync,
        take: impl FnMut(R) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.share_aloud(jobs, &|_| {}, |worker, job, _| work(worker, job), take)
    }

    /// The same where `work` says on the way how much of its job it has done since it last said so.
    /// `told` hears it on the thread of the caller.
    ///
    /// # Errors
    /// As for [`Crew::share`].
    ///
    /// # Panics
    /// As for [`Crew::share`].
    pub(crate) fn share_aloud<J: Send, R: Send>(
        &self,
        mut jobs: impl Iterator<Item = J> + Send,
        told: &dyn Fn(usize),
        work: impl Fn(&W, J, &dyn Fn(usize)) -> Result<R, Error> + Sync,
        mut take: impl FnMut(R) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if let [worker] = self.workers {
            return jobs.try_for_each(|job| take(work(worker, job, told)?));
        }
        let begun = self.workers.len().saturating_add(self.waiting);
        let queue = Queue::new(jobs, begun);
        let shared = thread::scope(|scope| {
            let (sender, receiver) = channel();
            for worker in self.workers {
                let (sender, queue, work) = (sender.clone(), &queue, &work);
                scope.spawn(move || queue.work_off(&sender, |job, tell| work(worker, job, tell)));
            }
            drop(sender);
            let _closing = Closing(&queue);
            let (mut next, mut finished) = (0, BTreeMap::new());
            for word in receiver {
                match word {
                    Word::Step(step) => told(step),
                    Word::Done(number, outcome) => {
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
        // On a GPU every thread has memory of its own, which no other thread would use again.
        self.workers.iter().for_each(|worker| worker.device().memory_cleanup());
        shared
    }
}

/// Jobs to be done, numbered as they are begun.
struct Queue<I> {
    state: Mutex<State<I>>,
    changed: Condvar,
}

struct State<I> {
    jobs: I,
    next: usize,
    /// Jobs that may be begun, those that are done included.
    allowed: usize,
    is_closed: bool,
}

impl<J, I: Iterator<Item = J>> Queue<I> {
    fn new(jobs: I, allowed: usize) -> Self {
        let state = State { jobs, next: 0, allowed, is_closed: false };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Does jobs until none is left.
    fn work_off<R>(
        &self,
        sender: &Sender<Word<R>>,
        work: impl Fn(J, &dyn Fn(usize)) -> Result<R, Error>,
    ) {
        // Nobody listens any more once the caller gave up; the queue is closed then.
        let tell = |step| drop(sender.send(Word::Step(step)));
        while let Some((number, job)) = self.begin() {
            let outcome = catch_unwind(AssertUnwindSafe(|| work(job, &tell)));
            drop(sender.send(Word::Done(number, outcome)));
        }
    }

    /// The next job, as soon as it may be begun.
    fn begin(&self) -> Option<(usize, J)> {
        let may_not = |state: &mut State<I>| !state.is_closed && state.next >= state.allowed;
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

impl<I> Queue<I> {
    fn state(&self) -> MutexGuard<'_, State<I>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets one job more be begun.
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

/// Closes a queue however the caller leaves it, so that no worker waits for ever.
struct Closing<'a, I>(&'a Queue<I>);

impl<I> Drop for Closing<'_, I> {
    fn drop(&mut self) {
        self.0.close();
    }
}
