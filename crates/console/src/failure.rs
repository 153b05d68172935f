//! Why a command failed.

use wdb_examine::expression::{self, Wish};

/// Why a command failed, in whole or in part: a text for the user, of one line or more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure(pub(crate) String);

/// What is wrong with an expression, with the command that may have been meant.
pub(crate) fn of_expression(error: &expression::Error, text: &str) -> Failure {
    let command = match &error.wish {
        None => String::new(),
        Some(Wish::Variable(name)) => format!("; `set ${name} = 0` makes it"),
        Some(Wish::Step(sign)) => format!("; `set x {sign}= 1` does"),
    };
    let error = expression::Error {
        message: format!("{}{command}", error.message),
        ..error.clone()
    };
    Failure(error.show(text))
}

impl From<wdb_debuggee::Error> for Failure {
    fn from(error: wdb_debuggee::Error) -> Self {
        Failure(error.to_string())
    }
}

impl From<wdb_session::Error> for Failure {
    fn from(error: wdb_session::Error) -> Self {
        use wdb_session::Error;
        if let Error::Expression { error, text } = &error {
            return of_expression(error, text);
        }
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
