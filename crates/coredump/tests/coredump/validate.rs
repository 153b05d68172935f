//! What the validator finds, and what it does not.

use crate::support::bytes;

use std::path::Path;

use bytes::{Bytes, bytes, file};
use wdb_coredump::*;
use wdb_module::{Binary, FuncIndex};

/// The findings of a file, each as severity and message.
fn findings(file: &Bytes) -> Vec<(Severity, String)> {
    let findings = validate(&file.clone().dump(), &[]);
    findings
        .into_iter()
        .map(|finding| (finding.severity, finding.message))
        .collect()
}

/// Checks that one finding of this severity contains `expected`.
fn finds(file: &Bytes, severity: Severity, expected: &str) {
    let findings = findings(file);
    let hit = |finding: &&(Severity, String)| finding.0 == severity && finding.1.contains(expected);
    assert!(
        findings.iter().any(|finding| hit(&finding)),
        "no `{expected}` in {findings:#?}"
    );
}

fn modules() -> Bytes {
    bytes().uleb(1).raw(&[0]).name("a")
}

fn instances() -> Bytes {
    bytes().uleb(1).raw(&[0]).ulebs(&[0, 1, 0, 1, 0])
}

fn frame() -> Bytes {
    bytes()
        .raw(&[0])
        .ulebs(&[0, 3, 29, 1])
        .raw(&[0x7f])
        .sleb(-70)
        .uleb(0)
}

/// The sections of a dump that is in order.
struct Sections {
    core: Bytes,
    modules: Bytes,
    instances: Bytes,
    stack: Bytes,
    memory: Bytes,
    global: Bytes,
    data: Bytes,
    more: Bytes,
}

impl Sections {
    fn good() -> Self {
        Sections {
            core: bytes().raw(&[0]).name("a.wasm"),
            modules: modules(),
            instances: instances(),
            stack: bytes().raw(&[0]).name("main").uleb(1).all(&[frame()]),
            memory: bytes().ulebs(&[1, 0, 1]),
            global: bytes().uleb(1).raw(&[0x7f, 0, 0x41]).sleb(5).raw(&[0x0b]),
            data: bytes().uleb(1).segment(16, b"data"),
            more: bytes(),
        }
    }

    fn file(&self) -> Bytes {
        file()
            .custom("core", &self.core)
            .custom("coremodules", &self.modules)
            .custom("coreinstances", &self.instances)
            .custom("corestack", &self.stack)
            .section(5, &self.memory)
            .section(6, &self.global)
            .section(11, &self.data)
            .raw(&self.more.0)
    }
}

/// Checks that a change of a good dump is found.
fn change(change: impl FnOnce(&mut Sections), severity: Severity, expected: &str) {
    let mut sections = Sections::good();
    change(&mut sections);
    finds(&sections.file(), severity, expected);
}

#[test]
fn a_dump_that_follows_the_standard_has_no_findings() {
    assert_eq!(findings(&Sections::good().file()), []);
}

#[test]
fn what_strict_readers_refuse_is_an_error() {
    use Severity::Error;
    change(
        |s| s.core.0[0] = 1,
        Error,
        "`core` does not follow the standard",
    );
    change(|s| s.modules.0.push(0), Error, "trailing bytes");
    change(
        |s| s.instances.0.truncate(3),
        Error,
        "`coreinstances` does not follow",
    );
    change(
        |s| s.stack = bytes().raw(&[0]).name("main").uleb(9).all(&[frame()]),
        Error,
        "end-of-file",
    );
    change(
        |s| s.memory = bytes().ulebs(&[1, 0, 65537]),
        Error,
        "memory size",
    );
    change(
        |s| s.memory = bytes().ulebs(&[1, 1, 5, 4]),
        Error,
        "more pages than it may have",
    );
    change(
        |s| s.global = bytes().uleb(1).raw(&[0x7f, 0, 0x0b]),
        Error,
        "type mismatch",
    );
    change(
        |s| s.data = bytes().uleb(1).raw(&[2, 9, 0x41, 0, 0x0b, 1, 1]),
        Error,
        "memory 9",
    );
    change(|s| s.data = bytes().ulebs(&[1, 1, 1, 1]), Error, "passive");
    change(
        |s| s.more = bytes().section(5, &bytes().uleb(0)),
        Error,
        "out of order",
    );
    finds(&bytes().raw(b"\x89PNG"), Error, "magic");
}

#[test]
fn contradictions_are_errors() {
    use Severity::Error;
    change(
        |s| s.more = bytes().core("again"),
        Error,
        "there are 2 `core` sections",
    );
    finds(&file(), Error, "there are 0 `coremodules` sections");
    let instance = |list: &[u64]| bytes().uleb(1).raw(&[0]).ulebs(list);
    change(
        |s| s.instances = instance(&[1, 0, 0]),
        Error,
        "names module 1, of 1",
    );
    change(
        |s| s.instances = instance(&[0, 1, 1, 0]),
        Error,
        "names memory 1, of 1",
    );
    change(
        |s| s.instances = instance(&[0, 0, 1, 7]),
        Error,
        "names global 7, of 1",
    );
    let other = bytes().raw(&[0]).ulebs(&[3, 3, 29, 0, 0]);
    change(
        |s| s.stack = bytes().raw(&[0]).name("main").uleb(1).all(&[other]),
        Error,
        "names instance 3, of 1",
    );
}

