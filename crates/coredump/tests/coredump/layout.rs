//! The bytes of a dump of ours, as `docs/formats/coredump.md` describes them. Old dumps must stay
//! readable: when this fails, the version of a section has to grow.

use crate::support::bytes;

use bytes::{Bytes, bytes, file};
use wdb_coredump::*;
use wdb_module::{FuncIndex, TagIndex};

fn everything() -> CoreDump {
    let func = Reference::Func {
        instance: InstanceId(0),
        func: FuncIndex(300),
    };
    let opaque = Reference::Opaque {
        heap: HeapType::Extern,
        description: "host object".to_owned(),
    };
    let known = |value| Slot::Known(value);
    let slots = vec![
        known(Value::I32(-1)),
        known(Value::V128(1)),
        known(Value::Ref(func.clone())),
        known(Value::Ref(Reference::I31(-2))),
        known(Value::Ref(opaque.clone())),
        Slot::Inferred(Value::I64(200), Inference::Low32Bits),
        Slot::Inferred(Value::I32(64), Inference::CStack),
        Slot::Missing(Missing::NotRecorded),
        Slot::Missing(Missing::Filler),
        Slot::Missing(Missing::Damaged),
    ];
    let global = |ty: &str, mutable, value| Global {
        ty: ty.to_owned(),
        mutable,
        value,
    };
    let shape = MemoryShape {
        memory64: false,
        shared: true,
        page_size_log2: 16,
        pages: 1,
        maximum: None,
    };
    let run = |address, bytes: &'static [u8]| Run {
        address,
        bytes: bytes.into(),
    };
    CoreDump {
        executable: "app".to_owned(),
        process: Process {
            arguments: vec!["app".to_owned(), "-x".to_owned()],
            pid: Some(1000),
            time: None,
            producers: vec![Producer {
                name: "wdb".to_owned(),
                version: "0.1.0".to_owned(),
            }],
        },
        crash: Some(Crash {
            thread: 0,
            kind: CrashKind::Exception,
            code: code::UNCAUGHT_EXCEPTION.to_owned(),
            message: "thrown".to_owned(),
            causes: vec!["why".to_owned()],
            exception: Some(Exception {
                tag: Some((InstanceId(0), TagIndex(2))),
                payload: vec![known(Value::F32(0x3f80_0000))],
            }),
        }),
        capture: Capture {
            values: ValueCapture::Full,
            memory: MemoryCapture::Stack,
        },
        modules: vec![Module {
            name: "m".to_owned(),
            path: Some("/m.wasm".to_owned()),
            sha256: Some([0xaa; 32]),
            build_id: Some(vec![1, 2, 3]),
            file_offset: 128,
        }],
        instances: vec![Instance {
            module: ModuleId(0),
            memories: vec![Some(MemoryId(0)), None],
            globals: vec![Some(GlobalId(1))],
            tables: vec![None, Some(TableId(0))],
        }],
        threads: vec![Thread {
            name: "main".to_owned(),
            frames: vec![Frame {
                instance: InstanceId(0),
                func: FuncIndex(7),
                codeoffset: 200,
                locals: slots,
                stack: vec![known(Value::Ref(Reference::Null(HeapType::Any)))],
            }],
            host_frames: vec![HostFrame {
                before: 1,
                name: "host".to_owned(),
            }],
        }],
        memories: vec![Memory {
            shape,
            contents: Contents {
                runs: vec![run(16, b"ab"), run(0xff00, b"c")],
                rest: Rest::ZeroIn(vec![0..256, 512..1024]),
            },
        }],
        globals: vec![
            global("i64", true, known(Value::I64(-3))),
            global("(ref null $t)", false, known(Value::Ref(func.clone()))),
        ],
        tables: vec![Table {
            element: "funcref".to_owned(),
            table64: true,
            maximum: Some(9),
            size: 5,
            elements: vec![(2, func)],
        }],
    }
}

/// One value of `wdb.values`: of the first frame.
fn value(place: u8, index: u64, slot: &[u8]) -> Bytes {
    bytes().uleb(0).raw(&[place]).uleb(index).raw(slot)
}

