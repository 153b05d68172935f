//! The line that is being typed, and the lines before it.

use std::ops::Range;

use rustyline::Word;
use rustyline::line_buffer::{ChangeListener, DeleteListener, Direction, LineBuffer};
use wdb_console::Completion;

/// At most this many lines are remembered.
const MOST_LINES: usize = 2_000;

/// A line with a cursor, and a history.
#[derive(Debug)]
pub(super) struct Line {
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

impl Line {
    /// An empty line after these.
    pub(super) fn with_history(history: Vec<String>) -> Line {
        Line {
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

    /// Types a character.
    pub(super) fn insert(&mut self, c: char) {
        self.replace(self.cursor()..self.cursor(), c.encode_utf8(&mut [0; 4]));
    }

    /// Types a text. What would end the line becomes a space.
    pub(super) fn insert_text(&mut self, text: &str) {
        let text = text.trim_end_matches(['\r', '\n']);
        let text = text.replace(char::is_control, " ");
        self.replace(self.cursor()..self.cursor(), &text);
    }

    /// Deletes the character before the cursor.
    pub(super) fn backspace(&mut self) {
        self.buffer.backspace(1, &mut Ignored);
    }

    /// Deletes the character at the cursor.
    pub(super) fn delete(&mut self) {
        self.buffer.delete(1, &mut Ignored);
    }

    /// Deletes the word before the cursor.
    pub(super) fn delete_word(&mut self) {
        self.buffer.delete_prev_word(Word::Big, 1, &mut Ignored);
    }

    /// Deletes what is before the cursor.
    pub(super) fn delete_before(&mut self) {
        self.buffer.discard_buffer(&mut Ignored);
    }

    /// Deletes what is after the cursor.
    pub(super) fn delete_after(&mut self) {
        self.buffer.kill_buffer(&mut Ignored);
    }

    /// One character back.
    pub(super) fn left(&mut self) {
        self.buffer.move_backward(1);
    }

    /// One character on.
    pub(super) fn right(&mut self) {
        self.buffer.move_forward(1);
    }

    /// To the beginning.
    pub(super) fn home(&mut self) {
        self.buffer.move_buffer_start();
    }

    /// To the end.
    pub(super) fn end(&mut self) {
        self.buffer.move_buffer_end();
    }

    /// Forgets what is typed.
    pub(super) fn clear(&mut self) {
        self.set("");
        self.recalled = None;
        self.proposals = None;
    }

    /// The line before in the history.
    pub(super) fn older(&mut self) {
        let at = match &self.recalled {
            Some((at, _)) => *at,
            None => self.history.len(),
        };
        let Some(entry) = at.checked_sub(1).and_then(|at| self.history.get(at)) else {
            return;
        };
        let entry = entry.clone();
        let typed = match self.recalled.take() {
            Some((_, typed)) => typed,
            None => self.text().to_owned(),
        };
        self.recalled = Some((at - 1, typed));
        self.set(&entry);
    }

    /// The line after in the history; after the last what was typed before.
    pub(super) fn newer(&mut self) {
        let Some((at, typed)) = self.recalled.take() else {
            return;
        };
        match self.history.get(at + 1).cloned() {
            Some(entry) => {
                self.recalled = Some((at + 1, typed));
                self.set(&entry);
            }
            None => self.set(&typed),
        }
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

impl Default for Line {
    fn default() -> Line {
        Line::with_history(Vec::new())
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

    fn typed(text: &str) -> Line {
        let mut line = Line::default();
        line.insert_text(text);
        line
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
        line.left();
        line.backspace();
        assert_eq!(line.text(), "print gröe");
        line.left();
        line.delete();
        assert_eq!(line.text(), "print gre");
        line.end();
        line.delete_word();
        assert_eq!(line.text(), "print ");
        line.home();
        line.right();
        line.delete_before();
        assert_eq!(line.text(), "rint ");
        line.delete_after();
        assert_eq!(line.text(), "");
    }

    /// A letter with an accent of its own, and a family, which is four characters joined to one.
    #[test]
    fn the_cursor_is_never_inside_of_what_a_person_calls_a_character() {
        let accent = "e\u{301}";
        let family = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}\u{200d}\u{1f466}";
        let mut line = typed(&format!("p {accent}{family}x"));
        line.left();
        line.left();
        assert_eq!(line.cursor(), 2 + accent.len());
        line.left();
        assert_eq!(line.cursor(), 2);
        line.delete();
        assert_eq!(line.text(), format!("p {family}x"));
        line.right();
        assert_eq!(line.cursor(), 2 + family.len());
        line.insert_text(accent);
        line.backspace();
        line.backspace();
        assert_eq!(line.text(), "p x");
        assert_eq!(line.cursor(), 2);
    }

    #[test]
    fn a_line_may_have_any_length() {
        let long = "größe ".repeat(10_000);
        let mut line = typed(&long);
        line.insert('!');
        assert_eq!(line.text(), format!("{long}!"));
        assert_eq!(line.enter(), format!("{long}!"));
        line.older();
        assert_eq!(line.cursor(), long.len() + 1);
    }

    #[test]
    fn the_history_gives_back_what_was_typed() {
        let mut line = Line::with_history(vec!["next".into(), "step".into()]);
        line.insert_text("pri");
        line.older();
        line.older();
        line.older();
        assert_eq!(line.text(), "next");
        line.newer();
        assert_eq!(line.text(), "step");
        line.newer();
        assert_eq!(line.text(), "pri");
        assert_eq!(line.enter(), "pri");
        line.insert_text("pri");
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
