//! Comma-separated values.

use super::column_keys::column_keys;
use super::table::{Table, TableCell};

/// A unique key for every column, and the rows of a table. Numbers keep all digits and have no units,
/// which the keys name; shares are fractions, not percent.
pub fn csv(table: &Table) -> String {
    let heading = column_keys(table).into_iter();
    let rows = table.rows.iter().map(|row| line(row.iter().map(cell)));
    std::iter::once(line(heading)).chain(rows).collect()
}

fn line(fields: impl Iterator<Item = String>) -> String {
    fields.collect::<Vec<_>>().join(",") + "\n"
}

fn cell(cell: &TableCell) -> String {
    match cell {
        TableCell::Number(value) => value.to_string(),
        TableCell::Text(text) => field(text),
        TableCell::Missing => String::new(),
    }
}

/// A text, in quotes if it contains a separator, a quote or a line end.
fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::Unit;

    #[test]
    fn fields_that_hold_commas_and_quotes_stay_one_field() {
        let mut table = Table::new("t", "T", &[("a, b", Unit::Share), ("c", Unit::Number)]);
        table.push(vec![0.1.into(), "say \"so\"".into()]);
        table.push(vec![TableCell::Missing, f64::NAN.into()]);
        assert_eq!(csv(&table), "a_b_fraction,c\n0.1,\"say \"\"so\"\"\"\n,\n");
    }
}
