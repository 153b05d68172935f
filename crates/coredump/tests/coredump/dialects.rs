//! One dump of each producer, as it writes them, and what the reader makes of it.

use crate::support::bytes;

use bytes::{Bytes, bytes, file};
use wdb_coredump::*;
use wdb_module::FuncIndex;

/// The frames of the first thread as plain numbers: instance, function, offset.
fn places(reading: &Reading) -> Vec<(u32, u32, u32)> {
    let frames = &reading.dump.threads[0].frames;
    frames
        .iter()
        .map(|f| (f.instance.0, f.func.0, f.codeoffset))
        .collect()
}

fn known(value: Value) -> Slot {
    Slot::Known(value)
}

fn low(value: i32) -> Slot {
    Slot::Inferred(Value::I32(value), Inference::Low32Bits)
}

#[test]
fn the_standard_with_values_of_every_type() {
    let frame = |func: u64| {
        bytes()
            .raw(&[0])
            .ulebs(&[0, func, 300])
            .uleb(5)
            .raw(&[0x01])
            .raw(&[0x7f])
            .sleb(-2)
            .raw(&[0x7e])
            .sleb(i64::MIN)
            .raw(&[0x7d])
            .raw(&1.5_f32.to_le_bytes())
            .raw(&[0x7c])
            .raw(&0x7ff4_0000_0000_0001_u64.to_le_bytes())
            .uleb(1)
            .raw(&[0x7f])
            .sleb(70)
    };
    let dump = file()
        .core("a.wasm")
        .custom("coremodules", &bytes().uleb(1).raw(&[0]).name("a"))
        .custom(
            "coreinstances",
            &bytes()
                .uleb(1)
                .raw(&[0])
                .ulebs(&[0, 2, 0, 0xffff_ffff, 1, 0]),
        )
        .stack(&[frame(7), frame(8)])
        .section(5, &bytes().ulebs(&[1, 1, 2, 3]))
        .section(
            6,
            &bytes()
                .uleb(1)
                .raw(&[0x7b, 0, 0xfd, 12])
                .raw(&[9; 16])
                .raw(&[0x0b]),
        )
        .section(11, &bytes().uleb(1).segment(65530, b"end"));
    let reading = read(dump.dump()).unwrap();
    assert_eq!(reading.notes, []);
    assert_eq!(
        (reading.dialect, reading.base),
        (Dialect::Standard, Base::Body)
    );
    assert_eq!(reading.dump.executable, "a.wasm");
    assert_eq!(reading.dump.modules[0].name, "a");
    assert_eq!(
        reading.dump.instances[0].memories,
        [Some(MemoryId(0)), None]
    );
    assert_eq!(reading.dump.instances[0].globals, [Some(GlobalId(0))]);
    assert_eq!(places(&reading), [(0, 7, 300), (0, 8, 300)]);
    assert_eq!(
        reading.dump.threads[0].frames[0].locals,
        [
            Slot::Missing(Missing::NotRecorded),
            known(Value::I32(-2)),
            known(Value::I64(i64::MIN)),
            known(Value::F32(1.5_f32.to_bits())),
            known(Value::F64(0x7ff4_0000_0000_0001)),
        ]
    );
    assert_eq!(
        reading.dump.threads[0].frames[1].stack,
        [known(Value::I32(70))]
    );
    let memory = &reading.dump.memories[0];
    assert_eq!((memory.shape.pages, memory.shape.maximum), (2, Some(3)));
    assert_eq!(memory.contents.rest, Rest::Unstated);
    assert_eq!(memory.contents.runs[0].address, 65530);
    assert_eq!(&memory.contents.runs[0].bytes[..], b"end");
    let global = &reading.dump.globals[0];
    let all_nines = u128::from_le_bytes([9; 16]);
    assert_eq!(
        (global.ty.as_str(), &global.value),
        ("v128", &known(Value::V128(all_nines)))
    );
}

