//! A proptest strategy over the whole model of a dump: every field, every variant, indices in
//! range.

use bytes::Bytes;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use wdb_coredump::*;
use wdb_module::{FuncIndex, TagIndex};

/// How many of each thing a dump has.
#[derive(Clone, Copy, Debug)]
struct Counts {
    modules: u32,
    instances: u32,
    memories: u32,
    globals: u32,
    tables: u32,
}

pub(crate) fn dump() -> impl Strategy<Value = CoreDump> {
    (1..4_u32, 1..4_u32, 0..4_u32, 0..5_u32, 0..4_u32)
        .prop_flat_map(|(modules, instances, memories, globals, tables)| {
            with(Counts {
                modules,
                instances,
                memories,
                globals,
                tables,
            })
        })
        .boxed()
}

fn with(n: Counts) -> impl Strategy<Value = CoreDump> {
    let state = (
        vec(module(), n.modules as usize),
        vec(instance(n), n.instances as usize),
        vec(memory(), n.memories as usize),
        vec(global(n), n.globals as usize),
        vec(table(n), n.tables as usize),
    );
    (name(), process(), capture(), vec(thread(n), 0..4), state).prop_flat_map(
        move |(executable, process, capture, threads, state)| {
            let (modules, instances, memories, globals, tables) = state;
            let dump = CoreDump {
                executable,
                process,
                crash: None,
                capture,
                modules,
                instances,
                threads,
                memories,
                globals,
                tables,
            };
            option::of(crash(n, dump.threads.len().max(1) as u32)).prop_map(move |crash| CoreDump {
                crash,
                ..dump.clone()
            })
        },
    )
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[a-z/.]{1,12}", "\\PC{0,6}"]
}

fn process() -> impl Strategy<Value = Process> {
    (
        vec(name(), 0..4),
        option::of(any::<u32>()),
        option::of(any::<u64>()),
        vec(
            (name(), name()).prop_map(|(name, version)| Producer { name, version }),
            0..3,
        ),
    )
        .prop_map(|(arguments, pid, time, producers)| Process {
            arguments,
            pid,
            time,
            producers,
        })
}

fn capture() -> impl Strategy<Value = Capture> {
    (
        select(vec![
            ValueCapture::Unstated,
            ValueCapture::Full,
            ValueCapture::Light,
        ]),
        select(vec![
            MemoryCapture::Unstated,
            MemoryCapture::Full,
            MemoryCapture::Stack,
            MemoryCapture::None,
        ]),
    )
        .prop_map(|(values, memory)| Capture { values, memory })
}

fn crash(n: Counts, threads: u32) -> impl Strategy<Value = Crash> {
    let exception = (
        option::of((0..n.instances, any::<u32>()).prop_map(|(i, t)| (InstanceId(i), TagIndex(t)))),
        vec(slot(n), 0..3),
    )
        .prop_map(|(tag, payload)| Exception { tag, payload });
    (
        0..threads,
        select(vec![
            CrashKind::Trap,
            CrashKind::Exception,
            CrashKind::HostError,
            CrashKind::Limit,
            CrashKind::Interrupt,
            CrashKind::Requested,
            CrashKind::Other,
        ]),
        prop_oneof![Just(code::UNREACHABLE.to_owned()), name()],
        name(),
        vec(name(), 0..3),
        option::of(exception),
    )
        .prop_map(|(thread, kind, code, message, causes, exception)| Crash {
            thread,
            kind,
            code,
            message,
            causes,
            exception,
        })
}

fn module() -> impl Strategy<Value = Module> {
    (
        name(),
        option::of(name()),
        option::of(any::<[u8; 32]>()),
        option::of(vec(any::<u8>(), 0..24)),
        prop_oneof![Just(0), any::<u64>()],
    )
        .prop_map(|(name, path, sha256, build_id, file_offset)| Module {
            name,
            path,
            sha256,
            build_id,
            file_offset,
        })
}

fn ids<T: Clone + std::fmt::Debug + 'static>(
    count: u32,
    id: fn(u32) -> T,
) -> BoxedStrategy<Vec<Option<T>>> {
    if count == 0 {
        return vec(Just(None), 0..3).boxed();
    }
    vec(option::of((0..count).prop_map(id)), 0..5).boxed()
}

fn instance(n: Counts) -> impl Strategy<Value = Instance> {
    (
        0..n.modules,
        ids(n.memories, MemoryId),
        ids(n.globals, GlobalId),
        ids(n.tables, TableId),
    )
        .prop_map(|(module, memories, globals, tables)| Instance {
            module: ModuleId(module),
            memories,
            globals,
            tables,
        })
}

fn thread(n: Counts) -> impl Strategy<Value = Thread> {
    (name(), vec(frame(n), 0..6)).prop_flat_map(|(name, frames)| {
        let host = (0..=frames.len() as u32, self::name())
            .prop_map(|(before, name)| HostFrame { before, name });
        vec(host, 0..3).prop_map(move |host_frames| Thread {
            name: name.clone(),
            frames: frames.clone(),
            host_frames,
        })
    })
}

fn frame(n: Counts) -> impl Strategy<Value = Frame> {
    (
        0..n.instances,
        any::<u32>(),
        prop_oneof![Just(0), 1..1000_u32, any::<u32>()],
        vec(slot(n), 0..6),
        vec(slot(n), 0..4),
    )
        .prop_map(|(instance, func, codeoffset, locals, stack)| Frame {
            instance: InstanceId(instance),
            func: FuncIndex(func),
            codeoffset,
            locals,
            stack,
        })
}

