//! Names of the files of a run, and their format version.

/// Format version of runs; other versions are refused.
pub const FORMAT_VERSION: u32 = 1;

/// Name of the record.
pub(super) const CONFIG: &str = "config.json";

/// Name of the file of final weights.
pub(super) const MODEL: &str = "model.safetensors";

/// Name of the file of an interrupted training.
pub(super) const RESUME: &str = "resume.safetensors";

/// Name of the model file in a run.
pub(super) const MODEL_FILE: &str = "model.onnx";
