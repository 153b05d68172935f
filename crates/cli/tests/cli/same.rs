//! Commands that need no execution print the same of a program that is stopped and of the dump of that stop.

use libtest_mimic::Failed;

/// A program that is stopped somewhere.
pub(crate) struct Guest {
    /// The fixture.
    name: &'static str,
    /// What `wdb debug` is given.
    options: &'static str,
    /// The commands that go to the stop. The listing marks breakpoints, of which a dump has none: they are deleted.
    way: &'static [&'static str],
    /// Expressions that the frame knows.
    expressions: &'static [&'static str],
}

impl Guest {
    /// What only it has.
    pub(crate) fn title(&self) -> String {
        format!("{}: {}", self.name, self.way.join(", "))
    }
}

const fn guest(
    name: &'static str,
    way: &'static [&'static str],
    expressions: &'static [&'static str],
) -> Guest {
    Guest {
        name,
        options: "",
        way,
        expressions,
    }
}

/// Every language, kind of debug information and kind of stop.
pub(crate) const GUESTS: &[Guest] = &[
    // A breakpoint at the beginning, steps of every kind, the end of a function, a host call.
    guest(
        "c-variables.wasm",
        &["break main", "run", "delete", "stepi", "nexti"],
        &["global_count", "&global_count", "argv", "main"],
    ),
    guest(
        "c-div-zero.wasm",
        &["break average", "run", "delete", "next", "step"],
        &["values", "*values", "values[1]", "count + 1", "values == 0"],
    ),
    guest(
        "c-steps.wasm",
        &["break sum_of", "run", "delete", "finish"],
        &[
            "state",
            "state.flags.low",
            "&state.there",
            "values",
            "values[1]",
            "box.weight",
            "wide >> 3",
            "half",
        ],
    ),
    guest(
        "c-wasi-io.wasm",
        &["catch hostcall *.fd_write", "run", "delete"],
        &["iovs[0]", "*iovs", "fd"],
    ),
    guest(
        "c-sqlite-o0.wasm",
        &["break sqlite3_step", "run", "delete"],
        &["*pStmt"],
    ),
    // Crashes, with every kind of debug information for C.
    guest("c-variables.wasm", &["run"], &["amount"]),
    guest("c-variables-dwarf5.wasm", &["run"], &["amount"]),
    guest("c-variables-o1.wasm", &["run"], &["amount"]),
    guest("c-variables-o2.wasm", &["run"], &["amount"]),
    guest("c-inlined-o2.wasm", &["run"], &["1"]),
    guest(
        "c-inlined-o2-dwarf5.wasm",
        &["break main", "run", "delete", "next"],
        &["argc"],
    ),
    guest("c-split.wasm", &["run"], &["values", "count"]),
    guest(
        "c-names-only.wasm",
        &["break main", "run", "delete"],
        &["$local[1]"],
    ),
    guest("c-stripped.wasm", &["run"], &["$stack[0]"]),
    guest("c-null-read.wasm", &["run"], &["1"]),
    guest("c-stack-overflow.wasm", &["run"], &["1"]),
    Guest {
        options: "--timeout 300ms ",
        ..guest("c-hang.wasm", &["run"], &["1"])
    },
    // C++.
    guest(
        "cpp-library.wasm",
        &["run"],
        &["registry", "*unique", "shared->base", "mine"],
    ),
    guest("cpp-types.wasm", &["run"], &["1"]),
    guest("cpp-types-o2.wasm", &["run"], &["1"]),
    guest(
        "cpp-vector-at.wasm",
        &["break main", "run", "delete", "step", "step"],
        &["1"],
    ),
    guest("cpp-exception.wasm", &["run"], &["*this", "frame"]),
    guest(
        "cpp-exception.wasm",
        &["catch throw", "run", "delete"],
        &["*this", "frame"],
    ),
    // Rust.
    guest("rust-collections.wasm", &["run"], &["1"]),
    guest(
        "rust-index-panic.wasm",
        &["run"],
        &["plan", "plan.seats", "number"],
    ),
    guest("rust-types.wasm", &["run"], &["1"]),
    guest("rust-types-release.wasm", &["run"], &["1"]),
    guest("rust-inlined-release.wasm", &["run"], &["1"]),
    guest("rust-refcell.wasm", &["run"], &["1"]),
    // Zig and AssemblyScript, the latter with a source map.
    guest("zig-values.wasm", &["run"], &["1"]),
    guest("as-bounds.wasm", &["run"], &["$local[0]"]),
    // Components.
    guest("component-c-div-zero.wasm", &["run"], &["values", "count"]),
    guest("component-rust-panic.wasm", &["run"], &["1"]),
    // What only WebAssembly has.
    guest(
        "wat-state.wasm",
        &["run"],
        &["$pc", "$global.g_v128", "$memory.side[0..8]"],
    ),
    guest(
        "wat-gc.wasm",
        &["run"],
        &["$local.scores", "$global.last", "$table.people[1]"],
    ),
    guest(
        "wat-multi-value.wasm",
        &["run"],
        &["$local.dividend", "$stack[0]"],
    ),
    guest("wat-memory64.wasm", &["run"], &["$stack[0]", "$memory[0]"]),
    guest("wat-tail-call.wasm", &["run"], &["$pc"]),
    guest("wat-exception.wasm", &["run"], &["$pc"]),
    guest(
        "wat-exception.wasm",
        &["catch throw", "run", "delete"],
        &["$pc"],
    ),
    guest(
        "wat-shared-memory.wasm",
        &["run"],
        &["$stack[0]", "$memory[0x80..0x90]"],
    ),
    guest("wat-host-error.wasm", &["run"], &["$stack[0]"]),
];

