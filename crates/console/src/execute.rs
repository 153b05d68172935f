//! Executes lines.

use wdb_report::lacking;
use wdb_session::Error;
use wdb_symbols::reading::{self, GivenUp};

use crate::action::Action;
use crate::call::Call;
use crate::console::{Collecting, Collects, Command, Console, DEEPEST, Flow, Needs, Repeats};
use crate::failure::Failure;
use crate::output::{Output, Style};
use crate::own::{self, Own};
use crate::{breaking, lookup, placing, stopped};

/// Why a core dump has none.
const NO_BREAKPOINTS: &str = "a core dump cannot run, and has no breakpoints";

/// Why a core dump is given nothing.
const NOT_GIVEN: &str = "a core dump cannot run, and is given nothing; `info program` shows which arguments the program had";

impl Console {
    /// Prints why the program is stopped and where: what the user sees first.
    pub fn begin(&mut self, out: &mut dyn Output) {
        let stopped = self.session.stopped().clone();
        stopped::tell(self, &stopped, out);
        // What is missing is said before anything is asked for.
        for note in lacking(&self.session.debuggee()) {
            out.note(&wdb_symbols::printable(&note));
        }
        let mut view = self.session.view();
        for module in view.module_ids() {
            view.symbols(module);
        }
        self.tell_notes(out);
    }

    /// Reports what was looked for in vain.
    fn tell_notes(&mut self, out: &mut dyn Output) {
        for note in self.session.resolver().notes() {
            out.note(&note);
        }
    }

