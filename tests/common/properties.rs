//! Properties that are tested on many random networks. A failure reports the smallest failing
//! network.
//!
//! Every network is made once and tested for all properties. Each property is a test of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use super::networks::Case;
use super::plan::Plan;

/// Default number of networks.
pub(crate) const NETWORKS: u64 = 500;

/// Reason to skip a property on a device without f64.
pub(crate) const NO_F64: &str = "the device has no f64";

/// The result of a property: `Err` describes the violation.
pub(crate) type Verdict = Result<(), String>;

/// A property that holds for every network.
pub(crate) struct Property {
    pub(crate) name: &'static str,
    pub(crate) check: fn(&Case, &mut Measured) -> Verdict,
}

/// Compares measures with their bounds, and records the largest value of each measure.
#[derive(Default)]
pub(crate) struct Measured {
    figures: Vec<(&'static str, f64)>,
    /// Numbers of comparisons, and of comparisons skipped because rounding may choose another
    /// piece.
    pub(crate) compared: usize,
    pub(crate) left_out: usize,
}

impl Measured {
    pub(crate) fn within(&mut self, what: &'static str, figure: f64, allowed: f64) -> Verdict {
        self.remember(what, figure);
        // This comparison fails for NaN.
        if figure <= allowed { Ok(()) } else { Err(format!("{what}: {figure:e} > {allowed:e}")) }
    }

    fn remember(&mut self, what: &'static str, figure: f64) {
        match self.figures.iter_mut().find(|(name, _)| *name == what) {
            Some((_, largest)) => *largest = largest.max(figure),
            None => self.figures.push((what, figure)),
        }
    }
}

/// The findings about one property: the least failing seed, and the measures.
#[derive(Default)]
pub(crate) struct Finding {
    failed: Option<u64>,
    /// Whether the property was skipped because the device lacks f64.
    needs_f64: bool,
    measured: Measured,
}

impl Finding {
    fn with(mut self, other: Self) -> Self {
        self.failed = self.failed.into_iter().chain(other.failed).min();
        self.needs_f64 |= other.needs_f64;
        for (what, figure) in other.measured.figures {
            self.measured.remember(what, figure);
        }
        self.measured.compared += other.measured.compared;
        self.measured.left_out += other.measured.left_out;
        self
    }
}

/// Defines a list of properties, with a test for each.
macro_rules! properties {
    ($($module:ident: $($name:ident),+;)+) => {
        pub(crate) const PROPERTIES: &[$crate::common::properties::Property] = &[$($(
            $crate::common::properties::Property {
                name: stringify!($name),
                check: $module::$name,
            },
        )+)+];

        $($(
            #[test]
            fn $name() {
                $crate::common::properties::assert_holds(
                    PROPERTIES,
                    &FINDINGS,
                    stringify!($name),
                );
            }
        )+)+

        static FINDINGS: std::sync::OnceLock<Vec<$crate::common::properties::Finding>> =
            std::sync::OnceLock::new();
    };
}

pub(crate) use properties;

/// Fails if a property does not hold for `TROPEX_TEST_NETWORKS` random networks. The first test of
/// a list tests all its properties on all networks.
pub(crate) fn assert_holds(
    properties: &'static [Property],
    findings: &OnceLock<Vec<Finding>>,
    name: &str,
) {
    let findings = findings.get_or_init(|| try_all(properties));
    let index = properties.iter().position(|property| property.name == name);
    let index = index.expect("a property of the list");
    let Finding { failed, needs_f64, measured } = &findings[index];
    if let Some(seed) = *failed {
        fail(&properties[index], seed);
    }
    println!("{:?} {}/{} left out", measured.figures, measured.left_out, measured.compared);
    if *needs_f64 {
        return println!("{NO_F64}");
    }
    assert!(measured.compared > 0, "nothing was compared");
    assert!(measured.left_out * 2 <= measured.compared, "most comparisons were left out");
}

/// Tests all properties on all seeds, in parallel.
fn try_all(properties: &'static [Property]) -> Vec<Finding> {
    let count = std::env::var("TROPEX_TEST_NETWORKS").ok().and_then(|n| n.parse().ok());
    let count = count.unwrap_or(NETWORKS);
    let next = AtomicU64::new(0);
    let work = || {
        let mut findings: Vec<_> = properties.iter().map(|_| Finding::default()).collect();
        let seeds = std::iter::from_fn(|| Some(next.fetch_add(1, Ordering::Relaxed)));
        seeds.take_while(|&seed| seed < count).for_each(|seed| {
            try_seed(properties, seed, &mut findings);
        });
        findings
    };
    thread::scope(|scope| {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let findings = workers.into_iter().map(|worker| worker.join().expect("panics are caught"));
        findings.reduce(|all, own| all.into_iter().zip(own).map(|(a, b)| a.with(b)).collect())
    })
    .expect("there is a processor")
}

fn try_seed(properties: &[Property], seed: u64, findings: &mut [Finding]) {
    let case = caught(|| Ok(Case::new(Plan::grow(seed, usize::MAX))));
    for (property, finding) in properties.iter().zip(findings) {
        let verdict = match &case {
            Ok(case) => caught(|| (property.check)(case, &mut finding.measured)),
            Err(reason) => Err(reason.clone()),
        };
        match verdict {
            Ok(()) => {}
            Err(reason) if reason == NO_F64 => finding.needs_f64 = true,
            Err(_) => _ = finding.failed.get_or_insert(seed),
        }
    }
}

/// Calls a function and turns a panic into an error.
fn caught<T>(f: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        Err(format!("panicked: {}", text.or(panic.downcast_ref().copied()).unwrap_or("?")))
    })
}

/// Reports the smallest failing network of a seed. First it cuts off steps at the end, then it
/// removes single steps, while the property still fails.
fn fail(property: &Property, seed: u64) -> ! {
    let verdict = |plan: &Plan| {
        caught(|| (property.check)(&Case::new(plan.clone()), &mut Measured::default()))
    };
    let whole = Plan::grow(seed, usize::MAX);
    let cut = (0..whole.size()).map(|limit| Plan::grow(seed, limit));
    let mut plan = cut.chain([whole.clone()]).find(|plan| verdict(plan).is_err()).unwrap_or(whole);
    while let Some(smaller) = plan.smaller().into_iter().find(|plan| verdict(plan).is_err()) {
        plan = smaller;
    }
    let reason = verdict(&plan).err().unwrap_or("failed once and then no more".into());
    panic!(
        "{} fails for the network of seed {seed} with {} steps: {reason}\n{plan:?}",
        property.name,
        plan.size()
    );
}
