//! Types and functions are found by the names that people use.

use crate::common;

use wdb_symbols::Symbols;

fn functions(symbols: &Symbols, name: &str) -> Vec<String> {
    let found = symbols.functions_named(name);
    let names = found
        .into_iter()
        .map(|it| symbols.function_name(it).display);
    names.collect()
}

#[test]
fn functions_by_name() {
    let cpp = Symbols::new(common::module("cpp-types"), None, None);
    let circle = "shapes::Circle::area() const";
    let both = [circle, "shapes::Square::area() const"];
    assert_eq!(functions(&cpp, "shapes::Circle::area"), [circle]);
    assert_eq!(functions(&cpp, "Circle::area"), [circle]);
    assert_eq!(functions(&cpp, "_ZNK6shapes6Circle4areaEv"), [circle]);
    let area = functions(&cpp, "area");
    assert_eq!(area.len(), both.len(), "{area:?}");
    assert_eq!(functions(&cpp, "gauges::Pump::run").len(), 1);
    assert_eq!(functions(&cpp, "Pomp::run").len(), 0);
    assert_eq!(functions(&cpp, "").len(), 0);

    let rust = Symbols::new(common::module("rust-refcell"), None, None);
    let main = functions(&rust, "main");
    assert!(main.iter().any(|it| it == "rust_refcell::main"), "{main:?}");
    let start = functions(&rust, "std::rt::lang_start");
    assert_eq!(start, ["std::rt::lang_start::<()>"]);

    let c = Symbols::new(common::module("c-variables"), None, None);
    assert_eq!(functions(&c, "layouts"), ["layouts"]);
}

#[test]
fn an_empty_name_is_none() {
    // The names of functions: one, of function 0, of no characters.
    let names = vec![1, 3, 1, 0, 0];
    let symbols = Symbols::new(common::dwarf::module(1, &[("name", names)]), None, None);
    let name = symbols.function_name(wdb_module::FuncIndex(0));
    assert_eq!(name.display, "func[0]");
}
