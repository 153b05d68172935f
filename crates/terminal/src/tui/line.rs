//! The line that is being typed, and the lines before it.

use std::ops::Range;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use rustyline::Word;
use rustyline::line_buffer::{ChangeListener, DeleteListener, Direction, LineBuffer};
use wdb_console::Completion;

/// At most this many lines are remembered.
const MOST_LINES: usize = 2_000;

/// A line with a cursor, and a history.
#[derive(Debug)]
pub(super) struct CommandLine {
    /// What is typed, with the cursor, which moves by grapheme clusters: what a reader calls a character.
    ///
    /// Texts are put into it with `replace` alone: the other methods stop at the capacity that it was
    /// made with.
    buffer: LineBuffer,
    history: Vec<String>,
    /// The entry of the history that is shown, and the line that was typed before.
    recalled: Option<(usize, String)>,
    /// What can be at the cursor, while the user goes through it.
    pub(super) proposals: Option<Proposals>,
}

/// What can be at the cursor.
#[derive(Clone, Debug)]
pub(super) struct Proposals {
    /// All of it.
    pub(super) all: Vec<Completion>,
    /// Which of it is there.
    pub(super) chosen: Option<usize>,
}

impl CommandLine {
    /// An empty line after these.
    pub(super) fn with_history(history: Vec<String>) -> CommandLine {
        CommandLine {
            buffer: LineBuffer::with_capacity(0),
            history,
            recalled: None,
            proposals: None,
        }
    }

    /// What is typed.
    pub(super) fn text(&self) -> &str {
        self.buffer.as_str()
    }

    /// The byte that the cursor is before.
    pub(super) fn cursor(&self) -> usize {
        self.buffer.pos()
    }

    /// The lines before it, in the order of their time.
    pub(super) fn history(&self) -> &[String] {
        &self.history
    }

    /// Types a text. What would end the line becomes a space.
    pub(super) fn insert(&mut self, text: &str) {
        let text = text.trim_end_matches(['\r', '\n']);
        let text = text.replace(char::is_control, " ");
        self.replace(self.cursor()..self.cursor(), &text);
    }

    /// Does what a key does to a line.
    pub(super) fn press(&mut self, key: KeyEvent) {
        let buffer = &mut self.buffer;
        let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
        let is_alt = key.modifiers.contains(KeyModifiers::ALT);
        match (key.code, is_control) {
            (KeyCode::Backspace, _) | (KeyCode::Char('h'), true) => {
                _ = buffer.backspace(1, &mut Ignored);
            }
            (KeyCode::Delete, _) | (KeyCode::Char('d'), true) => {
                _ = buffer.delete(1, &mut Ignored);
            }
            (KeyCode::Char('w'), true) => {
                _ = buffer.delete_prev_word(Word::Big, 1, &mut Ignored);
            }
            (KeyCode::Char('u'), true) => _ = buffer.discard_buffer(&mut Ignored),
            (KeyCode::Char('k'), true) => _ = buffer.kill_buffer(&mut Ignored),
            (KeyCode::Left, _) | (KeyCode::Char('b'), true) => _ = buffer.move_backward(1),
            (KeyCode::Right, _) | (KeyCode::Char('f'), true) => _ = buffer.move_forward(1),
            (KeyCode::Home, _) | (KeyCode::Char('a'), true) => _ = buffer.move_buffer_start(),
            (KeyCode::End, _) | (KeyCode::Char('e'), true) => _ = buffer.move_buffer_end(),
            (KeyCode::Up, _) | (KeyCode::Char('p'), true) => self.recall(-1),
            (KeyCode::Down, _) | (KeyCode::Char('n'), true) => self.recall(1),
            (KeyCode::Char(c), false) if !is_alt => self.insert(c.encode_utf8(&mut [0; 4])),
            _ => {}
        }
    }

    /// Forgets what is typed.
    pub(super) fn clear(&mut self) {
        self.set("");
        self.recalled = None;
        self.proposals = None;
    }

