//! Detection of dead networks: their logits do not depend on the input.

use burn::tensor::TensorData;

use super::Network;
use super::random::Xorshift;
use crate::Error;

impl Network {
    /// Whether the network is dead at points: no logit depends on the point in a neighbourhood of
    /// any of them. The test is one forward pass with derivatives along a random direction; they
    /// are zero if the linear terms are zero.
    ///
    /// # Shapes
    /// - `points`: `[points, features]`, row by row
    ///
    /// # Errors
    /// A number of values that is not a multiple of the features.
    pub fn is_dead_at(&self, points: &[f32]) -> Result<bool, Error> {
        let points = self.tensor(points)?;
        let mut random = Xorshift::new();
        let direction = (0..points.shape().num_elements()).map(|_| random.uniform()).collect();
        let direction = TensorData::new::<f32, _>(direction, points.dims());
        let direction = self.target.tensor(direction);
        let slopes = self.inspect(points, direction, |_| ()).derivatives;
        let slopes = slopes.into_data().convert::<f64>();
        Ok(slopes.as_slice::<f64>().is_ok_and(|slopes| slopes.iter().all(|slope| *slope == 0.0)))
    }
}
