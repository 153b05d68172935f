//! Crashes made by hand: a module in the text format, and frames that are where the test wants them.

#![allow(
    clippy::unwrap_used,
    dead_code,
    unreachable_pub,
    reason = "each test file uses a part"
)]

use std::sync::Arc;

use wdb_coredump::{
    Base, Capture, Contents, CoreDump, Crash, CrashKind, Dialect, Exception, Frame, Global,
    GlobalId, Instance, InstanceId, Memory, MemoryCapture, MemoryId, MemoryShape, ModuleId,
    Reading, Rest, Run, Slot, Table, TableId, Thread, Value, ValueCapture,
};
use wdb_debuggee::PostMortem;
use wdb_examine::Resolver;
use wdb_module::{Binary, FuncIndex, Module, Operator};
use wdb_report::{self as report, Options, Report};
use wdb_symbols::Symbols;

/// A module with one instance and one thread, all of whose state the test can set.
pub struct Scene {
    pub module: Arc<Module>,
    pub dump: CoreDump,
    pub stderr: Vec<u8>,
}

pub fn i32(value: i32) -> Slot {
    Slot::Known(Value::I32(value))
}

impl Scene {
    /// A crash with this code in the module `wat`, whose globals and memory are as they start.
    pub fn new(wat: &str, code: &str) -> Scene {
        let bytes = wat::parse_str(wat).unwrap();
        let module = Binary::parse(bytes.into()).unwrap().modules()[0].clone();
        let memory = module.memories().first().map(|ty| Memory {
            shape: MemoryShape {
                memory64: ty.memory64,
                shared: false,
                page_size_log2: 16,
                pages: ty.initial,
                maximum: ty.maximum,
            },
            contents: Contents {
                runs: Vec::new(),
                rest: Rest::Zero,
            },
        });
        let crash = Crash {
            thread: 0,
            kind: CrashKind::Trap,
            code: code.into(),
            message: String::new(),
            causes: Vec::new(),
            exception: None,
        };
        let memories: Vec<Memory> = memory.into_iter().collect();
        Scene {
            dump: CoreDump {
                executable: "scene.wasm".into(),
                crash: Some(crash),
                capture: Capture {
                    values: ValueCapture::Full,
                    memory: MemoryCapture::Full,
                },
                modules: vec![wdb_coredump::Module {
                    name: "scene.wasm".into(),
                    ..Default::default()
                }],
                instances: vec![Instance {
                    module: ModuleId(0),
                    memories: memories.iter().map(|_| Some(MemoryId(0))).collect(),
                    globals: Vec::new(),
                    tables: Vec::new(),
                }],
                threads: vec![Thread {
                    name: "main".into(),
                    ..Default::default()
                }],
                memories,
                ..Default::default()
            },
            module,
            stderr: Vec::new(),
        }
    }

    pub fn function(&self, name: &str) -> FuncIndex {
        (0..self.module.function_count())
            .map(FuncIndex)
            .find(|func| self.module.function_name(*func) == Some(name))
            .unwrap_or_else(|| panic!("the module has no ${name}"))
    }

    /// Adds a frame further out: of `$name`, at its last instruction for which `at` holds.
    pub fn frame(
        mut self,
        name: &str,
        at: impl Fn(&Operator<'_>) -> bool,
        locals: &[Slot],
        stack: &[Slot],
    ) -> Scene {
        let func = self.function(name);
        let place = self
            .module
            .instructions(func)
            .map(Result::unwrap)
            .filter(|(_, operator)| at(operator))
            .last()
            .unwrap_or_else(|| panic!("${name} has no such instruction"))
            .0;
        let offset = self.module.to_function(func, place).unwrap();
        self.dump.threads[0].frames.push(Frame {
            instance: InstanceId(0),
            func,
            codeoffset: offset.0,
            locals: locals.to_vec(),
            stack: stack.to_vec(),
        });
        self
    }

    /// Adds a frame that waits for a call.
    pub fn caller(self, name: &str) -> Scene {
        let is_call = |operator: &Operator<'_>| {
            matches!(
                operator,
                Operator::Call { .. } | Operator::CallIndirect { .. }
            )
        };
        self.frame(name, is_call, &[], &[])
    }

    pub fn global(mut self, value: Value) -> Scene {
        let id = GlobalId(self.dump.globals.len() as u32);
        self.dump.instances[0].globals.push(Some(id));
        self.dump.globals.push(Global {
            ty: "i32".into(),
            mutable: true,
            value: Slot::Known(value),
        });
        self
    }

    pub fn table(mut self, size: u64, elements: &[(u64, &str)]) -> Scene {
        let reference = |name: &str| wdb_coredump::Reference::Func {
            instance: InstanceId(0),
            func: self.function(name),
        };
        let elements = elements
            .iter()
            .map(|(at, name)| (*at, reference(name)))
            .collect();
        self.dump.tables.push(Table {
            element: "funcref".into(),
            table64: false,
            maximum: None,
            size,
            elements,
        });
        self.dump.instances[0].tables.push(Some(TableId(0)));
        self
    }

    pub fn bytes(mut self, address: u64, bytes: &[u8]) -> Scene {
        let run = Run {
            address,
            bytes: bytes.to_vec().into(),
        };
        self.dump.memories[0].contents.runs.push(run);
        self
    }

    pub fn exception(mut self, tag: u32, payload: &[Slot]) -> Scene {
        let crash = self.dump.crash.as_mut().unwrap();
        crash.kind = CrashKind::Exception;
        crash.exception = Some(Exception {
            tag: Some((InstanceId(0), wdb_module::TagIndex(tag))),
            payload: payload.to_vec(),
        });
        self
    }

    pub fn report(self) -> Report {
        let reading = Reading {
            dump: self.dump,
            dialect: Dialect::Wdb,
            base: Base::Body,
            notes: Vec::new(),
        };
        let mut debuggee = PostMortem::new(reading, vec![Some(self.module.clone())]);
        let options = Options {
            guest_stderr: &self.stderr,
            ..Options::default()
        };
        report::build(&mut debuggee, &mut OwnSymbols(self.module), &options).unwrap()
    }

    /// The reason's words.
    pub fn reason(self) -> String {
        self.report().reason.unwrap().message
    }

    /// The diagnosis, as `rule: message`. Empty: none.
    pub fn diagnosis(self) -> String {
        let found = self.report().diagnosis;
        found.map_or_else(String::new, |found| {
            format!("{}: {}", found.rule, found.message)
        })
    }
}

struct OwnSymbols(Arc<Module>);

impl Resolver for OwnSymbols {
    fn symbols(&mut self, _: ModuleId) -> Option<Arc<Symbols>> {
        Some(Arc::new(Symbols::new(self.0.clone(), None, None)))
    }

    fn source(&mut self, _: ModuleId, _: &str) -> Option<String> {
        None
    }
}
