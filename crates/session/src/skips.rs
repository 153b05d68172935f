//! Code that a user who steps through a program does not want to see.

use wdb_examine::view::Spot;
use wdb_symbols::glob;

/// Code that steps do not stop in.
#[derive(Clone, Debug)]
pub struct Skips {
    /// Functions by name, as those of breakpoints: `*` stands for any text.
    pub functions: Vec<String>,
    /// Source files by path, where `*` stands for any text.
    pub files: Vec<String>,
    /// The runtime and the standard library of the language.
    pub runtime: bool,
}

impl Default for Skips {
    fn default() -> Self {
        Skips {
            functions: Vec::new(),
            files: Vec::new(),
            runtime: true,
        }
    }
}

impl Skips {
    /// Whether a step does not stop there: also where there is no source.
    pub(crate) fn skip(&self, spot: &Spot) -> bool {
        let location = &spot.location;
        let (Some(file), Some(_)) = (&location.file, location.line) else {
            return true;
        };
        let is_called = |pattern: &String| {
            let name = location.function.as_ref();
            name.is_some_and(|it| it.is_called(pattern)) || glob::matches(pattern, &spot.function)
        };
        self.runtime && spot.family.is_some()
            || self.functions.iter().any(is_called)
            || self.files.iter().any(|it| glob::matches(it, file))
    }
}
