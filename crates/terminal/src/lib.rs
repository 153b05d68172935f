//! The terminal: what is between the user and [`wdb_console::Console`].
//!
//! [`repl`] is the command line in a terminal, and the scripts that run without one; `tui` is the same in a
//! full screen, to which the user goes over and back. Files are the caller's: a front end has only what it is
//! given.

mod ctrl_c;
mod last_words;
pub mod progress;
pub mod repl;
mod tui;

pub use ctrl_c::CtrlC;
pub use last_words::last_words;

/// What the terminal can do, or what is used instead.
#[derive(Clone, Copy, Debug, Default)]
pub struct Abilities {
    /// It shows colours, and the user wants them.
    pub colour: bool,
    /// Its cursor can be moved and its lines erased: it is more than a printer.
    pub cursor: bool,
}
