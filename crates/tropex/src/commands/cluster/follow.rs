//! Follows a job until all of its tasks have ended.

use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::Context;

use super::engine::{Engine, JobState};
use crate::commands::shell::command_line;
use crate::output::{CommandProgress, plural};

/// Time between two questions to the engine: it doubles from the first to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LAST_PAUSE: Duration = Duration::from_secs(10);

/// Shows the progress of a job of `tasks` tasks until they have ended. `answer` is what the engine
/// said when it accepted the job. An interrupt ends the following, not the job.
///
/// # Errors
/// Tasks that failed or were cancelled; an engine that does not answer.
pub fn follow(
    engine: &dyn Engine,
    answer: &str,
    tasks: usize,
    bar: &CommandProgress,
) -> anyhow::Result<()> {
    let jobs = engine.jobs(answer);
    if jobs.is_empty() {
        anyhow::bail!("the answer of {} names no job: {answer}", engine.name());
    }
    let (mut pause, mut failed) = (FIRST_PAUSE, 0);
    loop {
        let state = ask(engine, &jobs)?;
        failed = failed.max(state.failed);
        let left = (state.waiting + state.running).min(tasks);
        let what = format!("{} running, {} waiting", state.running, state.waiting);
        bar.show_part(tasks - left, tasks, what);
        if left == 0 {
            break;
        }
        sleep(pause);
        pause = (2 * pause).min(LAST_PAUSE);
    }
    match failed {
        0 => Ok(()),
        failed => anyhow::bail!(
            "{} of {} failed or were cancelled; the same command continues after them",
            failed,
            plural(tasks, "task")
        ),
    }
}

/// Asks the engine for the state of jobs.
fn ask(engine: &dyn Engine, jobs: &[String]) -> anyhow::Result<JobState> {
    let words = engine.question(jobs);
    let line = command_line(&words);
    let called = Command::new(&words[0]).args(&words[1..]).stdin(Stdio::null()).output();
    let called = called.with_context(|| format!("cannot call `{line}`"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    let (said, complained) = (text(&called.stdout), text(&called.stderr));
    let state = engine.state(&said, &complained);
    state.with_context(|| format!("`{line}` failed ({}): {complained}", called.status))
}
