//! Starts the program of `wdb debug`, any number of times: as it is then, when it was built anew.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context as _;
use wdb_debuggee::Debuggee;
use wdb_debuggee::launch::{
    Compilation, Engine, File, Input, Invocation, Prepared, Program, Unlaunched,
};
use wdb_session::Given;
use wdb_session::Launcher;
use wdb_session::Started;
use wdb_terminal::CtrlC;
use wdb_terminal::repl::Screen;

use super::{GuestInput, Streams, open_input};
use crate::{advice, engines, program};

/// Starts the program.
pub(super) struct Starter {
    engine: Arc<dyn Engine>,
    arguments: program::Arguments,
    /// The program, as it was read last.
    latest: Program,
    /// Its files, as they were when they were read.
    files: Files,
    /// What was compiled last, and what of. `None` before the first is.
    compiled: Option<(Program, Box<dyn Prepared>)>,
    /// A compilation whose end was not waited for, and what of.
    under_way: Option<(Program, Compilation)>,
    /// The program that was handed out last.
    shown: Program,
    /// Whether that can run.
    launched: bool,
    /// Where it reads and writes when it has no terminal of its own.
    own: Streams,
    /// The terminal that it had last.
    terminal: Option<(PathBuf, Streams)>,
    screen: Screen,
    ctrl_c: CtrlC,
}

impl Starter {
    /// Reads the program, and then opens its streams.
    pub(super) fn read(
        arguments: program::Arguments,
        own: impl FnOnce() -> anyhow::Result<Streams>,
        screen: Screen,
        ctrl_c: CtrlC,
    ) -> anyhow::Result<Starter> {
        let files = Files::now(&arguments);
        let latest = arguments.open()?;
        Ok(Starter {
            engine: engines::debugging(&arguments),
            arguments,
            shown: latest.clone(),
            latest,
            files,
            compiled: None,
            under_way: None,
            launched: false,
            own: own()?,
            terminal: None,
            screen,
            ctrl_c,
        })
    }

    /// Compiles and launches it. When the user does not wait for that, it can be looked at, and `run` waits. Where a
    /// prompt is all that comes next, the user does not wait for long.
    pub(super) fn first(
        &mut self,
        given: &Given,
        begins_with_prompt: bool,
    ) -> anyhow::Result<Box<dyn Debuggee>> {
        let wait = if begins_with_prompt {
            LONG
        } else {
            Duration::MAX
        };
        if self.compile(given, wait)? {
            self.launch(given)
        } else {
            Ok(Box::new(Unlaunched::new(&self.latest, &given.arguments)))
        }
    }

    /// Reads the program again if it was built anew. A file that is gone stays as it was.
    fn read_again(&mut self) -> anyhow::Result<()> {
        // Before they are read: what is written to them later is seen the next time.
        let files = Files::now(&self.arguments);
        if !self.files.changed_to(&files) {
            return Ok(());
        }
        let before: Vec<&File> = self.latest.files().collect();
        let program = self.arguments.open_with(|position, path| {
            match (files.0.get(position), before.get(position)) {
                (Some(None), Some(before)) => Ok((*before).clone()),
                _ => program::open_file(path),
            }
        })?;
        if !is_same(&program, &self.latest) {
            self.latest = program;
        }
        self.files = files.or(&self.files);
        Ok(())
    }

    /// Compiles the program, if it is not compiled as it is now. Whether it is, or the user does not wait for it, or
    /// it takes longer than `most`.
    fn compile(&mut self, given: &Given, most: Duration) -> anyhow::Result<bool> {
        self.read_again()?;
        let known = |it: &(Program, _)| is_same(&it.0, &self.latest);
        if self.compiled.as_ref().is_some_and(known) {
            // What is under way is older, and of use if the file becomes that again.
            return Ok(true);
        }
        let under_way = match self.under_way.take() {
            Some((of, under_way)) if is_same(&of, &self.latest) => under_way,
            before => Compilation::begin(
                Arc::clone(&self.engine),
                self.latest.clone(),
                given.arguments.clone(),
                before.map(|it| it.1),
            )?,
        };
        let name = self.latest.main.name.clone();
        let ended = {
            let _told = self.screen.takes_long(&format!("compiling {name}"));
            let begun = Instant::now();
            under_way.wait(|| self.ctrl_c.given_up() || begun.elapsed() > most)
        };
        let Some(compiled) = ended else {
            self.under_way = Some((self.latest.clone(), under_way));
            let text = format!("the compilation of `{name}` goes on; `run` waits for it");
            self.screen.note(&text);
            return Ok(false);
        };
        self.compiled = Some((self.latest.clone(), compiled?));
        Ok(true)
    }

