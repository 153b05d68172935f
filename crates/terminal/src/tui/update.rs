//! What an event makes of the state.

mod mouse;

use ratatui::crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use wdb_console::{Action, Style};
use wdb_session::Motion;

use super::layout::layout;
use super::state::{
    Activity, FRAMES, List, Lower, PAGE, Pane, Part, Report, Request, Side, State, VariableRow,
};

/// What happens.
#[derive(Clone, Debug)]
pub(super) enum Event {
    /// The user does something.
    Input(Input),
    /// The worker tells something.
    Report(Report),
    /// A line is being executed for a while already.
    Slow,
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

/// Makes of the state what an event makes of it, and tells what else is to be done.
pub(super) fn update(state: &mut State, event: Event) -> Option<Effect> {
    let effect = match event {
        Event::Input(Input::Key(key)) if key.kind != KeyEventKind::Release => press(state, key),
        Event::Input(Input::Mouse(event)) => mouse::mouse(state, event),
        Event::Input(Input::Resize(columns, rows)) => {
            state.size = (columns, rows);
            None
        }
        Event::Input(Input::Paste(text)) => {
            state.focus = Pane::Command;
            state.line.insert_text(&text);
            None
        }
        Event::Input(_) => None,
        Event::Report(report) => {
            take(state, report);
            None
        }
        Event::Slow => {
            if state.activity == Activity::Busy {
                state.activity = Activity::Slow;
            }
            None
        }
    };
    keep_in_sight(state);
    effect
}

fn take(state: &mut State, report: Report) {
    match report {
        Report::Scene(scene) => state.see(*scene),
        Report::Parts(path, parts) => state.add_parts(&path, parts),
        Report::Wrote(style, text) => state.log.write(style, &text),
        Report::Progress(what) => state.progress = what,
        Report::Guest(bytes) => state.output.write_bytes(Style::Plain, &bytes),
        Report::Done(prompt) => {
            state.activity = Activity::Idle;
            state.progress.clear();
            state.prompt = prompt;
        }
        Report::Completions(line, all) => {
            if state.line.text() == line {
                state.line.propose(all);
            }
        }
        Report::Ended(ended) => state.ended = Some(ended),
    }
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
        KeyCode::F(2) => return leave(state),
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
            go_to(state, pane);
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
        _ => {
            return match state.focus {
                Pane::Command => type_key(state, key, control),
                Pane::Code => code_key(state, key, control),
                Pane::Log | Pane::Output => text_key(state, key, control),
                Pane::Variables | Pane::Stack | Pane::Breakpoints => list_key(state, key, control),
            };
        }
    }
    None
}

/// A key that the focused pane does nothing with: characters are typed.
fn other_key(state: &mut State, key: KeyEvent, control: bool) -> Option<Effect> {
    if matches!(key.code, KeyCode::Char(_) | KeyCode::Backspace) {
        state.focus = Pane::Command;
        return type_key(state, key, control);
    }
    None
}

