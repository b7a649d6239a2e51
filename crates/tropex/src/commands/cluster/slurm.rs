//! Slurm: a script of `sbatch` calls. Every step is a job, or an array of jobs with one per part,
//! that depends on the step before.

use std::fmt::Write;
use std::path::Path;

use super::command_plan::{Argument, CommandPlan, CommandStep};
use super::engine::{Engine, JobSettings, JobState};
use crate::commands::shell::{command_line, quoted};

pub struct Slurm;

impl Engine for Slurm {
    fn name(&self) -> &'static str {
        "slurm"
    }

    fn file(&self) -> &'static str {
        "slurm.sh"
    }

    fn command(&self) -> &'static str {
        "sbatch"
    }

    fn job(&self, plan: &CommandPlan, job: &JobSettings) -> anyhow::Result<String> {
        let steps: Vec<String> =
            plan.steps.iter().enumerate().map(|(at, step)| submit(at, step, plan, job)).collect();
        Ok(format!(
            "#!/bin/bash\n\
             # Submits {name} to Slurm: {tasks} tasks.\n\
             set -euo pipefail\n\
             mkdir -p {logs}\n\
             \n\
             # If a submission fails, the jobs before it are cancelled.\n\
             jobs=()\n\
             trap '[ $? -eq 0 ] || [ ${{#jobs[@]}} -eq 0 ] || scancel \"${{jobs[@]}}\"' EXIT\n\
             \n\
             # Submits the job on standard input. The array jobs has the numbers of all jobs.\n\
             submit() {{\n    \
                 local job\n    \
                 job=$({sbatch} \"$@\")\n    \
                 jobs+=(\"${{job%%;*}}\")\n\
             }}\n\
             \n\
             {steps}\n\
             echo \"jobs ${{jobs[*]}}\"\n",
            name = job.name,
            tasks = plan.tasks().count(),
            logs = quoted(&job.logs),
            sbatch = command_line(common_options(job)),
            steps = steps.join("\n"),
        ))
    }

    fn submission(&self, file: &Path, _: &JobSettings) -> Vec<String> {
        vec!["bash".into(), file.display().to_string()]
    }

    /// The script prints the numbers of the jobs last.
    fn jobs(&self, answer: &str) -> Vec<String> {
        let last = answer.lines().last().and_then(|line| line.strip_prefix("jobs "));
        last.unwrap_or_default().split_whitespace().map(str::to_owned).collect()
    }

    /// One line for every task that has not ended, or has ended lately.
    fn question(&self, jobs: &[String]) -> Vec<String> {
        let words = ["squeue", "--noheader", "--array", "--states", "all", "--format", "%T"];
        let words = words.map(str::to_owned).into_iter();
        words.chain(["--jobs".to_owned(), jobs.join(",")]).collect()
    }

    fn state(&self, said: &str, complained: &str) -> Option<JobState> {
        // Slurm forgets jobs some minutes after their end.
        if !complained.is_empty() && !complained.contains("Invalid job id") {
            return None;
        }
        let mut state = JobState::default();
        for word in said.split_whitespace() {
            match word {
                "COMPLETED" => {}
                "RUNNING" | "COMPLETING" | "STAGE_OUT" => state.running += 1,
                "FAILED" | "CANCELLED" | "TIMEOUT" | "OUT_OF_MEMORY" | "DEADLINE" | "REVOKED" => {
                    state.failed += 1;
                }
                // Also jobs whose machine failed, which are queued again.
                _ => state.waiting += 1,
            }
        }
        Some(state)
    }
}

/// `sbatch` with the options of all steps. A job whose machine fails is queued again; jobs that
/// depend on a failed job are cancelled.
fn common_options(job: &JobSettings) -> Vec<String> {
    let words = ["sbatch", "--parsable", "--requeue", "--kill-on-invalid-dep", "yes"];
    let mut words: Vec<String> = words.map(str::to_owned).into();
    words.extend(["--cpus-per-task".into(), job.cpus.to_string()]);
    if job.gpus > 0 {
        words.extend(["--gpus".into(), job.gpus.to_string()]);
    }
    words.extend(job.options.iter().cloned());
    words
}

/// The submission of a step. `at` counts steps from 0.
fn submit(at: usize, step: &CommandStep, plan: &CommandPlan, job: &JobSettings) -> String {
    let is_array = step.is_array();
    // Slurm replaces %x by the name of the job, %A and %j by its number, and %a by the part.
    let output = if is_array { "%x-%A-%a.log" } else { "%x-%j.log" };
    let logs = job.logs.replace('%', "%%");
    let name = format!("{}-{}", job.name, step.name);
    let mut options = command_line(["--job-name", &name, "--output", &format!("{logs}/{output}")]);
    if is_array {
        let _ = write!(options, " --array 1-{}", step.tasks.len());
    }
    if let Some(before) = at.checked_sub(1) {
        let _ = write!(options, " --dependency \"afterok:${{jobs[{before}]}}\"");
    }
    let argument = |argument: &Argument| match argument {
        Argument::Text(text) => quoted(text),
        Argument::Part { of } => format!("\"$SLURM_ARRAY_TASK_ID/{of}\""),
        Argument::Each(_) => "\"${words[SLURM_ARRAY_TASK_ID - 1]}\"".into(),
    };
    let words = step.arguments.iter().find_map(|argument| match argument {
        Argument::Each(words) => Some(format!("words=({})\n", command_line(words))),
        _ => None,
    });
    let arguments: Vec<String> = step.arguments.iter().map(argument).collect();
    format!(
        "submit {options} <<'JOB'\n\
         #!/bin/bash\n\
         {words}exec {program} {arguments}\n\
         JOB\n",
        words = words.unwrap_or_default(),
        program = quoted(&plan.program),
        arguments = arguments.join(" "),
    )
}
