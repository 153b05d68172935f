//! The names of exception tags.

use std::collections::BTreeSet;

use wdb_debuggee::coredump::Exception;
use wdb_module::TagIndex;

use crate::view::View;

/// The name of the tag of an exception: its own, else that by which it is imported or exported, else its index.
pub fn tag_name(view: &mut View<'_>, exception: &Exception) -> Option<String> {
    let (instance, tag) = exception.tag?;
    let module = view.instance(instance)?.module;
    Some(name_of_tag(view.binary(module)?, tag))
}

/// The names of all tags of the program, as [`tag_name`] gives them, each once.
pub fn tag_names(view: &View<'_>) -> BTreeSet<String> {
    let binaries = view.modules().iter().filter_map(|it| it.binary.as_deref());
    let names = binaries.flat_map(|binary| {
        let tags = (0..).map(TagIndex).take(binary.tags().len());
        tags.map(|tag| name_of_tag(binary, tag))
    });
    names.collect()
}

fn name_of_tag(binary: &wdb_module::Module, tag: TagIndex) -> String {
    if let Some(name) = binary.tag_name(tag) {
        return name.to_owned();
    }
    let is_tag = |kind| matches!(kind, wasmparser::ExternalKind::Tag);
    let exported = binary
        .exports()
        .iter()
        .find(|it| is_tag(it.kind) && it.index == tag.0);
    if let Some(export) = exported {
        return export.name.clone();
    }
    let imported = binary
        .imports()
        .iter()
        .filter(|it| matches!(it.ty, wasmparser::TypeRef::Tag(_)))
        .nth(tag.position());
    imported.map_or_else(|| tag.to_string(), |it| it.name.clone())
}
