//! What the beginning of a place may become.

use std::collections::BTreeSet;

use wdb_module::FuncIndex;

use crate::view::View;

/// The file before a colon that is alone, and what is begun after it.
fn file_and_beginning(text: &str) -> Option<(&str, &str)> {
    let (file, begun) = text.rsplit_once(':')?;
    (!file.is_empty() && !file.ends_with(':')).then_some((file, begun))
}

/// At most this many functions are looked at to find those of a file.
const MOST_LOOKED_AT: usize = 20_000;

/// What `text` may be the beginning of: functions and source files, by their short names, at most `most`.
pub fn completions(view: &mut View<'_>, text: &str, most: usize) -> Vec<String> {
    let mut found = BTreeSet::new();
    for module in view.module_ids() {
        let Some(symbols) = view.symbols(module) else {
            continue;
        };
        if let Some((file, begun)) = file_and_beginning(text) {
            let binary = view.binary(module);
            let own = binary.map_or(0..0, |it| it.imported_function_count()..it.function_count());
            for func in own.take(MOST_LOOKED_AT).map(FuncIndex) {
                let name = symbols.function_name(func).path();
                let declared = name
                    .starts_with(begun)
                    .then(|| symbols.function_declaration(func));
                let is_meant = |path: &str| {
                    let rest = path.strip_suffix(file);
                    rest.is_some_and(|it| it.is_empty() || it.ends_with(['/', '\\']))
                };
                if declared.flatten().is_some_and(|it| is_meant(&it.0)) {
                    found.insert(format!("{file}:{name}"));
                }
            }
        }
        let paths = symbols.function_names().iter().map(wdb_symbols::Name::path);
        for path in paths {
            // The qualification may be left out from the front.
            let ends = path.match_indices("::").map(|it| it.0 + 2);
            for start in [0].into_iter().chain(ends) {
                let name = path.get(start..).filter(|it| it.starts_with(text));
                if let Some(name) = name {
                    found.insert(name.to_owned());
                }
            }
        }
        for file in symbols.source_files() {
            let name = file.rsplit(['/', '\\']).next().unwrap_or(&file);
            for name in [name, &file] {
                if name.starts_with(text) {
                    found.insert(format!("{name}:"));
                }
            }
        }
    }
    found.into_iter().take(most).collect()
}
