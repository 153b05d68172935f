//! Source maps, for modules whose compiler writes no DWARF.
//!
//! A source map of a module has one line; its columns are byte offsets in the module
//! (tool-conventions, `Debugging.md`).

use bytes::Bytes;
use sourcemap::{DecodedMap, SourceMap};

/// The source map in `bytes`, or in the `data:` URL if it is one.
///
/// # Errors
///
/// A sentence that says what is wrong with it.
pub(crate) fn read(bytes: Option<&Bytes>, url: Option<&str>) -> Result<Option<SourceMap>, String> {
    let map = match (bytes, url) {
        (Some(bytes), _) => sourcemap::decode_slice(bytes),
        (None, Some(url)) if is_data_url(url) => sourcemap::decode_data_url(url),
        _ => return Ok(None),
    };
    match map {
        Ok(DecodedMap::Regular(map)) => Ok(Some(map)),
        // A bundler's, of several scripts; no compiler has been seen to write one for a module.
        Ok(DecodedMap::Index(_)) => Err("the source map is an index of source maps".to_owned()),
        Ok(DecodedMap::Hermes(_)) => Err("the source map is one of React Native's".to_owned()),
        Err(error) => Err(format!("the source map is broken: {error}")),
    }
}

/// Whether the URL holds what it refers to.
pub(crate) fn is_data_url(url: &str) -> bool {
    url.starts_with("data:")
}

/// The file, line and column, from 1, of the instruction at `offset` of the module, in a function
/// whose body starts at `earliest`.
pub(crate) fn locate(
    map: &SourceMap,
    offset: u64,
    earliest: u64,
) -> Option<(String, u32, Option<u32>)> {
    let token = map.lookup_token(0, u32::try_from(offset).ok()?)?;
    // A token holds up to the next one, which may be in another function; one of its own function
    // comes before every instruction that has a source.
    if token.get_dst_line() != 0 || u64::from(token.get_dst_col()) < earliest {
        return None;
    }
    let file = tidy(token.get_source()?).to_owned();
    let line = token.get_src_line().checked_add(1)?;
    Some((file, line, token.get_src_col().checked_add(1)))
}

/// The text of a source file, if the map has it.
pub(crate) fn text<'a>(map: &'a SourceMap, file: &str) -> Option<&'a str> {
    let position = map.sources().position(|it| tidy(it) == file)?;
    map.get_source_contents(u32::try_from(position).ok()?)
}

/// AssemblyScript's `sourceRoot` starts like this.
fn tidy(path: &str) -> &str {
    path.strip_prefix("./").unwrap_or(path)
}