#[test]
fn wasmtime() {
    let dump = file()
        .core("a.wasm")
        .section(5, &bytes().ulebs(&[1, 5, 1, 2]))
        .section(
            6,
            &bytes()
                .uleb(2)
                .raw(&[0x7f, 1, 0x41])
                .sleb(99)
                .raw(&[0x0b])
                .raw(&[0x6f, 1, 0xd0, 0x6f, 0x0b]),
        )
        .section(
            11,
            &bytes()
                .uleb(1)
                .raw(&[0, 0x42])
                .sleb(16)
                .raw(&[0x0b])
                .uleb(2)
                .raw(b"hi"),
        )
        .custom(
            "coremodules",
            &bytes().uleb(1).raw(&[0]).name("<anonymous-module-0>"),
        )
        .custom(
            "coreinstances",
            &bytes()
                .uleb(2)
                .raw(&[0])
                .ulebs(&[0, 1, 0, 2, 0, 1])
                .raw(&[0])
                .ulebs(&[0, 1, 0xffff_ffff, 2, 0, 1]),
        )
        .stack(&[
            bytes().raw(&[0]).ulebs(&[1, 3, 29, 0, 0]),
            bytes().raw(&[0]).ulebs(&[1, 1, 0, 0, 0]),
        ]);
    let reading = read(dump.dump()).unwrap();
    assert_eq!(
        (reading.dialect, reading.base),
        (Dialect::Wasmtime, Base::Body)
    );
    assert_eq!(places(&reading), [(1, 3, 29), (1, 1, 0)]);
    let memory = &reading.dump.memories[0];
    assert!(memory.shape.memory64);
    assert_eq!(memory.contents.rest, Rest::Zero);
    assert_eq!(memory.contents.runs[0].range(), 16..18);
    assert_eq!(reading.dump.instances[1].memories, [None]);
    assert_eq!(reading.dump.globals[0].value, known(Value::I32(99)));
    assert!(reading.dump.globals[0].mutable);
    // wasmtime writes every reference as null, whatever it is.
    assert_eq!(
        reading.dump.globals[1].value,
        Slot::Missing(Missing::NotRecorded)
    );
    assert_eq!(reading.dump.capture.values, ValueCapture::Light);
    assert_eq!(reading.dump.capture.memory, MemoryCapture::Full);
    assert_eq!(reading.notes.len(), 1, "{:?}", reading.notes);
    assert!(reading.notes[0].message.contains("several instances"));
}

/// What wasmer writes after its stack: a memory of no pages, and nothing in it.
fn wasmer_tail(dump: Bytes) -> Bytes {
    dump.section(5, &bytes().ulebs(&[1, 0, 0]))
        .section(11, &bytes().uleb(1).segment(0, b""))
}

#[test]
fn wasmer_before_instances() {
    let frames: Vec<Bytes> = (1..=6)
        .map(|func| bytes().raw(&[0]).ulebs(&[func * 100, func, 0, 0]))
        .collect();
    let reading = read(wasmer_tail(file().core("a.wasm").stack(&frames)).dump()).unwrap();
    assert_eq!(
        (reading.dialect, reading.base),
        (Dialect::Wasmer, Base::Body)
    );
    assert_eq!(places(&reading)[0], (0, 100, 1));
    assert_eq!(places(&reading)[5], (0, 600, 6));
    assert_eq!(reading.dump.memories, []);
    assert_eq!(reading.dump.capture.memory, MemoryCapture::None);
    assert_eq!(reading.dump.instances.len(), 1);
}

#[test]
fn wasmer_with_instances() {
    let frames: Vec<Bytes> = (1..=6)
        .map(|func| bytes().raw(&[0]).ulebs(&[0, func * 100, func, 0, 0]))
        .collect();
    let reading = read(wasmer_tail(file().core("a.wasm").stack(&frames)).dump()).unwrap();
    assert_eq!(reading.dialect, Dialect::Wasmer);
    assert_eq!(places(&reading)[5], (0, 600, 6));
}

