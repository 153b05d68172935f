//! What a program is given when it is started.

use std::path::PathBuf;

use wdb_target::Debuggee;

/// What the user can change from one start of the program to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// Its arguments, without its own name.
    pub arguments: Vec<String>,
    /// Its environment, each name once.
    pub environment: Vec<(String, String)>,
    /// The terminal that its input comes from and its output goes to. `None`: what the debugger was started with.
    pub terminal: Option<PathBuf>,
}

/// Starts the program anew; it has run nothing then.
pub struct Launch {
    /// What it is given.
    pub given: Given,
    /// Starts it.
    pub start: Start,
}

/// Starts a program with what it is given.
pub type Start = Box<dyn FnMut(&Given) -> Result<Box<dyn Debuggee>, wdb_target::Error>>;

impl Given {
    /// Sets a variable of the environment.
    pub fn set_variable(&mut self, name: &str, value: &str) {
        self.unset_variable(name);
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// Takes a variable out of the environment. Whether there was one.
    pub fn unset_variable(&mut self, name: &str) -> bool {
        let before = self.environment.len();
        self.environment.retain(|it| it.0 != name);
        self.environment.len() < before
    }
}
