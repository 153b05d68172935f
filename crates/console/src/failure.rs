//! Why a command failed.

/// Why a command failed, in whole or in part: a text for the user, of one line or more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure(pub(crate) String);

impl From<wdb_debuggee::Error> for Failure {
    fn from(error: wdb_debuggee::Error) -> Self {
        Failure(error.to_string())
    }
}

impl From<wdb_session::Error> for Failure {
    fn from(error: wdb_session::Error) -> Self {
        use wdb_session::Error;
        let command = match error {
            Error::Ended | Error::Crashed(_) => "; `run` starts it anew",
            Error::CallCrashed => "; `abandon` gives it up",
            Error::NotStarted => "; `run` runs it",
            _ => "",
        };
        Failure(format!("{error}{command}"))
    }
}

impl From<&str> for Failure {
    fn from(message: &str) -> Self {
        Failure(message.to_owned())
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Failure(message)
    }
}