    /// Shows another line of the history; after the last what was typed before.
    fn recall(&mut self, step: isize) {
        let last = self.history.len();
        let recalled = self.recalled.take();
        let (at, typed) = recalled.unwrap_or_else(|| (last, self.text().to_owned()));
        let next = at.saturating_add_signed(step).min(last);
        if next != at {
            let entry = self.history.get(next).unwrap_or(&typed).clone();
            self.set(&entry);
        }
        self.recalled = (next < last).then_some((next, typed));
    }

    /// Ends the line: it is part of the history, unless it is empty or the same as the one before.
    pub(super) fn enter(&mut self) -> String {
        let text = self.text().to_owned();
        self.clear();
        if !text.trim().is_empty() && self.history.last() != Some(&text) {
            self.history.push(text.clone());
            if self.history.len() > MOST_LINES {
                self.history.remove(0);
            }
        }
        text
    }

    /// Takes what can be at the cursor: the only one is typed, of several what they have in common, and
    /// then one after the other.
    pub(super) fn propose(&mut self, all: Vec<Completion>) {
        self.proposals = None;
        let Some(first) = all.first() else {
            return;
        };
        let start = first.start;
        if let [only] = &all[..] {
            let text = format!("{} ", only.text.trim_end());
            self.replace_from(start, &text);
            return;
        }
        if all.iter().all(|it| it.start == start) {
            let common = common(all.iter().map(|it| it.text.as_str()));
            let typed = self.before().get(start..).unwrap_or_default();
            if common.len() > typed.len() {
                let common = common.to_owned();
                self.replace_from(start, &common);
            }
        }
        self.proposals = Some(Proposals { all, chosen: None });
    }

    /// Puts the next proposal into the line, or the one before.
    pub(super) fn choose(&mut self, forward: bool) {
        let Some(mut proposals) = self.proposals.take() else {
            return;
        };
        let count = proposals.all.len();
        let next = match (proposals.chosen, forward) {
            (None, true) => 0,
            (None, false) => count.saturating_sub(1),
            (Some(at), true) => (at + 1) % count.max(1),
            (Some(at), false) => at.checked_sub(1).unwrap_or(count.saturating_sub(1)),
        };
        proposals.chosen = Some(next);
        if let Some(one) = proposals.all.get(next) {
            let one = one.clone();
            self.replace_from(one.start, &one.text);
        }
        self.proposals = Some(proposals);
    }

    /// Puts a text in place of what is between a byte and the cursor.
    fn replace_from(&mut self, start: usize, text: &str) {
        if self.text().is_char_boundary(start) && start <= self.cursor() {
            self.replace(start..self.cursor(), text);
        }
    }

    fn set(&mut self, text: &str) {
        self.replace(0..self.text().len(), text);
    }

    /// The cursor is behind the text then.
    fn replace(&mut self, range: Range<usize>, text: &str) {
        self.buffer.replace(range, text, &mut Ignored);
    }

    fn before(&self) -> &str {
        self.text().get(..self.cursor()).unwrap_or_default()
    }
}

impl Default for CommandLine {
    fn default() -> CommandLine {
        CommandLine::with_history(Vec::new())
    }
}

/// Wants to know nothing of the changes of a line: there is no undo, and nothing to yank.
struct Ignored;

impl DeleteListener for Ignored {
    fn delete(&mut self, _: usize, _: &str, _: Direction) {}
}

impl ChangeListener for Ignored {
    fn insert_char(&mut self, _: usize, _: char) {}

    fn insert_str(&mut self, _: usize, _: &str) {}

    fn replace(&mut self, _: usize, _: &str, _: &str) {}
}

