//! Runs commands and says what they cost.

use std::fs;
use std::io::{IsTerminal as _, Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use wait4::Wait4;

use super::Bench;
use crate::lldb::Guest;

/// A command to measure.
pub(super) struct Task {
    name: String,
    pub(super) command: Command,
    expected: i32,
    made: Option<PathBuf>,
    cold: bool,
    input: Option<PathBuf>,
    attached: Option<Box<dyn Fn() -> Result<Guest>>>,
}

/// How long a command of [`Task::limited`] may take, in seconds.
pub(super) const LIMIT: u32 = 120;

/// What the command `timeout` ends with when it ends another.
const TOOK_TOO_LONG: i32 = 124;

/// The placeholder for the port in a command that attaches to a guest.
const PORT: &str = "GUEST_PORT";

/// What a run of a command costs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    /// From its start to its end, in seconds.
    pub(super) wall: f64,
    /// What it kept the processors busy, in seconds.
    pub(super) busy: f64,
    /// The most memory it ever held (resident set), in bytes.
    pub(super) peak: u64,
}

impl Task {
    /// A command that must end with the code `expected`.
    pub(super) fn new(name: &str, mut command: Command, expected: i32) -> Task {
        command.stdin(Stdio::null()).stdout(Stdio::null());
        Task {
            name: name.to_owned(),
            command,
            expected,
            made: None,
            cold: false,
            input: None,
            attached: None,
        }
    }

    /// A command that must end with 0 within [`LIMIT`], and is ended where it does not.
    pub(super) fn limited(name: &str, command: &Command) -> Task {
        let mut limited = Command::new("timeout");
        limited.arg(LIMIT.to_string()).arg(command.get_program());
        limited.args(command.get_args());
        if let Some(directory) = command.get_current_dir() {
            limited.current_dir(directory);
        }
        Task::new(name, limited, 0)
    }

    /// Reads the file as its standard input.
    pub(super) fn reading(mut self, input: &Path) -> Task {
        self.input = Some(input.to_owned());
        self
    }

    /// Attaches to a guest, started anew for each run, whose port is in `$GUEST_PORT`. The guest's own start is not
    /// measured.
    pub(super) fn attached(mut self, guest: impl Fn() -> Result<Guest> + 'static) -> Task {
        self.attached = Some(Box::new(guest));
        self
    }

    /// With a variable in its environment.
    pub(super) fn with_variable(mut self, name: &str, value: &str) -> Task {
        self.command.env(name, value);
        self
    }

    /// Removes the file that the command makes before each run.
    pub(super) fn removing(mut self, made: &Path) -> Task {
        self.made = Some(made.to_owned());
        self
    }

    /// Runs with an empty file cache.
    pub(super) fn cold(mut self) -> Task {
        self.cold = true;
        self
    }

    /// The same with another program.
    pub(super) fn with_program(&self, program: &Path) -> Task {
        let mut command = Command::new(program);
        command.args(self.command.get_args());
        for (name, value) in self.command.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        if let Some(directory) = self.command.get_current_dir() {
            command.current_dir(directory);
        }
        Task {
            made: self.made.clone(),
            cold: self.cold,
            input: self.input.clone(),
            ..Task::new(&self.name, command, self.expected)
        }
    }

    fn run(&mut self) -> Result<Cost> {
        if let Some(made) = &self.made {
            _ = fs::remove_file(made);
        }
        if self.cold {
            super::machine::drop_file_cache()?;
        }
        if let Some(input) = &self.input {
            self.command.stdin(fs::File::open(input)?);
        }
        let guest = self.attached.as_ref().map(|it| it()).transpose()?;
        if let Some(guest) = &guest {
            self.command.env(PORT, guest.port.to_string());
        }
        // Not a pipe: nothing reads it while the command runs.
        let log = tempfile::tempfile()?;
        self.command.stderr(log.try_clone()?);
        let start = Instant::now();
        let child = self
            .command
            .spawn()
            .with_context(|| format!("cannot run {:?}", self.command))?;
        let used = child.wait4()?;
        let wall = start.elapsed().as_secs_f64();
        ensure!(
            used.status.code() != Some(TOOK_TOO_LONG),
            "it takes more than {LIMIT} s"
        );
        ensure!(
            used.status.code() == Some(self.expected),
            "{:?} ended with {}, not {}:\n{}",
            self.command,
            used.status,
            self.expected,
            text(log)
        );
        Ok(Cost {
            wall,
            busy: (used.rusage.utime + used.rusage.stime).as_secs_f64(),
            peak: used.rusage.maxrss,
        })
    }

    /// Runs it once, and gives what it prints.
    pub(super) fn output(&mut self) -> Result<String> {
        let output = tempfile::tempfile()?;
        self.command.stdout(output.try_clone()?);
        let ran = self.run();
        self.command.stdout(Stdio::null());
        ran?;
        Ok(text(output))
    }
}

