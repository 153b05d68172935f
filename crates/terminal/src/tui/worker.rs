//! What the view asks for, done where the program is.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};

use wdb_console::Flow;
use wdb_session::Session;
use wdb_symbols::reading;

use super::look::{Looker, parts, unread};
use super::scene::Value;
use super::state::{Ended, PAGE, Page, Report, Request, Wishes};
use crate::repl::{Repl, Screen, complete};

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
        _ = sender.send(Report::Written(written));
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
        let was_warned = std::mem::take(&mut warned);
        let report = match request {
            Request::Execute(line, wishes) => {
                let line = repl.meant(line);
                let flow = match line.trim() {
                    "" => Flow::Go,
                    _ => repl.enter(&line, false)?,
                };
                done(repl, looker, flow, &wishes, reports)
            }
            Request::Act(action, wishes) => {
                let line = action.to_string();
                repl.screen.entered(&repl.prompt(), &line, false);
                let flow = repl.execute(|console, out| console.act(action, out))?;
                done(repl, looker, flow, &wishes, reports)
            }
            Request::Look(wishes) => look(repl, looker, &wishes, reports),
            Request::Parts(page) => {
                let path = page.path.clone();
                let parts = read(repl, reports, || {
                    more(&mut repl.console.borrow_mut().session, page)
                });
                // They can be asked for again.
                Report::Parts(path, parts.unwrap_or_default())
            }
            Request::Complete(line, cursor) => {
                let found = read(repl, reports, || complete(&repl.console, &line, cursor));
                // Nothing is proposed where a directory cannot be read.
                let found = found.and_then(Result::ok).unwrap_or_default();
                Report::Completions(line, found)
            }
            Request::Cancel => {
                repl.console.borrow_mut().cancel();
                Report::Cancelled(repl.prompt())
            }
            Request::Leave => Report::Ended(Ended::Left),
            Request::End if repl.warns_of_end() && !was_warned => {
                warned = true;
                Report::Done(repl.prompt())
            }
            Request::End => Report::Ended(Ended::Quit(0)),
        };
        let is_over = matches!(report, Report::Ended(_));
        // A view that is gone wants nothing more.
        if reports.send(report).is_err() || is_over {
            break;
        }
    }
    repl.full_screen = false;
    Ok(())
}

/// A page of the parts of a value. Of one that was seen in another run there are none.
pub(super) fn more(session: &mut Session, page: Page) -> Vec<Value> {
    let range = page.from..page.from.saturating_add(PAGE);
    if session.runs() == page.run {
        parts(&mut session.view(), &page.of, &page.path, range, &page.open)
    } else {
        Vec::new()
    }
}

/// Reports what the program looks like after something was done. What is reported then: that the view is over, or not.
fn done(
    repl: &Repl,
    looker: &mut Looker,
    flow: Flow,
    wishes: &Wishes,
    reports: &SyncSender<Report>,
) -> Report {
    // The next report finds out whether the view is gone.
    _ = reports.send(look(repl, looker, wishes, reports));
    match flow {
        Flow::Quit(status) => Report::Ended(Ended::Quit(status)),
        _ if !repl.full_screen => Report::Ended(Ended::Left),
        _ => Report::Done(repl.prompt()),
    }
}

fn look(repl: &Repl, looker: &mut Looker, wishes: &Wishes, reports: &SyncSender<Report>) -> Report {
    let seen = read(repl, reports, || {
        looker.look(&mut repl.console.borrow_mut().session, wishes)
    });
    let unread = || unread(&mut repl.console.borrow_mut().session);
    Report::Scene(Box::new(seen.unwrap_or_else(unread)))
}

/// Reads something that is to be shown, which may need debug information. Ctrl-C gives it up.
fn read<T>(repl: &Repl, reports: &SyncSender<Report>, work: impl FnOnce() -> T) -> Option<T> {
    // The next report finds out whether the view is gone.
    _ = reports.send(Report::Reads);
    let _at_work = repl.ctrl_c.during(None, Arc::default());
    let done = reading::cancellable(work);
    if done.is_err() {
        repl.screen.note("given up");
    }
    done.ok()
}
