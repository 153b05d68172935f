//! Words that several commands say.

use wdb_debuggee::coredump::ModuleId;
use wdb_examine::view::View;
use wdb_symbols::printable;

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

/// That the file of a module was not found: why something is not known of its code. `None`: it was found.
pub(crate) fn without_file(view: &View<'_>, module: ModuleId) -> Option<String> {
    let module = view.modules().get(module.position())?;
    if module.binary.is_some() {
        return None;
    }
    let name = match module.record.name.as_str() {
        "" => String::new(),
        name => format!(" `{}`", printable(name)),
    };
    Some(format!(
        "the module{name} was not found; name it with --module"
    ))
}

/// The first of the modules whose file was not found, as [`without_file`] says it.
pub(crate) fn any_without_file(view: &View<'_>) -> Option<String> {
    view.module_ids().find_map(|it| without_file(view, it))
}

/// Items for a sentence: `a, b or c`.
pub(crate) fn list(items: &[String], last: &str) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [rest @ .., end] => format!("{} {last} {end}", rest.join(", ")),
    }
}
