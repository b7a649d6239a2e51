//! The command `tropex`.

#![allow(unreachable_pub)] // nothing in a command is reachable from outside

mod allocator;
mod commands;
mod interrupt;
mod output;

use std::panic;
use std::process::ExitCode;

use allocator::ExitOnOutOfMemory;
use clap::Parser;
use mimalloc::MiMalloc;
use output::Output;

#[global_allocator]
static ALLOCATOR: ExitOnOutOfMemory<MiMalloc> = ExitOnOutOfMemory(MiMalloc);

/// Train piecewise-linear networks, extract their linear terms, and study how they generalize.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: commands::Command,
    /// Print the result as one JSON object, and nothing else.
    #[arg(long, global = true, display_order = 1000)]
    json: bool,
    /// Print results only, no progress.
    #[arg(long, short, global = true, display_order = 1001)]
    quiet: bool,
}

fn main() -> ExitCode {
    let arguments = Cli::parse();
    let output = Output::new(arguments.json, arguments.quiet);
    if let Err(error) = interrupt::watch() {
        output.error(&format!("cannot watch for Ctrl-C: {error}"));
        return ExitCode::FAILURE;
    }
    // What backends panic about (a missing driver, say) is an error like any other here.
    panic::set_hook(Box::new(|_| {}));
    let outcome = panic::catch_unwind(panic::AssertUnwindSafe(|| arguments.command.run(&output)));
    let error = match outcome {
        Ok(Ok(())) => return ExitCode::SUCCESS,
        Ok(Err(error)) => one_line(&with_causes(&error)),
        Err(panic) => format!("stopped unexpectedly: {}", one_line(&panic_text(panic.as_ref()))),
    };
    output.error(&error);
    ExitCode::FAILURE
}

/// An error and what caused it, as far as the error does not say that itself.
fn with_causes(error: &anyhow::Error) -> String {
    error.chain().fold(String::new(), |said, cause| {
        let cause = cause.to_string();
        match said.is_empty() {
            true => cause,
            false if said.contains(&cause) => said,
            false => format!("{said}: {cause}"),
        }
    })
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message").to_owned()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
