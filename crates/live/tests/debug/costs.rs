//! What the guest's thread is asked, counted, and when it ends.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use wdb_coredump::{InstanceId, MemoryId, ModuleId};
use wdb_debuggee::launch::{File, Invocation, Program};
use wdb_debuggee::{
    Breakpoints as _, Call as _, CodeLocation, Debuggee as _, Execute as _, Resume,
};
use wdb_live::{Compiled, Live, Wasmtime};
use wdb_module::{Binary, FuncIndex};

/// Functions to be called, each of which stops in another way.
const PROGRAM: &str = r#"
(module
  (tag $oops)
  (memory 1)
  (func $returns (result i32)
    i32.const 1
    drop
    i32.const 2)
  (func $traps unreachable)
  (func $throws (throw $oops))
  (func (export "run") nop))"#;

fn launch() -> Live {
    let binary = Binary::parse(Bytes::from(wat::parse_str(PROGRAM).unwrap())).unwrap();
    let program = Program {
        invoke: Some("run".into()),
        ..Program::new(File {
            name: "program".into(),
            path: None,
            binary: Arc::new(binary),
        })
    };
    let compiled = Compiled::new(&Wasmtime::default(), &program, &[]).unwrap();
    let mut live = compiled.launch(&Invocation::default()).unwrap();
    live.resume(Resume::StepInstruction, None).unwrap();
    live
}

#[test]
fn many_small_pieces_of_memory_cost_few_trips() {
    let mut live = launch();
    let asked = live.asked();
    let before = asked.trips();
    for address in (0..32768).step_by(7) {
        live.read_memory(MemoryId(0), address, &mut [0]).unwrap();
    }
    assert_eq!(asked.trips() - before, 2);
}

/// Wherever in a call the program is.
#[test]
fn the_thread_of_a_debuggee_that_is_dropped_in_a_call_ends() {
    for func in 0..3 {
        let mut live = launch();
        let binary = live.modules()[0].binary.as_ref().unwrap();
        let (second, _) = binary.instructions(FuncIndex(0)).nth(1).unwrap().unwrap();
        let second = CodeLocation {
            module: ModuleId(0),
            offset: second,
        };
        assert_eq!(live.set_breakpoints(&[second].into()).unwrap(), []);
        live.call_function(InstanceId(0), FuncIndex(func), &[], None)
            .unwrap();
        assert!(live.depth(0).unwrap() > 1, "the call is under way");
        // The guest's thread has the counters too.
        let asked = live.asked();
        assert!(Arc::strong_count(&asked) > 2);
        drop(live);
        let began = Instant::now();
        while Arc::strong_count(&asked) > 1 {
            assert!(began.elapsed() < Duration::from_secs(60), "{func}");
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}
