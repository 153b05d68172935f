//! How a report looks: folding, recursion, deep stacks, host code, doubts, and what guests may not do
//! to a terminal.

use wdb_debuggee::Trust;
use wdb_debuggee::coredump::{CrashKind, InstanceId, ModuleId};
use wdb_examine::frames::{Entry, Frame};
use wdb_examine::view::FrameId;
use wdb_module::{FuncIndex, ModuleOffset};
use wdb_report::{CrashReason, Module, Report, Shown, Source, Thread, text};
use wdb_symbols::runtime::Family;

fn frame(function: &str, line: u32, family: Option<Family>) -> Frame {
    Frame {
        index: 0,
        id: FrameId {
            thread: 0,
            activation: 0,
            inlined: 0,
        },
        function: function.into(),
        file: (line > 0).then(|| "/src/app.c".into()),
        line: (line > 0).then_some(line),
        column: None,
        inlined: false,
        approximate: false,
        family,
        module: ModuleId(0),
        instance: InstanceId(0),
        func: FuncIndex(0),
        at: Some(ModuleOffset(0x123)),
        trust: Trust::Exact,
        locals: Vec::new(),
        stack: None,
        variables: Vec::new(),
    }
}

fn own(function: &str, line: u32) -> Frame {
    frame(function, line, None)
}

fn report(frames: Vec<Frame>) -> Report {
    let mut index = 0;
    let entries = frames.into_iter().map(|frame| {
        index += 1;
        Entry::Frame(Frame {
            index: index - 1,
            ..frame
        })
    });
    Report {
        program: "app.wasm".into(),
        arguments: Vec::new(),
        pid: None,
        time: None,
        producers: Vec::new(),
        reason: Some(CrashReason {
            kind: CrashKind::Trap,
            code: "integer-divide-by-zero".into(),
            message: "integer divide by zero: 7 / 0".into(),
            engine_message: String::new(),
            causes: Vec::new(),
            inferred: false,
        }),
        panic: None,
        diagnosis: None,
        circumstances: Vec::new(),
        modules: vec![Module {
            name: "app.wasm".into(),
            path: None,
            build_id: None,
            sha256: None,
            at_hand: true,
        }],
        instances: vec![ModuleId(0)],
        statics: Vec::new(),
        evaluations: Vec::new(),
        threads: vec![Thread {
            name: "main".into(),
            crashed: true,
            entries: entries.collect(),
        }],
        source: None,
        notes: Vec::new(),
    }
}

fn plain(report: &Report) -> String {
    text(report, Shown::default())
}

/// The lines of the stack.
fn stack(report: &Report) -> Vec<String> {
    let text = plain(report);
    let lines = text.lines().skip_while(|line| !line.starts_with("stack"));
    lines.skip(1).map(str::to_owned).collect()
}

#[test]
fn the_runtime_is_folded_and_named() {
    let mut frames = vec![
        frame("abort", 0, Some(Family::Panic)),
        frame("core::fmt::write", 0, Some(Family::Library)),
        frame("core::panicking::panic_fmt", 0, Some(Family::Panic)),
        frame("core::panicking::panic", 0, Some(Family::Panic)),
        own("app::main", 4),
        frame("_start", 0, Some(Family::Entry)),
    ];
    let folded = report(frames.clone());
    assert_eq!(
        stack(&folded),
        [
            "      … 4 frames of panic machinery",
            "  #4  app::main at /src/app.c:4",
            "      … 1 frame of start code: _start",
        ]
    );
    let style = Shown {
        all_frames: true,
        ..Shown::default()
    };
    assert_eq!(text(&folded, style).matches("\n  #").count(), 6);
    // Nothing is left to show: then all of it.
    frames.remove(4);
    assert_eq!(stack(&report(frames)).len(), 5);
}

#[test]
fn recursions_are_counted() {
    let mut frames = vec![own("crash", 1)];
    frames.extend((0..10_000).map(|at| own(["walk", "visit"][at % 2], 10 + at as u32 % 2)));
    frames.push(own("main", 30));
    assert_eq!(
        stack(&report(frames)),
        [
            "      #0  crash at /src/app.c:1",
            "      #1  walk at /src/app.c:10",
            "      #2  visit at /src/app.c:11",
            "          … 9,998 more frames of walk (app.c:10), visit (app.c:11)",
            "  #10001  main at /src/app.c:30",
        ]
    );
    // A few calls of the same function are not worth folding.
    let few: Vec<Frame> = (0..15).map(|at| own("fib", at + 1)).collect();
    assert_eq!(stack(&report(few)).len(), 15);
}

