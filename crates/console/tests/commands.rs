//! The commands of the debugger over core dumps: each file of `tests/commands` is a transcript, which begins with
//! the dump and the module that it is of. `BLESS=1` writes what is so into it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../../examine/tests/examine/support/mod.rs"]
mod support;

use std::fmt::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use support::{Fixtures, dump, modules};
use wdb_console::{Code, Console, Flow, Output, Style, commands, listing, reference};
use wdb_debuggee::coredump::ModuleId;
use wdb_debuggee::coredump::{
    Capture, Crash, CrashKind, Global, Instance, MemoryId, MemoryShape, Process, Table, TableId,
};
use wdb_debuggee::{Certainty, Debuggee, Error, Module, PostMortem, StopReason, Thread};
use wdb_examine::{Resolver, View, places};
use wdb_session::Session;
use wdb_symbols::Symbols;
use wdb_symbols::reading::Reading;

fn console(dump_name: &str, module: &str) -> Console {
    let debuggee = Box::new(dump(dump_name, module));
    let resolver = Box::new(Fixtures::new(modules(module)));
    Console::new(Session::new(debuggee, resolver, None))
}

/// Compares with what a file says, or writes it.
fn hold(path: &Path, actual: &str) -> Result<(), String> {
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    if expected == actual {
        return Ok(());
    }
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, actual).unwrap();
        return Ok(());
    }
    let differs = expected.lines().zip(actual.lines()).find(|(a, b)| a != b);
    let (before, now) = differs.unwrap_or_default();
    Err(format!(
        "{}: BLESS=1 writes what is so\n- {before}\n+ {now}\n",
        path.display()
    ))
}

/// The transcript of the commands of a transcript.
fn played(transcript: &str) -> String {
    let mut out = String::new();
    let mut lines = transcript.lines();
    let head = lines.next().unwrap();
    let _ = writeln!(out, "{head}");
    let (dump, module) = head.strip_prefix("# ").unwrap().split_once(" of ").unwrap();
    let mut console = console(dump, module);
    console.begin(&mut out);
    for line in lines {
        let command = line
            .strip_prefix("(wdb) ")
            .or_else(|| line.strip_prefix(">> "));
        let Some(command) = command else {
            continue;
        };
        let _ = writeln!(out, "{}{command}", console.prompt());
        if let Flow::Quit(status) = console.execute(command, &mut out) {
            let _ = writeln!(out, "# ends with status {status}");
        }
    }
    out
}

/// Debug information whose reading is reported, and is given up after some looks at it.
#[derive(Clone, Default)]
struct Watched {
    begun: Arc<AtomicU32>,
    left: Arc<AtomicU32>,
}

impl Reading for Watched {
    fn begins(&self) -> Box<dyn std::any::Any> {
        self.begun.fetch_add(1, Ordering::Relaxed);
        Box::new(())
    }

    fn is_given_up(&self) -> bool {
        let one_less = |it: u32| it.checked_sub(1);
        let left = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less);
        left.is_err()
    }
}

/// A resolver whose symbols are watched.
struct Slow(Arc<Symbols>);

impl Resolver for Slow {
    fn symbols(&mut self, _: ModuleId) -> Option<Arc<Symbols>> {
        Some(Arc::clone(&self.0))
    }

    fn source(&mut self, _: ModuleId, _: &str) -> Option<String> {
        None
    }
}