fn expected() -> Bytes {
    let mut v128 = [0; 17];
    (v128[0], v128[1]) = (0x7b, 1);
    let values = [
        value(0, 1, &v128),
        value(0, 2, &[0xd2, 0, 0xac, 2]),
        value(0, 3, &[0x6c, 0x7e]),
        value(0, 4, &bytes().raw(&[3, 0x6f]).name("host object").0),
        value(0, 5, &bytes().raw(&[2, 0, 0x7e]).sleb(200).0),
        value(0, 6, &bytes().raw(&[2, 1, 0x7f]).sleb(64).0),
        value(0, 8, &[1, 1]),
        value(0, 9, &[1, 2]),
        value(1, 0, &[0xd0, 0x6e]),
    ];
    let ours = |payload: Bytes| bytes().raw(&[1]).raw(&payload.0);
    let crash = bytes()
        .uleb(0)
        .raw(&[2])
        .name("uncaught-exception")
        .name("thrown")
        .uleb(1)
        .name("why")
        .raw(&[1, 1])
        .ulebs(&[0, 2])
        .raw(&[1, 0x7d, 0, 0, 0x80, 0x3f]);
    file()
        .core("app")
        .custom("coremodules", &bytes().uleb(1).raw(&[0]).name("m"))
        .custom(
            "coreinstances",
            &bytes()
                .uleb(1)
                .raw(&[0])
                .ulebs(&[0, 2, 0, 0xffff_ffff, 1, 1]),
        )
        .stack(&[bytes()
            .raw(&[0])
            .ulebs(&[0, 7, 200, 10])
            .raw(&[0x7f, 0x7f, 1, 1, 1, 1, 1, 1, 1, 1, 1])
            .ulebs(&[1, 1])])
        .section(5, &bytes().ulebs(&[1, 3, 1, 1]))
        .section(
            6,
            &bytes()
                .uleb(2)
                .raw(&[0x7e, 0, 0x42, 0x7d, 0x0b])
                .raw(&[0x70, 0, 0xd0, 0x70, 0x0b]),
        )
        .section(
            11,
            &bytes().uleb(2).segment(16, b"ab").segment(0xff00, b"c"),
        )
        .custom(
            "wdb.process",
            &ours(
                bytes()
                    .uleb(2)
                    .name("app")
                    .name("-x")
                    .raw(&[1])
                    .uleb(1000)
                    .raw(&[0])
                    .uleb(1)
                    .name("wdb")
                    .name("0.1.0"),
            ),
        )
        .custom("wdb.crash", &ours(crash))
        .custom("wdb.capture", &ours(bytes().raw(&[1, 2])))
        .custom(
            "wdb.modules",
            &ours(
                bytes()
                    .uleb(1)
                    .raw(&[1])
                    .name("/m.wasm")
                    .raw(&[1])
                    .raw(&[0xaa; 32])
                    .raw(&[1, 3, 1, 2, 3])
                    .uleb(128),
            ),
        )
        .custom(
            "wdb.hostframes",
            &ours(bytes().ulebs(&[1, 1, 1]).name("host")),
        )
        .custom("wdb.values", &ours(bytes().ulebs(&[1, 9]).all(&values)))
        .custom(
            "wdb.globals",
            &ours(
                bytes()
                    .uleb(2)
                    .raw(&[1])
                    .name("i64")
                    .raw(&[0])
                    .raw(&[0])
                    .name("(ref null $t)")
                    .raw(&[0xd2, 0, 0xac, 2]),
            ),
        )
        .custom(
            "wdb.memories",
            &ours(bytes().uleb(1).raw(&[1, 2]).ulebs(&[2, 0, 256, 512, 1024])),
        )
        .custom(
            "wdb.tables",
            &ours(
                bytes()
                    .uleb(1)
                    .name("funcref")
                    .raw(&[1, 1])
                    .ulebs(&[9, 5, 1, 2])
                    .raw(&[0xd2, 0, 0xac, 2])
                    .ulebs(&[1, 2, 0xffff_ffff, 0]),
            ),
        )
}

#[test]
fn every_section_is_laid_out_as_documented() {
    let mut written = Vec::new();
    write(&everything(), &mut written).unwrap();
    assert_eq!(written, expected().0);
    let reading = read(written.into()).unwrap();
    assert_eq!((reading.dump, reading.notes), (everything(), vec![]));
}

#[test]
fn later_fields_are_ignored_and_later_versions_left_out_with_a_note() {
    let dump = |capture: &[u8]| {
        let file = file()
            .core("app")
            .custom("wdb.capture", &bytes().raw(capture));
        read(file.custom("coreinstances", &bytes().uleb(0)).dump()).unwrap()
    };
    let reading = dump(&[1, 1, 1, 0x55, 0x66]);
    assert_eq!(reading.dump.capture.memory, MemoryCapture::Full);
    assert_eq!(reading.notes, []);
    let reading = dump(&[2, 1, 1]);
    assert_eq!(reading.dump.capture, Capture::default());
    assert!(
        reading.notes[0].message.contains("its version is 2"),
        "{:?}",
        reading.notes
    );
}
