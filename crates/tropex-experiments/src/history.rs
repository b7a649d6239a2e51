//! Answers at several moments of a training, as one.

use crate::report::{Answer, Axis, BY_EPOCH, Cell, Curve, Curves, Figure, Plot, Table, Unit};

/// The answers of an experiment, epoch by epoch.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    answers: Vec<(usize, Answer)>,
}

impl History {
    pub(crate) fn push(&mut self, epoch: usize, answer: Answer) {
        self.answers.push((epoch, answer));
    }

    /// The last answer; where there are earlier ones, with its numbers over the epochs.
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

    /// The number of a name after every epoch.
    fn values(&self, name: &str) -> Vec<[f64; 2]> {
        let value = |(epoch, answer): &(usize, Answer)| {
            let measure = answer.values.iter().find(|measure| measure.name == name);
            [*epoch as f64, measure.and_then(|measure| measure.value).unwrap_or(f64::NAN)]
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
            let values = columns.iter().map(|values| Cell::from(values[row][1]));
            table.push([Cell::from(*epoch)].into_iter().chain(values).collect());
        }
        table
    }

    /// A figure for every unit, with a curve for every number in it.
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
                .map(|measure| Curve::new(&measure.name, self.values(&measure.name)))
                .filter(|curve| !curve.points.is_empty())
                .collect();
            if !curves.is_empty() {
                let x = Axis::linear("epoch", Unit::Epochs);
                let heights = curves.iter().flat_map(|curve| &curve.points).map(|point| point[1]);
                let y = Axis::fitting(label, unit, heights);
                let plot = Plot::Curves(Curves { x, y, curves });
                figures.push(Figure::new(&format!("epochs-{label}"), title, plot));
            }
        }
        figures
    }
}
