//! The line that is being typed, and the lines before it.

use wdb_console::Completion;

/// As many lines are remembered.
const MOST_LINES: usize = 2_000;

/// A line with a cursor, and a history.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    text: String,
    /// The byte that the cursor stands before.
    cursor: usize,
    history: Vec<String>,
    /// The entry of the history that is shown, and the line that was typed before.
    recalled: Option<(usize, String)>,
    /// What can stand at the cursor, while the user goes through it.
    pub(super) proposals: Option<Proposals>,
}

/// What can stand at the cursor.
#[derive(Clone, Debug)]
pub(super) struct Proposals {
    /// All of it.
    pub(super) all: Vec<Completion>,
    /// Which of it stands there.
    pub(super) chosen: Option<usize>,
}

impl Line {
    /// An empty line after these.
    pub(super) fn with_history(history: Vec<String>) -> Line {
        Line {
            history,
            ..Line::default()
        }
    }

    /// What is typed.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The byte that the cursor stands before.
    pub(super) fn cursor(&self) -> usize {
        self.cursor
    }

    /// The lines before it, oldest first.
    pub(super) fn history(&self) -> &[String] {
        &self.history
    }

    /// Types a character.
    pub(super) fn insert(&mut self, c: char) {
        self.text.insert(self.cursor, c);
        self.cursor += c.len_utf8();
    }

    /// Types a text. What would end the line becomes a space.
    pub(super) fn insert_text(&mut self, text: &str) {
        for c in text.trim_end_matches(['\r', '\n']).chars() {
            self.insert(if c.is_control() { ' ' } else { c });
        }
    }

    /// Deletes the character before the cursor.
    pub(super) fn backspace(&mut self) {
        if let Some(c) = self.before().chars().next_back() {
            self.cursor -= c.len_utf8();
            self.text.remove(self.cursor);
        }
    }

    /// Deletes the character at the cursor.
    pub(super) fn delete(&mut self) {
        if self.cursor < self.text.len() {
            self.text.remove(self.cursor);
        }
    }

    /// Deletes the word before the cursor.
    pub(super) fn delete_word(&mut self) {
        let start = self.word_start();
        self.text.replace_range(start..self.cursor, "");
        self.cursor = start;
    }

    /// Deletes what is before the cursor.
    pub(super) fn delete_before(&mut self) {
        self.text.replace_range(..self.cursor, "");
        self.cursor = 0;
    }

    /// Deletes what is after the cursor.
    pub(super) fn delete_after(&mut self) {
        self.text.truncate(self.cursor);
    }

    /// One character back.
    pub(super) fn left(&mut self) {
        let back = self.before().chars().next_back().map_or(0, char::len_utf8);
        self.cursor -= back;
    }

    /// One character on.
    pub(super) fn right(&mut self) {
        let after = self.text.get(self.cursor..).unwrap_or_default();
        self.cursor += after.chars().next().map_or(0, char::len_utf8);
    }

    /// To the beginning.
    pub(super) fn home(&mut self) {
        self.cursor = 0;
    }

    /// To the end.
    pub(super) fn end(&mut self) {
        self.cursor = self.text.len();
    }

    /// Forgets what is typed.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.cursor = 0;
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
            None => std::mem::take(&mut self.text),
        };
        self.recalled = Some((at - 1, typed));
        self.set(entry);
    }

    /// The line after in the history; after the last what was typed before.
    pub(super) fn newer(&mut self) {
        let Some((at, typed)) = self.recalled.take() else {
            return;
        };
        match self.history.get(at + 1).cloned() {
            Some(entry) => {
                self.recalled = Some((at + 1, typed));
                self.set(entry);
            }
            None => self.set(typed),
        }
    }

    /// Ends the line: it is part of the history, unless it is empty or the same as the one before.
    pub(super) fn enter(&mut self) -> String {
        let text = std::mem::take(&mut self.text);
        self.clear();
        if !text.trim().is_empty() && self.history.last() != Some(&text) {
            self.history.push(text.clone());
            if self.history.len() > MOST_LINES {
                self.history.remove(0);
            }
        }
        text
    }

    /// Takes what can stand at the cursor: the only one is typed, of several what they have in common, and
    /// then one after the other.
    pub(super) fn propose(&mut self, all: Vec<Completion>) {
        self.proposals = None;
        let Some(first) = all.first() else {
            return;
        };
        let start = first.start;
        if let [only] = &all[..] {
            let text = format!("{} ", only.text.trim_end());
            self.replace(start, &text);
            return;
        }
        if all.iter().all(|it| it.start == start) {
            let common = common(all.iter().map(|it| it.text.as_str()));
            let typed = self.before().get(start..).unwrap_or_default();
            if common.len() > typed.len() {
                let common = common.to_owned();
                self.replace(start, &common);
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
            self.replace(one.start, &one.text);
        }
        self.proposals = Some(proposals);
    }

    fn replace(&mut self, start: usize, text: &str) {
        if self.text.is_char_boundary(start) && start <= self.cursor {
            self.text.replace_range(start..self.cursor, text);
            self.cursor = start + text.len();
        }
    }

    fn set(&mut self, text: String) {
        self.cursor = text.len();
        self.text = text;
    }

    fn before(&self) -> &str {
        self.text.get(..self.cursor).unwrap_or_default()
    }

    fn word_start(&self) -> usize {
        let before = self.before().trim_end();
        match before.rfind(char::is_whitespace) {
            Some(at) => at + before[at..].chars().next().map_or(1, char::len_utf8),
            None => 0,
        }
    }
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
