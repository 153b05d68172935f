//! What must hold for any module: for the fuzz target and, seeded, for the ordinary tests.

use wdb_module::{Binary, FuncIndex, Module};

use crate::c_stack;

/// The most functions of a module that are followed, and the most places in each.
const SAMPLE: usize = 50;

/// Follows the code of the binary that `data` is, to places all over its functions.
///
/// # Panics
///
/// If what is found there cannot be.
pub fn code(data: &[u8]) {
    let Ok(binary) = Binary::parse(bytes::Bytes::copy_from_slice(data)) else {
        return;
    };
    for module in binary.modules() {
        let imported = module.imported_function_count();
        let functions = (imported..module.function_count()).map(FuncIndex);
        functions
            .take(SAMPLE)
            .for_each(|func| function(module, func));
    }
}

fn function(module: &Module, func: FuncIndex) {
    let instructions = module.instructions(func).map_while(Result::ok);
    let places: Vec<_> = instructions.map(|(at, _)| at).collect();
    for place in places.iter().step_by(places.len() / SAMPLE + 1) {
        c_stack::follow(module, func, *place);
    }
}