#[test]
fn what_readers_cope_with_is_a_warning() {
    use Severity::Warning;
    change(|s| s.global.0[2] = 1, Warning, "mutable");
    // A function index of 3 in two bytes.
    let long = bytes().raw(&[0, 0, 0x83, 0x00, 29, 0, 0]);
    change(
        |s| s.stack = bytes().raw(&[0]).name("main").uleb(1).all(&[long]),
        Warning,
        "take more bytes than they need",
    );
    change(
        |s| {
            s.more = bytes()
                .custom("corestack", &s.stack)
                .custom("coremodules", &bytes())
        },
        Severity::Error,
        "coremodules",
    );
    change(
        |s| s.data = bytes().uleb(2).segment(16, b"data").segment(18, b"more"),
        Warning,
        "overlaps",
    );
    change(
        |s| s.data = bytes().uleb(1).segment(65534, b"data"),
        Warning,
        "outside of the memory",
    );
    let program = file()
        .section(1, &bytes().uleb(0))
        .raw(&Sections::good().file().0[8..]);
    finds(&program, Warning, "a section of a program");
}

#[test]
fn our_sections_are_checked() {
    use Severity::{Error, Warning};
    let more = |name: &'static str, payload: Bytes| {
        move |s: &mut Sections| s.more = bytes().custom(name, &payload)
    };
    change(
        more("wdb.capture", bytes().raw(&[1, 1, 1, 9])),
        Warning,
        "1 bytes after the fields",
    );
    change(
        more("wdb.capture", bytes().raw(&[2, 1, 1])),
        Warning,
        "version 2",
    );
    change(
        more("wdb.future", bytes()),
        Warning,
        "`wdb.future` is unknown",
    );
    change(
        more("wdb.capture", bytes().raw(&[1])),
        Error,
        "`wdb.capture` is malformed",
    );
    change(
        more("wdb.globals", bytes().raw(&[1, 0])),
        Error,
        "about 0 globals, of which there are 1",
    );
    change(
        more("wdb.memories", bytes().raw(&[1, 2, 0, 1, 0, 1])),
        Error,
        "about 2 memories",
    );
    change(
        more("wdb.values", bytes().raw(&[1, 1, 1, 0, 0, 5, 1, 0])),
        Error,
        "local or operand 5 of frame 0",
    );
    change(
        more("wdb.hostframes", bytes().raw(&[1, 1, 1, 2]).name("x")),
        Error,
        "before no frame",
    );
    change(
        more("wdb.tables", bytes().raw(&[1, 0, 1, 1, 0])),
        Error,
        "names table 0, of 0",
    );
    let crash = bytes()
        .raw(&[1, 5, 1])
        .name("unreachable")
        .name("x")
        .raw(&[0, 0]);
    change(more("wdb.crash", crash), Error, "thread 5, of 1");
    // A table of no elements that has one.
    let table = bytes()
        .raw(&[1, 1])
        .name("funcref")
        .raw(&[0, 0, 0, 1, 3, 0xd0, 0x70, 1, 1, 0]);
    change(more("wdb.tables", table), Error, "references lead nowhere");
    let twice = bytes().custom("wdb.capture", &bytes().raw(&[1, 1, 1]));
    change(
        |s| s.more = twice.clone().all(&[twice]),
        Error,
        "comes again",
    );
}

fn fixture(name: &str) -> ::bytes::Bytes {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures")
        .join(name);
    let packed = std::fs::File::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    zstd::decode_all(packed).unwrap().into()
}

/// The findings of a dump of `wat-state` held against its module.
fn against_module(change: impl FnOnce(&mut CoreDump)) -> Vec<String> {
    let binary = Binary::parse(fixture("built/wat-state.wasm.zst")).unwrap();
    let mut dump = read(fixture("dumps/wat-state.wasmtime.core.zst"))
        .unwrap()
        .dump;
    change(&mut dump);
    let mut written = Vec::new();
    write(&dump, &mut written).unwrap();
    let findings = validate(&written.into(), &[Some(&binary.modules()[0])]);
    findings
        .into_iter()
        .map(|finding| finding.message)
        .collect()
}

#[test]
fn a_real_dump_fits_its_module() {
    assert_eq!(against_module(|_| {}), [""; 0]);
}

#[test]
fn what_does_not_fit_the_module_is_found() {
    let finds = |change: fn(&mut CoreDump), expected: &str| {
        let findings = against_module(change);
        assert!(
            findings.iter().any(|f| f.contains(expected)),
            "no `{expected}` in {findings:#?}"
        );
    };
    finds(
        |dump| dump.modules[0].sha256 = Some([7; 32]),
        "its SHA-256 differs",
    );
    finds(
        |dump| dump.threads[0].frames[0].func = FuncIndex(4000),
        "does not define",
    );
    finds(
        |dump| dump.threads[0].frames[0].codeoffset = 1_000_000,
        "outside of function",
    );
    finds(
        |dump| dump.threads[0].frames[1].codeoffset += 1,
        "not at an instruction",
    );
    let locals = |dump: &mut CoreDump| {
        dump.threads[0].frames[0].locals = vec![Slot::Known(Value::F32(0)); 99]
    };
    finds(locals, "has 99 locals, its function");
    finds(locals, "is not of its type");
    finds(
        |dump| dump.globals[0].value = Slot::Known(Value::F64(0)),
        "global 0 of instance 0 is not of the type",
    );
    finds(
        |dump| dump.memories[0].shape.memory64 = true,
        "memory 0 of instance 0 is not of the type",
    );
    finds(|dump| dump.instances[0].globals.truncate(7), "its module 8");
}