/// What all texts begin with.
fn common<'a>(mut texts: impl Iterator<Item = &'a str>) -> &'a str {
    let first = texts.next().unwrap_or_default();
    texts.fold(first, |common, text| {
        let same = common.char_indices().zip(text.chars());
        let same = same.take_while(|((_, a), b)| a == b);
        let end = same.last().map_or(0, |((at, c), _)| at + c.len_utf8());
        &common[..end]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> CommandLine {
        let mut line = CommandLine::default();
        line.insert(text);
        line
    }

    fn key(line: &mut CommandLine, code: KeyCode) {
        line.press(KeyEvent::new(code, KeyModifiers::NONE));
    }

    fn control(line: &mut CommandLine, letter: char) {
        line.press(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL));
    }

    fn completion(start: usize, text: &str) -> Completion {
        Completion {
            start,
            text: text.to_owned(),
            about: String::new(),
        }
    }

    #[test]
    fn a_line_is_edited_by_characters() {
        let mut line = typed("print größe");
        key(&mut line, KeyCode::Left);
        key(&mut line, KeyCode::Backspace);
        assert_eq!(line.text(), "print gröe");
        key(&mut line, KeyCode::Left);
        key(&mut line, KeyCode::Delete);
        assert_eq!(line.text(), "print gre");
        key(&mut line, KeyCode::End);
        control(&mut line, 'w');
        assert_eq!(line.text(), "print ");
        key(&mut line, KeyCode::Home);
        key(&mut line, KeyCode::Right);
        control(&mut line, 'u');
        assert_eq!(line.text(), "rint ");
        control(&mut line, 'k');
        assert_eq!(line.text(), "");
    }

    /// A letter with an accent of its own, and a family, which is four characters joined to one.
    #[test]
    fn the_cursor_is_never_inside_of_what_a_person_calls_a_character() {
        let accent = "e\u{301}";
        let family = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}\u{200d}\u{1f466}";
        let mut line = typed(&format!("p {accent}{family}x"));
        key(&mut line, KeyCode::Left);
        key(&mut line, KeyCode::Left);
        assert_eq!(line.cursor(), 2 + accent.len());
        key(&mut line, KeyCode::Left);
        assert_eq!(line.cursor(), 2);
        key(&mut line, KeyCode::Delete);
        assert_eq!(line.text(), format!("p {family}x"));
        key(&mut line, KeyCode::Right);
        assert_eq!(line.cursor(), 2 + family.len());
        line.insert(accent);
        key(&mut line, KeyCode::Backspace);
        key(&mut line, KeyCode::Backspace);
        assert_eq!(line.text(), "p x");
        assert_eq!(line.cursor(), 2);
    }

    #[test]
    fn a_line_may_have_any_length() {
        let long = "größe ".repeat(10_000);
        let mut line = typed(&long);
        line.insert("!");
        assert_eq!(line.text(), format!("{long}!"));
        assert_eq!(line.enter(), format!("{long}!"));
        key(&mut line, KeyCode::Up);
        assert_eq!(line.cursor(), long.len() + 1);
    }

    #[test]
    fn the_history_gives_back_what_was_typed() {
        let mut line = CommandLine::with_history(vec!["next".into(), "step".into()]);
        line.insert("pri");
        key(&mut line, KeyCode::Up);
        key(&mut line, KeyCode::Up);
        key(&mut line, KeyCode::Up);
        assert_eq!(line.text(), "next");
        key(&mut line, KeyCode::Down);
        assert_eq!(line.text(), "step");
        key(&mut line, KeyCode::Down);
        assert_eq!(line.text(), "pri");
        assert_eq!(line.enter(), "pri");
        line.insert("pri");
        assert_eq!(line.enter(), "pri");
        assert_eq!(line.history(), ["next", "step", "pri"]);
    }

    #[test]
    fn proposals_are_typed_as_far_as_they_agree() {
        let mut line = typed("info lo");
        line.propose(vec![completion(5, "locals")]);
        assert_eq!(line.text(), "info locals ");
        let mut line = typed("p pl");
        line.propose(vec![completion(2, "plan_b"), completion(2, "plan_a")]);
        assert_eq!(line.text(), "p plan_");
        line.choose(true);
        assert_eq!(line.text(), "p plan_b");
        line.choose(true);
        assert_eq!(line.text(), "p plan_a");
        line.choose(true);
        assert_eq!(line.text(), "p plan_b");
    }
}