#[test]
fn reading_is_told_of_given_up_and_done_again() {
    let answer = |console: &mut Console, line: &str| {
        let mut out = String::new();
        let flow = console.execute(line, &mut out);
        (flow, out)
    };
    for line in [
        "info scope main",
        "info functions o",
        "whatis struct point",
        "info line 100",
        "print counter",
    ] {
        let expected = answer(&mut console("c-variables.wasmtime", "c-variables"), line);
        // At each of the first looks, and at none.
        for looks in [0, 1, 2, 5, 20, 100_000_000] {
            let watched = Watched::default();
            let module = modules("c-variables")[0].clone();
            let symbols = Symbols::new(module, None, None).observed_by(Arc::new(watched.clone()));
            let debuggee = Box::new(dump("c-variables.wasmtime", "c-variables"));
            let resolver = Box::new(Slow(Arc::new(symbols)));
            let mut console = Console::new(Session::new(debuggee, resolver, None));
            watched.left.store(looks, Ordering::Relaxed);
            let (flow, out) = answer(&mut console, line);
            let is_given_up = (flow, out.as_str()) == (Flow::Failed, "error: given up\n");
            assert!(
                is_given_up || (flow, out.clone()) == expected,
                "{line}: {out}"
            );
            assert!(is_given_up || looks > 0, "{line}");
            // Later it is read again, and nothing is kept of what was not read.
            watched.left.store(u32::MAX, Ordering::Relaxed);
            assert_eq!(answer(&mut console, line), expected, "{line} after {looks}");
        }
    }
    // What needs all of the debug information says so.
    let watched = Watched::default();
    watched.left.store(u32::MAX, Ordering::Relaxed);
    let module = modules("c-variables")[0].clone();
    let symbols = Symbols::new(module, None, None).observed_by(Arc::new(watched.clone()));
    let debuggee = Box::new(dump("c-variables.wasmtime", "c-variables"));
    let resolver = Box::new(Slow(Arc::new(symbols)));
    let mut console = Console::new(Session::new(debuggee, resolver, None));
    answer(&mut console, "info functions o");
    let begun = watched.begun.load(Ordering::Relaxed);
    assert!(begun > 0);
    answer(&mut console, "info functions o");
    assert_eq!(watched.begun.load(Ordering::Relaxed), begun);
}

/// Gives up as soon as it has read a little.
#[derive(Default)]
struct Impatient {
    pieces: usize,
}

impl Output for Impatient {
    fn write(&mut self, _: Style, _: &str) {
        self.pieces += 1;
    }

    fn given_up(&self) -> bool {
        self.pieces > 20
    }
}

#[test]
fn a_long_answer_ends_when_it_is_given_up() {
    for line in [
        "x/65536xb 0",
        "x/65536b 0",
        "x/65536s 0",
        "info functions",
        "list 1,300",
        "disassemble main",
        "bt all",
    ] {
        let mut console = console("c-variables.wasmtime", "c-variables");
        let mut out = Impatient::default();
        console.execute(line, &mut out);
        assert!(out.pieces > 5 && out.pieces < 60, "{line}: {}", out.pieces);
    }
}

#[test]
fn a_crash_on_another_thread_is_where_the_user_begins() {
    let mut reading = wdb_coredump::read(support::dump_bytes("c-div-zero.wasmtime")).unwrap();
    let mut idle = reading.dump.threads[0].clone();
    idle.name = "idle".into();
    idle.frames.drain(..idle.frames.len() - 1);
    reading.dump.threads.insert(0, idle);
    reading.dump.crash = Some(Crash {
        thread: 1,
        kind: CrashKind::Trap,
        code: "integer-divide-by-zero".into(),
        message: String::new(),
        causes: Vec::new(),
        exception: None,
    });
    let binaries = modules("c-div-zero").into_iter().map(Some).collect();
    let debuggee = Box::new(PostMortem::new(reading, binaries));
    let resolver = Box::new(Fixtures::new(modules("c-div-zero")));
    let mut console = Console::new(Session::new(debuggee, resolver, None));
    let mut out = String::new();
    console.begin(&mut out);
    assert!(out.contains("#0  average("), "{out}");
    let mut out = String::new();
    assert_eq!(console.execute("thread", &mut out), Flow::Go);
    assert!(out.starts_with("thread 1 "), "{out}");
}

/// A debuggee that has gone away: for every question, or for those whose answers may be long.
struct Gone {
    dump: PostMortem,
    wholly: bool,
}

impl Gone {
    fn answer<T>(
        &mut self,
        answer: impl FnOnce(&mut PostMortem) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if self.wholly {
            return gone();
        }
        answer(&mut self.dump)
    }
}

fn gone<T>() -> Result<T, Error> {
    Err(Error::Debuggee("the guest's thread has ended".into()))
}

