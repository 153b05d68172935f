//! Memory of a stopped program: read in small pieces, kept, and dropped when it may be another.

use wdb_coredump::{InstanceId, MemoryId};
use wdb_debuggee::{Error, Verdict};

use super::*;

const MEMORY: MemoryId = MemoryId(0);

/// Each way in which memory changes.
const CHANGES: &str = r#"
(module
  (memory 1 4)
  (func $set (param i32) (i32.store (i32.const 16382) (local.get 0)))
  (func (export "run")
    (call $set (i32.const 0x04030201))
    nop
    (drop (memory.grow (i32.const 1)))
    (i32.store (i32.const 65536) (i32.const 7))
    nop))"#;

/// Stopped at the first `nop`.
fn stopped() -> Box<dyn Debuggee> {
    let mut live = launch(CHANGES);
    let nops = [at(&*live, 0, 1, 2), at(&*live, 0, 1, 9)];
    set(&mut *live, &nops);
    resume(&mut *live);
    live
}

fn read<const N: usize>(live: &mut dyn Debuggee, address: u64) -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    live.read_memory(MEMORY, address, &mut bytes)?;
    Ok(bytes)
}

#[test]
fn small_pieces_are_those_of_one_large_one() {
    let mut live = stopped();
    both(&mut *live, |debuggee| {
        let mut whole = vec![0; 65536];
        debuggee.read_memory(MEMORY, 0, &mut whole).unwrap();
        assert_eq!(whole[16382..16386], [1, 2, 3, 4]);
        for address in [0, 16378, 16381, 16382, 16383, 16384, 65528] {
            let piece = read::<8>(debuggee, address).unwrap();
            assert_eq!(piece, whole[address as usize..][..8], "at {address}");
        }
        assert_eq!(read::<0>(debuggee, 65536).unwrap(), [0_u8; 0]);
    });
}

#[test]
fn what_was_read_is_read_anew_when_it_is_changed() {
    let mut live = stopped();
    assert_eq!(read(&mut *live, 16382).unwrap(), [1, 2, 3, 4]);
    let mutate = live.mutate().unwrap();
    mutate.write_memory(MEMORY, 16383, &[9]).unwrap();
    assert_eq!(read(&mut *live, 16382).unwrap(), [1, 9, 3, 4]);
}

#[test]
fn what_was_read_is_read_anew_after_a_call() {
    if !has_calls() {
        return;
    }
    let mut live = stopped();
    assert_eq!(read(&mut *live, 16382).unwrap(), [1, 2, 3, 4]);
    let five = [Value::I32(5)];
    let set = FuncIndex(0);
    callable(&mut *live)
        .call_function(InstanceId(0), set, &five, None)
        .unwrap();
    assert_eq!(read(&mut *live, 16382).unwrap(), [5, 0, 0, 0]);
}

#[test]
fn what_was_read_is_read_anew_after_a_call_that_is_given_up() {
    if !has_calls() {
        return;
    }
    let mut live = stopped();
    let store = at(&*live, 0, 0, 2);
    set(&mut *live, &[store]);
    let five = [Value::I32(5)];
    callable(&mut *live)
        .call_function(InstanceId(0), FuncIndex(0), &five, None)
        .unwrap();
    assert_eq!(live.stop_reasons(), [StopReason::Breakpoint]);
    assert_eq!(read(&mut *live, 16382).unwrap(), [1, 2, 3, 4]);
    step(&mut *live);
    assert_eq!(read(&mut *live, 16382).unwrap(), [5, 0, 0, 0]);
    callable(&mut *live).abandon_call().unwrap();
    assert_eq!(read(&mut *live, 16382).unwrap(), [5, 0, 0, 0]);
}

#[test]
fn a_memory_that_has_grown_is_read_to_its_new_end() {
    let mut live = stopped();
    both(&mut *live, |debuggee| {
        assert_eq!(read(debuggee, 65534).unwrap(), [0, 0]);
        for address in [65533, 65536, u64::MAX - 3] {
            let beyond = read::<4>(debuggee, address);
            let Err(Error::OutOfBounds {
                address: at,
                length: 4,
                size: 65536,
                ..
            }) = beyond
            else {
                panic!("{beyond:?}");
            };
            assert_eq!(at, address);
        }
    });
    resume(&mut *live);
    both(&mut *live, |debuggee| {
        assert_eq!(read(debuggee, 65534).unwrap(), [0, 0, 7, 0]);
    });
}

#[test]
fn what_a_watch_has_changed_is_read() {
    let mut live = stopped();
    assert_eq!(read(&mut *live, 100).unwrap(), [0]);
    let filter: StopFilter = Box::new(|debuggee| {
        let mutate = debuggee.mutate().unwrap();
        mutate.write_memory(MEMORY, 100, &[8]).unwrap();
        Verdict::Stop
    });
    filtered(&mut *live, Resume::Continue, filter);
    assert_eq!(read(&mut *live, 100).unwrap(), [8]);
}

#[test]
fn frames_are_counted_no_further_than_wanted() {
    let mut live = launch(
        r#"(module
          (func $down (param i32)
            (if (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1)))))
            nop)
          (func (export "run") (call $down (i32.const 20))))"#,
    );
    let nop = at(&*live, 0, 0, 7);
    set(&mut *live, &[nop]);
    resume(&mut *live);
    both(&mut *live, |debuggee| {
        assert_eq!(debuggee.depth(0).unwrap(), 22);
        for (most, counted) in [(0, 0), (1, 1), (21, 21), (22, 22), (23, 22)] {
            assert_eq!(debuggee.depth_up_to(0, most).unwrap(), counted);
        }
        assert!(debuggee.depth_up_to(1, 5).is_err());
    });
}
