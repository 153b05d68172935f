//! Names of files in messages: cut, for a name may have any length.

use std::fmt;

/// Shows a text up to this many characters.
pub(crate) struct Cut<'a>(pub(crate) &'a str);

/// The most characters of a name that a message has.
const LONGEST: usize = 100;

impl fmt::Display for Cut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(LONGEST) {
            Some((end, _)) => write!(f, "{}…", self.0.get(..end).unwrap_or_default()),
            None => f.write_str(self.0),
        }
    }
}
