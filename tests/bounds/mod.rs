//! Bounds on the number of linear regions, against published and counted numbers.

mod captured; // structures of captured networks
mod convolutions; // regions of small convolutions, counted
mod counted; // regions of small dense networks, counted
mod golden; // numbers computed elsewhere

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

/// What a bound of a structure gives.
fn found<'a>(table: &'a BoundTable, name: &str, kind: BoundKind) -> &'a BoundValue {
    let entry = table.entry(name, kind).unwrap_or_else(|| panic!("no bound {name}"));
    entry.outcome().unwrap_or_else(|absent| panic!("{name}: {absent:?}"))
}

fn decimal(table: &BoundTable, name: &str, kind: BoundKind) -> String {
    found(table, name, kind).count.decimal()
}

/// Why a bound gives nothing.
fn reason(table: &BoundTable, name: &str, kind: BoundKind) -> String {
    match table.entry(name, kind).unwrap().outcome() {
        Err(BoundError::NotApplicable(reason)) => reason.clone(),
        other => panic!("{name}: {other:?}"),
    }
}
