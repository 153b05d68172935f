//! Whether a module is the one that a dump was taken of.

use std::sync::Arc;

use wdb_coredump::{CoreDump, Frame, Instance, InstanceId, Module, ModuleId, Thread};
use wdb_debuggee::identity::{Match, matches};
use wdb_module::{Binary, FuncIndex};

/// A module with a build id of two bytes, and a debug name that changes its hash.
fn module(build_id: Option<&str>, name: &str) -> Arc<wdb_module::Module> {
    let id = build_id.map_or_else(String::new, |id| {
        format!(r#"(@custom "build_id" "\02{id}")"#)
    });
    let wat = format!(r#"(module ${name} (import "e" "f" (func)) (func (unreachable)) {id})"#);
    let bytes = wat::parse_str(wat).unwrap();
    Binary::parse(bytes.into()).unwrap().modules()[0].clone()
}

fn dump(record: Module, funcs: &[u32]) -> CoreDump {
    let frame = |func: &u32| Frame {
        instance: InstanceId(0),
        func: FuncIndex(*func),
        codeoffset: 0,
        locals: Vec::new(),
        stack: Vec::new(),
    };
    CoreDump {
        modules: vec![record],
        instances: vec![Instance {
            module: ModuleId(0),
            memories: Vec::new(),
            globals: Vec::new(),
            tables: Vec::new(),
        }],
        threads: vec![Thread {
            frames: funcs.iter().map(frame).collect(),
            ..Thread::default()
        }],
        ..CoreDump::default()
    }
}

#[test]
fn by_hash_and_build_id() {
    let recorded = |module: &wdb_module::Module| Module {
        sha256: Some(module.sha256()),
        build_id: module.build_id().map(<[u8]>::to_vec),
        ..Module::default()
    };
    let check = |of: &wdb_module::Module, at_hand: &wdb_module::Module| {
        matches(&dump(recorded(of), &[1]), ModuleId(0), at_hand)
    };
    let plain = module(None, "a");
    assert_eq!(check(&plain, &plain), Match::Same);
    let Match::Different(why) = check(&plain, &module(None, "b")) else {
        panic!("another hash");
    };
    assert!(why.contains("SHA-256"), "{why}");
    // The same build, stripped.
    let built = module(Some("ab"), "a");
    assert_eq!(check(&built, &module(Some("ab"), "b")), Match::Same);
    assert_eq!(
        check(&built, &module(Some("xy"), "a")),
        Match::Different("the dump's has build id 6162, this one 7879".into())
    );
}

#[test]
fn by_the_frames_where_nothing_is_recorded() {
    let check = |funcs: &[u32]| {
        let dump = dump(Module::default(), funcs);
        matches(&dump, ModuleId(0), &module(None, "a"))
    };
    assert_eq!(check(&[1]), Match::Unknown);
    assert_eq!(
        check(&[1, 40]),
        Match::Different("the dump has a frame of function 40, this one has 2 functions".into())
    );
    assert_eq!(
        check(&[0]),
        Match::Different("the dump has a frame of function 0, which this one imports".into())
    );
    // Frames of other modules prove nothing.
    let mut other = dump(Module::default(), &[40]);
    other.instances[0].module = ModuleId(1);
    assert_eq!(
        matches(&other, ModuleId(0), &module(None, "a")),
        Match::Unknown
    );
    // A draft's frame names no function.
    assert_eq!(check(&[Frame::NO_FUNCTION.0]), Match::Unknown);
}
