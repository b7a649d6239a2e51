//! A network as text, like that of `tropex inspect`.

use tropex_extract::Network;

/// The input, the table of operations, and the totals.
pub(crate) fn text(network: &Network) -> String {
    format!(
        "{}\n{}\n{} parameters, {} units with more than one linear piece",
        network.ends_summary(),
        aligned(&network.node_table(|number| number.to_string())),
        network.parameters(),
        network.units()
    )
}

/// Lines whose cells begin at the same column.
fn aligned(lines: &[Vec<String>]) -> String {
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max();
    let widths: Vec<usize> = (0..lines[0].len()).map(|c| width(c).unwrap_or(0)).collect();
    let text = |line: &Vec<String>| {
        let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    lines.iter().map(text).collect::<Vec<_>>().join("\n")
}
