//! The command line: reads lines, from scripts, the user or a pipe, and lets a console execute them.

mod editor;
mod lines;
mod screen;

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::sync::Arc;

use wdb_console::{Console, Files, Flow, Output, Style, Switch};
use wdb_session::Reason;
use wdb_symbols::printable;

use crate::CtrlC;
use crate::last_words::{SOON, last_words};
use crate::tui::Tui;
use editor::Next;
pub(crate) use editor::complete;
pub use lines::Lines;
pub(crate) use screen::Written;
pub use screen::{Screen, TakesLong};

/// Commands that are executed before any line is read.
pub struct Script {
    /// What it is called where it ends early.
    pub name: String,
    /// Its lines.
    pub text: String,
    /// Whether its lines are shown when they are executed.
    pub echo: bool,
}

/// All that a command line has.
pub struct Repl {
    /// Executes the lines.
    pub console: Rc<RefCell<Console>>,
    /// Where everything is written.
    pub screen: Screen,
    /// Opens files.
    pub files: Box<dyn Files>,
    /// What handles Ctrl-C.
    pub ctrl_c: CtrlC,
    /// The scripts, in their order.
    pub scripts: Vec<Script>,
    /// The first command that fails ends everything.
    pub batch: bool,
    /// Where lines come from after the scripts. `None`: from nowhere.
    pub lines: Option<Lines>,
    /// Whether there is to be a full screen, as soon as lines are read.
    pub full_screen: bool,
}

/// What a Ctrl-D does that may have been meant for the program.
const ENDS: &str = "the program has not ended; Ctrl-D again, or `quit`, ends both\n";

/// A command of a batch failed.
const FAILED: i32 = 1;

/// 128 and SIGABRT, as a shell reports a native program that aborts.
const CRASHED: i32 = 134;

/// Executes everything, to the end of the lines or the command that ends the debugger. The exit status: that of
/// `quit`; of a batch 1 when a command failed, otherwise the guest's own when it has ended, 134 when it has
/// crashed; and 0.
///
/// # Errors
///
/// When what is written is not read any more, or the terminal cannot be read.
pub fn run(mut repl: Repl) -> io::Result<i32> {
    match repl.all() {
        // What became of the program does not depend on the reader.
        Err(error) if repl.batch && error.kind() == io::ErrorKind::BrokenPipe => Ok(repl.outcome()),
        ended => ended,
    }
}

impl Repl {
    /// Executes everything. The exit status.
    fn all(&mut self) -> io::Result<i32> {
        let screen = self.screen.clone();
        let tell =
            move |message: &str| screen.write(Style::Plain, &format!("{}\n", printable(message)));
        self.console.borrow_mut().session.log_to(Arc::new(tell));
        let ctrl_c = self.ctrl_c.clone();
        let heed = move || ctrl_c.given_up();
        self.console.borrow_mut().session.heed(Arc::new(heed));
        self.with_console(Console::begin)?;
        for script in std::mem::take(&mut self.scripts) {
            match self.script(&script)? {
                Some(Flow::Quit(status)) => return self.end(status),
                Some(_) if self.batch => return self.end(FAILED),
                _ => {}
            }
        }
        let status = match self.lines.take() {
            Some(mut lines) => self.lines(&mut lines)?,
            None => self.outcome(),
        };
        self.end(status)
    }

    /// What made a script end before its last line: it failed, or the debugger is to end.
    fn script(&mut self, script: &Script) -> io::Result<Option<Flow>> {
        for (number, line) in (1..).zip(script.text.lines()) {
            let line = line.trim();
            if is_blank(line) {
                continue;
            }
            if self.ctrl_c.pressed_between() {
                let place = format!(
                    "{}:{number}: given up; this script ends here\n",
                    script.name
                );
                self.screen.write(Style::Note, &place);
                return Ok(Some(Flow::Failed));
            }
            if script.echo {
                self.screen.settle()?;
                self.screen.entered(&self.prompt(), line, true);
            }
            match self.execute(|console, out| console.execute(line, out))? {
                Flow::Go | Flow::NeedsMore => {}
                Flow::Failed => {
                    if script.text.trim().lines().count() > 1 {
                        let place = format!("{}:{number}: this script ends here\n", script.name);
                        self.screen.write(Style::Note, &place);
                    }
                    return Ok(Some(Flow::Failed));
                }
                quit @ Flow::Quit(_) => return Ok(Some(quit)),
            }
        }
        Ok(None)
    }

    /// Reads lines to the last. The exit status.
    fn lines(&mut self, lines: &mut Lines) -> io::Result<i32> {
        let mut warned = false;
        let mut tui = Tui::default();
        loop {
            if std::mem::take(&mut self.full_screen)
                && let Some(status) = self.full_screen(lines, &mut tui)?
            {
                return Ok(status);
            }
            self.screen.settle()?;
            let prompt = self.prompt();
            let mut echo = lines.echo();
            let next = {
                // An editor reads the key itself, and writes its prompt again.
                let prompted = lines.editor().is_none().then(|| prompt.clone());
                let _reading = self.ctrl_c.reading(lines.by_hand().then_some(prompted));
                lines.next(&prompt)?
            };
            let line = match next {
                Next::Line(line) => line,
                Next::Pasted(line) => {
                    echo = true;
                    line
                }
                Next::Dropped => {
                    self.console.borrow_mut().cancel();
                    continue;
                }
                Next::End if lines.by_hand() && !warned && self.warns_of_end() => {
                    warned = true;
                    continue;
                }
                Next::End => {
                    // An editor has ended its line.
                    let echo = lines.editor().is_none();
                    self.screen.entered(&prompt, "quit", echo);
                    return Ok(0);
                }
            };
            warned = false;
            let line = if lines.by_hand() {
                self.meant(line)
            } else {
                line
            };
            if is_blank(&line) {
                continue;
            }
            if let Flow::Quit(status) = self.enter(&line, echo)? {
                return Ok(status);
            }
        }
    }