impl Debuggee for Gone {
    fn stop_reasons(&self) -> &[StopReason] {
        self.dump.stop_reasons()
    }
    fn process(&self) -> &Process {
        self.dump.process()
    }
    fn capture(&self) -> Capture {
        self.dump.capture()
    }
    fn modules(&self) -> &[Module] {
        self.dump.modules()
    }
    fn instances(&mut self) -> Result<Vec<Instance>, Error> {
        self.answer(PostMortem::instances)
    }
    fn threads(&mut self) -> Result<Vec<Thread>, Error> {
        self.answer(PostMortem::threads)
    }
    fn memories(&mut self) -> Result<Vec<MemoryShape>, Error> {
        self.answer(PostMortem::memories)
    }
    fn read_memory(&mut self, _: MemoryId, _: u64, _: &mut [u8]) -> Result<Certainty, Error> {
        gone()
    }
    fn occupied_memory(&mut self, _: MemoryId) -> Result<Vec<Range<u64>>, Error> {
        gone()
    }
    fn globals(&mut self) -> Result<Vec<Global>, Error> {
        self.answer(PostMortem::globals)
    }
    fn table(&mut self, _: TableId) -> Result<Table, Error> {
        gone()
    }
    fn table_count(&mut self) -> Result<u32, Error> {
        self.answer(|_| Ok(1))
    }
}

#[test]
fn a_debuggee_that_has_gone_away_is_an_error() {
    let wholly = [
        "info memories",
        "info instances",
        "info globals",
        "info threads",
        "info tables",
        "bt",
    ];
    let in_between = [
        "info tables",
        "info tables 0",
        "x/4xb 1024",
        "print $memory[1024]",
        "print $frame[6].line",
    ];
    for (is_whole, lines) in [(true, &wholly[..]), (false, &in_between)] {
        let debuggee = Box::new(Gone {
            dump: dump("c-variables.wasmtime", "c-variables"),
            wholly: is_whole,
        });
        let resolver = Box::new(Fixtures::new(modules("c-variables")));
        let mut console = Console::new(Session::new(debuggee, resolver, None));
        for line in lines {
            let mut out = String::new();
            assert_eq!(
                console.execute(line, &mut out),
                Flow::Failed,
                "{line}: {out}"
            );
            assert!(
                out.contains("error: the guest's thread has ended"),
                "{line}: {out}"
            );
        }
    }
}

#[test]
fn a_report_says_that_the_debuggee_has_gone_away() {
    let mut debuggee = Gone {
        dump: dump("c-variables.wasmtime", "c-variables"),
        wholly: false,
    };
    let mut resolver = Fixtures::new(modules("c-variables"));
    let options = wdb_report::Options::default();
    let report = wdb_report::build(&mut debuggee, &mut resolver, &options).unwrap();
    let note = "not all of the program could be read: the guest's thread has ended";
    assert!(
        report.notes.iter().any(|it| it == note),
        "{:?}",
        report.notes
    );
}

#[test]
fn the_transcripts_hold() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/commands");
    let mut wrong = String::new();
    let mut count = 0;
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|it| it.unwrap().path())
        .collect();
    files.sort();
    for path in files {
        count += 1;
        let expected = std::fs::read_to_string(&path).unwrap();
        if let Err(error) = hold(&path, &played(&expected)) {
            wrong.push_str(&error);
        }
    }
    assert!(count >= 4, "{count} transcripts");
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn the_reference_is_generated() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/commands.md");
    hold(&path, &reference()).unwrap();
}

#[test]
fn no_name_means_two_commands() {
    let mut names: Vec<&str> = commands().flat_map(|it| it.names.iter().copied()).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "a name is twice in the table");
    for command in commands() {
        assert!(!command.summary.is_empty() && !command.summary.ends_with('.'));
        assert!(
            command.help.lines().all(|it| it.chars().count() <= 120),
            "{}",
            command.name()
        );
    }
}