#[test]
fn a_deep_stack_shows_both_ends() {
    let frames = (0..500).map(|at| own(&format!("f{at}"), 1)).collect();
    let lines = stack(&report(frames));
    assert_eq!(lines.len(), 61);
    assert_eq!(lines[0], "    #0  f0 at /src/app.c:1");
    assert_eq!(lines[40], "        … 440 frames not shown");
    assert_eq!(lines[60], "  #499  f499 at /src/app.c:1");
}

#[test]
fn frames_say_what_is_not_sure() {
    let mut frames = vec![
        own("a", 1),
        own("b", 0),
        own("c", 0),
        own("d", 2),
        own("e", 3),
    ];
    frames[0].inlined = true;
    frames[1].trust = Trust::Doubtful;
    frames[2].at = None;
    frames[3].approximate = true;
    frames[4].trust = Trust::Assumed;
    let mut report = report(frames);
    assert_eq!(
        stack(&report),
        [
            "  #0  a (inlined) at /src/app.c:1",
            "  #1  b ? at 0x123 in app.wasm",
            "  #2  c in app.wasm",
            "  #3  d near /src/app.c:2",
            "  #4  e at /src/app.c:3",
        ]
    );
    report.instances = vec![ModuleId(0), ModuleId(0)];
    assert_eq!(stack(&report)[4], "  #4  e at /src/app.c:3 (instance 0?)");
}

#[test]
fn threads_are_told_apart_and_host_code_is_shown() {
    let mut report = report(vec![own("work", 1)]);
    report.threads[0]
        .entries
        .insert(0, Entry::Host("env.send".into()));
    report.threads.push(Thread {
        name: "idle".into(),
        crashed: false,
        entries: vec![Entry::Host(String::new())],
    });
    let text = plain(&report);
    let expected = "
stack of the crashed thread `main`, innermost frame first:
      (host code: env.send)
  #0  work at /src/app.c:1

stack of thread `idle`:
      (host code)
";
    assert!(text.ends_with(expected), "{text}");
}

#[test]
fn the_spot_is_marked() {
    let mut report = report(vec![own("average", 3)]);
    report.source = Some(Source {
        values: Vec::new(),
        file: "/src/app.c".into(),
        first_line: 2,
        lines: vec!["int x;".into(), "\treturn sum / count;".into(), "}".into()],
        line: 3,
        column: Some(13),
        function: "average".into(),
    });
    report.notes = vec!["nothing is lacking".into()];
    let expected = "\
crash: integer divide by zero: 7 / 0
 --> /src/app.c:3:13
  |
2 | int x;
3 |     return sum / count;
  |                ^ in average
4 | }
  |

stack, innermost frame first:
  #0  average at /src/app.c:3

note: nothing is lacking
";
    assert_eq!(plain(&report), expected);
    // Without the file's text the place is there all the same.
    if let Some(source) = &mut report.source {
        source.lines.clear();
    }
    assert!(
        plain(&report).contains("--> /src/app.c:3:13\n"),
        "{}",
        plain(&report)
    );
}

#[test]
fn guests_cannot_steer_the_terminal() {
    let bad = "a\x1b[2J\x07\r\n\u{9b}31m\u{202e}b";
    let mut report = report(vec![own(bad, 1), own(bad, 0)]);
    report.threads[0].entries.push(Entry::Host(bad.into()));
    let other = report.threads[0].clone();
    report.threads.push(Thread {
        name: bad.into(),
        ..other
    });
    report.modules[0].name = bad.into();
    report.notes = vec![bad.into()];
    report.source = Some(Source {
        values: Vec::new(),
        file: bad.into(),
        first_line: 1,
        lines: vec![bad.into()],
        line: 1,
        column: Some(2),
        function: bad.into(),
    });
    if let Some(reason) = &mut report.reason {
        reason.message = bad.into();
        reason.causes = vec![bad.into()];
    }
    report.panic = Some(wdb_report::Panic {
        message: bad.into(),
        thread: Some(bad.into()),
        file: bad.into(),
        line: 1,
        column: 1,
    });
    report.diagnosis = Some(wdb_report::Diagnosis {
        rule: "rule",
        message: bad.into(),
    });
    for all_frames in [false, true] {
        let plain = text(
            &report,
            Shown {
                colour: false,
                all_frames,
            },
        );
        let steers = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!plain.contains(steers), "{plain:?}");
        // With colours the only control characters are those of the colours.
        let colour = text(
            &report,
            Shown {
                colour: true,
                all_frames,
            },
        );
        for part in colour.split('\x1b').skip(1) {
            let end = part.trim_start_matches(|c: char| "[;0123456789".contains(c));
            assert!(end.starts_with('m'), "{part:?}");
        }
        assert!(!colour.replace('\x1b', "").contains(steers), "{colour:?}");
    }
}
