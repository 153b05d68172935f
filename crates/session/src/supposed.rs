//! A place in the code that the program has not reached: what names would mean there.

use wdb_debuggee::coredump::{
    Capture, Global, Instance, InstanceId, MemoryId, MemoryShape, Process, Table, TableId,
};
use wdb_debuggee::{
    Certainty, CodeLocation, Debuggee, Error, Frame, Module, StopReason, Thread, Trust,
};
use wdb_symbols::{Context, VariableKind};

use crate::error;
use crate::run::{self, Known};
use crate::session::Session;
use wdb_examine::expression::{self, Expression};
use wdb_examine::places::Location;
use wdb_examine::stop::{FrameId, Memo, Stop};
use wdb_examine::variables;

/// At as many places of a breakpoint names are looked up.
const MOST_PLACES: usize = 1000;

impl Session {
    /// Looks up the names of an expression at places that the program may come to.
    ///
    /// # Errors
    ///
    /// When at none of them every name means something: what is wrong at the first. Without places nothing is known to
    /// be wrong.
    pub fn check(
        &mut self,
        expression: &Expression,
        places: &[Location],
    ) -> Result<(), error::Error> {
        let mut symbols = self.known();
        let mut first = None;
        for place in places.iter().take(MOST_PLACES) {
            let checked = self.suppose(place, &mut symbols, |stop, frame| {
                expression::check(expression, stop, frame)
            });
            match checked {
                Ok(()) => return Ok(()),
                Err(error) => first = first.or(Some(error)),
            }
        }
        match first {
            None => Ok(()),
            Some(error) => Err(error::Error::Expression {
                error,
                text: expression.text().to_owned(),
            }),
        }
    }
}

impl Session {
    /// The variables that a place can see, as their language declares them.
    pub fn variables_at(&mut self, place: &Location) -> Vec<(String, VariableKind)> {
        let mut symbols = self.known();
        self.suppose(place, &mut symbols, |stop, frame| {
            let variables = stop.variables(frame);
            let own = variables.as_ref().and_then(|it| it.get(frame.inlined));
            let own = own.into_iter().flatten().filter(|it| !it.name.is_empty());
            let declared = own.map(|it| {
                let declare = |context: &mut Context<'_>| {
                    variables::declaration(context.symbols, &it.name, &it.ty)
                };
                (expression::with_context(stop, frame, declare).0, it.kind)
            });
            declared.collect()
        })
    }

    /// Looks at a place as if the program stood there.
    fn suppose<T>(
        &mut self,
        place: &Location,
        symbols: &mut Known,
        look: impl FnOnce(&mut Stop<'_>, FrameId) -> T,
    ) -> T {
        let mut memo = Memo::default();
        let mut supposed = Supposed {
            program: &mut *self.debuggee,
            at: place.at,
        };
        let mut stop = Stop::over(&mut supposed, symbols, &mut memo);
        let frame = run::frame_of(&mut stop, place);
        look(&mut stop, frame)
    }
}

/// The program with one frame, of which nothing is known but where it stands.
struct Supposed<'a> {
    program: &'a mut dyn Debuggee,
    at: CodeLocation,
}

impl Debuggee for Supposed<'_> {
    fn stop(&self) -> &[StopReason] {
        &[]
    }

    fn process(&self) -> &Process {
        self.program.process()
    }

    fn capture(&self) -> Capture {
        self.program.capture()
    }

    fn modules(&self) -> &[Module] {
        self.program.modules()
    }

    fn instances(&mut self) -> Result<Vec<Instance>, Error> {
        Ok(Vec::new())
    }

    fn threads(&mut self) -> Result<Vec<Thread>, Error> {
        Ok(vec![Thread {
            name: String::new(),
            frames: vec![Frame {
                instance: InstanceId(0),
                module: self.at.module,
                func: self.at.func,
                pc: Some(self.at.pc),
                locals: Vec::new(),
                stack: None,
                trust: Trust::Assumed,
            }],
            host_frames: Vec::new(),
        }])
    }

    fn memories(&mut self) -> Result<Vec<MemoryShape>, Error> {
        Ok(Vec::new())
    }

    fn read_memory(&mut self, _: MemoryId, address: u64, _: &mut [u8]) -> Result<Certainty, Error> {
        Err(Error::Absent { address })
    }

    fn occupied_memory(&mut self, _: MemoryId) -> Result<Vec<std::ops::Range<u64>>, Error> {
        Ok(Vec::new())
    }

    fn globals(&mut self) -> Result<Vec<Global>, Error> {
        Ok(Vec::new())
    }

    fn table(&mut self, table: TableId) -> Result<Table, Error> {
        Err(Error::NotFound(format!("table {}", table.0)))
    }

    fn table_count(&mut self) -> Result<u32, Error> {
        Ok(0)
    }
}
