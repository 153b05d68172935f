//! Source maps, for modules of compilers that do not write DWARF.
//!
//! A source map of a module has one line; its columns are byte offsets in the module
//! (tool-conventions, `Debugging.md`).

use std::ops::Range;

use bytes::Bytes;
use sourcemap::{DecodedMap, SourceMap};
use wdb_module::ModuleOffset;

/// The source map in `bytes`, or in the `data:` URL if it is one.
///
/// # Errors
///
/// A sentence about the defect.
pub(crate) fn read(bytes: Option<&Bytes>, url: Option<&str>) -> Result<Option<SourceMap>, String> {
    let map = match (bytes, url) {
        (Some(bytes), _) => sourcemap::decode_slice(bytes),
        (None, Some(url)) if is_data_url(url) => sourcemap::decode_data_url(url),
        _ => return Ok(None),
    };
    match map {
        Ok(DecodedMap::Regular(map)) => Ok(Some(map)),
        // Bundlers write one for several scripts; no compiler has been seen to write one for a module.
        Ok(DecodedMap::Index(_)) => Err("the source map is an index of source maps".to_owned()),
        Ok(DecodedMap::Hermes(_)) => Err("the source map is one of React Native's".to_owned()),
        Err(error) => Err(format!("the source map is broken: {error}")),
    }
}

/// Whether the URL contains the data itself.
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
    // A token is valid up to the next one, which may be in another function. In each function a token comes before the
    // first instruction with a source, so a token before the function does not belong to it.
    if token.get_dst_line() != 0 || u64::from(token.get_dst_col()) < earliest {
        return None;
    }
    let file = tidy(token.get_source()?).to_owned();
    let line = token.get_src_line().checked_add(1)?;
    Some((file, line, token.get_src_col().checked_add(1)))
}

/// The offsets in `code` at which the source place changes, each with the index of the file and the line, from 1.
pub(crate) fn within(map: &SourceMap, code: Range<ModuleOffset>) -> Vec<(ModuleOffset, u32, u32)> {
    let read = |token: sourcemap::Token<'_>| {
        let at = ModuleOffset(token.get_dst_col().into());
        let line = token.get_src_line().checked_add(1)?;
        (token.get_dst_line() == 0 && token.has_source() && code.contains(&at)).then_some((
            at,
            token.get_src_id(),
            line,
        ))
    };
    let mut tokens: Vec<_> = map.tokens().filter_map(read).collect();
    tokens.sort_by_key(|it| it.0);
    tokens.dedup_by_key(|it| it.0);
    tokens
}

/// The text of a source file, if the map has it.
pub(crate) fn text<'a>(map: &'a SourceMap, file: &str) -> Option<&'a str> {
    let position = map.sources().position(|it| tidy(it) == file)?;
    map.get_source_contents(u32::try_from(position).ok()?)
}

/// The path without `./`, which AssemblyScript's `sourceRoot` starts with.
pub(crate) fn tidy(path: &str) -> &str {
    path.strip_prefix("./").unwrap_or(path)
}
