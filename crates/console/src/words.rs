//! Words that several commands say.

use crate::output::Output;

/// The pattern that names are compared with, when the user gives a part of them, or stars.
pub(crate) fn pattern(text: &str) -> String {
    if text.contains('*') {
        text.to_owned()
    } else {
        format!("*{text}*")
    }
}

/// What is said when not all names are listed, and how to see them.
pub(crate) fn rest_of_list(command: &str, more: usize, out: &mut dyn Output) {
    if more > 0 {
        out.line(&format!(
            "… {more} more; `{command} TEXT` lists those with a text in their names, `set height unlimited` all"
        ));
    }
}

/// Items for a sentence: `a, b or c`.
pub(crate) fn list(items: &[String], last: &str) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [rest @ .., end] => format!("{} {last} {end}", rest.join(", ")),
    }
}
