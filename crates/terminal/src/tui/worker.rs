//! What the view asks for, done where the program is.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender};

use wdb_console::Flow;
use wdb_session::Session;

use super::look::{Looker, parts};
use super::state::{Ended, PAGE, Page, Report, Request, Wishes};
use crate::repl::{Repl, Screen, Written, complete};

/// Does what is asked for until the view is left or the debugger ends.
///
/// # Errors
///
/// When the transcript cannot be written.
pub(super) fn work(
    repl: &mut Repl,
    looker: &mut Looker,
    asked: &Receiver<Request>,
    reports: &SyncSender<Report>,
) -> io::Result<()> {
    let sender = reports.clone();
    repl.screen.divert(Some(Box::new(move |written| {
        // A view that is gone shows nothing.
        _ = sender.send(match written {
            Written::Answer(style, text) => Report::Wrote(style, text.to_owned()),
            Written::Guest(bytes) => Report::Guest(bytes.to_vec()),
            Written::Progress(what) => Report::Progress(what.to_owned()),
        });
    })));
    let _diverted = Diverted(repl.screen.clone());
    serve(repl, looker, asked, reports)
}

/// A screen whose text the view shows, until this is dropped: a view ends when nothing can send to it.
struct Diverted(Screen);

impl Drop for Diverted {
    fn drop(&mut self) {
        self.0.divert(None);
    }
}

fn serve(
    repl: &mut Repl,
    looker: &mut Looker,
    asked: &Receiver<Request>,
    reports: &SyncSender<Report>,
) -> io::Result<()> {
    repl.full_screen = true;
    let mut warned = false;
    while let Ok(request) = asked.recv() {
        let mut ended = None;
        let was_warned = std::mem::take(&mut warned);
        let report = match request {
            Request::Execute(line, wishes) => {
                let flow = execute(repl, &line)?;
                ended = end_of(flow, repl);
                _ = reports.send(look(repl, looker, &wishes));
                Report::Done(repl.prompt())
            }
            Request::Act(action, wishes) => {
                let line = action.to_string();
                repl.screen.entered(&repl.prompt(), &line, false);
                let flow = repl.execute(|console, out| console.act(action, out))?;
                ended = end_of(flow, repl);
                _ = reports.send(look(repl, looker, &wishes));
                Report::Done(repl.prompt())
            }
            Request::Look(wishes) => look(repl, looker, &wishes),
            Request::Parts(page) => more(&mut repl.console.borrow_mut().session, page),
            Request::Complete(line, cursor) => {
                let found = complete(&repl.console, &line, cursor);
                // Nothing is proposed where a directory cannot be read.
                Report::Completions(line, found.unwrap_or_default())
            }
            Request::Cancel => {
                repl.console.borrow_mut().cancel();
                Report::Done(repl.prompt())
            }
            Request::Leave => Report::Ended(Ended::Left),
            Request::End if repl.warns_of_end() && !was_warned => {
                warned = true;
                Report::Done(repl.prompt())
            }
            Request::End => Report::Ended(Ended::Quit(0)),
        };
        if let Report::Ended(it) = report {
            ended = Some(it);
        }
        let report = ended.map_or(report, Report::Ended);
        // A view that is gone wants nothing more.
        if reports.send(report).is_err() || ended.is_some() {
            break;
        }
    }
    repl.full_screen = false;
    Ok(())
}

/// A page of the parts of a value. Of one that was seen in another run there are none.
pub(super) fn more(session: &mut Session, page: Page) -> Report {
    let range = page.from..page.from.saturating_add(PAGE);
    let parts = if session.runs() == page.run {
        parts(&mut session.view(), &page.of, &page.path, range, &page.open)
    } else {
        Vec::new()
    };
    Report::Parts(page.path, parts)
}

/// Whether what was done ends the view.
fn end_of(flow: Flow, repl: &Repl) -> Option<Ended> {
    match flow {
        Flow::Quit(status) => Some(Ended::Quit(status)),
        _ if !repl.full_screen => Some(Ended::Left),
        _ => None,
    }
}

/// Executes a line; an empty one as the line editor does.
fn execute(repl: &mut Repl, line: &str) -> io::Result<Flow> {
    let again = repl.console.borrow().again().map(str::to_owned);
    let line = match again.filter(|_| line.trim().is_empty()) {
        Some(again) => again,
        None => line.to_owned(),
    };
    if line.trim().is_empty() {
        return Ok(Flow::Go);
    }
    repl.screen.entered(&repl.prompt(), &line, false);
    repl.execute(|console, out| console.execute(&line, out))
}

fn look(repl: &Repl, looker: &mut Looker, wishes: &Wishes) -> Report {
    let mut console = repl.console.borrow_mut();
    Report::Scene(Box::new(looker.look(&mut console.session, wishes)))
}
