//! What can be done about a program that could not be started, in the flags of the command line.

use wdb_debuggee::launch::{Advice, LaunchError};

/// What can be done about an error, as the end of its sentence. Often nothing.
pub(crate) fn advice(error: &anyhow::Error) -> &'static str {
    let launch = error.downcast_ref::<LaunchError>();
    match launch.and_then(LaunchError::advice) {
        None => "",
        Some(Advice::Http) => "; -S http lets it send HTTP requests",
        Some(Advice::Trap) => {
            "; with -W unknown-imports-trap it runs until it calls what is not there"
        }
        Some(Advice::Preload) => "; --preload NAME=MODULE gives it the exports of a module",
        Some(Advice::PreloadOrTrap) => {
            "; --preload NAME=MODULE gives it the exports of a module, and with -W unknown-imports-trap it runs until it calls one"
        }
        Some(Advice::Invoke) => "; --invoke NAME calls one of them",
    }
}
