//! The command `tropex`.

#![allow(unreachable_pub)] // nothing in a binary is reachable from outside

mod allocator;
mod commands;
mod error_text;
mod interrupt;
mod output;
mod remote;

use std::panic;
use std::process::ExitCode;

use allocator::ExitOnOutOfMemory;
use clap::Parser;
use commands::CommandLine;
use error_text::{error_text, panic_text};
use mimalloc::MiMalloc;
use output::Output;

#[global_allocator]
static ALLOCATOR: ExitOnOutOfMemory<MiMalloc> = ExitOnOutOfMemory(MiMalloc);

fn main() -> ExitCode {
    let arguments = CommandLine::parse();
    let output = Output::new(arguments.json, arguments.quiet);
    if let Err(error) = interrupt::watch() {
        output.error(&format!("cannot watch for Ctrl-C: {error}"));
        return ExitCode::FAILURE;
    }
    // A panic is printed like any other error, for example that of a backend without its driver.
    panic::set_hook(Box::new(|_| {}));
    let outcome = panic::catch_unwind(panic::AssertUnwindSafe(|| arguments.command.run(&output)));
    let error = match outcome {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error_text(&error)),
        Err(panic) => Some(format!("stopped unexpectedly: {}", panic_text(panic.as_ref()))),
    };
    if let Some(error) = &error {
        output.error(error);
    }
    remote::close();
    if error.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
