//! The terminal debugger, wired: scripts, screen, history, the files that commands ask for.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;

use anyhow::Context;
use wdb_console::{Console, Files};
use wdb_coredump::MemoryCapture;
use wdb_debuggee::{Debuggee, dump};
use wdb_session::Session;
use wdb_terminal::repl::{self, Lines, Repl, Screen, Script};
use wdb_terminal::{Abilities, CtrlC};

use crate::core_file::{Pattern, Place};
use crate::{scripts, signals, terminal};

/// How the debugger is driven.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    given: scripts::ScriptArguments,
    /// End after the scripts and commands, at the first that fails; read no other commands
    #[arg(long, conflicts_with = "tui")]
    pub(crate) batch: bool,
    /// Begin in a full screen; the command `tui` goes there later
    #[arg(long)]
    tui: bool,
    /// Do not execute the user's own scripts: wdb/init in the configuration directory, and ~/.wdbinit
    #[arg(short = 'n', long, visible_alias = "nx")]
    no_init: bool,
    /// Execute the .wdbinit of the current directory too
    #[arg(long, conflicts_with = "no_init")]
    init_here: bool,
    /// Write everything to a file, too: what is typed, what is answered, what the program writes unless that goes to a
    /// file of its own
    #[arg(long, value_name = "FILE")]
    transcript: Option<PathBuf>,
}

/// What is there before a program is.
pub(crate) struct Debugger {
    batch: bool,
    full_screen: bool,
    pub(crate) screen: Screen,
    scripts: Vec<Script>,
    /// Whether the user types the commands at a terminal.
    pub(crate) by_hand: bool,
    /// Whether the user's own settings are all that is executed before the first prompt.
    pub(crate) begins_with_prompt: bool,
    pub(crate) ctrl_c: CtrlC,
}

impl Debugger {
    /// Reads the scripts, before anything that takes long.
    pub(crate) fn prepare(arguments: &Arguments) -> anyhow::Result<Debugger> {
        let colour = anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
        let term = std::env::var_os("TERM").unwrap_or_default();
        let abilities = Abilities {
            colour,
            cursor: cfg!(windows) || !(term.is_empty() || term == "dumb"),
        };
        let transcript = arguments
            .transcript
            .as_deref()
            .map(|path| -> anyhow::Result<Box<dyn Write + Send>> {
                let file = File::create(path)
                    .with_context(|| format!("cannot write the transcript {}", path.display()))?;
                Ok(Box::new(file))
            })
            .transpose()?;
        let mut all = Vec::new();
        if !arguments.no_init {
            let (own, ignored) = scripts::own(arguments.init_here)?;
            all.extend(own);
            if let Some(path) = ignored {
                // It need not be read.
                _ = writeln!(
                    terminal::stderr(),
                    "note: {} is ignored: it may come from someone else; --init-here executes it",
                    path.display()
                );
            }
        }
        let given = arguments.given.scripts()?;
        let by_hand = !arguments.batch && io::stdin().is_terminal();
        let begins_with_prompt = by_hand && !arguments.tui && given.is_empty();
        all.extend(given);
        let ctrl_c = signals::listen()?;
        Ok(Debugger {
            batch: arguments.batch,
            full_screen: arguments.tui,
            screen: Screen::new(Box::new(io::stdout()), abilities, transcript),
            scripts: all,
            by_hand,
            begins_with_prompt,
            ctrl_c,
        })
    }

    /// Executes the commands on `session`, to their end.
    pub(crate) fn run(self, session: Session) -> anyhow::Result<ExitCode> {
        let console = Rc::new(RefCell::new(Console::new(session)));
        let lines = if self.batch {
            None
        } else {
            Some(Lines::standard(
                &console,
                self.screen.abilities(),
                scripts::history(),
            )?)
        };
        let status = repl::run(Repl {
            console,
            screen: self.screen,
            files: Box::new(Disk(self.ctrl_c.clone())),
            ctrl_c: self.ctrl_c,
            scripts: self.scripts,
            batch: self.batch,
            lines,
            full_screen: self.full_screen,
        })?;
        // Not `ExitCode`, which knows only eight bits: the system decides what becomes of the rest.
        std::process::exit(status)
    }
}

/// The files that commands write and read. Ctrl-C gives up a dump.
struct Disk(CtrlC);

impl Files for Disk {
    fn dump_core(&mut self, debuggee: &mut dyn Debuggee, path: &Path) -> Result<String, String> {
        let mut write = || -> anyhow::Result<String> {
            let pattern: Pattern = path
                .to_string_lossy()
                .parse()
                .map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
            let place = Place::named(&pattern, debuggee.executable())?;
            let written = place.write(&self.0, |out| {
                Ok(dump::write(debuggee, MemoryCapture::Full, out)?)
            })?;
            let note = written.note().map(|it| format!("\n{it}"));
            Ok(format!("{written}{}", note.unwrap_or_default()))
        };
        write().map_err(|error| format!("{error:#}"))
    }

    fn save(&mut self, path: &Path, text: &str) -> Result<(), String> {
        std::fs::write(path, text)
            .map_err(|error| format!("cannot write {}: {error}", path.display()))
    }

    fn script(&mut self, path: &Path) -> Result<String, String> {
        scripts::read(path).map_err(|error| format!("{error:#}"))
    }
}
