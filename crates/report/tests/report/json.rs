//! The JSON of reports: against its schema, and field by field.

use super::scene::{Scene, i32};
use super::support::{Fixtures, dump, modules};
use serde_json::{Value as Json, json};
use wdb_coredump::{
    HeapType, HostFrame, Inference, InstanceId, Missing, Producer, Reference, Slot, Value, code,
};
use wdb_module::{FuncIndex, Operator as Op};
use wdb_report::{self as report, Options, Report};

fn valid(report: &Report) -> Json {
    let document = serde_json::to_value(report::json(report)).unwrap();
    let schema = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/formats/report.schema.json"
    );
    let mut schemas = boon::Schemas::new();
    let schema = boon::Compiler::new().compile(schema, &mut schemas).unwrap();
    if let Err(error) = schemas.validate(&document, schema) {
        panic!("{error}\n{document:#}");
    }
    document
}

#[test]
fn reports_of_real_dumps_follow_the_schema() {
    for (name, module) in [
        ("c-div-zero.wasmtime", "c-div-zero"),
        ("rust-index-panic.wasmtime", "rust-index-panic"),
        ("wat-state.wasmtime", "wat-state"),
        ("c-unreachable.rewriter", "c-unreachable"),
    ] {
        let mut debuggee = dump(name, module);
        let mut fixtures = Fixtures::new(modules(module));
        let report = report::build(&mut debuggee, &mut fixtures, &Options::default()).unwrap();
        let document = valid(&report);
        assert_eq!(document["schema"], "wdb-report/1");
        assert_ne!(document["threads"][0]["frames"], json!([]), "{name}");
    }
}

#[test]
fn every_field() {
    let wat = "(module $app (memory 1)
      (func $f (param $count i32) (param i64 f32 f64 v128 funcref externref i64 i32 i32)
        (drop (i32.div_s (i32.const 7) (i32.const 0))))
      (func $main (call $f (i32.const 1) (i64.const 0) (f32.const 0) (f64.const 0)
        (v128.const i64x2 0 0) (ref.null func) (ref.null extern) (i64.const 0) (i32.const 0) (i32.const 0))))";
    let known = Slot::Known;
    let function = Reference::Func {
        instance: InstanceId(0),
        func: FuncIndex(0),
    };
    let locals = [
        i32(-3),
        known(Value::I64(i64::MIN)),
        known(Value::F32(0.5f32.to_bits())),
        known(Value::F64(f64::NAN.to_bits())),
        known(Value::V128(1)),
        known(Value::Ref(function)),
        known(Value::Ref(Reference::Null(HeapType::Extern))),
        Slot::Inferred(Value::I64(9), Inference::Low32Bits),
        Slot::Inferred(Value::I32(64), Inference::CStack),
        Slot::Missing(Missing::NotRecorded),
    ];
    let is_division = |op: &Op<'_>| matches!(op, Op::I32DivS);
    let mut scene = Scene::new(wat, code::INTEGER_DIVIDE_BY_ZERO)
        .frame("f", is_division, &locals, &[i32(7), i32(0)])
        .caller("main");
    scene.dump.process.arguments = vec!["app.wasm".into(), "-v".into()];
    scene.dump.process.pid = Some(7);
    scene.dump.process.time = Some(1_700_000_000_000);
    scene.dump.process.producers = vec![Producer {
        name: "wdb".into(),
        version: "0.1.0".into(),
    }];
    scene.dump.modules[0].sha256 = Some([0xab; 32]);
    scene.dump.modules[0].build_id = Some(vec![1, 2, 3]);
    scene.dump.modules[0].path = Some("/tmp/app.wasm".into());
    scene.dump.threads[0].host_frames = vec![HostFrame {
        before: 1,
        name: "env.call".into(),
    }];
    scene.dump.crash.as_mut().unwrap().message = "wasm trap: integer divide by zero".into();
    let at = scene.module.first_instruction(FuncIndex(0)).unwrap().0 + 4;
    let document = valid(&scene.report());

    assert_eq!(document["program"], "scene.wasm");
    assert_eq!(document["arguments"], json!(["app.wasm", "-v"]));
    assert_eq!(
        (&document["pid"], &document["time"]),
        (&json!(7), &json!(1_700_000_000_000_u64))
    );
    assert_eq!(document["producers"], json!(["wdb 0.1.0"]));
    assert_eq!(
        document["reason"],
        json!({
            "kind": "trap",
            "code": "integer-divide-by-zero",
            "message": "integer divide by zero: 7 / 0",
            "engine_message": "wasm trap: integer divide by zero",
        })
    );
    assert_eq!(
        document["modules"],
        json!([{
            "name": "scene.wasm",
            "path": "/tmp/app.wasm",
            "build_id": "010203",
            "sha256": "ab".repeat(32),
            "found": true,
        }])
    );
    assert_eq!(document["instances"], json!([{ "module": 0 }]));
    let thread = &document["threads"][0];
    assert_eq!(
        (&thread["name"], &thread["crashed"]),
        (&json!("main"), &json!(true))
    );
    assert_eq!(
        thread["frames"][0],
        json!({
            "index": 0,
            "function": "f",
            "inlined": false,
            "module": 0,
            "instance": 0,
            "func_index": 0,
            "module_offset": format!("{at:#x}"),
            "trust": "exact",
            "locals": [
                { "name": "count", "type": "i32", "value": "-3" },
                { "type": "i64", "value": "-9223372036854775808" },
                { "type": "f32", "value": "0.5" },
                { "type": "f64", "value": "nan" },
                { "type": "v128", "value": "0x00000000000000000000000000000001" },
                { "type": "funcref", "value": "func[0] of instance 0" },
                { "type": "externref", "value": "null" },
                { "type": "i64", "value": "9", "inferred": "low-32-bits" },
                { "type": "i32", "value": "64", "inferred": "c-stack" },
                { "type": "i32", "missing": "not-recorded" },
            ],
            "stack": [{ "type": "i32", "value": "7" }, { "type": "i32", "value": "0" }],
        })
    );
    assert_eq!(
        thread["frames"][1],
        json!({ "host": true, "function": "env.call" })
    );
    assert_eq!(thread["frames"][2]["function"], "main");
}

#[test]
fn a_program_that_has_not_crashed_has_a_report() {
    let mut scene = Scene::new("(module (func $f))", "");
    scene.dump.crash = None;
    let document = valid(&scene.report());
    assert_eq!(document.get("reason"), None);
    assert_eq!(
        document["threads"],
        json!([{ "name": "main", "crashed": false, "frames": [] }])
    );
}
