//! A run: a folder with the settings, the weights and the history of a training.
//!
//! ```text
//! RUN/config.json                        settings, data, versions, metrics per epoch, state
//!     model.safetensors                  the final weights; model.onnx of an imported ONNX model
//!     checkpoints/epoch-0000.safetensors the weights after chosen epochs; 0 is the start
//!     resume.safetensors                 weights and state of the optimizer, to continue from
//! ```

mod config;
mod error;
mod files;
mod layout;
mod model;
mod model_import;
mod request;
mod run_folder;

pub use config::{
    BURN_VERSION, DataFingerprints, ModelFile, ONNX, RunConfig, RunState, Versions, channels,
    has_channels_last,
};
pub use error::RunError;
pub use layout::FORMAT_VERSION;
pub use model_import::ModelImport;
pub use request::RunRequest;
pub use run_folder::{Run, RunOutcome};