/// What is around the stack of old WasmEdge: the module's name has no length, there are no
/// instances, the memory has no contents and the global no value.
fn old_wasmedge(stack: &Bytes) -> Reading {
    let dump = file()
        .core("")
        .custom("corestack", stack)
        .custom("coremodules", &bytes().uleb(1).raw(&[0]).raw(b"app"))
        .custom("coreinstances", &bytes().raw(&[0]))
        .section(5, &bytes().ulebs(&[1, 0, 2]))
        .section(6, &bytes().uleb(1).raw(&[0x7f, 1, 0x0b]));
    let reading = read(dump.dump()).unwrap();
    assert_eq!(
        (reading.dialect, reading.base),
        (Dialect::OldWasmEdge, Base::Module)
    );
    assert_eq!(reading.dump.modules[0].name, "app");
    assert_eq!(
        reading.dump.globals[0].value,
        Slot::Missing(Missing::NotRecorded)
    );
    assert_eq!(reading.dump.memories[0].contents.rest, Rest::ZeroIn(vec![]));
    assert_eq!(reading.dump.instances[0].memories, [Some(MemoryId(0))]);
    reading
}

#[test]
fn old_wasmedge_counts_frames_that_it_leaves_out() {
    let value = |bits: i32| bytes().raw(&[0x7f]).raw(&bits.to_le_bytes());
    let frames = [
        bytes()
            .raw(&[0])
            .ulebs(&[5, 0x123, 2, 1])
            .all(&[value(7), value(-1), value(1234)]),
        bytes().raw(&[0]).ulebs(&[4, 0x99, 0, 0]),
    ];
    let reading = old_wasmedge(&bytes().raw(&[0]).name("main").uleb(3).all(&frames));
    // The offset of a frame is written with the function that it called.
    assert_eq!(places(&reading), [(0, 5, 0), (0, 4, 0x123)]);
    assert_eq!(reading.dump.threads[0].frames[0].locals, [low(7), low(-1)]);
    assert_eq!(reading.dump.threads[0].frames[0].stack, [low(1234)]);
    assert!(
        reading
            .notes
            .iter()
            .any(|note| note.message.contains("says it has 3"))
    );
}

#[test]
fn old_wasmedge_for_wasmgdb_leaves_the_operands_out() {
    let value = |bits: i32| bytes().raw(&[0x7f]).raw(&bits.to_le_bytes());
    let frame = |func| {
        bytes()
            .raw(&[0])
            .ulebs(&[func, 0x20 + func, 1, 3])
            .all(&[value(9)])
    };
    let frames = [frame(2), frame(1)];
    let reading = old_wasmedge(&bytes().raw(&[0]).name("main").uleb(2).all(&frames));
    assert_eq!(places(&reading), [(0, 2, 0), (0, 1, 0x22)]);
    assert_eq!(reading.dump.threads[0].frames[1].locals, [low(9)]);
    assert_eq!(reading.dump.threads[0].frames[1].stack, []);
}

/// New WasmEdge: the memory before the rest.
fn wasmedge(frame: Bytes) -> Reading {
    let dump = file()
        .section(5, &bytes().ulebs(&[1, 0, 1]))
        .section(
            6,
            &bytes().uleb(1).raw(&[0x7e, 0, 0x42]).sleb(-5).raw(&[0x0b]),
        )
        .section(11, &bytes().uleb(1).segment(8, b"data"))
        .core("app")
        .custom("coremodules", &bytes().uleb(1).raw(&[0]).name("app"))
        .custom(
            "coreinstances",
            &bytes().uleb(1).raw(&[0]).ulebs(&[0, 1, 0, 1, 0]),
        )
        .stack(&[frame]);
    let reading = read(dump.dump()).unwrap();
    assert_eq!(
        (reading.dialect, reading.base),
        (Dialect::WasmEdge, Base::FirstInstruction)
    );
    assert_eq!(reading.dump.memories[0].contents.rest, Rest::Zero);
    assert_eq!(reading.dump.globals[0].value, known(Value::I64(-5)));
    reading
}