    /// Executes a line, and then the commands of the breakpoints that it has hit. A line that is empty, or begins with
    /// `#`, does nothing.
    pub fn execute(&mut self, line: &str, out: &mut dyn Output) -> Flow {
        if let Some(collecting) = self.collecting.take() {
            return self.collect(collecting, line);
        }
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Flow::Go;
        }
        self.queue.clear();
        self.again = None;
        let mut again = None;
        let flow = self.one(line, out, &mut again);
        self.again = again;
        self.after(flow, out)
    }

    /// Does what a front end asks for, and then the commands of the breakpoints that it has hit. It is none of the commands
    /// that a user types for later.
    pub fn act(&mut self, action: Action, out: &mut dyn Output) -> Flow {
        self.queue.clear();
        self.again = None;
        let again = action.repeats().then(|| action.to_string());
        let flow = whole(|| action.perform(self, out));
        if flow.is_ok() {
            self.again = again;
        }
        let flow = self.answered(flow, out);
        self.after(flow, out)
    }

    /// What comes after a line: notes, and the commands of breakpoints.
    fn after(&mut self, mut flow: Flow, out: &mut dyn Output) -> Flow {
        self.tell_notes(out);
        while flow == Flow::Go
            && let Some(line) = self.queue.pop_front()
        {
            flow = self.one(&line, out, &mut None);
        }
        if flow == Flow::NeedsMore && !self.queue.is_empty() {
            // The commands of a breakpoint that give commands to another.
            while let (Some(collecting), Some(line)) =
                (self.collecting.take(), self.queue.pop_front())
            {
                flow = self.collect(collecting, &line);
            }
        }
        flow
    }

    /// Executes a line, and says what an empty one means after it.
    pub(super) fn one(
        &mut self,
        line: &str,
        out: &mut dyn Output,
        again: &mut Option<String>,
    ) -> Flow {
        if out.given_up() {
            return Flow::Failed;
        }
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Flow::Go;
        }
        let (name, rest) = own::split(line);
        if let Some(own) = self.own.get(name) {
            let lines = own.lines(rest);
            return self.own(&lines, out, again);
        }
        let flow = self.meant(line).and_then(|(command, call)| {
            self.has(command.needs)?;
            let flow = whole(|| (command.run)(self, &call, out))?;
            *again = match command.repeats {
                Repeats::No => None,
                Repeats::Same => Some(line.to_owned()),
                Repeats::Onwards => Some(call.command.to_owned()),
            };
            Ok(flow)
        });
        self.answered(flow, out)
    }

    /// Says why something could not be done.
    fn answered(&mut self, flow: Result<Flow, Failure>, out: &mut dyn Output) -> Flow {
        let flow = match self.session.unanswered() {
            Some(error) => Err(Failure::from(error)),
            None => flow,
        };
        match flow {
            Ok(flow) => flow,
            Err(Failure(message)) => {
                out.write(Style::Error, "error: ");
                out.line(&message);
                Flow::Failed
            }
        }
    }

    /// Refuses a command without what it needs.
    pub(super) fn has(&mut self, needs: Needs) -> Result<(), Failure> {
        match needs {
            Needs::Nothing => Ok(()),
            Needs::Frames => self.here().map(|_| ()),
            Needs::Breakpoints | Needs::Start | Needs::Execution if self.session.can_run() => {
                Ok(())
            }
            Needs::Breakpoints => Err(NO_BREAKPOINTS.into()),
            Needs::Start => Err(NOT_GIVEN.into()),
            Needs::Execution => Err(Error::CannotRun.into()),
        }
    }

    /// The command that a line means in this program.
    fn meant<'l>(&mut self, line: &'l str) -> Result<(&'static Command, Call<'l>), Failure> {
        let found = lookup::find(self.groups, line);
        // Only what a short word leaves open is looked up in the program.
        let is_open = found.as_ref().map_or(true, |it| it.1.name.contains(' '));
        if is_open && let Some(other) = lookup::with_place(self.groups, line) {
            let selected = self.session.selected();
            let mut view = self.session.view();
            if placing::names_own_place(&mut view, other.1.rest, selected) {
                return Ok(other);
            }
        }
        found
    }

    /// Executes a command of the user's own.
    fn own(&mut self, lines: &[String], out: &mut dyn Output, again: &mut Option<String>) -> Flow {
        if self.scripts == DEEPEST {
            out.write(Style::Error, "error: ");
            out.line("commands nest too deeply");
            return Flow::Failed;
        }
        self.scripts += 1;
        let mut flow = Flow::Go;
        for line in lines {
            // An empty line repeats what another name stands for, and not the last of several lines.
            let again = if lines.len() == 1 {
                &mut *again
            } else {
                &mut None
            };
            flow = match self.collecting.take() {
                Some(collecting) => self.collect(collecting, line),
                None => self.one(line, out, again),
            };
            if matches!(flow, Flow::Failed | Flow::Quit(_)) {
                break;
            }
        }
        self.scripts -= 1;
        flow
    }

    /// Takes a line of commands that are for later.
    fn collect(&mut self, mut collecting: Collecting, line: &str) -> Flow {
        let line = line.trim();
        if line == "end" || line == "DONE" {
            match (collecting.nested, collecting.what) {
                (0, Collects::Breakpoints(ids)) => {
                    breaking::collected(self, &ids, &collecting.lines);
                    return Flow::Go;
                }
                (0, Collects::Own(name)) => {
                    self.own.insert(name, Own::Lines(collecting.lines));
                    return Flow::Go;
                }
                (nested, what) => {
                    collecting.nested = nested - 1;
                    collecting.what = what;
                }
            }
        } else if let Ok((command, _)) = lookup::find(self.groups, line)
            && matches!(command.name(), "commands" | "define")
        {
            collecting.nested += 1;
        }
        collecting.lines.push(line.to_owned());
        self.collecting = Some(collecting);
        Flow::NeedsMore
    }
}

/// Does something, unless it is given up while it reads debug information.
fn whole(work: impl FnOnce() -> Result<Flow, Failure>) -> Result<Flow, Failure> {
    let done = reading::cancellable(work);
    done.unwrap_or_else(|GivenUp| Err(Failure("given up".to_owned())))
}
