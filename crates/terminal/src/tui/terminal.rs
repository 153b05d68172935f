//! The terminal in full screen, and the loop between it and the state.

use std::io::{self, Stdout, Write as _};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError};
use std::time::{Duration, Instant};

use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{
    self, DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
    Event as Input,
};
use ratatui::crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode, size,
};
use ratatui::crossterm::{cursor, execute};
use wdb_console::Style;

use super::draw::draw;
use super::state::{Ended, Report, Request, State};
use super::update::{Effect, Event, update};
use crate::CtrlC;
use crate::ctrl_c::Reaction;

/// How long keys are waited for before the worker is listened to.
const PAUSE: Duration = Duration::from_millis(15);
/// After so long it is said what the worker does.
const SLOW: Duration = Duration::from_millis(150);
/// At most this many reports are taken before the screen is drawn.
const REPORTS_AT_ONCE: usize = 4_096;

/// Whether the terminal is in full screen.
static FULL: AtomicBool = AtomicBool::new(false);

/// The terminal in full screen, until this is dropped.
pub(super) struct Terminal(ratatui::Terminal<CrosstermBackend<Stdout>>);

/// What ties the screen to the worker.
pub(super) struct Connection {
    /// What the worker is asked for.
    pub(super) requests: Sender<Request>,
    /// What it reports.
    pub(super) told: Receiver<Report>,
    /// What interrupts the program.
    pub(super) ctrl_c: CtrlC,
}

/// Makes of a full screen what the terminal was before. Does nothing where there is none, so that it can be
/// called whenever the process may end.
pub(crate) fn restore() {
    if FULL.swap(false, Ordering::SeqCst) {
        // Also where nothing can be written.
        _ = disable_raw_mode();
        let mut out = io::stdout();
        // Nothing can be done about a terminal that is gone.
        _ = execute!(
            out,
            DisableMouseCapture,
            DisableBracketedPaste,
            LeaveAlternateScreen,
            cursor::Show
        );
        _ = out.flush();
    }
}

/// Makes a full screen of the terminal.
fn enter() -> io::Result<()> {
    FULL.store(true, Ordering::SeqCst);
    let entered = enable_raw_mode().and_then(|()| {
        execute!(
            io::stdout(),
            EnterAlternateScreen,
            EnableBracketedPaste,
            EnableMouseCapture
        )
    });
    if entered.is_err() {
        restore();
    }
    entered
}

/// A panic's message is to be read.
fn restore_at_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore();
            before(panic);
        }));
    });
}

impl Terminal {
    /// Fills the screen.
    pub(super) fn open() -> io::Result<Terminal> {
        restore_at_panics();
        enter()?;
        let opened = ratatui::Terminal::new(CrosstermBackend::new(io::stdout()));
        if opened.is_err() {
            restore();
        }
        opened.map(Terminal)
    }

    /// Stops the process, as Ctrl-Z does outside of the full screen, until its shell lets it go on.
    fn suspend(&mut self) -> io::Result<()> {
        #[cfg(unix)]
        {
            use nix::sys::signal::{Signal, raise};
            restore();
            raise(Signal::SIGTSTP)?;
            enter()?;
            self.forget()?;
        }
        Ok(())
    }

    /// Draws everything the next time. ratatui's own way asks the terminal where its cursor is, and some never
    /// answer.
    fn forget(&mut self) -> io::Result<()> {
        execute!(io::stdout(), Clear(ClearType::All))?;
        self.0 = ratatui::Terminal::new(CrosstermBackend::new(io::stdout()))?;
        Ok(())
    }

    /// Shows the state until it has ended.
    pub(super) fn show(mut self, state: &mut State, connection: Connection) -> io::Result<Ended> {
        // It cannot be gone yet.
        _ = connection.requests.send(Request::Look(state.wishes()));
        let mut busy_since = None;
        let mut drawn = false;
        loop {
            // The other thread has panicked.
            if !FULL.load(Ordering::SeqCst) {
                return Ok(Ended::Left);
            }
            // The signal of another size is missed before keys are waited for.
            let (columns, rows) = size()?;
            if state.size != (columns, rows) {
                update(state, Event::Input(Input::Resize(columns, rows)));
                drawn = false;
            }
            if !drawn {
                self.0.draw(|frame| draw(frame, state))?;
                drawn = true;
            }
            let wait = event::poll(PAUSE)?;
            if wait {
                let effect = update(state, Event::Input(event::read()?));
                self.effect(state, effect, &connection)?;
                drawn = false;
            }
            for _ in 0..REPORTS_AT_ONCE {
                match connection.told.try_recv() {
                    Ok(report) => {
                        let effect = update(state, Event::Report(report));
                        self.effect(state, effect, &connection)?;
                        drawn = false;
                    }
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => {
                        state.ended.get_or_insert(Ended::Left);
                        break;
                    }
                }
            }
            if state.is_at_work() {
                let took = busy_since.get_or_insert_with(Instant::now).elapsed();
                if took >= SLOW && state.slow != Some(took.as_secs()) {
                    update(state, Event::Slow(took.as_secs()));
                    drawn = false;
                }
            } else {
                busy_since = None;
            }
            if let Some(ended) = state.ended {
                return Ok(ended);
            }
        }
    }

    fn effect(
        &mut self,
        state: &mut State,
        effect: Option<Effect>,
        connection: &Connection,
    ) -> io::Result<()> {
        match effect {
            None => {}
            // A worker that is gone ends the view by itself.
            Some(Effect::Ask(request)) => _ = connection.requests.send(request),
            Some(Effect::Redraw) => self.forget()?,
            Some(Effect::Suspend) => self.suspend()?,
            Some(Effect::Interrupt) => match connection.ctrl_c.react() {
                // A line of the full screen is dropped without a signal.
                Reaction::Asked | Reaction::Prompt(_) => {}
                Reaction::Warn(words) => state.log.write(Style::Note, &format!("{words}\n")),
                Reaction::End(status) => {
                    connection.ctrl_c.prepare_end();
                    std::process::exit(status)
                }
            },
        }
        Ok(())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        restore();
    }
}
