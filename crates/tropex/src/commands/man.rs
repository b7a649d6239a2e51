//! `tropex man`

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Command};
use serde::Serialize;
use tropex_files::replace;

use super::examples::examples;
use crate::output::{Output, plural};

/// Write manual pages for `man`: one of this program and one of each command.
#[derive(Debug, Args)]
#[command(after_help = examples!(
    "man ~/.local/share/man/man1",
    "man pages",
))]
pub struct ManArgs {
    /// Folder for the pages. It is made if it does not exist.
    folder: PathBuf,
}

#[derive(Serialize)]
struct ManOutput {
    folder: PathBuf,
    pages: Vec<String>,
}

impl ManArgs {
    pub fn run(self, commands: Command, output: &Output) -> anyhow::Result<()> {
        let folder = self.folder;
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let mut program = commands.disable_help_subcommand(true);
        program.build();
        let mut pages = Vec::new();
        for command in std::iter::once(&program).chain(program.get_subcommands()) {
            let manual = clap_mangen::Man::new(command.clone());
            let page = manual.get_filename();
            let (path, mut text) = (folder.join(&page), Vec::new());
            manual.render(&mut text)?;
            replace(&path, &text).with_context(|| format!("cannot write {}", path.display()))?;
            pages.push(page);
        }
        let text = format!("{} in {}", plural(pages.len(), "page"), folder.display());
        output.result(&ManOutput { folder, pages }, || text)
    }
}
