//! What commands are, and what they work on.

use std::collections::{BTreeMap, VecDeque};

use wdb_examine::view::{FrameId, View};
use wdb_session::Session;

use crate::call::Call;
use crate::failure::Failure;
use crate::format::Examined;
use crate::listing::Listed;
use crate::output::Output;
use crate::own::Own;
use crate::settings::Settings;

/// What is to come after a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// The next line.
    Go,
    /// The next line, if a user types them: this one failed, and a script ends.
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
    /// The commands that there are.
    pub(super) groups: Groups,
    /// The line that an empty one repeats.
    pub(super) again: Option<String>,
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
    pub(super) what: Collects,
    /// The commands so far.
    pub(super) lines: Vec<String>,
    /// How many of them take lines of their own, and have not had their `end`.
    pub(super) nested: u32,
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

/// At most this many scripts and user-defined commands may be executed one inside the other.
pub(super) const DEEPEST: u32 = 20;

impl Console {
    /// A console that knows these commands.
    pub(super) fn with(groups: Groups, session: Session) -> Self {
        Console {
            session,
            groups,
            settings: Settings::default(),
            again: None,
            collecting: None,
            queue: VecDeque::new(),
            listed: None,
            examined: None,
            last_breakpoint: None,
            at_instruction: false,
            own: BTreeMap::new(),
            scripts: 0,
        }
    }

    /// The prompt: what is shown before a line that the user types.
    pub fn prompt(&self) -> &'static str {
        match self.collecting {
            Some(_) => ">> ",
            None => "(wdb) ",
        }
    }

    /// Gives up a command that needs more lines. Whether there was one.
    pub fn cancel(&mut self) -> bool {
        self.collecting.take().is_some()
    }

    /// What an empty line means when the user types it: the line before again, if its command repeats.
    pub fn again(&self) -> Option<&str> {
        self.again.as_deref()
    }

    /// The debuggee, and the frame that the user looks at.
    pub(super) fn here(&mut self) -> Result<(View<'_>, FrameId), Failure> {
        let Some(selected) = self.session.selected() else {
            return Err(self.nowhere().into());
        };
        Ok((self.session.view(), selected))
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

    /// Forgets what `list` goes on with: the program is elsewhere.
    pub(super) fn forget_places(&mut self) {
        self.listed = None;
    }
}

/// A command.
pub struct Command {
    /// Its full name, then what else it is called: by gdb, by LLDB, for short. A name may have several words.
    pub names: &'static [&'static str],
    /// What comes after the name, as a reader of help sees it. May be empty.
    pub arguments: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// What else there is to say, with examples. May be empty.
    pub help: &'static str,
    /// What its arguments are.
    pub completes: Completes,
    /// What it cannot do without.
    pub needs: Needs,
    /// What an empty line does after it.
    pub repeats: Repeats,
    pub(crate) run: fn(&mut Console, &Call<'_>, &mut dyn Output) -> Result<Flow, Failure>,
}

/// What the arguments of a command are, for completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completes {
    /// Nothing that is known.
    Nothing,
    /// The name of a command.
    Command,
    /// A place in the code: a function, a file with a line.
    Place,
    /// A source file.
    Source,
    /// A function.
    Function,
    /// An expression.
    Expression,
    /// The name of a type.
    Type,
    /// The number of a breakpoint.
    Breakpoint,
    /// The number of a display.
    Display,
    /// The name of a setting.
    Setting,
    /// A file of the front end's machine.
    Path,
}

/// What a command cannot do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// It can always run.
    Nothing,
    /// A program with frames: one that runs, or the dump of one.
    Frames,
    /// A program that can run, and so has breakpoints: no core dump.
    Breakpoints,
    /// A program that can be started, and so is given arguments.
    Start,
    /// A program that can run: no core dump. It runs meanwhile.
    Execution,
}

/// What an empty line does after a command, when the user types it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeats {
    /// Nothing.
    No,
    /// The same again.
    Same,
    /// The same without arguments: what goes on where it ended.
    Onwards,
}

/// The tables of commands.
pub(super) type Groups = &'static [Group];

/// Commands that belong together.
pub struct Group {
    /// Its name, for `help`.
    pub name: &'static str,
    /// What it is about, in a line.
    pub summary: &'static str,
    /// Its commands, in the order in which help lists them.
    pub commands: &'static [Command],
}

/// A command without arguments that can always run, from which the tables make theirs.
pub(super) const COMMAND: Command = Command {
    names: &[],
    arguments: "",
    summary: "",
    help: "",
    completes: Completes::Nothing,
    needs: Needs::Nothing,
    repeats: Repeats::No,
    run: |_, _, _| Ok(Flow::Go),
};

impl Command {
    /// The first of its names.
    pub fn name(&self) -> &'static str {
        self.names.first().copied().unwrap_or_default()
    }
}
