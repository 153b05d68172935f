//! What an event makes of the state.

mod mouse;

use ratatui::crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use wdb_console::{Action, Style};
use wdb_examine::frames::Entry;
use wdb_session::Motion;

use super::layout::layout;
use super::state::{FRAMES, PAGE, Pane, Part, Report, Request, State, VariableRow};
use crate::repl::Written;

/// What happens.
#[derive(Clone, Debug)]
pub(super) enum Event {
    /// The user does something.
    Input(Input),
    /// The worker reports something.
    Report(Report),
    /// The worker has been at work for so many seconds, which is long.
    Slow(u64),
}

/// What is to be done outside of the state.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Effect {
    /// The worker is asked for something.
    Ask(Request),
    /// The program that runs is stopped.
    Interrupt,
    /// All of the screen is drawn anew.
    Redraw,
    /// The debugger is stopped, as the shell's job that it is.
    Suspend,
}

/// Rows that stay between the current line and the edge.
const MARGIN: usize = 3;

/// Columns by which the code is moved sideways.
const SIDEWAYS: usize = 8;

/// Makes of the state what an event makes of it, and says what else is to be done.
pub(super) fn update(state: &mut State, event: Event) -> Option<Effect> {
    let mut effect = None;
    match event {
        Event::Input(Input::Key(key)) if key.kind != KeyEventKind::Release => {
            effect = press(state, key);
        }
        Event::Input(Input::Mouse(event)) => effect = mouse::mouse(state, event),
        Event::Input(Input::Resize(columns, rows)) => state.size = (columns, rows),
        Event::Input(Input::Paste(text)) => {
            state.focus = Pane::Command;
            state.line.insert(&text);
        }
        Event::Report(report) => effect = take(state, report),
        Event::Slow(seconds) => state.slow = Some(seconds),
        Event::Input(_) => {}
    }
    if !state.is_at_work() {
        state.slow = None;
    }
    keep_in_sight(state);
    effect
}

fn take(state: &mut State, report: Report) -> Option<Effect> {
    match report {
        Report::Reads => state.reads = true,
        Report::Scene(scene) => {
            state.has_read();
            state.see(*scene);
        }
        Report::Parts(path, parts) => {
            state.has_read();
            state.add_parts(&path, parts);
        }
        Report::Written(Written::Answer(style, text)) => state.log.write(style, &text),
        Report::Written(Written::Progress(what)) => state.progress = what,
        Report::Written(Written::Guest(bytes)) => {
            state.output.write_bytes(Style::Plain, &bytes);
        }
        Report::Done(prompt) => {
            state.executes = false;
            state.progress.clear();
            state.prompt = prompt;
            let ahead = state.ahead.pop_front();
            return ahead.and_then(|line| execute(state, line));
        }
        Report::Cancelled(prompt) => state.prompt = prompt,
        Report::Completions(line, all) => {
            state.has_read();
            if state.line.text() == line {
                state.line.propose(all);
            }
        }
        Report::Ended(ended) => state.ended = Some(ended),
    }
    None
}

fn press(state: &mut State, key: KeyEvent) -> Option<Effect> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    let shift = key.modifiers.contains(KeyModifiers::SHIFT);
    if control && key.code == KeyCode::Char('c') {
        return interrupt(state);
    }
    if control && key.code == KeyCode::Char('z') {
        return Some(Effect::Suspend);
    }
    if state.help {
        state.help = false;
        return None;
    }
    match key.code {
        KeyCode::F(1) => state.help = true,
        KeyCode::F(2) => return ask(state, Request::Leave),
        KeyCode::F(3) => {
            state.instructions = !state.instructions;
            return look(state);
        }
        KeyCode::F(4) => {
            let pane = match lower(state) {
                Pane::Log => Pane::Output,
                _ => Pane::Log,
            };
            let before = state.focus;
            state.go_to(pane);
            // The line keeps the keys where the pane can be seen without them.
            if before == Pane::Command {
                state.focus = before;
                if layout(state).content(pane).1 == 0 {
                    state.focus = pane;
                }
            }
        }
        KeyCode::F(5) if state.scene.over => return act(state, Action::Run),
        KeyCode::F(5) => return act(state, Action::Move(Motion::Continue)),
        KeyCode::F(9) => return toggle_breakpoint(state),
        KeyCode::F(10) => return act(state, Action::Move(Motion::Over)),
        KeyCode::F(11) if shift => return act(state, Action::Move(Motion::Out)),
        KeyCode::F(11) => return act(state, Action::Move(Motion::Into)),
        // Terminals without a way to tell shifted function keys send the twelfth further.
        KeyCode::F(12 | 23) => return act(state, Action::Move(Motion::Out)),
        KeyCode::Esc if state.line.proposals.is_some() => state.line.proposals = None,
        KeyCode::Esc if state.focus == Pane::Command => state.line.clear(),
        KeyCode::Esc => state.focus = Pane::Command,
        KeyCode::Char('l') if control => return Some(Effect::Redraw),
        KeyCode::BackTab if state.line.proposals.is_some() => state.line.choose(false),
        KeyCode::BackTab => focus(state, false),
        KeyCode::Tab if state.focus == Pane::Command && !state.line.text().trim().is_empty() => {
            return complete(state);
        }
        KeyCode::Tab => focus(state, true),
        KeyCode::Char('?') if state.line.text().is_empty() => state.help = true,
        _ if state.focus == Pane::Command => return type_key(state, key),
        _ => return pane_key(state, key),
    }
    None
}

