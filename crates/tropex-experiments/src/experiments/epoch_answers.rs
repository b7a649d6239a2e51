//! Answers at several epochs of a training, as one.

use crate::render::{Figure, LinePlot, Plot, PlotAxis, PlotLine};
use crate::report::{Answer, BY_EPOCH, Table, TableCell};
use crate::unit::Unit;

/// The answers of an experiment by epoch.
#[derive(Clone, Debug, Default)]
pub(crate) struct EpochAnswers {
    answers: Vec<(usize, Answer)>,
}

impl EpochAnswers {
    pub(crate) fn push(&mut self, epoch: usize, answer: Answer) {
        self.answers.push((epoch, answer));
    }

    /// The last answer, with a table and figures of its numbers over the epochs if there are
    /// several.
    pub(crate) fn answer(mut self) -> Answer {
        let Some((_, last)) = self.answers.last() else { return Answer::default() };
        let last = last.clone();
        if self.answers.len() == 1 || last.values.is_empty() {
            return last;
        }
        self.answers.sort_by_key(|(epoch, _)| *epoch);
        let curves = self.curves(&last);
        let table = self.table(&last);
        curves.into_iter().fold(last.table(table), Answer::figure)
    }

    /// A number after every epoch.
    fn values(&self, name: &str) -> Vec<[f64; 2]> {
        let value = |(epoch, answer): &(usize, Answer)| {
            [*epoch as f64, answer.value_of(name).unwrap_or(f64::NAN)]
        };
        self.answers.iter().map(value).collect()
    }

    fn table(&self, last: &Answer) -> Table {
        let names = last.values.iter().map(|measure| (&*measure.name, measure.unit));
        let columns: Vec<_> = [("epoch", Unit::Epochs)].into_iter().chain(names).collect();
        let mut table = Table::new(BY_EPOCH, "The numbers over the training", &columns);
        let columns: Vec<_> =
            last.values.iter().map(|measure| self.values(&measure.name)).collect();
        for (row, (epoch, _)) in self.answers.iter().enumerate() {
            let values = columns.iter().map(|values| TableCell::from(values[row][1]));
            table.push([TableCell::from(*epoch)].into_iter().chain(values).collect());
        }
        table
    }

    /// A figure per unit, with a curve per number.
    fn curves(&self, last: &Answer) -> Vec<Figure> {
        let units = [
            (Unit::Share, "share", "Shares over the training"),
            (Unit::Degrees, "angle", "Angles over the training"),
            (Unit::Number, "value", "Numbers over the training"),
            (Unit::Count, "count", "Counts over the training"),
        ];
        let mut figures = Vec::new();
        for (unit, label, title) in units {
            let measures = last.values.iter().filter(|measure| measure.unit == unit);
            let curves: Vec<_> = measures
                .map(|measure| PlotLine::new(&measure.name, self.values(&measure.name)))
                .filter(|curve| !curve.points.is_empty())
                .collect();
            if !curves.is_empty() {
                let x = PlotAxis::linear("epoch", Unit::Epochs);
                let heights = curves.iter().flat_map(|curve| &curve.points).map(|point| point[1]);
                let y = PlotAxis::fitting(label, unit, heights);
                let plot = Plot::Curves(LinePlot { x, y, curves });
                figures.push(Figure::new(&format!("epochs-{label}"), title, plot));
            }
        }
        figures
    }
}
