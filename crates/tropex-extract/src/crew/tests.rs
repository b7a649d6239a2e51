use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};
use std::thread;

use super::*;

/// A worker with a number.
struct Hand(usize, Device);

impl Worker for Hand {
    fn device(&self) -> &Device {
        &self.1
    }
}

fn hands(count: usize) -> Vec<Hand> {
    (0..count).map(|number| Hand(number, Device::default())).collect()
}

fn crew(workers: &[Hand], waiting: usize) -> Crew<'_, Hand> {
    Crew { workers, waiting }
}

/// Refuses a job by its number.
fn refused(job: usize) -> Error {
    Error::shape("job", job, "another one")
}

#[test]
fn results_arrive_in_the_order_of_the_jobs() {
    for workers in [1, 2, 5].map(hands) {
        for waiting in [0, 1, 7, usize::MAX] {
            let mut taken = Vec::new();
            let work = |_: &Hand, job: usize| {
                // The later a job of four, the sooner it is done.
                (0..(3 - job % 4) * 50).for_each(|_| thread::yield_now());
                Ok(job * job)
            };
            let take = |square| {
                taken.push(square);
                Ok(())
            };
            crew(&workers, waiting).share(0..50, work, take).unwrap();
            assert_eq!(taken, (0..50).map(|job| job * job).collect::<Vec<_>>());
        }
    }
}

#[test]
fn all_workers_work_at_once() {
    // Nobody passes before everybody is there.
    let barrier = Barrier::new(3);
    let done = Mutex::new(Vec::new());
    let work = |worker: &Hand, _: usize| {
        barrier.wait();
        done.lock().unwrap().push(worker.0);
        Ok(())
    };
    crew(&hands(3), 0).share(0..3, work, Ok).unwrap();
    let mut done = done.into_inner().unwrap();
    done.sort_unstable();
    assert_eq!(done, [0, 1, 2]);
}

#[test]
fn whoever_is_free_takes_the_next_job() {
    // The first job is done when the other worker has done all others.
    let others = AtomicUsize::new(0);
    let work = |_: &Hand, job: usize| {
        if job == 0 {
            while others.load(Ordering::Acquire) < 9 {
                thread::yield_now();
            }
        } else {
            others.fetch_add(1, Ordering::Release);
        }
        Ok(())
    };
    crew(&hands(2), 8).share(0..10, work, Ok).unwrap();
    assert_eq!(others.into_inner(), 9);
}

#[test]
fn no_more_is_begun_than_may_wait() {
    for (workers, waiting) in [(2, 0), (2, 1), (3, 4)] {
        let (begun, taken) = (AtomicUsize::new(0), Cell::new(0));
        let workers = hands(workers);
        let work = |_: &Hand, _: usize| {
            begun.fetch_add(1, Ordering::SeqCst);
            Ok(())
        };
        let take = |()| {
            (0..50).for_each(|_| thread::yield_now());
            let ahead = begun.load(Ordering::SeqCst) - taken.get();
            assert!(ahead <= workers.len() + waiting, "{ahead}");
            taken.set(taken.get() + 1);
            Ok(())
        };
        crew(&workers, waiting).share(0..40, work, take).unwrap();
        assert_eq!(taken.get(), 40);
    }
}

#[test]
fn the_first_error_in_the_order_of_the_jobs_ends_the_work() {
    for workers in [1, 3].map(hands) {
        let (taken, begun) = (Cell::new(0), AtomicUsize::new(0));
        let work = |_: &Hand, job: usize| {
            begun.fetch_add(1, Ordering::SeqCst);
            if job == 5 || job == 6 { Err(refused(job)) } else { Ok(()) }
        };
        let take = |()| {
            taken.set(taken.get() + 1);
            Ok(())
        };
        let error = crew(&workers, 1).share(0..1000, work, take).unwrap_err();
        assert_eq!(error.to_string(), refused(5).to_string());
        assert_eq!(taken.get(), 5);
        assert!(begun.into_inner() <= 5 + workers.len() + 1, "the rest is left alone");
    }
}

#[test]
fn an_error_in_taking_ends_the_work() {
    let work = |_: &Hand, job: usize| Ok(job);
    let take = |job| if job == 3 { Err(refused(job)) } else { Ok(()) };
    let error = crew(&hands(2), 0).share(0..1000, work, take).unwrap_err();
    assert_eq!(error.to_string(), refused(3).to_string());
}

#[test]
fn a_panic_in_a_job_or_in_taking_reaches_the_caller_with_what_it_says() {
    let said = |work: fn(usize), take: fn(usize)| {
        let work = move |_: &Hand, job: usize| {
            work(job);
            Ok(job)
        };
        let take = move |job| {
            take(job);
            Ok(())
        };
        let panic =
            catch_unwind(AssertUnwindSafe(|| crew(&hands(2), 0).share(0..1000, work, take)))
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
fn what_is_done_on_the_way_is_told_to_the_caller() {
    for workers in [1, 3].map(hands) {
        let (caller, steps) = (thread::current().id(), RefCell::new(Vec::new()));
        let told = |step| {
            assert_eq!(thread::current().id(), caller);
            steps.borrow_mut().push(step);
        };
        let work = |_: &Hand, job: usize, tell: &dyn Fn(usize)| {
            tell(job);
            tell(1);
            Ok(())
        };
        crew(&workers, 0).share_aloud(0..20, &told, work, Ok).unwrap();
        let steps = steps.into_inner();
        assert_eq!((steps.len(), steps.iter().sum::<usize>()), (40, 190 + 20));
    }
}

#[test]
fn without_jobs_nothing_is_done() {
    let work = |_: &Hand, _: usize| -> Result<(), Error> { unreachable!() };
    crew(&hands(2), 0).share(0..0, work, |()| unreachable!()).unwrap();
}
