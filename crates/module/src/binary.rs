//! A WebAssembly file: a core module, or a component with core modules inside.

use std::sync::Arc;

use bytes::Bytes;

use crate::error::Base;
use crate::section::{COMPONENT, CORE_MODULE};
use crate::{Error, FileOffset, Module, Origin, foreign, section};

/// How deep components may be nested. Real ones are two or three deep.
const DEPTH_LIMIT: usize = 100;
/// The most core modules in a file. Engines stop at 1,000 for each component.
const MODULES_LIMIT: usize = 10_000;

/// A WebAssembly file, of any size.
#[derive(Debug)]
pub struct Binary {
    bytes: Bytes,
    kind: Kind,
    modules: Vec<Arc<Module>>,
}

/// What a WebAssembly file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A core module.
    Module,
    /// A component.
    Component,
}

impl Binary {
    /// Opens a core module or component. Reads section headers and declarations, no function bodies.
    ///
    /// # Errors
    ///
    /// If it is something else, which the error names, and if its structure or the declarations of a
    /// core module in it are corrupt.
    pub fn parse(bytes: Bytes) -> Result<Self, Error> {
        let kind = kind(&bytes, FileOffset(0))?;
        let mut modules = Vec::new();
        match kind {
            Kind::Module => modules.push(Arc::new(Module::parse(bytes.clone(), FileOffset(0))?)),
            Kind::Component => component(&bytes, FileOffset(0), 1, &mut modules)?,
        }
        Ok(Binary {
            bytes,
            kind,
            modules,
        })
    }

    /// The same with the file that it was read from.
    #[must_use]
    pub fn read_from(mut self, origin: Origin) -> Self {
        let origin = Arc::new(origin);
        for module in &mut self.modules {
            // No one else has them yet.
            if let Some(module) = Arc::get_mut(module) {
                module.origin = Some(Arc::clone(&origin));
            }
        }
        self
    }

    /// The whole file.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its core modules: itself, or those nested in the component at any depth, in file order.
    pub fn modules(&self) -> &[Arc<Module>] {
        &self.modules
    }
}

fn kind(bytes: &[u8], offset: FileOffset) -> Result<Kind, Error> {
    // Core specification 5.5.16, component model `Binary.md`: version and layer, 16 bits each.
    match bytes.strip_prefix(b"\0asm") {
        Some([1, 0, 0, 0, ..]) => Ok(Kind::Module),
        Some([0x0d, 0, 1, 0, ..]) => Ok(Kind::Component),
        Some([a, b, c, d, ..]) => {
            let version = u16::from_le_bytes([*a, *b]);
            let layer = u16::from_le_bytes([*c, *d]);
            let message = format!(
                "this is WebAssembly of version {version}, layer {layer}; core modules of version 1 \
                 and components of version 13 can be read"
            );
            Err(Error::new(message, offset))
        }
        Some(_) => {
            let message = "the file ends inside the WebAssembly header; it was cut short, get or \
                           build it again";
            Err(Error::new(message, offset))
        }
        None => {
            let what = foreign::describe(bytes);
            Err(Error::new(
                format!("this is not WebAssembly but {what}"),
                offset,
            ))
        }
    }
}

/// Collects the modules of the component `bytes` at `offset`.
fn component(
    bytes: &Bytes,
    offset: FileOffset,
    depth: usize,
    modules: &mut Vec<Arc<Module>>,
) -> Result<(), Error> {
    let base = Base(offset);
    for (id, range) in section::headers(bytes, base)? {
        if id != CORE_MODULE && id != COMPONENT {
            continue;
        }
        let offset = FileOffset(offset.0 + range.start as u64);
        let nested = bytes.slice(range);
        match (id, kind(&nested, offset)?) {
            (CORE_MODULE, Kind::Module) => {
                if modules.len() == MODULES_LIMIT {
                    let message = format!("the file has more than {MODULES_LIMIT} core modules");
                    return Err(Error::new(message, offset));
                }
                modules.push(Arc::new(Module::parse(nested, offset)?));
            }
            (COMPONENT, Kind::Component) => {
                if depth == DEPTH_LIMIT {
                    let message = format!("components are nested more than {DEPTH_LIMIT} deep");
                    return Err(Error::new(message, offset));
                }
                component(&nested, offset, depth + 1, modules)?;
            }
            (_, found) => {
                let message = format!("section {id} of a component holds a {found:?}");
                return Err(Error::new(message, offset));
            }
        }
    }
    Ok(())
}
