//! Where functions begin, behind their prologues.

use std::sync::Arc;

use wdb_debuggee::CodeLocation;
use wdb_debuggee::coredump::ModuleId;
use wdb_module::FuncIndex;

use crate::view::{Spot, Starts, View};

impl View<'_> {
    /// Where a function begins, behind its prologue, and the place there. `None` where nothing is known of its lines.
    pub fn start(&mut self, module: ModuleId, func: FuncIndex) -> Option<(CodeLocation, Spot)> {
        let symbols = self.symbols(module)?;
        let start = symbols.body_start(func)?;
        let code = self.code(module, func, start)?;
        let location = symbols.locate(start).pop()?;
        let function = location.function.as_ref();
        let spot = Spot {
            function: function.map_or(String::new(), |it| it.display.clone()),
            family: symbols.family(&location),
            location,
        };
        Some((code, spot))
    }

    /// Where the functions of a module begin that have source.
    pub fn starts(&mut self, module: ModuleId) -> Arc<Starts> {
        if let Some(known) = self.memo.starts.get(&module) {
            return Arc::clone(known);
        }
        let functions = self.binary(module).map_or(0..0, |binary| {
            binary.imported_function_count()..binary.function_count()
        });
        let starts = functions.filter_map(|it| self.start(module, FuncIndex(it)));
        let with_source = starts.filter(|(_, spot)| spot.location.line.is_some());
        let found: Arc<Starts> = Arc::new(with_source.collect());
        self.memo.starts.insert(module, Arc::clone(&found));
        found
    }
}