#[test]
fn wasmedge_follows_the_standard() {
    let frame = bytes()
        .raw(&[0])
        .ulebs(&[0, 3, 17, 1])
        .raw(&[0x7e])
        .sleb(1 << 40)
        .uleb(1)
        .raw(&[1]);
    let reading = wasmedge(frame);
    assert_eq!(places(&reading), [(0, 3, 17)]);
    assert_eq!(
        reading.dump.threads[0].frames[0].locals,
        [known(Value::I64(1 << 40))]
    );
    assert_eq!(
        reading.dump.threads[0].frames[0].stack,
        [Slot::Missing(Missing::NotRecorded)]
    );
}

#[test]
fn wasmedge_for_wasmgdb() {
    let frame = bytes()
        .raw(&[0])
        .ulebs(&[0, 3, 17, 2, 0])
        .raw(&[0x7e])
        .raw(&(1_i64 << 40).to_le_bytes());
    let reading = wasmedge(frame.raw(&[0x7f, 1, 2, 0, 0]));
    assert_eq!(
        reading.dump.threads[0].frames[0].locals,
        [known(Value::I64(1 << 40)), known(Value::I32(513))]
    );
}

/// The image of a memory as wasm-coredump-rewriter leaves it: frames, and headers whose sizes and
/// addresses are a few bytes off, written over the start of two pages of `fill`.
fn rewriter(frames: &[Bytes], fill: u8) -> Vec<u8> {
    let head = file()
        .stack(frames)
        .core("")
        .section(5, &bytes().ulebs(&[1, 1, 0, 2]));
    let at = head.0.len() as u64;
    let data = bytes()
        .raw(&[11])
        .uleb(131_072 - at - 3 - 1)
        .uleb(1)
        .raw(&[0, 0x41])
        .sleb(at as i64 + 9)
        .raw(&[0x0b])
        .uleb(131_072 - at - 10);
    let mut image = vec![fill; 131_072];
    let head = head.raw(&data.0).0;
    image[..head.len()].copy_from_slice(&head);
    image
}

#[test]
fn rewriter_writes_an_image_of_the_memory() {
    let frames = [
        bytes()
            .raw(&[0])
            .ulebs(&[0, 2, 48, 2, 0])
            .raw(&[0x7f, 0x9d, 2, 0, 0])
            .raw(&[0x7e])
            .raw(&[255; 8]),
        bytes()
            .raw(&[0])
            .ulebs(&[0, 1, 76, 2, 0])
            .raw(&[0x7f, 0x9d, 2, 0, 0, 0x7f, 5, 0, 0, 0]),
    ];
    let image = rewriter(&frames, 0xab);
    let reading = read(image.clone().into()).unwrap();
    assert_eq!(
        (reading.dialect, reading.base),
        (Dialect::Rewriter, Base::FirstInstruction)
    );
    assert_eq!(places(&reading), [(0, 2, 48), (0, 1, 76)]);
    // 669 is a filler only where the arguments of a caller are.
    assert_eq!(
        reading.dump.threads[0].frames[0].locals,
        [known(Value::I32(669)), known(Value::I64(-1))]
    );
    assert_eq!(
        reading.dump.threads[0].frames[1].locals,
        [Slot::Missing(Missing::Filler), known(Value::I32(5))]
    );
    let memory = &reading.dump.memories[0];
    assert_eq!((memory.shape.pages, memory.shape.maximum), (2, None));
    let run = &memory.contents.runs[0];
    let head = image.iter().position(|byte| *byte == 0xab).unwrap() as u64;
    assert_eq!(run.range(), head..131_072);
    assert!(run.bytes.iter().all(|byte| *byte == 0xab));
    // What the dump overwrote is absent, not zero.
    assert_eq!(memory.contents.rest, Rest::ZeroIn(vec![]));
    let notes: Vec<&str> = reading
        .notes
        .iter()
        .map(|note| note.message.as_str())
        .collect();
    assert!(
        notes[0].starts_with("took it as wasm-coredump-rewriter's"),
        "{notes:?}"
    );
    assert!(
        notes[1].starts_with("the dump lists no instances"),
        "{notes:?}"
    );
    assert_eq!(notes.len(), 2, "{notes:?}");
}