fn type_key(state: &mut State, key: KeyEvent, control: bool) -> Option<Effect> {
    let line = &mut state.line;
    if line.proposals.take().is_some() && key.code == KeyCode::Enter {
        return None;
    }
    match key.code {
        KeyCode::Enter => return enter(state),
        KeyCode::Char('d') if control && line.text().is_empty() => return end(state),
        KeyCode::Char('d') if control => line.delete(),
        KeyCode::Char('a') if control => line.home(),
        KeyCode::Char('e') if control => line.end(),
        KeyCode::Char('b') if control => line.left(),
        KeyCode::Char('f') if control => line.right(),
        KeyCode::Char('h') if control => line.backspace(),
        KeyCode::Char('k') if control => line.delete_after(),
        KeyCode::Char('u') if control => line.delete_before(),
        KeyCode::Char('w') if control => line.delete_word(),
        KeyCode::Char('p') if control => line.older(),
        KeyCode::Char('n') if control => line.newer(),
        KeyCode::Char(c) if !control && !key.modifiers.contains(KeyModifiers::ALT) => {
            line.insert(c);
        }
        KeyCode::Backspace => line.backspace(),
        KeyCode::Delete => line.delete(),
        KeyCode::Left => line.left(),
        KeyCode::Right => line.right(),
        KeyCode::Home => line.home(),
        KeyCode::End => line.end(),
        KeyCode::Up => line.older(),
        KeyCode::Down => line.newer(),
        KeyCode::PageUp => scroll(state, lower(state), Step::Page(-1)),
        KeyCode::PageDown => scroll(state, lower(state), Step::Page(1)),
        _ => {}
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

fn code_key(state: &mut State, key: KeyEvent, control: bool) -> Option<Effect> {
    let rows = state.scene.code.rows.len();
    let page = layout(state).content(Pane::Code).1;
    if step(&mut state.code, key.code, rows, page) {
        return None;
    }
    match key.code {
        KeyCode::Enter => toggle_breakpoint(state),
        KeyCode::Left => {
            state.code_column = state.code_column.saturating_sub(SIDEWAYS);
            None
        }
        KeyCode::Right => {
            let last = state.scene.code.rows.width().saturating_sub(SIDEWAYS);
            state.code_column = state.code_column.saturating_add(SIDEWAYS).min(last);
            None
        }
        _ => other_key(state, key, control),
    }
}

fn text_key(state: &mut State, key: KeyEvent, control: bool) -> Option<Effect> {
    let pane = state.focus;
    match key.code {
        KeyCode::Up => scroll(state, pane, Step::Row(-1)),
        KeyCode::Down => scroll(state, pane, Step::Row(1)),
        KeyCode::PageUp => scroll(state, pane, Step::Page(-1)),
        KeyCode::PageDown => scroll(state, pane, Step::Page(1)),
        KeyCode::Home => scroll(state, pane, Step::Row(isize::MIN + 1)),
        KeyCode::End => scroll(state, pane, Step::Row(isize::MAX)),
        _ => return other_key(state, key, control),
    }
    None
}

enum Step {
    Row(isize),
    Page(isize),
}

fn scroll(state: &mut State, pane: Pane, step: Step) {
    let (width, height) = layout(state).content(pane);
    let rows = match step {
        Step::Row(rows) => rows,
        Step::Page(pages) => pages * isize::try_from(height.max(2) - 1).unwrap_or(1),
    };
    let text = match pane {
        Pane::Output => &mut state.output,
        _ => &mut state.log,
    };
    text.scroll(-rows, width, height);
}

fn list_key(state: &mut State, key: KeyEvent, control: bool) -> Option<Effect> {
    let pane = state.focus;
    let page = layout(state).content(pane).1;
    let (list, rows) = match pane {
        Pane::Variables => {
            let rows = state.variable_rows().len();
            (&mut state.variables, rows)
        }
        Pane::Stack => (&mut state.stack, state.scene.stack.len()),
        _ => (&mut state.breakpoints, state.scene.breakpoints.len()),
    };
    if step(list, key.code, rows, page) {
        return None;
    }
    match (pane, key.code) {
        (Pane::Variables, KeyCode::Enter | KeyCode::Char(' ')) => open(state, None),
        (Pane::Variables, KeyCode::Right) => open(state, Some(true)),
        (Pane::Variables, KeyCode::Left) => open(state, Some(false)),
        (Pane::Stack, KeyCode::Enter) => {
            let row = state.scene.stack.get(state.stack.selected)?;
            if row.is_more {
                state.more_frames = state.more_frames.saturating_add(FRAMES);
                return look(state);
            }
            let number = row.number?;
            act(state, Action::Frame(number))
        }
        (Pane::Breakpoints, KeyCode::Enter | KeyCode::Char(' ')) => {
            let row = state.scene.breakpoints.get(state.breakpoints.selected)?;
            let ids = vec![row.number];
            let action = match row.enabled {
                true => Action::Disable(ids),
                false => Action::Enable(ids),
            };
            act(state, action)
        }
        (Pane::Breakpoints, KeyCode::Delete) => {
            let row = state.scene.breakpoints.get(state.breakpoints.selected)?;
            let ids = vec![row.number];
            act(state, Action::Delete(ids))
        }
        _ => other_key(state, key, control),
    }
}

/// Whether a key moves the selection of a list, which it then does.
fn step(list: &mut List, key: KeyCode, rows: usize, page: usize) -> bool {
    let last = rows.saturating_sub(1);
    let page = page.max(2) - 1;
    let selected = list.selected;
    list.selected = match key {
        KeyCode::Up => selected.saturating_sub(1),
        KeyCode::Down => selected.saturating_add(1),
        KeyCode::PageUp => selected.saturating_sub(page),
        KeyCode::PageDown => selected.saturating_add(page),
        KeyCode::Home => 0,
        KeyCode::End => last,
        _ => return false,
    }
    .min(last);
    true
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
    if state.activity != Activity::Idle {
        return None;
    }
    let line = state.line.enter();
    begin(state, &line);
    Some(Effect::Ask(Request::Execute(line, state.wishes())))
}

/// Does what a key asks for. Not while something else is done.
fn act(state: &mut State, action: Action) -> Option<Effect> {
    state.line.proposals = None;
    if state.activity != Activity::Idle {
        return None;
    }
    begin(state, &action.to_string());
    Some(Effect::Ask(Request::Act(action, state.wishes())))
}

/// Something begins whose answer follows in the log.
fn begin(state: &mut State, line: &str) {
    state.activity = Activity::Busy;
    state.log.back = 0;
    if !line.trim().is_empty() {
        state.log.write(Style::Dim, &state.prompt);
        state.log.write(Style::Title, line);
        state.log.write(Style::Plain, "\n");
    }
}

fn look(state: &State) -> Option<Effect> {
    Some(Effect::Ask(Request::Look(state.wishes())))
}

fn leave(state: &mut State) -> Option<Effect> {
    if state.activity != Activity::Idle {
        return None;
    }
    state.activity = Activity::Busy;
    Some(Effect::Ask(Request::Leave))
}

fn end(state: &mut State) -> Option<Effect> {
    if state.activity != Activity::Idle {
        return None;
    }
    state.activity = Activity::Busy;
    Some(Effect::Ask(Request::End))
}

fn interrupt(state: &mut State) -> Option<Effect> {
    if state.activity != Activity::Idle {
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
    if state.activity != Activity::Idle {
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
    go_to(state, pane.unwrap_or_default());
}

/// Lets a pane have the keys, and shows it.
fn go_to(state: &mut State, pane: Pane) {
    state.focus = pane;
    match pane {
        Pane::Variables => state.side = Side::Variables,
        Pane::Stack => state.side = Side::Stack,
        Pane::Breakpoints => state.side = Side::Breakpoints,
        Pane::Log => state.lower = Lower::Log,
        Pane::Output => state.lower = Lower::Output,
        Pane::Command | Pane::Code => {}
    }
}

/// Scrolls what is shown so that what is selected can be seen.
fn keep_in_sight(state: &mut State) {
    let layout = layout(state);
    let rows = state.variable_rows().len();
    let lists = [
        (Pane::Variables, &mut state.variables, rows),
        (Pane::Stack, &mut state.stack, state.scene.stack.len()),
        (
            Pane::Breakpoints,
            &mut state.breakpoints,
            state.scene.breakpoints.len(),
        ),
    ];
    for (pane, list, rows) in lists {
        let height = layout.content(pane).1;
        list.selected = list.selected.min(rows.saturating_sub(1));
        let lowest = (list.selected + 1).saturating_sub(height);
        list.top = list.top.clamp(lowest.min(list.selected), list.selected);
    }
    let rows = state.scene.code.rows.len();
    let height = layout.content(Pane::Code).1;
    let code = &mut state.code;
    code.selected = code.selected.min(rows.saturating_sub(1));
    let margin = MARGIN.min(height.saturating_sub(1) / 2);
    let lowest = (code.selected + 1 + margin).saturating_sub(height);
    let highest = code.selected.saturating_sub(margin);
    // A jump puts the line into the middle, small steps scroll.
    let is_far =
        code.top > highest.saturating_add(height) || code.top.saturating_add(height) < lowest;
    code.top = match is_far {
        true => code.selected.saturating_sub(height / 2),
        false => code.top.clamp(lowest.min(highest), highest),
    }
    .min(rows.saturating_sub(height));
    let shown = |pane| layout.content(pane).1 > 0;
    state.log.unseen &= !(shown(Pane::Log));
    state.output.unseen &= !(shown(Pane::Output));
}
