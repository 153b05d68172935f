//! Reports of the dumps that other producers wrote, of real programs.

use super::support::{Fixtures, dump, modules};
use wdb_examine::variables::Which;
use wdb_report::{self as report, Options, Report, Shown};

fn report_of(name: &str, module: &str) -> Report {
    let mut debuggee = dump(name, module);
    let mut fixtures = Fixtures::new(modules(module));
    let options = Options {
        variables: Which::None,
        ..Options::default()
    };
    report::build(&mut debuggee, &mut fixtures, &options).unwrap()
}

fn text_of(name: &str, module: &str) -> String {
    report::text(&report_of(name, module), Shown::default())
}

#[test]
fn wasmtime_c() {
    let expected = "\
crash: integer divide by zero, or integer overflow
  --> /src/c-div-zero.c:33:14
   |
31 |   for (int i = 0; i < count; i++)
32 |     sum += values[i];
33 |   return sum / count;
   |              ^ in average
34 | }
   |

stack, innermost frame first:
  #0  average at /src/c-div-zero.c:33:14
  #1  summarise at /src/c-div-zero.c:41:14
  #2  report at /src/c-div-zero.c:47:36
  #3  main at /src/c-div-zero.c:53:10
      … 4 frames of start code

note: locals and operand stacks were not recorded: the program ran as optimised code
";
    assert_eq!(text_of("c-div-zero.wasmtime", "c-div-zero"), expected);
}

#[test]
fn wasmtime_rust() {
    let expected = "\
crash: Rust panic in `rust_index_panic::seat`: index out of bounds
  --> /src/rust-index-panic.rs:28:15
   |
26 | /// Indexes past the end for the fourth passenger.
27 | fn seat(plan: &Plan, number: usize) -> u16 {
28 |     plan.seats[number]
   |               ^ in rust_index_panic::seat
29 | }
   |
   = note: the dump does not say why it was taken; the instruction does

stack, innermost frame first:
       … 15 frames of panic machinery
  #15  rust_index_panic::seat at /src/rust-index-panic.rs:28:15
  #16  rust_index_panic::assign at /src/rust-index-panic.rs:34:20
  #17  rust_index_panic::main at /src/rust-index-panic.rs:59:17
       … 3 frames of start code

note: wasmtime records 20 frames and no more: there may be more further out
note: locals and operand stacks were not recorded: the program ran as optimised code
";
    assert_eq!(
        text_of("rust-index-panic.wasmtime", "rust-index-panic"),
        expected
    );
}

#[test]
fn wasmtime_without_lines() {
    let expected = "\
crash: the program gave up: it executed `unreachable`
 = note: the dump does not say why it was taken; the instruction does

stack, innermost frame first:
  #0  inner at 0x118 in state
  #1  middle at 0x138 in state
      … 1 frame of start code: _start

note: locals and operand stacks were not recorded: the program ran as optimised code
";
    assert_eq!(text_of("wat-state.wasmtime", "wat-state"), expected);
}

#[test]
fn rewriter() {
    let report = report_of("c-unreachable.rewriter", "c-unreachable");
    let text = report::text(&report, Shown::default());
    let stack = "
stack, innermost frame first:
  #0  check at /src/c-unreachable.c:9:5
  #1  step at /src/c-unreachable.c:16:11
  #2  run at /src/c-unreachable.c:20:65
";
    assert!(text.contains(stack), "{text}");
    assert!(
        report
            .notes
            .iter()
            .any(|note| note.contains("wasm-coredump-rewriter")),
        "{text}"
    );
}

#[test]
fn a_dump_without_its_module_is_reported_all_the_same() {
    let bytes = super::support::dump_bytes("c-div-zero.wasmtime");
    let reading = wdb_coredump::read(bytes).unwrap();
    let mut debuggee = wdb_debuggee::PostMortem::new(reading, Vec::new());
    let mut nothing = Fixtures::new(Vec::new());
    let report = report::build(&mut debuggee, &mut nothing, &Options::default()).unwrap();
    let text = report::text(&report, Shown::default());
    let expected = "\
crash: unknown: the dump does not say

stack, innermost frame first:
  #0  func[11] in ";
    assert!(text.starts_with(expected), "{text}");
    assert!(
        text.contains("was not found: its functions have no names"),
        "{text}"
    );
}
