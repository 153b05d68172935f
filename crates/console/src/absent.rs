//! Commands that gdb or LLDB have and wdb does not have yet: one table that says what to use instead.

use crate::failure::Failure;

/// A command that is not there.
pub(super) struct Absent {
    /// What it is called, by gdb and by LLDB; a name may have several words.
    pub(super) names: &'static [&'static str],
    /// What is missing, and what to use instead: a sentence without its full stop.
    pub(super) instead: &'static str,
}

const fn absent(names: &'static [&'static str], instead: &'static str) -> Absent {
    Absent { names, instead }
}

/// All of them, in the order of `docs/commands.md`.
pub(super) static ABSENT: &[Absent] = &[
    absent(
        &[
            "watch",
            "rwatch",
            "awatch",
            "watchpoint",
            "w s",
            "w set",
            "info watchpoints",
        ],
        "there are no watchpoints yet; `break PLACE if EXPRESSION` stops at a place when a value is what you look for, and `display EXPRESSION` shows a value at each stop",
    ),
    absent(
        &["breakpoint clear"],
        "there is no `breakpoint clear`; `clear PLACE` deletes the breakpoints of a place, and `delete NUMBER` one of them",
    ),
    absent(
        &["breakpoint name"],
        "breakpoints have numbers and no names; `info breakpoints` lists them",
    ),
    absent(
        &["breakpoint read"],
        "there is no `breakpoint read`; `source FILE` executes the commands that `save breakpoints FILE` has written",
    ),
    absent(
        &["output"],
        "there is no `output`; `print` shows a value, and `echo` writes a text",
    ),
    absent(
        &["dprintf"],
        "there is no `dprintf`; `log PLACE a text with {EXPRESSION}` writes a text each time that a place is reached",
    ),
    absent(
        &["eval"],
        "there is no `eval`; `define NAME` makes a command that takes arguments",
    ),
    absent(
        &["printf"],
        "there is no `printf` yet; `echo` writes a text, `print` a value, and `log PLACE a text with {EXPRESSION}` both each time that a place is reached",
    ),
    absent(
        &["return"],
        "a frame cannot be made to return; `finish` runs to its end, and `abandon` gives up a function that `call` has called",
    ),
    absent(
        &["jump", "j", "thread jump"],
        "a program cannot be made to go on elsewhere; `run` starts it anew",
    ),
    absent(
        &[
            "python",
            "py",
            "python-interactive",
            "pi",
            "script",
            "guile",
        ],
        "there are no scripts in another language; `define NAME` makes a command of several, `source FILE` executes a file of them",
    ),
    absent(
        &[
            "reverse-step",
            "reverse-next",
            "reverse-continue",
            "reverse-finish",
            "reverse-stepi",
            "reverse-nexti",
            "rs",
            "rn",
            "rc",
            "record",
            "checkpoint",
        ],
        "a program cannot run backwards yet; `run` starts it anew with the same breakpoints, and `ignore NUMBER COUNT` passes over hits",
    ),
    absent(
        &["rbreak", "rb"],
        "there is no `rbreak`; `break` takes a name with stars: `break parse_*`",
    ),
    absent(
        &["frame apply", "faas"],
        "no command can be applied to all frames yet; `backtrace full` shows the locals of each, and `print $frame[2].NAME` is a variable of one",
    ),
    absent(
        &["thread apply", "taas", "tfaas"],
        "no command can be applied to all threads yet; `info threads` lists them, and `thread NUMBER` selects one",
    ),
    absent(
        &[
            "attach",
            "process attach",
            "add-inferior",
            "inferior",
            "info inferiors",
        ],
        "wdb cannot attach to a process; it runs the program itself: `wdb debug PROGRAM`",
    ),
    absent(
        &[
            "target remote",
            "target extended-remote",
            "process connect",
            "gdb-remote",
            "monitor",
            "target sim",
        ],
        "wdb cannot connect to another engine yet; it runs the program itself: `wdb debug PROGRAM`",
    ),
    absent(
        &[
            "file",
            "exec-file",
            "symbol-file",
            "add-symbol-file",
            "target create",
        ],
        "the program is named where wdb is started: `wdb debug PROGRAM`, with `--symbols` for its debug information",
    ),
    absent(
        &["core-file", "target core"],
        "a dump is named where wdb is started: `wdb core DUMP`",
    ),
    absent(
        &["shell", "make", "pipe", "platform shell"],
        "wdb runs no other programs; `--transcript FILE` keeps what a session writes in a file",
    ),
    absent(
        &["search", "forward-search", "fo", "reverse-search", "rev"],
        "there is no search in the source; `list PLACE` shows it, and `info functions TEXT` finds functions",
    ),
    absent(
        &["layout", "focus", "refresh", "winheight"],
        "the full screen has one layout: `tui` shows it, and F1 there its keys",
    ),
    absent(
        &["macro", "info macro", "info macros"],
        "macros are not known yet: print what they stand for",
    ),
    absent(
        &[
            "info proc",
            "info signals",
            "info handle",
            "info os",
            "signal",
        ],
        "a WebAssembly program has no process of its own and gets no signals; `info program` and `info memories` show what there is",
    ),
    absent(
        &["info vtbl"],
        "virtual tables are not shown; `print *POINTER` shows the class that an object is of",
    ),
    absent(
        &["compile", "tracepoint", "strace", "ftrace"],
        "there is no such command; `log PLACE MESSAGE` writes a message each time a place is reached",
    ),
    absent(
        &["edit"],
        "wdb starts no editor; `info source` shows which file the frame is in",
    ),
    absent(
        &["while", "if", "document", "while-stepping"],
        "the lines of a script are executed one after the other; `break PLACE if EXPRESSION` stops on a condition",
    ),
];

impl Absent {
    pub(super) fn failure(&self) -> Failure {
        Failure(self.instead.to_owned())
    }
}

/// The one that a line of these words means, of those whose names have several: their first words are those of
/// commands that are there.
pub(super) fn of_several_words(typed: &[&str]) -> Option<&'static Absent> {
    let is_it = |name: &&str| {
        let count = name.split(' ').count();
        count > 1
            && typed
                .get(..count)
                .is_some_and(|it| name.split(' ').eq(it.iter().copied()))
    };
    ABSENT.iter().find(|it| it.names.iter().any(is_it))
}

/// The one that is called so.
pub(super) fn of_one_word(word: &str) -> Option<&'static Absent> {
    ABSENT.iter().find(|it| it.names.contains(&word))
}
