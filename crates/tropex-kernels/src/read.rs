//! Results of a device, copied to the host.

use burn::tensor::kind::Basic;
use burn::tensor::{Tensor, TensorData};

use crate::device_error::DeviceError;

/// The numbers of a tensor, on the host.
///
/// A GPU computes asynchronously, so that a failed computation is reported here.
///
/// # Errors
/// [`DeviceError::Failed`] with the innermost cause.
pub fn read<const D: usize, K: Basic>(tensor: Tensor<D, K>) -> Result<TensorData, DeviceError> {
    tensor.try_into_data().map_err(|error| DeviceError::Failed(cause(&error.to_string())))
}

/// The last cause in a report: the failure that happened first.
fn cause(report: &str) -> String {
    let last = report.rsplit("Caused by:").next().unwrap_or(report);
    last.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("no cause given").to_owned()
}

#[cfg(test)]
mod tests {
    use super::cause;

    #[test]
    fn the_innermost_cause_is_reported() {
        let report = "An error happened during execution\nCaused by:\n  skipped `MatmulEntry`\n\
                      Caused by:\n  can't allocate buffer of size: 288\nNo backtrace available\n";
        assert_eq!(cause(report), "can't allocate buffer of size: 288");
        assert_eq!(cause("lost"), "lost");
        assert_eq!(cause(""), "no cause given");
    }
}
