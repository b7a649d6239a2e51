//! Comma-separated values, which every program reads.

use super::{Cell, Table};

/// The rows of a table below the names of its columns. Numbers are written so that they are read
/// back as they were: shares as fractions, not in percent.
pub fn csv(table: &Table) -> String {
    let heading = table.columns.iter().map(|column| field(&column.name));
    let rows = table.rows.iter().map(|row| line(row.iter().map(cell)));
    std::iter::once(line(heading)).chain(rows).collect()
}

fn line(fields: impl Iterator<Item = String>) -> String {
    fields.collect::<Vec<_>>().join(",") + "\n"
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Number(value) => value.to_string(),
        Cell::Text(text) => field(text),
        Cell::Missing => String::new(),
    }
}

/// A text, in quotes where it would be taken for several fields or lines.
fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::Unit;
    use super::*;

    #[test]
    fn fields_that_hold_commas_and_quotes_stay_one_field() {
        let mut table = Table::new("t", "T", &[("a, b", Unit::Share), ("c", Unit::Number)]);
        table.push(vec![0.1.into(), "say \"so\"".into()]);
        table.push(vec![Cell::Missing, f64::NAN.into()]);
        assert_eq!(csv(&table), "\"a, b\",c\n0.1,\"say \"\"so\"\"\"\n,\n");
    }
}