fn text(mut log: fs::File) -> String {
    let mut bytes = Vec::new();
    _ = log.rewind();
    _ = log.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Bench {
    /// What one run of a task costs, without one before it.
    pub(super) fn once(&self, task: &mut Task) -> Result<Cost> {
        let mut other = self.base.as_ref().and_then(|base| base.task(task));
        progress(&task.name);
        let cost = task.run()?;
        if let (Some(base), Some(other)) = (&self.base, &mut other) {
            base.compare(task, other.run(), cost);
        }
        progress("");
        Ok(cost)
    }

    /// Runs each task once unmeasured, to fill caches, and then `runs` times, taking turns. The median of
    /// each, in the order of the tasks; without runs, nothing.
    pub(super) fn in_turns(&self, tasks: &mut [Task], runs: usize) -> Result<Vec<Cost>> {
        let costs = self
            .attempts(tasks, runs)
            .into_iter()
            .collect::<Result<_>>();
        let costs: Vec<Option<Cost>> = costs?;
        Ok(costs.into_iter().flatten().collect())
    }

    /// The same for tasks of which some may fail. What failed once is not run again.
    pub(super) fn attempts(&self, tasks: &mut [Task], runs: usize) -> Vec<Result<Option<Cost>>> {
        let Some(base) = &self.base else {
            return take_turns(tasks.iter_mut().collect(), runs);
        };
        let mut others: Vec<Option<Task>> = tasks.iter().map(|task| base.task(task)).collect();
        let pairs = tasks.iter_mut().zip(&mut others);
        let order = pairs.flat_map(|(task, other)| [Some(task), other.as_mut()]);
        let mut costs = take_turns(order.flatten().collect(), runs).into_iter();
        let mut own = Vec::new();
        for (task, other) in tasks.iter().zip(&others) {
            own.extend(costs.next());
            let before = other.as_ref().and_then(|_| costs.next());
            if let (Some(before), Some(Ok(Some(now)))) = (before, own.last()) {
                let before = before.and_then(|cost| cost.context("it was not measured"));
                base.compare(task, before, *now);
            }
        }
        own
    }
}

/// What each task costs, as [`Bench::attempts`] says.
fn take_turns(mut tasks: Vec<&mut Task>, runs: usize) -> Vec<Result<Option<Cost>>> {
    let mut all: Vec<Result<Vec<Cost>>> = tasks.iter().map(|_| Ok(Vec::new())).collect();
    for round in 0..=runs {
        for (task, costs) in tasks.iter_mut().zip(&mut all) {
            let Ok(known) = costs else {
                continue;
            };
            progress(&format!("{} {round}/{runs}", task.name));
            match task.run() {
                Ok(cost) if round > 0 => known.push(cost),
                Ok(_) => {}
                Err(error) => *costs = Err(error),
            }
        }
    }
    progress("");
    all.into_iter()
        .map(|costs| costs.map(|it| median(&it)))
        .collect()
}

/// Says on a terminal what is going on.
fn progress(text: &str) {
    if std::io::stderr().is_terminal() {
        eprint!("\r{text:<50}\r");
    }
}

/// Of the times the medians, of the memory the most.
fn median(costs: &[Cost]) -> Option<Cost> {
    let median = |time: fn(&Cost) -> f64| {
        let mut times: Vec<f64> = costs.iter().map(time).collect();
        times.sort_by(f64::total_cmp);
        let below = times.get(times.len().checked_sub(1)? / 2)?;
        let above = times.get(times.len() / 2)?;
        Some((below + above) / 2.0)
    };
    Some(Cost {
        wall: median(|it| it.wall)?,
        busy: median(|it| it.busy)?,
        peak: costs.iter().map(|cost| cost.peak).max()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str, expected: i32) -> Task {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Task::new("sh", command, expected)
    }

    #[test]
    fn the_median_of_times_and_the_most_of_memory() {
        let costs = [3.0, 1.0, 2.0, 10.0].map(|wall| Cost {
            wall,
            busy: 0.0,
            peak: wall as u64,
        });
        let odd = median(&costs[..3]).unwrap();
        assert_eq!((odd.wall, odd.peak), (2.0, 3));
        let even = median(&costs).unwrap();
        assert_eq!((even.wall, even.peak), (2.5, 10));
        assert!(median(&[]).is_none());
    }

    #[test]
    fn a_command_has_a_cost() {
        let costs = take_turns(vec![&mut sh("sleep 0.1; exit 3", 3)], 2);
        let cost = costs[0].as_ref().unwrap().unwrap();
        assert_eq!(costs.len(), 1);
        assert!(cost.wall >= 0.1 && cost.peak > 100_000);
        assert!(cost.busy < 0.1);
    }

    #[test]
    fn what_fails_is_not_run_again_and_does_not_keep_the_others_from_it() {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("log");
        let script = format!("echo x >> {}; exit 1", log.display());
        let costs = take_turns(vec![&mut sh(&script, 0), &mut sh("exit 0", 0)], 2);
        assert!(costs[0].is_err() && costs[1].as_ref().unwrap().is_some());
        assert_eq!(fs::read_to_string(log).unwrap(), "x\n");
    }

    #[test]
    fn what_is_read_comes_out() {
        let directory = tempfile::tempdir().unwrap();
        let input = directory.path().join("input");
        fs::write(&input, "bt\n").unwrap();
        let command = Command::new("cat");
        let mut task = Task::limited("cat", &command).reading(&input);
        assert_eq!(task.output().unwrap(), "bt\n");
        assert_eq!(task.output().unwrap(), "bt\n");
    }

    #[test]
    fn another_end_is_an_error_that_shows_what_was_said() {
        let mut costs = take_turns(vec![&mut sh("echo no good >&2; exit 1", 134)], 1);
        let error = costs.remove(0).unwrap_err().to_string();
        assert!(
            error.contains("not 134") && error.contains("no good"),
            "{error}"
        );
    }
}