/// Everything that looks.
const COMMANDS: &str = "\
backtrace
backtrace full
backtrace all
backtrace -3
info locals
info args
info frame
info line
info line main
info line *0x100
info source
info sources
info functions main
info functions
info types
info types a
info statics
info modules
info instances
info memories
info globals
info tables
info tables 0
info tables 1
info threads
info registers
info notes
thread
list
list -
list main
disassemble
disassemble all
disassemble/s
x/8xw 1024
x/4dw 1024
x/4uh 1024
x/8cb 1024
x/2fg 1024
x/2fw 1024
x/3ow 1024
x/3tb 1024
x/2ag 1024
x/40 1024
x
x/s 1024
x/2i $pc
x 0xfffffff0
print $pc
print $frame
print $local[0]
print/x $local[0]
print $stack[0]
print $global[0]
print $memory[1024]
print $memory[1024..1032]
print $table[1]
print sizeof(int)
print nosuch
ptype int
image lookup -n main
display 1 + 2
info display
up
info locals
info registers
info frame
list
disassemble
print $frame
down
frame 1
frame variable
frame function main
info locals
frame 2
info locals
frame 0
";

/// Marks where the answers begin.
const MARK: &str = "---- begin";

pub(crate) fn compare(guest: &Guest) -> Result<(), Failed> {
    let Guest { name, options, .. } = guest;
    let directory = tempfile::tempdir()?;
    let mut script = format!("echo {MARK}\\n\n");
    // Where the way has led is where the expressions mean something.
    for expression in guest.expressions {
        for command in [
            "print",
            "print/x",
            "ptype",
            "whatis",
            "x/8xb",
            "info line",
            "display",
        ] {
            script.push_str(&format!("{command} {expression}\n"));
        }
    }
    script.push_str(COMMANDS);
    let mut arrive: String = guest.way.iter().map(|it| format!("{it}\n")).collect();
    arrive.push_str("dump core x.core\n");
    let arrive = arrive + &script;
    let live = super::run_with(
        &format!("wdb debug {options}--sources %s/ %f/{name} <<"),
        directory.path(),
        &arrive,
    )?;
    let dump = super::run_with(
        "wdb core --sources %s/ x.core <<",
        directory.path(),
        &script,
    )?;
    let (live, dump) = (answers(&live.stdout), answers(&dump.stdout));
    if live.is_empty() || live != dump {
        return Err(super::difference(&live, &dump).into());
    }
    Ok(())
}

fn answers(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    let lines = text.lines().skip_while(|line| *line != MARK);
    lines.collect::<Vec<_>>().join("\n")
}
