//! Executes lines.

use super::{Failure, Output, Repeats, Settings, Style, lookup};

/// What is to come after a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// The next line.
    Go,
    /// The next line, if a person types them: this one failed, and a script ends.
    Failed,
    /// More lines of what was begun: the commands of a breakpoint, up to `end`.
    NeedsMore,
    /// Nothing: the debugger ends with this status.
    Quit(i32),
}

/// What executes lines, and remembers what one means to the next.
pub struct Console {
    /// What is debugged.
    pub session: crate::Session,
    /// How things are shown.
    pub settings: Settings,
    /// The line that an empty one repeats.
    again: Option<String>,
}

impl Console {
    /// A console.
    pub fn new(session: crate::Session) -> Self {
        Console {
            session,
            settings: Settings::default(),
            again: None,
        }
    }

    /// What stands before a line that a person types.
    pub fn prompt(&self) -> &'static str {
        "(wdb) "
    }

    /// Executes a line. A line that is empty, or begins with `#`, does nothing.
    pub fn execute(&mut self, line: &str, out: &mut dyn Output) -> Flow {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Flow::Go;
        }
        self.again = None;
        let flow = lookup::find(line).and_then(|(command, call)| {
            let flow = (command.run)(self, &call, out)?;
            self.again = match command.repeats {
                Repeats::No => None,
                Repeats::Same => Some(line.to_owned()),
                Repeats::Onwards => Some(call.name.to_owned()),
            };
            Ok(flow)
        });
        match flow {
            Ok(flow) => flow,
            Err(Failure(message)) => {
                out.write(Style::Error, "error: ");
                out.line(&message);
                Flow::Failed
            }
        }
    }

    /// What an empty line means where a person types: the line before again, if that is what its command wants.
    pub fn again(&self) -> Option<&str> {
        self.again.as_deref()
    }
}
