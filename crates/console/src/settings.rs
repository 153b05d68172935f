//! What the user can set: `set listsize 20`, `show listsize`.

use crate::failure::Failure;
use wdb_symbols::render::Limits;

/// How things are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How many lines `list` shows.
    pub list_size: u64,
    /// How many names `info functions`, `info types` and `info sources` list.
    pub height: usize,
    /// How much of a value is shown.
    pub limits: Limits,
    /// Whether addresses are shown in a backtrace.
    pub addresses: bool,
    /// How many source lines a stop shows before its line.
    pub context_before: u64,
    /// How many source lines a stop shows after its line.
    pub context_after: u64,
    /// Whether a breakpoint that belongs nowhere is kept.
    pub pending: bool,
}

/// At most this many names are listed by default: more are not read.
const DEFAULT_HEIGHT: usize = 200;

impl Default for Settings {
    fn default() -> Self {
        Settings {
            list_size: 10,
            height: DEFAULT_HEIGHT,
            limits: Limits {
                depth: 8,
                elements: 200,
                text: 400,
                line: 64 << 10,
                values: 20_000,
            },
            addresses: false,
            context_before: 0,
            context_after: 0,
            pending: false,
        }
    }
}

/// A setting, for lists of them.
pub(super) struct Setting {
    /// Its name, which may have two words.
    pub(super) name: &'static str,
    /// What else it is called.
    pub(super) alias: &'static str,
    /// What it is.
    pub(super) summary: &'static str,
    kind: Kind,
}

/// What a setting is, and where it is kept.
enum Kind {
    Number(fn(&mut Settings) -> &mut u64, u64),
    Depth,
    Values,
    Height,
    Switch(fn(&mut Settings) -> &mut bool),
}

/// All settings.
pub(super) static SETTINGS: &[Setting] = &[
    Setting {
        name: "listsize",
        alias: "list size",
        summary: "how many lines `list` shows",
        kind: Kind::Number(|it| &mut it.list_size, 100_000),
    },
    Setting {
        name: "height",
        alias: "pagination",
        summary: "how many names `info functions`, `info types` and `info sources` list",
        kind: Kind::Height,
    },
    Setting {
        name: "print elements",
        alias: "target.max-children-count",
        summary: "how many elements of an array, a vector or a map are shown",
        kind: Kind::Number(|it| &mut it.limits.elements, 1 << 20),
    },
    Setting {
        name: "print characters",
        alias: "target.max-string-summary-length",
        summary: "how many bytes of a text are shown",
        kind: Kind::Number(|it| &mut it.limits.text, 1 << 24),
    },
    Setting {
        name: "print max-depth",
        alias: "target.max-children-depth",
        summary: "how many levels of members and pointers are followed",
        kind: Kind::Depth,
    },
    Setting {
        name: "print values",
        alias: "print max-values",
        summary: "how many values are shown in all",
        kind: Kind::Values,
    },
    Setting {
        name: "print address",
        alias: "print addresses",
        summary: "whether a backtrace shows where in the module each frame is",
        kind: Kind::Switch(|it| &mut it.addresses),
    },
    Setting {
        name: "context before",
        alias: "stop-line-count-before",
        summary: "how many source lines a stop shows before its own",
        kind: Kind::Number(|it| &mut it.context_before, 100),
    },
    Setting {
        name: "context after",
        alias: "stop-line-count-after",
        summary: "how many source lines a stop shows after its own",
        kind: Kind::Number(|it| &mut it.context_after, 100),
    },
    Setting {
        name: "breakpoint pending",
        alias: "pending",
        summary: "whether a breakpoint that belongs nowhere is kept, for scripts that serve several programs",
        kind: Kind::Switch(|it| &mut it.pending),
    },
];

/// The setting that `text` begins with, and what comes after its name.
pub(super) fn find(text: &str) -> Option<(&'static Setting, &str)> {
    SETTINGS.iter().find_map(|setting| {
        let rest = [setting.name, setting.alias]
            .into_iter()
            .find_map(|name| text.strip_prefix(name))?;
        let ends = rest.is_empty() || rest.starts_with(char::is_whitespace);
        ends.then(|| (setting, rest.trim()))
    })
}

impl Setting {
    /// Its value, as it is written.
    pub(super) fn show(&self, settings: &Settings) -> String {
        let mut settings = settings.clone();
        match self.kind {
            Kind::Number(at, _) => at(&mut settings).to_string(),
            Kind::Depth => settings.limits.depth.to_string(),
            Kind::Values => settings.limits.values.to_string(),
            Kind::Height if settings.height == usize::MAX => "unlimited".to_owned(),
            Kind::Height => settings.height.to_string(),
            Kind::Switch(at) => if *at(&mut settings) { "on" } else { "off" }.to_owned(),
        }
    }

