//! The table of what changes from one gauge to another.

use serde::Serialize;

use super::saved::{FileOrigin, TextTable};
use crate::report::summary::{GaugeChange, GaugeChanges};
use crate::report::table::{Table, TableCell};
use crate::unit::Unit;

/// What changes from one gauge to another.
#[derive(Serialize)]
pub(super) struct ChangesSection {
    from: String,
    to: String,
    /// Whether changes have the smallest and the largest of the seeds.
    seeds: bool,
    table: TextTable,
}

impl ChangesSection {
    pub(super) fn of(changes: &GaugeChanges, origin: &FileOrigin) -> Self {
        Self {
            from: changes.from.clone(),
            to: changes.to.clone(),
            seeds: changes.changes.iter().any(|change| change.seeds.is_some()),
            table: text_table(&changes.changes, &number_table(changes), origin),
        }
    }
}

/// Changes as plain numbers, a row each.
fn number_table(changes: &GaugeChanges) -> Table {
    let GaugeChanges { from, to, changes } = changes;
    let columns = [
        ("network", Unit::Text),
        ("number", Unit::Text),
        ("unit", Unit::Text),
        ("change", Unit::Number),
        ("smallest of seeds", Unit::Number),
        ("largest of seeds", Unit::Number),
    ];
    let mut table = Table::new(&format!("changes-{from}-to-{to}"), "", &columns);
    for GaugeChange { network, number, unit, change, seeds } in changes {
        let unit = unit.in_files().unwrap_or_default();
        let seeds = seeds.map_or([None; 2], |ends| ends.map(Some)).map(TableCell::from);
        let texts = [network, *number, unit].map(TableCell::from).into_iter();
        table.push(texts.chain([(*change).into()]).chain(seeds).collect());
    }
    table
}

/// Changes as texts, with a row per number and a column per network.
fn text_table(changes: &[GaugeChange], numbers: &Table, origin: &FileOrigin) -> TextTable {
    let networks = distinct(changes.iter().map(|change| &*change.network));
    let cell = |number: &str, network: &str| {
        let is_of = |change: &&GaugeChange| change.network == network && change.number == number;
        changes.iter().find(is_of).map_or_else(|| "\u{2013}".into(), change_text)
    };
    let row = |number: &str| {
        let cells = networks.iter().map(|network| cell(number, network));
        [number.to_owned()].into_iter().chain(cells).collect()
    };
    let rows = distinct(changes.iter().map(|change| change.number)).into_iter().map(row).collect();
    let heading: Vec<_> = ["number"].into_iter().chain(networks.iter().copied()).collect();
    let table = TextTable::with_rows(numbers, &heading, rows, origin);
    table.about(networks.iter().map(|name| (*name, "")))
}

/// Names without repetitions, in their order.
fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut distinct = Vec::new();
    for name in names {
        if !distinct.contains(&name) {
            distinct.push(name);
        }
    }
    distinct
}

fn change_text(change: &GaugeChange) -> String {
    let text = change.unit.format_change(change.change);
    match change.seeds {
        Some(seeds) => format!("{text} ({})", change.unit.format_change_range(seeds)),
        None => text,
    }
}
