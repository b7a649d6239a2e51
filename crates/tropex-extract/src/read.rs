//! What a device has computed, on the host.

use burn::tensor::kind::Basic;
use burn::tensor::{Tensor, TensorData};

use crate::Error;

/// The numbers of a tensor. A GPU computes after it was asked, so a failure on the way, most often a
/// lack of memory, is only heard of here.
///
/// # Errors
/// [`Error::Device`], with the innermost cause.
pub(crate) fn read<const D: usize, K: Basic>(tensor: Tensor<D, K>) -> Result<TensorData, Error> {
    tensor.try_into_data().map_err(|error| Error::Device(cause(&error.to_string())))
}

/// The last cause in a report, which is the first to have happened.
fn cause(report: &str) -> String {
    let last = report.rsplit("Caused by:").next().unwrap_or(report);
    last.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("no cause given").to_owned()
}

#[cfg(test)]
mod tests {
    use super::cause;

    #[test]
    fn the_last_cause_is_told() {
        let report = "An error happened during execution\nCaused by:\n  skipped `MatmulEntry`\n\
                      Caused by:\n  can't allocate buffer of size: 288\nNo backtrace available\n";
        assert_eq!(cause(report), "can't allocate buffer of size: 288");
        assert_eq!(cause("lost"), "lost");
        assert_eq!(cause(""), "no cause given");
    }
}
