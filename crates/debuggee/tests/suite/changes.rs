//! Changes to a program that is stopped.

use wdb_coredump::{GlobalId, HeapType, InstanceId, MemoryId, Reference, TableId};
use wdb_debuggee::Error;

use super::*;

const STATE: &str = r#"
(module
  (type $number (func (result i32)))
  (memory 1)
  (global $factor (mut i32) (i32.const 2))
  (global $fixed i64 (i64.const 9))
  (global $real (mut f64) (f64.const 0))
  (table 2 funcref)
  (elem (i32.const 0) $one)
  (func $one (result i32) (i32.const 1))
  (func $ten (result i32) (i32.const 10))
  (func (export "run") (result i32)
    nop
    (i32.mul
      (global.get $factor)
      (i32.add
        (i32.load (i32.const 65532))
        (call_indirect (type $number) (i32.const 0))))))"#;

fn stopped() -> Box<dyn Debuggee> {
    let mut live = launch(STATE);
    let nop = at(&*live, 0, 2, 0);
    set(&mut *live, &[nop]);
    resume(&mut *live);
    live
}

#[test]
fn nothing_is_changed_without_being_told() {
    let mut live = stopped();
    resume(&mut *live);
    assert_eq!(results(&mut *live), ["2"]);
}

#[test]
fn what_is_changed_is_what_the_program_goes_on_with() {
    let mut live = stopped();
    let mutate = live.mutate().unwrap();
    mutate
        .write_memory(MemoryId(0), 65532, &[5, 0, 0, 0])
        .unwrap();
    mutate.set_global(GlobalId(0), &Value::I32(100)).unwrap();
    let ten = Reference::Func {
        instance: InstanceId(0),
        func: FuncIndex(1),
    };
    mutate.set_table_element(TableId(0), 0, &ten).unwrap();
    assert_eq!(live.globals().unwrap()[0].known(), Some(&Value::I32(100)));
    assert_eq!(live.table(TableId(0)).unwrap().elements, [(0, ten)]);
    resume(&mut *live);
    assert_eq!(results(&mut *live), ["1500"]);
}

#[test]
fn an_element_that_is_made_null_traps() {
    let mut live = stopped();
    let null = Reference::Null(HeapType::Func);
    let mutate = live.mutate().unwrap();
    mutate.set_table_element(TableId(0), 0, &null).unwrap();
    resume(&mut *live);
    assert_eq!(crash_code(&*live).unwrap(), "indirect-call-null");
}

#[test]
fn what_cannot_be_changed_says_why() {
    let mut live = stopped();
    let mutate = live.mutate().unwrap();
    let beyond = mutate.write_memory(MemoryId(0), 65533, &[1, 2, 3, 4]);
    assert!(matches!(beyond, Err(Error::OutOfBounds { .. })));
    let no_memory = mutate.write_memory(MemoryId(1), 0, &[1]);
    assert!(matches!(no_memory, Err(Error::NotFound(_))));
    let fixed = mutate.set_global(GlobalId(1), &Value::I64(1));
    assert_eq!(
        fixed.unwrap_err().to_string(),
        "immutable global cannot be set"
    );
    let other_type = mutate.set_global(GlobalId(0), &Value::I64(1));
    assert!(matches!(other_type, Err(Error::Refused(_))));
    let no_global = mutate.set_global(GlobalId(3), &Value::I64(1));
    assert!(matches!(no_global, Err(Error::NotFound(_))));
    let null = Reference::Null(HeapType::Func);
    let no_element = mutate.set_table_element(TableId(0), 2, &null);
    assert_eq!(
        no_element.unwrap_err().to_string(),
        "there is no element 2 in table 0"
    );
    let host = Reference::Null(HeapType::Extern);
    let other_type = mutate.set_table_element(TableId(0), 0, &host);
    assert!(matches!(other_type, Err(Error::Refused(_))));
    let no_func = Reference::Func {
        instance: InstanceId(0),
        func: FuncIndex(99),
    };
    let no_func = mutate.set_table_element(TableId(0), 0, &no_func);
    assert!(matches!(no_func, Err(Error::NotFound(_))));
    assert_eq!(live.set_local().is_some(), BACKEND.sets_locals);
    assert_eq!(live.call().is_some(), BACKEND.calls);
    // Nothing of that has changed anything.
    let mut bytes = [1; 4];
    live.read_memory(MemoryId(0), 65532, &mut bytes).unwrap();
    assert_eq!(bytes, [0; 4]);
    resume(&mut *live);
    assert_eq!(results(&mut *live), ["2"]);
}

#[test]
fn a_shared_memory_is_written_too() {
    let mut live = launch(
        r#"
(module
  (memory 1 1 shared)
  (func (export "run") (result i32)
    nop
    (i32.atomic.load (i32.const 4))))"#,
    );
    step(&mut *live);
    let mutate = live.mutate().unwrap();
    mutate.write_memory(MemoryId(0), 4, &[42, 0, 0, 0]).unwrap();
    resume(&mut *live);
    assert_eq!(results(&mut *live), ["42"]);
}