    /// Gives it a value.
    pub(super) fn set(&self, settings: &mut Settings, text: &str) -> Result<(), Failure> {
        let number = |most: u64| match text {
            "unlimited" => Ok(most),
            _ => match text.parse::<u64>() {
                Ok(number) if number <= most => Ok(number),
                _ => Err(Failure(format!(
                    "`{}` is a number from 0 to {most}, or `unlimited`",
                    self.name
                ))),
            },
        };
        match self.kind {
            Kind::Number(at, most) => *at(settings) = number(most)?,
            // Scripts of gdb have `set height 0` and `set pagination off`.
            Kind::Height => {
                settings.height = match text {
                    "0" | "off" | "unlimited" => usize::MAX,
                    "on" => DEFAULT_HEIGHT,
                    _ => usize::try_from(number(1 << 31)?).unwrap_or(usize::MAX),
                };
            }
            Kind::Depth => {
                settings.limits.depth = u32::try_from(number(64)?).unwrap_or(64);
            }
            Kind::Values => {
                settings.limits.values = u32::try_from(number(1 << 20)?).unwrap_or(1 << 20);
            }
            Kind::Switch(at) => {
                *at(settings) = match text {
                    "on" | "yes" | "true" | "1" => true,
                    "off" | "no" | "false" | "0" => false,
                    _ => return Err(Failure(format!("`{}` is `on` or `off`", self.name))),
                }
            }
        }
        Ok(())
    }
}

/// Settings of gdb's and LLDB's that change nothing here, by the words that they begin with: a script that gives them
/// goes on.
pub(super) static IGNORED: &[&str] = &[
    "annotate",
    "architecture",
    "auto-confirm",
    "auto-load",
    "backtrace",
    "breakpoint always-inserted",
    "breakpoint auto-hw",
    "can-use-hw-watchpoints",
    "case-sensitive",
    "charset",
    "complaints",
    "confirm",
    "cp-abi",
    "debuginfod",
    "demangle-style",
    "detach-on-fork",
    "disable-randomization",
    "disassemble-next-line",
    "disassembly-flavor",
    "editing",
    "endian",
    "exec-done-display",
    "filename-display",
    "follow-exec-mode",
    "follow-fork-mode",
    "history",
    "host-charset",
    "index-cache",
    "language",
    "max-completions",
    "max-user-call-depth",
    "max-value-size",
    "multiple-symbols",
    "non-stop",
    "opaque-type-resolution",
    "osabi",
    "print array",
    "print asm-demangle",
    "print demangle",
    "print entry-values",
    "print finish",
    "print frame-arguments",
    "print frame-info",
    "print inferior-events",
    "print null-stop",
    "print object",
    "print pretty",
    "print raw-frame-arguments",
    "print repeats",
    "print sevenbit-strings",
    "print static-members",
    "print symbol",
    "print symbol-filename",
    "print symbol-loading",
    "print thread-events",
    "print type",
    "print union",
    "print vtbl",
    "python",
    "remotetimeout",
    "schedule-multiple",
    "scheduler-locking",
    "solib-search-path",
    "startup-with-shell",
    "step-mode",
    "stop-disassembly-count",
    "stop-disassembly-display",
    "stop-on-solib-events",
    "style",
    "sysroot",
    "target-charset",
    "target.inline-breakpoint-strategy",
    "target.load-cwd-lldbinit",
    "target.x86-disassembly-flavor",
    "term-width",
    "trace-commands",
    "tui",
    "unwindonsignal",
    "use-color",
    "use-source-cache",
    "verbose",
    "width",
];

/// Whether a text begins with the name of a setting of gdb's or LLDB's that is not there.
pub(super) fn is_known(text: &str) -> bool {
    let absent = ABSENT.iter().flat_map(|it| it.names);
    let mut names = IGNORED.iter().chain(absent);
    names.any(|name| value_of(text, name).is_some())
}

/// What follows the name of a setting, if a text begins with that.
fn value_of<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let rest = text.strip_prefix(name)?;
    let ends = rest.is_empty() || rest.starts_with([' ', '\t', '-']);
    ends.then(|| rest.trim())
}

/// A setting of gdb's that means something, and is not there.
pub(super) struct Absent {
    names: &'static [&'static str],
    /// The values that say what is so without it.
    usual: &'static [&'static str],
    /// What is so, and what to use instead: a sentence without its full stop.
    pub(super) instead: &'static str,
    /// What comes after it in a script would mean something else than was meant.
    pub(super) misleads: bool,
}

static ABSENT: &[Absent] = &[
    Absent {
        names: &["input-radix", "radix"],
        usual: &["10", "0xa", "012"],
        instead: "a number in an expression is decimal, hexadecimal as `0x10`, octal as `0o10` or binary as `0b10`",
        misleads: true,
    },
    Absent {
        names: &["output-radix"],
        usual: &["10", "0xa", "012"],
        instead: "numbers are shown as the source writes them; `print/x` and `display/x` show one in hexadecimal, `/o` in octal",
        misleads: false,
    },
    Absent {
        names: &["logging"],
        usual: &["off", "enabled off"],
        instead: "nothing is logged; `--transcript FILE`, where wdb is started, keeps what a session writes",
        misleads: false,
    },
    Absent {
        names: &["prompt"],
        usual: &["(wdb)"],
        instead: "the prompt stays `(wdb)`",
        misleads: false,
    },
];

/// The setting that a text begins with, of those that are not there; none where its value says what is so anyway.
pub(super) fn absent(text: &str) -> Option<&'static Absent> {
    ABSENT.iter().find(|absent| {
        let mut values = absent.names.iter().filter_map(|name| value_of(text, name));
        values.any(|value| !absent.usual.contains(&value))
    })
}