    /// Goes to the full screen, until the user comes back or ends the debugger with this exit status.
    fn full_screen(&mut self, lines: &mut Lines, tui: &mut Tui) -> io::Result<Option<i32>> {
        let Some(editor) = lines.editor() else {
            let why = if lines.by_hand() && !self.screen.abilities().cursor {
                "a full screen needs a terminal that can do more than print; TERM says that this one cannot\n"
            } else {
                "a full screen needs a terminal, for input and output\n"
            };
            self.screen.write(Style::Note, why);
            return Ok(None);
        };
        let ended = tui.run(self, editor.history())?;
        for line in tui.new_lines() {
            editor.remember(&line);
        }
        Ok(ended)
    }

    /// What a line that the user typed means: an empty one is the one before, where that may be repeated.
    pub(crate) fn meant(&self, line: String) -> String {
        let console = self.console.borrow();
        let again = console.again().filter(|_| line.trim().is_empty());
        again.map(str::to_owned).unwrap_or(line)
    }

    /// Executes a line that was read, and shows it before where `echo` says so.
    pub(crate) fn enter(&mut self, line: &str, echo: bool) -> io::Result<Flow> {
        self.screen.entered(&self.prompt(), line, echo);
        self.execute(|console, out| console.execute(line, out))
    }

    /// Lets the console execute something. It has failed when it was given up.
    pub(crate) fn execute(
        &mut self,
        work: impl FnOnce(&mut Console, &mut dyn Output) -> Flow,
    ) -> io::Result<Flow> {
        self.with_console(|console, out| {
            let flow = work(console, out);
            match (flow, out.given_up()) {
                (Flow::Go | Flow::NeedsMore, true) => Flow::Failed,
                _ => flow,
            }
        })
    }

    /// Lets the console do something that writes, during which Ctrl-C is for the program or the command.
    fn with_console<T>(
        &mut self,
        work: impl FnOnce(&mut Console, &mut dyn Output) -> T,
    ) -> io::Result<T> {
        let mut console = self.console.borrow_mut();
        let (program, running) = (console.session.interrupt(), console.session.running());
        let _at_work = self.ctrl_c.during(program, running);
        let mut out = Terminal {
            screen: &self.screen,
            ctrl_c: &self.ctrl_c,
            ended: false,
            files: self.files.as_mut(),
            full_screen: &mut self.full_screen,
            batch: self.batch,
        };
        let done = work(&mut console, &mut out);
        self.screen.settle()?;
        Ok(done)
    }

    pub(crate) fn prompt(&self) -> String {
        self.console.borrow().prompt().to_owned()
    }

    /// Whether there is a program that would be killed in the middle of its work.
    fn is_under_way(&self) -> bool {
        let session = &mut self.console.borrow_mut().session;
        let idle = session.is_over() || session.stopped().reasons.contains(&Reason::Started);
        !idle && session.can_run()
    }

    /// Whether a Ctrl-D may have been meant for the program; then it says so.
    pub(crate) fn warns_of_end(&self) -> bool {
        let warns = self.is_under_way();
        if warns {
            self.screen.write(Style::Note, ENDS);
        }
        warns
    }

    /// The exit status that the guest's own end asks for.
    fn outcome(&self) -> i32 {
        let console = self.console.borrow();
        let mut status = 0;
        for reason in &console.session.stopped().reasons {
            match reason {
                Reason::Exited(code) => status = *code,
                Reason::Crash(_) => return CRASHED,
                _ => {}
            }
        }
        status
    }

    fn end(&self, status: i32) -> io::Result<i32> {
        self.screen.settle()?;
        Ok(status)
    }
}

/// Whether a line holds no command: nothing, or a comment.
fn is_blank(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#')
}

/// What commands write to.
struct Terminal<'a> {
    screen: &'a Screen,
    ctrl_c: &'a CtrlC,
    /// It was said that nothing more is written, because the line was given up.
    ended: bool,
    files: &'a mut dyn Files,
    full_screen: &'a mut bool,
    batch: bool,
}

impl Terminal<'_> {
    /// Ends a batch whose program has the screen while a command wants to write: it was given up in the middle of a write
    /// that is not read, and no user is there to press Ctrl-C.
    fn end_if_taken(&self) {
        if self.batch && !self.screen.is_free_within(SOON) {
            last_words(
                "error: the program was given up in a write to standard output, which is not read\n",
            );
            self.ctrl_c.prepare_end();
            std::process::exit(FAILED);
        }
    }
}

impl Output for Terminal<'_> {
    fn write(&mut self, style: Style, text: &str) {
        self.end_if_taken();
        if !self.ctrl_c.given_up() {
            self.screen.write(style, text);
        } else if !std::mem::replace(&mut self.ended, true) {
            self.screen.end_line();
            self.screen.write(Style::Note, "given up\n");
        }
    }

    fn given_up(&self) -> bool {
        self.ctrl_c.given_up()
    }

    fn files(&mut self) -> Result<&mut dyn Files, String> {
        Ok(self.files)
    }

    fn full_screen(&mut self, switch: Switch) -> Result<(), String> {
        *self.full_screen = switch == Switch::On;
        Ok(())
    }
}