fn type_key(state: &mut State, key: KeyEvent) -> Option<Effect> {
    let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
    if state.line.proposals.take().is_some() && key.code == KeyCode::Enter {
        return None;
    }
    match key.code {
        KeyCode::Enter => return enter(state),
        KeyCode::Char('d') if is_control && state.line.text().is_empty() => {
            return ask(state, Request::End);
        }
        KeyCode::PageUp | KeyCode::PageDown => {
            let pane = lower(state);
            let height = layout(state).content(pane).1;
            scroll(state, pane, movement(key.code, height)?);
        }
        _ => state.line.press(key),
    }
    None
}

/// What is shown below, which is scrolled while a line is typed.
fn lower(state: &State) -> Pane {
    match layout(state).content(Pane::Log).1 {
        0 => Pane::Output,
        _ => Pane::Log,
    }
}

/// By how many rows a key moves, where `height` rows are shown.
fn movement(key: KeyCode, height: usize) -> Option<isize> {
    let page = isize::try_from(height.max(2) - 1).unwrap_or(1);
    Some(match key {
        KeyCode::Up => -1,
        KeyCode::Down => 1,
        KeyCode::PageUp => -page,
        KeyCode::PageDown => page,
        KeyCode::Home => -isize::MAX,
        KeyCode::End => isize::MAX,
        _ => return None,
    })
}

fn scroll(state: &mut State, pane: Pane, rows: isize) {
    let (width, height) = layout(state).content(pane);
    let text = match pane {
        Pane::Output => &mut state.output,
        _ => &mut state.log,
    };
    text.scroll(-rows, width, height);
}

/// A key for the focused pane, which is not the line.
fn pane_key(state: &mut State, key: KeyEvent) -> Option<Effect> {
    let pane = state.focus;
    let height = layout(state).content(pane).1;
    if let Some(rows) = movement(key.code, height) {
        match state.list(pane) {
            Some((list, all)) => {
                let selected = list.selected.saturating_add_signed(rows);
                list.selected = selected.min(all.saturating_sub(1));
            }
            None => scroll(state, pane, rows),
        }
        return None;
    }
    match (pane, key.code) {
        (Pane::Code, KeyCode::Enter) => return toggle_breakpoint(state),
        (Pane::Code, KeyCode::Left) => {
            state.code_column = state.code_column.saturating_sub(SIDEWAYS);
        }
        (Pane::Code, KeyCode::Right) => {
            let last = state.scene.code.rows.width().saturating_sub(SIDEWAYS);
            state.code_column = state.code_column.saturating_add(SIDEWAYS).min(last);
        }
        (Pane::Variables, KeyCode::Enter | KeyCode::Char(' ')) => return open(state, None),
        (Pane::Variables, KeyCode::Right) => return open(state, Some(true)),
        (Pane::Variables, KeyCode::Left) => return open(state, Some(false)),
        (Pane::Stack, KeyCode::Enter) => match state.scene.stack.get(state.stack.selected)? {
            Entry::Frame(frame) => {
                let number = frame.index;
                return act(state, Action::Frame(number));
            }
            Entry::Omitted(_) => {
                state.more_frames = state.more_frames.saturating_add(FRAMES);
                return look(state);
            }
            Entry::Host(_) => {}
        },
        (Pane::Breakpoints, KeyCode::Enter | KeyCode::Char(' ') | KeyCode::Delete) => {
            let selected = state.breakpoints.selected;
            let breakpoint = state.scene.breakpoints.iter().nth(selected)?;
            let ids = vec![breakpoint.id];
            let action = if key.code == KeyCode::Delete {
                Action::Delete(ids)
            } else if breakpoint.enabled {
                Action::Disable(ids)
            } else {
                Action::Enable(ids)
            };
            return act(state, action);
        }
        // What the pane does nothing with is typed.
        (_, KeyCode::Char(_) | KeyCode::Backspace) => {
            state.focus = Pane::Command;
            return type_key(state, key);
        }
        _ => {}
    }
    None
}