    fn launch(&mut self, given: &Given) -> anyhow::Result<Box<dyn Debuggee>> {
        let streams = match &given.terminal {
            None => &self.own,
            Some(path) => {
                let known = self.terminal.take().filter(|it| it.0 == *path);
                let streams = match known {
                    Some((_, streams)) => streams,
                    None => Streams::at_terminal(path, &self.screen)?,
                };
                &self.terminal.insert((path.clone(), streams)).1
            }
        };
        let input = match &streams.input {
            GuestInput::Shared(input) => input.clone(),
            GuestInput::File(path) => Input::Reader(Arc::new(Mutex::new(open_input(path)?))),
        };
        let (program, prepared) = self.compiled.as_ref().context(NOT_COMPILED)?;
        let debuggee = prepared.launch(&Invocation {
            arguments: given.arguments.clone(),
            environment: given.environment.clone(),
            input,
            output: streams.output.clone(),
        })?;
        self.shown = program.clone();
        self.launched = true;
        Ok(debuggee)
    }
}

/// A compilation that takes longer goes on beside the first prompt.
const LONG: Duration = Duration::from_secs(2);

const NOT_COMPILED: &str = "the program is not compiled yet";

impl Launcher for Starter {
    fn start(&mut self, given: &Given) -> Result<Started, wdb_debuggee::Error> {
        let refused = |error| {
            let advice = advice::advice(&error);
            wdb_debuggee::Error::Refused(format!("{error:#}{advice}"))
        };
        if !self.compile(given, Duration::MAX).map_err(refused)? {
            return Err(wdb_debuggee::Error::Refused(NOT_COMPILED.into()));
        }
        let before = self.shown.clone();
        let debuggee = self.launch(given).map_err(refused)?;
        Ok(Started {
            debuggee,
            changed: changed(&before, &self.shown)
                .map(|file| file.name.clone())
                .collect(),
        })
    }

    fn has_changed(&self) -> bool {
        !self.launched
            || !is_same(&self.shown, &self.latest)
            || self.files.changed_to(&Files::now(&self.arguments))
    }
}

/// Whether two programs are of the same bytes.
fn is_same(one: &Program, other: &Program) -> bool {
    changed(one, other).next().is_none()
}

/// The files of a program that have other bytes than before.
fn changed<'a>(before: &'a Program, now: &'a Program) -> impl Iterator<Item = &'a File> {
    let pairs = before.files().zip(now.files());
    pairs.filter_map(|(before, now)| {
        let same =
            Arc::ptr_eq(&before.binary, &now.binary) || before.binary.bytes() == now.binary.bytes();
        (!same).then_some(now)
    })
}

/// When each of the program's files was written last, and its size. `None`: it is not a file that can be read twice, or it is
/// gone.
#[derive(PartialEq, Eq)]
struct Files(Vec<Option<(SystemTime, u64)>>);

impl Files {
    fn now(program: &program::Arguments) -> Files {
        let seen = |path: &Path| {
            let file = path.metadata().ok().filter(|it| it.is_file())?;
            Some((file.modified().ok()?, file.len()))
        };
        Files(program.paths().map(seen).collect())
    }

    /// Whether a file is there that is not as it was.
    fn changed_to(&self, now: &Files) -> bool {
        let mut pairs = self.0.iter().zip(&now.0);
        pairs.any(|it| matches!(it, (Some(before), Some(now)) if before != now))
    }

    /// These; one that is gone is as it was before.
    fn or(self, before: &Files) -> Files {
        let pairs = self.0.into_iter().zip(&before.0);
        Files(pairs.map(|(now, before)| now.or(*before)).collect())
    }
}
