//! `tropex completions`

use clap::{Args, Command};
use clap_complete::Shell;

use super::examples::examples;
use crate::output::Output;

/// Print the completions of this command for a shell.
#[derive(Debug, Args)]
#[command(after_help = examples!(
    "completions bash > ~/.local/share/bash-completion/completions/tropex",
    "completions zsh > ~/.zfunc/_tropex",
    "completions fish > ~/.config/fish/completions/tropex.fish",
))]
pub struct CompletionsArgs {
    /// The shell.
    shell: Shell,
}

impl CompletionsArgs {
    pub fn run(self, mut commands: Command, output: &Output) -> anyhow::Result<()> {
        let name = commands.get_name().to_owned();
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut commands, name, &mut script);
        let script = String::from_utf8(script)?;
        output.result(&script, || script.trim_end().to_owned())
    }
}
