use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};
use std::thread;

use super::*;

/// A worker with a number.
struct TestWorker(usize, Device);

impl Worker for TestWorker {
    fn device(&self) -> &Device {
        &self.1
    }
}

fn make_workers(count: usize) -> Vec<TestWorker> {
    (0..count).map(|number| TestWorker(number, Device::default())).collect()
}

fn pool(workers: &[TestWorker], waiting: usize) -> WorkerPool<'_, TestWorker> {
    WorkerPool { workers, waiting }
}

#[derive(Debug, PartialEq)]
enum TestError {
    /// The job with a number is refused.
    Refused(usize),
    Cancelled,
}

impl From<Cancelled> for TestError {
    fn from(_: Cancelled) -> Self {
        Self::Cancelled
    }
}

#[test]
fn results_arrive_in_the_order_of_the_jobs() {
    for workers in [1, 2, 5].map(make_workers) {
        for waiting in [0, 1, 7, usize::MAX] {
            let mut taken = Vec::new();
            let work = |_: &TestWorker, job: usize| {
                // The last of four jobs ends first.
                (0..(3 - job % 4) * 50).for_each(|_| thread::yield_now());
                Ok(job * job)
            };
            let take = |square| {
                taken.push(square);
                Ok::<_, TestError>(())
            };
            pool(&workers, waiting).run(0..50, work, take).unwrap();
            assert_eq!(taken, (0..50).map(|job| job * job).collect::<Vec<_>>());
        }
    }
}

#[test]
fn all_workers_work_at_once() {
    // Every job waits until all jobs have begun.
    let barrier = Barrier::new(3);
    let done = Mutex::new(Vec::new());
    let work = |worker: &TestWorker, _: usize| {
        barrier.wait();
        done.lock().unwrap().push(worker.0);
        Ok(())
    };
    pool(&make_workers(3), 0).run(0..3, work, Ok::<_, TestError>).unwrap();
    let mut done = done.into_inner().unwrap();
    done.sort_unstable();
    assert_eq!(done, [0, 1, 2]);
}

#[test]
fn a_free_worker_takes_the_next_job() {
    // The first job ends after the other worker has done all other jobs.
    let others = AtomicUsize::new(0);
    let work = |_: &TestWorker, job: usize| {
        if job == 0 {
            while others.load(Ordering::Acquire) < 9 {
                thread::yield_now();
            }
        } else {
            others.fetch_add(1, Ordering::Release);
        }
        Ok(())
    };
    pool(&make_workers(2), 8).run(0..10, work, Ok::<_, TestError>).unwrap();
    assert_eq!(others.into_inner(), 9);
}

#[test]
fn no_more_jobs_begin_than_may_wait() {
    for (workers, waiting) in [(2, 0), (2, 1), (3, 4)] {
        let (begun, taken) = (AtomicUsize::new(0), Cell::new(0));
        let workers = make_workers(workers);
        let work = |_: &TestWorker, _: usize| {
            begun.fetch_add(1, Ordering::SeqCst);
            Ok(())
        };
        let take = |()| {
            (0..50).for_each(|_| thread::yield_now());
            let ahead = begun.load(Ordering::SeqCst) - taken.get();
            assert!(ahead <= workers.len() + waiting, "{ahead}");
            taken.set(taken.get() + 1);
            Ok::<_, TestError>(())
        };
        pool(&workers, waiting).run(0..40, work, take).unwrap();
        assert_eq!(taken.get(), 40);
    }
}

#[test]
fn the_first_error_in_the_order_of_the_jobs_ends_the_work() {
    for workers in [1, 3].map(make_workers) {
        let (taken, begun) = (Cell::new(0), AtomicUsize::new(0));
        let work = |_: &TestWorker, job: usize| {
            begun.fetch_add(1, Ordering::SeqCst);
            if job == 5 || job == 6 { Err(TestError::Refused(job)) } else { Ok(()) }
        };
        let take = |()| {
            taken.set(taken.get() + 1);
            Ok(())
        };
        let error = pool(&workers, 1).run(0..1000, work, take).unwrap_err();
        assert_eq!(error, TestError::Refused(5));
        assert_eq!(taken.get(), 5);
        assert!(begun.into_inner() <= 5 + workers.len() + 1, "no further jobs begin");
    }
}

#[test]
fn an_error_of_take_ends_the_work() {
    let work = |_: &TestWorker, job: usize| Ok(job);
    let take = |job| if job == 3 { Err(TestError::Refused(job)) } else { Ok(()) };
    let error = pool(&make_workers(2), 0).run(0..1000, work, take).unwrap_err();
    assert_eq!(error, TestError::Refused(3));
}

#[test]
fn a_panic_of_a_job_or_of_take_reaches_the_caller_with_its_message() {
    let said = |work: fn(usize), take: fn(usize)| {
        let work = move |_: &TestWorker, job: usize| {
            work(job);
            Ok(job)
        };
        let take = move |job| {
            take(job);
            Ok::<_, TestError>(())
        };
        let panic =
            catch_unwind(AssertUnwindSafe(|| pool(&make_workers(2), 0).run(0..1000, work, take)))
                .unwrap_err();
        panic.downcast_ref::<&str>().map(ToString::to_string)
    };
    let fail: fn(usize) = |job| {
        if job == 4 {
            panic!("the driver is gone")
        }
    };
    for (work, take) in [(fail, (|_| {}) as fn(usize)), (|_| {}, fail)] {
        assert_eq!(said(work, take).as_deref(), Some("the driver is gone"));
    }
}

#[test]
fn progress_is_reported_on_the_thread_of_the_caller() {
    for workers in [1, 3].map(make_workers) {
        let (caller, steps) = (thread::current().id(), RefCell::new(Vec::new()));
        let progress = |step| {
            assert_eq!(thread::current().id(), caller);
            steps.borrow_mut().push(step);
            ControlFlow::Continue(())
        };
        let work = |_: &TestWorker, job: usize, report: &dyn Fn(usize) -> ControlFlow<()>| {
            Cancelled::check(report(job))?;
            Cancelled::check(report(1))?;
            Ok(())
        };
        pool(&workers, 0).run_with_progress(0..20, &progress, work, Ok::<_, TestError>).unwrap();
        let steps = steps.into_inner();
        assert_eq!((steps.len(), steps.iter().sum::<usize>()), (40, 190 + 20));
    }
}

#[test]
fn a_cancelled_job_ends_and_no_other_begins() {
    for workers in [1, 3].map(make_workers) {
        let (begun, taken) = (AtomicUsize::new(0), Cell::new(0));
        let progress = |step| match step {
            4 => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        };
        let work = |_: &TestWorker, job: usize, report: &dyn Fn(usize) -> ControlFlow<()>| {
            begun.fetch_add(1, Ordering::SeqCst);
            // A job of many steps ends only because it is told to.
            let is_long = job == 4;
            while report(job).is_continue() && is_long {}
            Ok(())
        };
        let take = |()| {
            taken.set(taken.get() + 1);
            Ok(())
        };
        let error = pool(&workers, 0).run_with_progress(0..1000, &progress, work, take);
        assert_eq!(error, Err(TestError::Cancelled));
        assert!(taken.get() <= 4);
        assert!(begun.into_inner() <= 4 + 2 * workers.len());
    }
}

#[test]
fn without_jobs_nothing_is_done() {
    let work = |_: &TestWorker, _: usize| -> Result<(), TestError> { unreachable!() };
    pool(&make_workers(2), 0).run(0..0, work, |()| unreachable!()).unwrap();
}
