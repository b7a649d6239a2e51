//! Bounds on the number of linear regions, against published and counted numbers.

mod captured; // structures of captured networks
mod convolutions; // regions of small convolutions, counted
mod counted; // regions of small dense networks, counted
mod golden; // numbers computed elsewhere

use tropex::bounds::{Absent, Found, Kind, Settings, Structure, Table, evaluate};

fn dense(inputs: usize, widths: &[usize]) -> Structure {
    let start = Structure::new(&[inputs]).unwrap();
    widths.iter().fold(start, |structure, &width| structure.dense(width).unwrap())
}

fn table(structure: &Structure) -> Table {
    evaluate(structure, &Settings::default())
}

/// What a bound of a structure gives.
fn found<'a>(table: &'a Table, name: &str, kind: Kind) -> &'a Found {
    let entry = table.entry(name, kind).unwrap_or_else(|| panic!("no bound {name}"));
    entry.outcome().unwrap_or_else(|absent| panic!("{name}: {absent:?}"))
}

fn decimal(table: &Table, name: &str, kind: Kind) -> String {
    found(table, name, kind).count.decimal()
}

/// Why a bound gives nothing.
fn reason(table: &Table, name: &str, kind: Kind) -> String {
    match table.entry(name, kind).unwrap().outcome() {
        Err(Absent::NotApplicable(reason)) => reason.clone(),
        other => panic!("{name}: {other:?}"),
    }
}
