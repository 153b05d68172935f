//! What a program is given when it is started.

use std::path::PathBuf;

use wdb_debuggee::Debuggee;

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

/// How the program is started anew.
pub struct Launch {
    /// What it is given.
    pub given: Given,
    /// Starts it.
    pub launcher: Box<dyn Launcher>,
}

/// Starts a program, any number of times.
pub trait Launcher {
    /// Starts it with what it is given; it has run nothing then. One that was built anew is started as it is now.
    ///
    /// # Errors
    ///
    /// When it cannot be started. The next attempt may succeed.
    fn start(&mut self, given: &Given) -> Result<Started, wdb_debuggee::Error>;

    /// Whether it seems to have been built anew since it was started last.
    fn has_changed(&self) -> bool {
        false
    }
}

/// A program that was started.
pub struct Started {
    /// The program.
    pub debuggee: Box<dyn Debuggee>,
    /// What of it was built anew since it was started last, by name. Empty: it is the same program.
    pub changed: Vec<String>,
}

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
