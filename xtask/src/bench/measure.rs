//! Runs commands and says what they cost.

use std::fs;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use wait4::Wait4;

/// A command to measure.
pub(super) struct Task {
    name: String,
    command: Command,
    expected: i32,
    made: Option<PathBuf>,
    cold: bool,
}

/// What a run of a command costs.
#[derive(Clone, Copy)]
pub(super) struct Cost {
    /// From its start to its end, in seconds.
    pub(super) wall: f64,
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
        }
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

    fn run(&mut self) -> Result<Cost> {
        if let Some(made) = &self.made {
            _ = fs::remove_file(made);
        }
        if self.cold {
            super::machine::drop_file_cache()?;
        }
        // Not a pipe: nobody reads it while the command runs.
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
            used.status.code() == Some(self.expected),
            "{:?} ended with {}, not {}:\n{}",
            self.command,
            used.status,
            self.expected,
            text(log)
        );
        Ok(Cost {
            wall,
            peak: used.rusage.maxrss,
        })
    }
}

fn text(mut log: fs::File) -> String {
    use std::io::{Read, Seek};
    let mut bytes = Vec::new();
    _ = log.rewind();
    _ = log.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Runs each task once unmeasured, to fill caches, and then `runs` times, taking turns. The median of
/// each, in the order of the tasks; without runs, nothing.
pub(super) fn in_turns(tasks: &mut [Task], runs: usize) -> Result<Vec<Cost>> {
    let mut costs: Vec<Vec<Cost>> = vec![Vec::new(); tasks.len()];
    for round in 0..=runs {
        for (task, costs) in tasks.iter_mut().zip(&mut costs) {
            progress(&format!("{} {round}/{runs}", task.name));
            let cost = task.run()?;
            if round > 0 {
                costs.push(cost);
            }
        }
    }
    progress("");
    Ok(costs.iter().filter_map(|costs| median(costs)).collect())
}

/// Says on a terminal what is going on.
fn progress(text: &str) {
    if std::io::stderr().is_terminal() {
        eprint!("\r{text:<50}\r");
    }
}

/// Of the times the median, of the memory the most.
fn median(costs: &[Cost]) -> Option<Cost> {
    let mut walls: Vec<f64> = costs.iter().map(|cost| cost.wall).collect();
    walls.sort_by(f64::total_cmp);
    let (below, above) = (
        walls.get(walls.len().checked_sub(1)? / 2)?,
        walls.get(walls.len() / 2)?,
    );
    Some(Cost {
        wall: (below + above) / 2.0,
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
        let costs = in_turns(&mut [sh("sleep 0.1; exit 3", 3)], 2).unwrap();
        assert_eq!(costs.len(), 1);
        assert!(costs[0].wall >= 0.1 && costs[0].peak > 100_000);
    }

    #[test]
    fn another_end_is_an_error_that_shows_what_was_said() {
        let Err(error) = in_turns(&mut [sh("echo no good >&2; exit 1", 134)], 1) else {
            panic!("it ended as it must not");
        };
        let error = error.to_string();
        assert!(
            error.contains("not 134") && error.contains("no good"),
            "{error}"
        );
    }
}
