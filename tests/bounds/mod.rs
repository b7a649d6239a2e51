//! Bounds on the number of linear regions, against published numbers and counted regions.

mod captured; // structures of captured networks
mod convolutions; // counted regions of small convolutions
mod counted; // counted regions of small dense networks
mod golden; // numbers from other programs

use tropex::bounds::{
    BoundError, BoundKind, BoundSettings, BoundTable, BoundValue, Structure, evaluate,
};

fn dense(inputs: usize, widths: &[usize]) -> Structure {
    let start = Structure::new(&[inputs]).unwrap();
    widths.iter().fold(start, |structure, &width| structure.dense(width).unwrap())
}

fn table(structure: &Structure) -> BoundTable {
    evaluate(structure, &BoundSettings::default())
}

/// The value of a bound.
fn found<'a>(table: &'a BoundTable, name: &str, kind: BoundKind) -> &'a BoundValue {
    let entry = table.entry(name, kind).unwrap_or_else(|| panic!("no bound {name}"));
    entry.outcome().unwrap_or_else(|absent| panic!("{name}: {absent:?}"))
}

fn decimal(table: &BoundTable, name: &str, kind: BoundKind) -> String {
    found(table, name, kind).count.decimal()
}

/// The reason why a bound does not apply.
fn reason(table: &BoundTable, name: &str, kind: BoundKind) -> String {
    match table.entry(name, kind).unwrap().outcome() {
        Err(BoundError::NotApplicable(reason)) => reason.clone(),
        other => panic!("{name}: {other:?}"),
    }
}
