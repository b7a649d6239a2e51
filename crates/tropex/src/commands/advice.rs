//! Names the commands and flags that help after errors of the libraries.

use tropex::Gauge;
use tropex::experiments::{Error, Split};

/// An error of a library with the command or flag that helps, if there is one.
pub fn with_advice(error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref() {
        Some(Error::NoTerms { run, split, gauge, .. }) => {
            let mut command = format!("tropex extract {}", run.display());
            if *split != Split::Train {
                command += &format!(" --split {split}");
            }
            if *gauge != Gauge::WorstCase {
                command += &format!(" --gauge {}", gauge.name());
            }
            anyhow::anyhow!("{error}; make them with `{command}`")
        }
        Some(Error::OtherData { .. }) => {
            anyhow::anyhow!("{error} (--data-dir names the folder of the data)")
        }
        Some(Error::OtherContent { .. }) => anyhow::anyhow!("{error} with --out"),
        _ => error,
    }
}