/// Shows the parts of the selected variable, or hides them. `None`: the one that it is not now.
fn open(state: &mut State, wanted: Option<bool>) -> Option<Effect> {
    let rows = state.variable_rows();
    let VariableRow { depth, value, part } = *rows.get(state.variables.selected)?;
    let path = value.path.clone();
    let is_open = match part {
        Part::Value { open, .. } => open,
        Part::More(_) if wanted != Some(false) => {
            let page = state.page(value)?;
            state.open.insert(path, page.from.saturating_add(PAGE));
            return Some(Effect::Ask(Request::Parts(page)));
        }
        Part::More(_) => None,
    };
    match (is_open, wanted) {
        (Some(true), None | Some(false)) => {
            state.open.remove(&path);
            None
        }
        (Some(false), None | Some(true)) => {
            // What was seen once in this stop stays.
            let shown = value.parts.len() as u64;
            let page = state.page(value).filter(|_| shown == 0);
            state.open.insert(path, shown.max(PAGE));
            page.map(|it| Effect::Ask(Request::Parts(it)))
        }
        // To what it is a part of.
        (_, Some(false)) => {
            let above = rows.get(..state.variables.selected)?;
            let parent = above.iter().rposition(|it| it.depth < depth)?;
            state.variables.selected = parent;
            None
        }
        _ => None,
    }
}

fn toggle_breakpoint(state: &mut State) -> Option<Effect> {
    let action = state.toggle_breakpoint()?;
    act(state, action)
}

fn enter(state: &mut State) -> Option<Effect> {
    let line = state.line.enter();
    if state.executes {
        // An empty one would do again what is not over yet.
        state
            .ahead
            .extend(Some(line).filter(|it| !it.trim().is_empty()));
        return None;
    }
    execute(state, line)
}

fn execute(state: &mut State, line: String) -> Option<Effect> {
    begin(state, &line);
    let wishes = state.wishes();
    ask(state, Request::Execute(line, wishes))
}

/// Does what a key asks for.
fn act(state: &mut State, action: Action) -> Option<Effect> {
    state.line.proposals = None;
    if state.executes {
        return None;
    }
    begin(state, &action.to_string());
    let wishes = state.wishes();
    ask(state, Request::Act(action, wishes))
}

/// Something begins whose answer follows in the log.
fn begin(state: &mut State, line: &str) {
    state.log.back = 0;
    if !line.trim().is_empty() {
        state.log.write(Style::Dim, &state.prompt);
        state.log.write(Style::Title, line);
        state.log.write(Style::Plain, "\n");
    }
}

/// Asks the worker for something that it is busy with. Not while it is busy with something else.
fn ask(state: &mut State, request: Request) -> Option<Effect> {
    if state.executes {
        return None;
    }
    state.executes = true;
    Some(Effect::Ask(request))
}

fn look(state: &State) -> Option<Effect> {
    Some(Effect::Ask(Request::Look(state.wishes())))
}

fn interrupt(state: &mut State) -> Option<Effect> {
    state.ahead.clear();
    // What is read is almost always read at once: the line is meant.
    if state.executes || state.slow.is_some() {
        return Some(Effect::Interrupt);
    }
    state.help = false;
    state.focus = Pane::Command;
    state.line.clear();
    Some(Effect::Ask(Request::Cancel))
}

fn complete(state: &mut State) -> Option<Effect> {
    if state.line.proposals.is_some() {
        state.line.choose(true);
        return None;
    }
    if state.executes {
        return None;
    }
    let line = state.line.text().to_owned();
    Some(Effect::Ask(Request::Complete(line, state.line.cursor())))
}

fn focus(state: &mut State, forward: bool) {
    let count = Pane::ALL.len();
    let at = Pane::ALL
        .iter()
        .position(|it| *it == state.focus)
        .unwrap_or(0);
    let step = if forward { 1 } else { count - 1 };
    let pane = Pane::ALL.get((at + step) % count).copied();
    state.go_to(pane.unwrap_or_default());
}

/// Scrolls what is shown so that what is selected can be seen.
fn keep_in_sight(state: &mut State) {
    let layout = layout(state);
    for pane in Pane::ALL {
        let height = layout.content(pane).1;
        let Some((list, rows)) = state.list(pane) else {
            continue;
        };
        let is_code = pane == Pane::Code;
        let margin = if is_code { MARGIN } else { 0 };
        let margin = margin.min(height.saturating_sub(1) / 2);
        list.selected = list.selected.min(rows.saturating_sub(1));
        let lowest = (list.selected + 1 + margin).saturating_sub(height);
        let highest = list.selected.saturating_sub(margin);
        // A jump puts the line into the middle, small steps scroll.
        let is_far =
            list.top > highest.saturating_add(height) || list.top.saturating_add(height) < lowest;
        list.top = if is_far && is_code {
            list.selected.saturating_sub(height / 2)
        } else {
            list.top.clamp(lowest.min(highest), highest)
        }
        .min(rows.saturating_sub(height));
    }
    let shown = |pane| layout.content(pane).1 > 0;
    state.log.unseen &= !(shown(Pane::Log));
    state.output.unseen &= !(shown(Pane::Output));
}
