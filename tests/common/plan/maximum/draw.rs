//! Draws steps with several pieces.

use crate::common::grow::Grower;
use crate::common::plan::{Extremum, Masked, MaxPool, Maximum, Window};

/// Slopes of leaky ReLUs: five from 0 to 1, two above, two below.
const SLOPES: [f64; 9] = [0.0, 0.125, 0.5, 0.75, 1.0, 1.5, 2.0, -0.5, -1.0];

impl Grower {
    pub(crate) fn maximum(&mut self, shape: &[usize]) -> Option<Maximum> {
        let pools = shape.len() == 2 || shape.len() == 3;
        Some(match self.between(0, 24) {
            0..=5 => Maximum::Relu,
            6 | 7 => Maximum::LeakyRelu { slope: self.one_of(&SLOPES) },
            8 | 9 => Maximum::PRelu { slopes: self.slopes(shape[0]) },
            10 => Maximum::Abs,
            11 | 12 => self.clamp(),
            13 if self.chance(50) => {
                Maximum::SoftShrink { lambda: self.one_of(&[0.125, 0.25, 0.5]) }
            }
            13 => Maximum::Relu6,
            14 => {
                let least = self.number(1.0);
                Maximum::HardTanh { least, most: least + self.one_of(&[0.5, 1.0, 2.0]) }
            }
            15 => Maximum::HardSigmoid {
                alpha: self.one_of(&[0.25, 0.5, 1.0, -0.5]),
                beta: self.one_of(&[0.5, 0.25, -0.5]),
            },
            16 => Maximum::Threshold(self.number(0.5)),
            17 | 18 => Maximum::Masked(self.masked()),
            19 | 20 => Maximum::OverAxis { axis: self.axis(shape), extremum: self.extremum() },
            21..=24 if pools => Maximum::Pool(self.max_pool(&shape[1..])?),
            _ => return None,
        })
    }

    pub(crate) fn extremum(&mut self) -> Extremum {
        self.one_of(&[Extremum::Greatest, Extremum::Least])
    }

    /// One slope, or one a channel. All are from 0 to 1, or of any size.
    fn slopes(&mut self, channels: usize) -> Vec<f64> {
        let count = if self.chance(30) { 1 } else { channels };
        let slopes = self.numbers(count, 1.5).into_iter();
        if self.chance(50) {
            slopes.map(|slope| slope.abs().min(1.0)).collect()
        } else {
            slopes.collect()
        }
    }

    fn clamp(&mut self) -> Maximum {
        let least = self.number(1.0);
        let most = least + self.one_of(&[0.5, 1.0, 1.5]);
        match self.between(0, 3) {
            0 => Maximum::Clamp { least: Some(least), most: None },
            1 => Maximum::Clamp { least: None, most: Some(most) },
            _ => Maximum::Clamp { least: Some(least), most: Some(most) },
        }
    }

    fn masked(&mut self) -> Masked {
        match self.between(0, 5) {
            0 => Masked::FillBelow(self.number(0.5)),
            1 => Masked::FillAbove(self.number(0.5)),
            2 => Masked::ScaleBelow(self.one_of(&SLOPES)),
            3 => Masked::ZerosBelow,
            4 => Masked::SignTimes,
            _ => Masked::OntoZeros,
        }
    }

    fn max_pool(&mut self, extents: &[usize]) -> Option<MaxPool> {
        let kernel: Vec<_> = extents.iter().map(|_| self.between(2, 3)).collect();
        let mut window = Window::new(&kernel);
        for axis in 0..window.axes() {
            let begin = self.between(0, 1);
            let end = if self.chance(80) { begin } else { self.between(0, 1) };
            window.padding[axis] = (begin, end);
            window.stride[axis] = self.between(1, 3);
            window.dilation[axis] = self.one_of(&[1, 1, 2]);
        }
        window.ceil_mode = window.is_symmetric() && self.chance(25);
        Some(MaxPool { window }).filter(|pool| pool.fits(extents))
    }
}