fn value(n: Counts) -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i32>().prop_map(Value::I32),
        any::<i64>().prop_map(Value::I64),
        any::<u32>().prop_map(Value::F32),
        any::<u64>().prop_map(Value::F64),
        any::<u128>().prop_map(Value::V128),
        reference(n).prop_map(Value::Ref),
    ]
}

fn reference(n: Counts) -> impl Strategy<Value = Reference> {
    prop_oneof![
        heap_type().prop_map(Reference::Null),
        (0..n.instances, any::<u32>()).prop_map(|(instance, func)| Reference::Func {
            instance: InstanceId(instance),
            func: FuncIndex(func),
        }),
        (-(1 << 30)..1 << 30_i32).prop_map(Reference::I31),
        (heap_type(), name())
            .prop_map(|(heap, description)| Reference::Opaque { heap, description }),
    ]
}

fn heap_type() -> impl Strategy<Value = HeapType> {
    (0x68..=0x74_u8).prop_filter_map("a heap type", HeapType::from_byte)
}

fn slot(n: Counts) -> impl Strategy<Value = Slot> {
    prop_oneof![
        6 => value(n).prop_map(Slot::Known),
        1 => (value(n), select(vec![Inference::Low32Bits, Inference::CStack]))
            .prop_map(|(value, how)| Slot::Inferred(value, how)),
        1 => select(vec![Missing::NotRecorded, Missing::Filler, Missing::Damaged])
            .prop_map(Slot::Missing),
    ]
}

fn global(n: Counts) -> impl Strategy<Value = Global> {
    let ty = prop_oneof![
        select(vec![
            "i32",
            "i64",
            "f32",
            "f64",
            "v128",
            "funcref",
            "externref",
            "anyref",
            "exnref"
        ])
        .prop_map(str::to_owned),
        select(vec![
            "(ref null $t)",
            "(ref func)",
            "(ref null noextern)",
            "contref",
            "eqref"
        ])
        .prop_map(str::to_owned),
        name(),
    ];
    (ty, any::<bool>(), slot(n)).prop_map(|(ty, mutable, value)| Global { ty, mutable, value })
}

fn table(n: Counts) -> impl Strategy<Value = Table> {
    (name(), any::<bool>(), option::of(any::<u64>()), 0..50_u64).prop_flat_map(
        move |(element, table64, maximum, size)| {
            proptest::collection::btree_map(0..size.max(1), reference(n), 0..6).prop_map(
                move |elements| Table {
                    element: element.clone(),
                    table64,
                    maximum,
                    size,
                    elements: elements
                        .into_iter()
                        .filter(|(index, _)| *index < size)
                        .collect(),
                },
            )
        },
    )
}

fn memory() -> impl Strategy<Value = Memory> {
    shape().prop_flat_map(|shape| {
        (runs(shape.len()), rest(shape.len())).prop_map(move |(runs, rest)| Memory {
            shape,
            contents: Contents { runs, rest },
        })
    })
}

fn shape() -> impl Strategy<Value = MemoryShape> {
    (any::<bool>(), any::<bool>(), select(vec![0_u32, 4, 16])).prop_flat_map(
        |(memory64, shared, page_size_log2)| {
            let largest = match (memory64, page_size_log2) {
                (true, 0) => u64::MAX,
                (true, log2) => 1 << (64 - log2),
                (false, 0) => u64::from(u32::MAX),
                (false, log2) => 1 << (32 - log2),
            };
            let pages = move || prop_oneof![0..3_u64, Just(largest), 0..=largest];
            (pages(), option::of(pages())).prop_map(move |(pages, maximum)| MemoryShape {
                memory64,
                shared,
                page_size_log2,
                pages,
                maximum,
            })
        },
    )
}

/// Ascending ranges of up to 64 bytes with gaps between them, some of none, some near the end.
fn ranges(length: u64) -> impl Strategy<Value = Vec<std::ops::Range<u64>>> {
    let start = prop_oneof![
        Just(0),
        0..=length.min(300),
        length.saturating_sub(100)..=length
    ];
    (
        start,
        vec((prop_oneof![Just(0), 0..40_u64], 1..64_u64), 0..6),
    )
        .prop_map(move |(start, steps)| {
            let mut next = start;
            let mut ranges = Vec::new();
            for (gap, size) in steps {
                let from = next.saturating_add(gap);
                let to = from.saturating_add(size).min(length);
                if from < to {
                    ranges.push(from..to);
                    next = to;
                }
            }
            ranges
        })
}

fn runs(length: u64) -> impl Strategy<Value = Vec<Run>> {
    (ranges(length), any::<u8>()).prop_map(|(ranges, seed)| {
        let run = |range: std::ops::Range<u64>| Run {
            address: range.start,
            bytes: Bytes::from_iter(
                (0..range.end - range.start).map(|i| seed.wrapping_add(i as u8)),
            ),
        };
        ranges.into_iter().map(run).collect()
    })
}

fn rest(length: u64) -> impl Strategy<Value = Rest> {
    prop_oneof![
        Just(Rest::Unstated),
        Just(Rest::Zero),
        ranges(length).prop_map(Rest::ZeroIn),
    ]
}