#[test]
fn rewriter_before_instances() {
    let frames = [bytes()
        .raw(&[0])
        .ulebs(&[2, 4800, 1, 0])
        .raw(&[0x7c])
        .raw(&2.5_f64.to_le_bytes())];
    let reading = read(rewriter(&frames, 0).into()).unwrap();
    assert_eq!(
        (reading.dialect, reading.base),
        (Dialect::OldRewriter, Base::CodeSection)
    );
    assert_eq!(places(&reading), [(0, 2, 4800)]);
    assert_eq!(
        reading.dump.threads[0].frames[0].locals,
        [known(Value::F64(2.5_f64.to_bits()))]
    );
}

#[test]
fn rewriter_image_cut_off() {
    let frames = [bytes().raw(&[0]).ulebs(&[0, 2, 48, 0, 0])];
    let mut image = rewriter(&frames, 1);
    image.truncate(70_000);
    let reading = read(image.into()).unwrap();
    assert_eq!(reading.dialect, Dialect::Rewriter);
    assert_eq!(places(&reading), [(0, 2, 48)]);
    assert_eq!(reading.dump.memories[0].shape.pages, 2);
    assert_eq!(
        reading.dump.memories[0].contents.runs[0].range().end,
        70_000
    );
}

/// Frames as early 2023 versions of the rewriter leave them: words, no function.
fn words(frames: &[Bytes]) -> Bytes {
    let size: usize = 8 + frames.iter().map(|frame| frame.0.len()).sum::<usize>();
    bytes()
        .raw(&(frames.len() as u32).to_le_bytes())
        .raw(&(size as u32).to_le_bytes())
        .all(frames)
}

fn word_frame(offset: u32, local: i32) -> Bytes {
    bytes()
        .raw(&offset.to_le_bytes())
        .raw(&1_u32.to_le_bytes())
        .raw(&[0x7f])
        .raw(&local.to_le_bytes())
}

#[test]
fn drafts_of_words() {
    let stack = bytes()
        .raw(&[0])
        .name("main")
        .all(&[words(&[word_frame(900, 3), word_frame(70, 4)])]);
    let head = file().custom("corestack", &stack).core("");
    let at = head.0.len() as u64;
    let mut image = head
        .raw(&[11])
        .uleb(65536 - at - 4)
        .uleb(1)
        .raw(&[1])
        .uleb(65536 - at - 8)
        .0;
    image.resize(65536, 0x55);
    let reading = read(image.into()).unwrap();
    assert_eq!(
        (reading.dialect, reading.base),
        (Dialect::Draft, Base::CodeSection)
    );
    assert_eq!(places(&reading), [(0, u32::MAX, 900), (0, u32::MAX, 70)]);
    assert_eq!(
        reading.dump.threads[0].frames[1].locals,
        [known(Value::I32(4))]
    );
    assert_eq!(reading.dump.memories[0].shape.pages, 1);
    assert_eq!(reading.dump.memories[0].contents.runs[0].bytes[0], 0x55);
}

#[test]
fn the_first_draft_has_no_container() {
    let mut image = words(&[word_frame(900, 3), word_frame(70, 4)]).0;
    let end = image.len() as u64;
    image.resize(65536, 0x66);
    let reading = read(image.clone().into()).unwrap();
    assert_eq!(reading.dialect, Dialect::Draft);
    assert_eq!(places(&reading), [(0, u32::MAX, 900), (0, u32::MAX, 70)]);
    assert_eq!(
        reading.dump.memories[0].contents.runs[0].range(),
        end..65536
    );
    // One byte off, and it is any file of 64 KiB.
    image[4] += 1;
    assert!(read(image.into()).is_err());
}