#[test]
fn what_can_follow_is_completed() {
    let mut console = console("c-variables.wasmtime", "c-variables");
    let mut out = String::new();
    assert_eq!(console.execute("frame function arrays", &mut out), Flow::Go);
    for (line, expected) in [
        ("info lo", "info locals"),
        ("pri", "print"),
        ("p li", "line"),
        ("print points[0].", "x"),
        ("p 1 + file_ring[0].next->we", "weight"),
        ("p $glo", "$global"),
        ("break arr", "arrays"),
        ("break c-vari", "c-variables.c:"),
        ("break arrays if row", "rows"),
        ("list c-vari", "c-variables.c:"),
        ("b c-variables.c:arr", "c-variables.c:arrays"),
        ("set print el", "print elements"),
        ("ptype poi", "point"),
        ("help brea", "breakpoints"),
        ("set li", "line"),
    ] {
        let found = console.complete(line, line.len());
        let it = found.iter().find(|it| it.text == expected);
        let it = it.unwrap_or_else(|| panic!("{line}: {found:?}"));
        // What is at the cursor is the beginning of it.
        assert!(expected.starts_with(&line[it.start..]), "{line}: {it:?}");
    }
    assert!(
        console
            .complete("p line[", 7)
            .iter()
            .any(|it| it.start == 7)
    );
    assert_eq!(console.wants_path("source x", 8), Some(7));
    assert_eq!(console.wants_path("print x", 7), None);
    // Also after a command that is not written out.
    assert_eq!(console.wants_path("sour x", 6), Some(5));
    assert_eq!(console.wants_path("gco x", 5), Some(4));
    for cursor in [0, 3, 99] {
        console.complete("p é", cursor);
    }
}

#[test]
fn an_empty_line_repeats_what_goes_on() {
    let mut console = console("c-div-zero.wasmtime", "c-div-zero");
    let mut out = String::new();
    console.execute("list 1", &mut out);
    assert_eq!(console.again(), Some("list"));
    console.execute("up", &mut out);
    assert_eq!(console.again(), Some("up"));
    console.execute("print 1", &mut out);
    assert_eq!(console.again(), None);
    console.execute("l", &mut out);
    assert_eq!(console.again(), Some("list"));
}

/// Whatever the user types, no command panics.
#[test]
fn no_line_does_harm() {
    const TAILS: &[&str] = &[
        "",
        " ",
        " 0",
        " -1",
        " 99999999999999999999",
        " é",
        " \"",
        " '",
        " --",
        " -- -",
        " -x",
        " if",
        " if x",
        " a.c:",
        " :0",
        " *0x",
        " *0xffffffffffffffff",
        " +1",
        " $",
        " line[",
        "/",
        "/99999999999999999999x x",
        "/x",
        " /x",
        " 1-2",
        " 0-4294967295",
        " ,",
        " 1,",
        " 5,1",
        "é",
    ];
    let mut console = console("c-div-zero.wasmtime", "c-div-zero");
    for command in commands() {
        for name in command.names {
            for tail in TAILS {
                let line = format!("{name}{tail}");
                let mut out = String::new();
                let flow = console.execute(&line, &mut out);
                console.complete(&line, line.len());
                console.wants_path(&line, line.len());
                console.cancel();
                assert!(
                    flow != Flow::Failed || out.contains("error: "),
                    "{line}: {out}"
                );
            }
        }
    }
}

#[test]
fn lines_of_a_source_file() {
    let mut debuggee = dump("c-div-zero.wasmtime", "c-div-zero");
    let mut resolver = Fixtures::new(modules("c-div-zero"));
    let mut view = View::new(&mut debuggee, &mut resolver).unwrap();
    let file = "/src/c-div-zero.c";
    let spec = places::parse("average").unwrap();
    let breakpoints = places::resolve(&mut view, &spec, None).unwrap();
    let module = ModuleId(0);
    let found = listing::lines(&mut view, module, file, 30, 5, &breakpoints).unwrap();
    assert_eq!((found.first_line, found.lines.len()), (30, 5));
    assert_eq!(found.breakpoints, [30].into());
    assert_eq!(found.lines[3].text, "  return sum / count;");
    let spans = [listing::Span {
        range: 2..8,
        code: Code::Keyword,
    }];
    assert_eq!(found.lines[3].spans, spans);
    let all = listing::lines(&mut view, module, file, 0, u32::MAX, &[]).unwrap();
    let end = u32::try_from(all.lines.len()).unwrap();
    assert_eq!(all.first_line, 1);
    let last = listing::lines(&mut view, module, file, end - 1, 10, &[]).unwrap();
    assert_eq!(last.lines.len(), 2);
    let beyond = listing::lines(&mut view, module, file, end + 1, 10, &[]);
    assert_eq!(
        beyond.unwrap_err().to_string(),
        format!("{file} ends at line {end}")
    );
    let absent = listing::lines(&mut view, module, "/none.c", 1, 10, &[]);
    let absent = absent.unwrap_err().to_string();
    assert!(
        absent.starts_with("the source file /none.c is not available"),
        "{absent}"
    );
}
