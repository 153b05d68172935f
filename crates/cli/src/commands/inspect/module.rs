//! A module or component as a tree.

use serde_json::{Value, json};
use wdb_debuggee::identity::hex;
use wdb_module::{Binary, ExternalKind, FuncIndex, Kind, Module, TypeRef};

pub(crate) fn tree(binary: &Binary, functions: bool) -> Value {
    json!({
        "kind": match binary.kind() {
            Kind::Module => "module",
            Kind::Component => "component",
        },
        "size": binary.bytes().len(),
        "modules": binary
            .modules()
            .iter()
            .map(|module| self::module(module, functions))
            .collect::<Vec<_>>(),
    })
}

fn module(module: &Module, functions: bool) -> Value {
    let code = module.code_section();
    json!({
        "name": module.name(),
        "file_offset": format!("{:#x}", module.file_offset().0),
        "size": module.bytes().len(),
        "sha256": hex(&module.sha256()),
        "build_id": module.build_id().map(hex),
        "debug_file": module.external_debug_info(),
        "source_map": module.source_mapping_url(),
        "producers": module
            .producers()
            .iter()
            .map(|it| format!("{}: {} {}", it.field, it.name, it.version))
            .collect::<Vec<_>>(),
        "problems": module.notes().iter().map(ToString::to_string).collect::<Vec<_>>(),
        "code": code.map(|code| format!("{:#x}..{:#x}", code.start.0, code.end.0)),
        "functions": module.function_count(),
        "imported_functions": module.imported_function_count(),
        "types": module.types().len(),
        "memories": module.memories().iter().map(memory).collect::<Vec<_>>(),
        "tables": module.tables().iter().map(table).collect::<Vec<_>>(),
        "globals": module
            .globals()
            .iter()
            .map(|global| format!("{}{}", if global.mutable { "mut " } else { "" }, global.content_type))
            .collect::<Vec<_>>(),
        "sections": module
            .sections()
            .iter()
            .map(|section| json!({
                "section": section.kind(),
                "name": section.name,
                "at": format!("{:#x}", section.range.start.0),
                "size": section.range.end.0 - section.range.start.0,
            }))
            .collect::<Vec<_>>(),
        "imports": module
            .imports()
            .iter()
            .map(|import| format!("{}.{}: {}", import.module, import.name, kind_of(&import.ty)))
            .collect::<Vec<_>>(),
        "exports": module
            .exports()
            .iter()
            .map(|export| format!("{}: {} {}", export.name, kind(export.kind), export.index))
            .collect::<Vec<_>>(),
        "function_list": functions.then(|| function_list(module)),
    })
}

fn function_list(module: &Module) -> Vec<Value> {
    (0..module.function_count())
        .map(FuncIndex)
        .map(|index| {
            let body = module.function(index).and_then(|function| function.body);
            json!({
                "func": index.0,
                "at": body.as_ref().map(|body| format!("{:#x}", body.start.0)),
                "size": body.map(|body| body.end.0 - body.start.0),
                "name": module.function_name_or_export(index),
            })
        })
        .collect()
}

fn memory(ty: &wdb_module::MemoryType) -> String {
    let limits = limits(ty.initial, ty.maximum);
    let mut text = format!("{limits} pages");
    if ty.memory64 {
        text.push_str(", 64-bit");
    }
    if ty.shared {
        text.push_str(", shared");
    }
    text
}

fn table(ty: &wdb_module::TableType) -> String {
    format!("{} of {}", limits(ty.initial, ty.maximum), ty.element_type)
}

fn limits(initial: u64, maximum: Option<u64>) -> String {
    match maximum {
        Some(maximum) => format!("{initial} to {maximum}"),
        None => format!("{initial} or more"),
    }
}

fn kind_of(ty: &TypeRef) -> &'static str {
    match ty {
        TypeRef::Func(_) | TypeRef::FuncExact(_) => "func",
        TypeRef::Table(_) => "table",
        TypeRef::Memory(_) => "memory",
        TypeRef::Global(_) => "global",
        TypeRef::Tag(_) => "tag",
    }
}

fn kind(kind: ExternalKind) -> &'static str {
    match kind {
        ExternalKind::Func | ExternalKind::FuncExact => "func",
        ExternalKind::Table => "table",
        ExternalKind::Memory => "memory",
        ExternalKind::Global => "global",
        ExternalKind::Tag => "tag",
    }
}
