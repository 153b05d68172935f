//! Damaged dumps and modules: a report comes out all the same, and nothing panics.

use std::sync::Arc;

use super::support::{dump_bytes, module_bytes};
use wdb_debuggee::PostMortem;
use wdb_debuggee::coredump::ModuleId;
use wdb_examine::Resolver;
use wdb_module::{Binary, Module};
use wdb_report::{self as report, Options, Shown};
use wdb_symbols::Symbols;

/// Marsaglia's xorshift: the same on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// Changes some bytes, and sometimes cuts off the end.
    fn damage(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(8) {
            let at = self.below(bytes.len());
            bytes[at] = match self.below(4) {
                0 => 0xff,
                1 => 0,
                2 => bytes[at] ^ (1 << self.below(8)),
                _ => self.next() as u8,
            };
        }
        if self.below(8) == 0 {
            bytes.truncate(self.below(bytes.len()) + 1);
        }
    }
}

/// Knows the symbols, and answers every question for a source with the same lines.
struct Resolve(Option<Arc<Module>>, &'static str);

impl Resolver for Resolve {
    fn symbols(&mut self, _: ModuleId) -> Option<Arc<Symbols>> {
        let module = self.0.clone()?;
        Some(Arc::new(Symbols::new(module, None, None)))
    }

    fn source(&mut self, _: ModuleId, _: &str) -> Option<String> {
        Some(self.1.repeat(80))
    }
}

fn report(dump: Vec<u8>, module: Option<Arc<Module>>, source: &'static str) {
    let Ok(reading) = wdb_coredump::read(dump.into()) else {
        return;
    };
    let modules = vec![module.clone(); reading.dump.modules.len()];
    let mut debuggee = PostMortem::new(reading, modules);
    let options = Options {
        guest_stderr: b"thread 'main' panicked at :1:1:\n",
        ..Options::default()
    };
    let report = report::build(&mut debuggee, &mut Resolve(module, source), &options).unwrap();
    for all_frames in [false, true] {
        let style = Shown {
            colour: all_frames,
            all_frames,
        };
        assert!(!report::text(&report, style).is_empty());
    }
    serde_json::to_string(&report::json(&report)).unwrap();
}

#[test]
fn damaged_dumps_and_modules() {
    const SOURCES: [&str; 4] = ["\n", "", "\u{e9}\tx \u{1b}[2J\r\n", "int x = 字/字;\n"];
    let mut random = Random(0x5eed);
    for (dump, module) in [
        ("c-div-zero.wasmtime", "c-div-zero"),
        ("wat-state.wasmtime", "wat-state"),
        ("c-unreachable.rewriter", "c-unreachable"),
    ] {
        let (dump, module) = (dump_bytes(dump), module_bytes(module));
        let whole = Binary::parse(module.clone()).unwrap().modules()[0].clone();
        for round in 0..150 {
            let source = SOURCES[random.below(SOURCES.len())];
            let mut damaged = dump.to_vec();
            random.damage(&mut damaged);
            report(damaged, Some(whole.clone()), source);
            if round % 3 == 0 {
                let mut damaged = module.to_vec();
                random.damage(&mut damaged);
                let parsed = Binary::parse(damaged.into()).ok();
                let module = parsed.and_then(|it| it.modules().first().cloned());
                report(dump.to_vec(), module, source);
            }
        }
    }
}

#[test]
fn a_dump_of_a_million_frames() {
    let mut reading = wdb_coredump::read(dump_bytes("c-div-zero.wasmtime")).unwrap();
    let frames = &mut reading.dump.threads[0].frames;
    let frame = frames[1].clone();
    frames.splice(1..1, vec![frame; 1_000_000]);
    let mut debuggee = PostMortem::new(reading, Vec::new());
    let mut nothing = Resolve(None, "");
    let report = report::build(&mut debuggee, &mut nothing, &Options::default()).unwrap();
    assert_eq!(report.threads[0].entries.len(), 100_001);
    let text = report::text(&report, Shown::default());
    assert!(text.contains("… 900,008 frames not shown"), "{text}");
    assert!(text.lines().count() < 40, "{text}");
    assert!(text.contains("\n  #1000007  "), "{text}");
}
