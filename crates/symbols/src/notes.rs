//! Notes about broken debug information. They tell the user why a name or a line is missing.

use std::sync::{Mutex, PoisonError};

/// At most this many notes are kept: more would not help the user.
const MOST: usize = 100;

/// Sentences, each once, in the order in which they were added.
#[derive(Default)]
pub(crate) struct Notes(Mutex<Vec<String>>);

impl Notes {
    pub(crate) fn add(&self, note: String) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() < MOST && !all.contains(&note) {
            all.push(note);
        }
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
