//! Import of a model file, which a run keeps unchanged.
//!
//! This crate copies and records the file. The caller determines what the model computes.

use std::fs;
use std::path::{Path, PathBuf};

use tropex_files::{FolderLock, replace, sha256};

use super::config::{ModelFile, RunConfig};
use super::error::RunError;
use super::files::clear;
use super::model_import::ModelImport;
use super::run_folder::Run;
use crate::weights::WeightsError;

impl Run {
    /// Makes a run from a model file, which is copied into the folder together with its external
    /// data. An earlier import from the same file is replaced. The folder is locked meanwhile.
    ///
    /// # Errors
    /// The folder has other content, or another process works in it; a file cannot be read or
    /// written.
    pub fn import_model(path: &Path, import: &ModelImport<'_>) -> Result<Self, RunError> {
        let content =
            fs::read(import.source).map_err(|e| RunError::io("read", import.source, e))?;
        let names = import.external_data.iter().map(|file| file.display().to_string());
        let model = ModelFile {
            input_shape: import.input_shape.to_vec(),
            output: import.output.into(),
            channels_last: import.channels_last,
            external_data: names.collect(),
            sha256: sha256(&content),
        };
        let config = RunConfig::of_model(import, model);
        config.check_import(import.source)?;
        clear(path);
        let _lock = FolderLock::create(path)?;
        let is_new = Self::existing(path, &config)?.is_none();
        let run = Self::create(path, config)?;
        let written = run.copy_model(import, &content);
        if written.is_err() && is_new {
            run.discard();
        }
        written.map(|()| run)
    }

    fn copy_model(&self, import: &ModelImport<'_>, content: &[u8]) -> Result<(), RunError> {
        let folder = import.source.parent().unwrap_or(Path::new(""));
        for file in import.external_data {
            let (from, to) = (folder.join(file), self.path().join(file));
            if let Some(parent) = to.parent() {
                fs::create_dir_all(parent).map_err(|e| RunError::io("create folder", parent, e))?;
            }
            let bytes = fs::read(&from).map_err(|e| RunError::io("read", &from, e))?;
            replace(&to, &bytes).map_err(|e| RunError::io("write", &to, e))?;
        }
        let file = self.model_path();
        replace(&file, content).map_err(|error| RunError::io("write", &file, error))
    }

    /// The model file of a run that was imported from one, checked against its checksum.
    ///
    /// # Errors
    /// A missing or changed file.
    pub fn model_file(&self) -> Result<Option<(PathBuf, &ModelFile)>, RunError> {
        let Some(model) = &self.config().model else { return Ok(None) };
        let file = self.model_path();
        let content = fs::read(&file).map_err(|error| RunError::io("read", &file, error))?;
        if sha256(&content) != model.sha256 {
            return Err(WeightsError::Checksum { path: file }.into());
        }
        Ok(Some((file, model)))
    }
}