#[test]
fn drafts_with_a_reserved_number() {
    let typed = bytes()
        .ulebs(&[900, 1])
        .raw(&[0x7f])
        .sleb(-7)
        .ulebs(&[0, 0]);
    let reading = read(file().core("x").stack(&[typed.clone(), typed]).dump()).unwrap();
    assert_eq!(reading.dialect, Dialect::Draft);
    assert_eq!(places(&reading), [(0, u32::MAX, 900); 2]);
    assert_eq!(
        reading.dump.threads[0].frames[0].locals,
        [known(Value::I32(-7))]
    );

    let untyped = bytes().ulebs(&[900, 2, 5, 6, 1, 7, 0]);
    let reading = read(file().core("x").stack(&[untyped.clone(), untyped]).dump()).unwrap();
    assert_eq!(reading.dialect, Dialect::Draft);
    assert_eq!(reading.dump.threads[0].frames[0].locals, [low(5), low(6)]);
    assert_eq!(reading.dump.threads[0].frames[0].stack, [low(7)]);
}

#[test]
fn the_standard_of_spring_2023() {
    let frame = bytes()
        .raw(&[0])
        .ulebs(&[31, 400, 1])
        .raw(&[0x7f])
        .sleb(-7)
        .uleb(0);
    let reading = read(file().core("x").stack(&[frame.clone(), frame]).dump()).unwrap();
    assert_eq!(
        (reading.dialect, reading.base),
        (Dialect::Early, Base::Body)
    );
    assert_eq!(places(&reading), [(0, 31, 400); 2]);
    assert_eq!(
        reading.dump.threads[0].frames[0].locals,
        [known(Value::I32(-7))]
    );
}

#[test]
fn segments_that_overlap() {
    let data = bytes()
        .uleb(4)
        .segment(0, b"aaaaaaaaaa")
        .segment(4, b"bb")
        .segment(8, b"cccc")
        .segment(65534, b"dddd");
    let dump = file()
        .core("x")
        .section(5, &bytes().ulebs(&[1, 0, 1]))
        .section(11, &data);
    let reading = read(dump.dump()).unwrap();
    let mut memory = [b'.'; 16];
    reading.dump.memories[0].contents.copy(0, &mut memory);
    assert_eq!(&memory, b"aaaabbaacccc....");
    let mut end = [b'.'; 4];
    reading.dump.memories[0].contents.copy(65533, &mut end);
    assert_eq!(&end, b".dd.");
    assert!(
        reading
            .notes
            .iter()
            .any(|note| note.message.contains("outside of the memory"))
    );
}

#[test]
fn other_files_are_named() {
    let refused = |bytes: &[u8], expected: &str| {
        let message = read(bytes.to_vec().into()).unwrap_err().message;
        assert!(message.contains(expected), "{message}");
    };
    refused(b"", "an empty file");
    refused(
        b"\x89PNG\r\n\x1a\n",
        "a PNG image (it begins 89 50 4e 47 0d 0a 1a 0a)",
    );
    refused(b"\x7fELF\x02\x01\x01\x00", "an ELF file");
    refused(b"\x1f\x8b\x08", "gunzip");
    refused(b"\x28\xb5\x2f\xfd", "zstd -d");
    refused(b"\0asm\x0d\0\x01\0", "a WebAssembly component");
    refused(b"\0asm", "cut short");
    refused(
        &wat::parse_str("(module (func))").unwrap(),
        "a WebAssembly module",
    );
    refused(
        b"\0asm\x01\0\0\0",
        "without a `core` or `corestack` section",
    );
}

#[test]
fn indices_that_lead_nowhere_are_replaced_with_notes() {
    let dump = file()
        .core("x")
        .custom("coremodules", &bytes().uleb(0))
        .custom(
            "coreinstances",
            &bytes().uleb(1).raw(&[0]).ulebs(&[6, 1, 5, 1, 4]),
        )
        .stack(&[bytes().raw(&[0]).ulebs(&[9, 3, 29, 0, 0])]);
    let reading = read(dump.dump()).unwrap();
    assert_eq!(reading.notes.len(), 3, "{:?}", reading.notes);
    assert_eq!(reading.dump.instances[0].memories, [None]);
    assert_eq!(reading.dump.instances[0].module, ModuleId(0));
    assert_eq!(places(&reading), [(1, 3, 29)]);
    assert_eq!(reading.dump.modules.len(), 2);
    assert_eq!(reading.dump.threads[0].frames[0].func, FuncIndex(3));
}
