//! Types of components as WIT writes them. WAVE's own text has no word for what has no text in WAVE, such as resources.

use wasmtime::Engine;
use wasmtime::component::types::{self, ComponentFunc, ComponentItem};
use wasmtime::component::wasm_wave::wasm::DisplayType;
use wasmtime::component::{ResourceType, Type};

use crate::invoke::arrow;

/// At most this many names are looked through for each resource that a type has. People name fewer.
const MOST: usize = 1000;

/// The names of the resources that a component exports and imports.
pub(super) struct Resources(Vec<(String, ResourceType)>);

impl Resources {
    pub(super) fn of(component: &types::Component, engine: &Engine) -> Resources {
        let mut named = Vec::new();
        let exports = component.exports(engine).map(|(name, it)| (name, it.ty));
        let imports = component.imports(engine).map(|(name, it)| (name, it.ty));
        for (name, item) in exports.chain(imports) {
            match item {
                ComponentItem::Resource(ty) => named.push((name.to_owned(), ty)),
                ComponentItem::ComponentInstance(instance) => {
                    for (name, export) in instance.exports(engine) {
                        if let ComponentItem::Resource(ty) = export.ty {
                            named.push((name.to_owned(), ty));
                        }
                    }
                }
                _ => {}
            }
        }
        named.truncate(MOST);
        Resources(named)
    }

    /// Parameters and results: `(u32, own<thing>) -> string`.
    pub(super) fn function(&self, ty: &ComponentFunc) -> String {
        let params = self.list(ty.params().map(|(_, ty)| ty));
        let results = self.list(ty.results());
        arrow(&params, &results, ty.results().len())
    }

    fn list(&self, types: impl Iterator<Item = Type>) -> String {
        types
            .map(|ty| self.text(&ty))
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// A type.
    pub(super) fn text(&self, ty: &Type) -> String {
        let of = |ty: Option<Type>| ty.map(|it| format!("<{}>", self.text(&it)));
        match ty {
            Type::Own(ty) => format!("own<{}>", self.name(ty)),
            Type::Borrow(ty) => format!("borrow<{}>", self.name(ty)),
            Type::Future(ty) => format!("future{}", of(ty.ty()).unwrap_or_default()),
            Type::Stream(ty) => format!("stream{}", of(ty.ty()).unwrap_or_default()),
            Type::ErrorContext => "error-context".to_owned(),
            Type::List(ty) => format!("list<{}>", self.text(&ty.ty())),
            Type::FixedLengthList(ty) => format!("list<{}, {}>", self.text(&ty.ty()), ty.len()),
            Type::Map(ty) => format!("map<{}, {}>", self.text(&ty.key()), self.text(&ty.value())),
            Type::Record(ty) => {
                let fields = ty.fields();
                let fields = fields.map(|it| format!("{}: {}", it.name, self.text(&it.ty)));
                format!("record {{ {} }}", fields.collect::<Vec<_>>().join(", "))
            }
            Type::Tuple(ty) => format!("tuple<{}>", self.list(ty.types())),
            Type::Variant(ty) => {
                let cases = ty.cases().map(|case| {
                    let of = case.ty.map(|ty| format!("({})", self.text(&ty)));
                    format!("{}{}", case.name, of.unwrap_or_default())
                });
                format!("variant {{ {} }}", cases.collect::<Vec<_>>().join(", "))
            }
            Type::Option(ty) => format!("option<{}>", self.text(&ty.ty())),
            Type::Result(ty) => match (ty.ok(), ty.err()) {
                (ok, None) => format!("result{}", of(ok).unwrap_or_default()),
                (ok, Some(err)) => {
                    let ok = ok.map_or_else(|| "_".to_owned(), |ok| self.text(&ok));
                    format!("result<{ok}, {}>", self.text(&err))
                }
            },
            // Those hold no other types.
            simple => DisplayType(simple).to_string(),
        }
    }

    fn name(&self, wanted: &ResourceType) -> &str {
        let known = self.0.iter().find(|(_, ty)| ty == wanted);
        known.map_or("resource", |(name, _)| name)
    }
}
