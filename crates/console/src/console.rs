//! Executes lines.

use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::command::{Completes, Failure, Needs, Repeats};
use crate::memory::Examined;
use crate::output::{Output, Style};
use crate::own::{self, Own};
use crate::settings::Settings;
use crate::source::Listed;
use crate::{breaking, lookup, placing, stopped};
use wdb_examine::stop::{FrameId, Stop};
use wdb_report::lacking;
use wdb_session::{Error, Session};

/// What is to come after a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// The next line.
    Go,
    /// The next line, if a person types them: this one failed, and a script ends.
    Failed,
    /// More lines of what was begun: the commands of a breakpoint, up to `end`.
    NeedsMore,
    /// Nothing: the debugger ends with this status.
    Quit(i32),
}

/// What executes lines, and remembers what one means to the next.
pub struct Console {
    /// What is debugged.
    pub session: Session,
    /// How things are shown.
    pub settings: Settings,
    /// The line that an empty one repeats.
    again: Option<String>,
    /// The commands of a breakpoint, as they are typed.
    pub(super) collecting: Option<Collecting>,
    /// The commands of breakpoints that were hit, which come next.
    pub(super) queue: VecDeque<String>,
    /// What a bare `list` goes on with.
    pub(super) listed: Option<Listed>,
    /// What a bare `x` goes on with.
    pub(super) examined: Option<Examined>,
    /// The breakpoint that was set last.
    pub(super) last_breakpoint: Option<u32>,
    /// What the user wrote for each breakpoint: temporary ones are gone when they are told of.
    pub(super) set: HashMap<u32, String>,
    /// The instruction is shown at the stop, too.
    pub(super) at_instruction: bool,
    /// The commands of the user's own, by their names.
    pub(super) own: BTreeMap<String, Own>,
    /// Files of commands, and commands of the user's own, that are being executed, one in the other.
    pub(super) scripts: u32,
}

/// Commands that are being typed, to be executed later.
#[derive(Clone, Debug)]
pub(super) struct Collecting {
    /// What they are for.
    what: Collects,
    /// The commands so far.
    lines: Vec<String>,
    /// How many of them take lines of their own, and have not had their `end`.
    nested: u32,
}

/// What commands are typed for.
#[derive(Clone, Debug)]
pub(super) enum Collects {
    /// These breakpoints.
    Breakpoints(Vec<u32>),
    /// The command of this name, of the user's own.
    Own(String),
}

impl Collecting {
    pub(super) fn new(what: Collects) -> Self {
        Collecting {
            what,
            lines: Vec::new(),
            nested: 0,
        }
    }
}

/// As many files and commands of the user's own may execute one another.
pub(super) const DEEPEST: u32 = 20;

impl Console {
    /// A console for a session. What log points log goes where [`Session::tell`] says.
    pub fn new(session: Session) -> Self {
        Console {
            session,
            settings: Settings::default(),
            again: None,
            collecting: None,
            queue: VecDeque::new(),
            listed: None,
            examined: None,
            last_breakpoint: None,
            set: HashMap::new(),
            at_instruction: false,
            own: BTreeMap::new(),
            scripts: 0,
        }
    }

    /// Tells why the program is stopped and where: what a person sees first.
    pub fn begin(&mut self, out: &mut dyn Output) {
        let stopped = self.session.stopped().clone();
        stopped::tell(self, &stopped, out);
        // What is missing is said before anything is asked for.
        for note in lacking(&self.session.debuggee()) {
            out.note(&wdb_symbols::printable(&note));
        }
        let mut stop = self.session.stop();
        for module in stop.module_ids() {
            stop.symbols(module);
        }
        self.tell_notes(out);
    }

    /// Tells what was looked for in vain.
    fn tell_notes(&mut self, out: &mut dyn Output) {
        for note in self.session.resolver().notes() {
            out.note(&note);
        }
    }

    /// What stands before a line that a person types.
    pub fn prompt(&self) -> &'static str {
        match self.collecting {
            Some(_) => ">> ",
            None => "(wdb) ",
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
        let mut flow = self.one(line, out, &mut again);
        self.tell_notes(out);
        self.again = again;
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
            match command.needs {
                Needs::Nothing => {}
                Needs::Frames => {
                    self.here()?;
                }
                Needs::Program | Needs::Execution if !self.session.can_run() => {
                    return Err(Error::CannotRun.into());
                }
                Needs::Program | Needs::Execution => {}
            }
            // What names code may have all debug information to read first. A program that runs has the terminal.
            let reads = !matches!(command.completes, Completes::Nothing | Completes::Path);
            if reads && command.needs != Needs::Execution {
                out.progress(line);
            }
            let flow = (command.run)(self, &call, out);
            out.progress("");
            let flow = flow?;
            *again = match command.repeats {
                Repeats::No => None,
                Repeats::Same => Some(line.to_owned()),
                Repeats::Onwards => Some(call.command.to_owned()),
            };
            Ok(flow)
        });
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

    /// The command that a line means in this program.
    fn meant<'l>(
        &mut self,
        line: &'l str,
    ) -> Result<(&'static crate::command::Command, crate::call::Call<'l>), Failure> {
        let found = lookup::find(line);
        // Only what a short word leaves open is looked up in the program.
        let is_open = found.as_ref().map_or(true, |it| it.1.name.contains(' '));
        if is_open && let Some(other) = lookup::with_place(line) {
            let selected = self.session.selected();
            let mut stop = self.session.stop();
            if placing::names_own_place(&mut stop, other.1.rest, selected) {
                return Ok(other);
            }
        }
        found
    }

    /// Executes a command of the user's own.
    fn own(&mut self, lines: &[String], out: &mut dyn Output, again: &mut Option<String>) -> Flow {
        if self.scripts == DEEPEST {
            out.write(Style::Error, "error: ");
            out.line("commands execute one another without end");
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
        } else if let Ok((command, _)) = lookup::find(line)
            && matches!(command.name(), "commands" | "define")
        {
            collecting.nested += 1;
        }
        collecting.lines.push(line.to_owned());
        self.collecting = Some(collecting);
        Flow::NeedsMore
    }

    /// Gives up a command that needs more lines. Whether there was one.
    pub fn cancel(&mut self) -> bool {
        self.collecting.take().is_some()
    }

    /// What an empty line means where a person types: the line before again, if that is what its command wants.
    pub fn again(&self) -> Option<&str> {
        self.again.as_deref()
    }

    /// The debuggee, and the frame that the user looks at.
    pub(super) fn here(&mut self) -> Result<(Stop<'_>, FrameId), Failure> {
        let Some(selected) = self.session.selected() else {
            return Err(self.nowhere().into());
        };
        Ok((self.session.stop(), selected))
    }

    fn nowhere(&mut self) -> &'static str {
        if !self.session.can_run() {
            "the core dump holds no frames"
        } else if self.session.stopped().is_over() {
            "the program has ended; `run` starts it anew"
        } else {
            "the program has not started; `run` runs it"
        }
    }

    /// Forgets what `list` goes on with: the program stands elsewhere.
    pub(super) fn forget_places(&mut self) {
        self.listed = None;
    }
}
