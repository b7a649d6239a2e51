//! The numbers behind a figure, as a table.

use super::table::{Table, TableCell};
use crate::render::{BarChart, Figure, HeatMaps, Histogram, ImageGrid, LinePlot, Plot};
use crate::unit::Unit;

/// The numbers that a figure draws, in a table with the name and title of the figure.
pub fn figure_table(figure: &Figure) -> Table {
    let table = match &figure.plot {
        Plot::Curves(plot) => of_lines(plot),
        Plot::Histogram(histogram) => of_histogram(histogram),
        Plot::Bars(bars) => of_bars(bars),
        Plot::HeatMaps(maps) => of_heat_maps(maps),
        Plot::Pictures(images) => of_images(images),
    };
    Table { name: figure.name.clone(), title: figure.title.clone(), ..table }
}

fn of_lines(plot: &LinePlot) -> Table {
    let LinePlot { x, y, curves } = plot;
    let columns = [
        ("curve", Unit::Text),
        (&*x.label, x.unit),
        (&*y.label, y.unit),
        ("low", y.unit),
        ("high", y.unit),
    ];
    let mut table = Table::new("", "", &columns);
    for curve in curves {
        for (index, [x, y]) in curve.points.iter().enumerate() {
            let spread = curve.spread.get(index).map(|spread| spread.map(TableCell::from));
            let [low, high] = spread.unwrap_or([TableCell::Missing, TableCell::Missing]);
            table.push(vec![(&*curve.name).into(), (*x).into(), (*y).into(), low, high]);
        }
    }
    table
}

fn of_histogram(histogram: &Histogram) -> Table {
    let Histogram { x, edges, series } = histogram;
    let fixed = [("from", x.unit), ("to", x.unit)];
    let names = series.iter().map(|set| (&*set.name, Unit::Share));
    let columns: Vec<_> = fixed.into_iter().chain(names).collect();
    let mut table = Table::new("", "", &columns);
    for (interval, edges) in edges.windows(2).enumerate() {
        let shares = series.iter().map(|set| set.shares[interval].into());
        table.push(edges.iter().map(|&edge| edge.into()).chain(shares).collect());
    }
    table
}

/// The heights of bars, each followed by the ends of its error bar if any bar has one.
fn of_bars(bars: &BarChart) -> Table {
    let has_intervals = bars.groups.iter().any(|group| !group.intervals.is_empty());
    let names = bars.series.iter().flat_map(|name| {
        let ends = ["low", "high"].into_iter().filter(|_| has_intervals);
        [name.clone()].into_iter().chain(ends.map(move |end| format!("{name}, {end}")))
    });
    let names: Vec<_> = names.collect();
    let columns = names.iter().map(|name| (&**name, bars.y.unit));
    let columns: Vec<_> = [(&*bars.x.label, Unit::Text)].into_iter().chain(columns).collect();
    let mut table = Table::new("", "", &columns);
    for group in &bars.groups {
        let numbers = group.heights.iter().enumerate().flat_map(|(series, &height)| {
            let ends = group.interval(series).map_or([None; 2], |ends| ends.map(Some));
            let ends = ends.into_iter().filter(|_| has_intervals);
            [height].into_iter().chain(ends).map(TableCell::from)
        });
        table.push([(&*group.name).into()].into_iter().chain(numbers).collect());
    }
    table
}

fn of_heat_maps(maps: &HeatMaps) -> Table {
    let columns = [
        ("panel", Unit::Text),
        (&*maps.y.label, maps.y.unit),
        (&*maps.x.label, maps.x.unit),
        (&*maps.value.label, maps.value.unit),
    ];
    let mut table = Table::new("", "", &columns);
    for panel in &maps.panels {
        for (row, values) in maps.rows.iter().zip(&panel.values) {
            for (column, &value) in maps.columns.iter().zip(values) {
                let name = (&*panel.name).into();
                table.push(vec![name, (*row).into(), (*column).into(), value.into()]);
            }
        }
    }
    table
}

fn of_images(images: &ImageGrid) -> Table {
    let columns = [("picture", Unit::Count), ("caption", Unit::Text)];
    let mut table = Table::new("", "", &columns);
    for (index, picture) in images.pictures.iter().enumerate() {
        table.push(vec![index.into(), picture.caption.join("; ").into()]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{BarGroup, PlotAxis};

    #[test]
    fn bars_have_the_ends_of_their_error_bars() {
        let group = BarGroup::new("a", [0.5, 0.25]).with_intervals(vec![Some([0.4, 0.6]), None]);
        let bars = BarChart {
            x: PlotAxis::linear("network", Unit::Text),
            y: PlotAxis::linear("share", Unit::Share),
            series: vec!["one".into(), "two".into()],
            groups: vec![group, BarGroup::new("b", [0.1, 0.2])],
        };
        let table = figure_table(&Figure::new("f", "F", Plot::Bars(bars)));
        let names: Vec<_> = table.columns.iter().map(|column| &*column.name).collect();
        let expected = ["network", "one", "one, low", "one, high", "two", "two, low", "two, high"];
        assert_eq!(names, expected);
        assert_eq!(table.rows[0][1..4], [0.5, 0.4, 0.6].map(TableCell::from));
        assert_eq!(table.rows[1][2], TableCell::Missing);
    }
}
