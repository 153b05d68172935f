//! What the custom sections of tool-conventions say about a module: its build id, where its debug
//! information is, and which tools made it.

use bytes::Bytes;
use wasmparser::{BinaryReader, ProducersSectionReader};

use crate::{Error, Module, ModuleOffset};

/// A tool that took part in making a module (tool-conventions, `ProducersSection.md`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Producer {
    /// What it did: `language`, `processed-by` or `sdk`.
    pub field: String,
    /// Its name.
    pub name: String,
    /// Its version; may be empty.
    pub version: String,
}

#[derive(Debug, Default)]
pub(crate) struct Metadata {
    pub(crate) build_id: Option<Bytes>,
    pub(crate) external_debug_info: Option<String>,
    pub(crate) source_mapping_url: Option<String>,
    pub(crate) producers: Vec<Producer>,
    pub(crate) notes: Vec<Error>,
}

impl Metadata {
    pub(crate) fn parse(module: &Module) -> Self {
        let mut metadata = Metadata {
            build_id: module
                .custom_section("build_id")
                .map(build_id)
                .filter(|id| !id.is_empty()),
            ..Metadata::default()
        };
        metadata.external_debug_info = metadata.url(module, "external_debug_info");
        metadata.source_mapping_url = metadata.url(module, "sourceMappingURL");
        if let Some(error) = metadata.producers(module).err() {
            let note = module.base().corrupt("the producers section", &error);
            metadata.notes.push(note);
        }
        metadata
    }

    /// The one string that is the section `name` (tool-conventions, `Debugging.md`).
    fn url(&mut self, module: &Module, name: &str) -> Option<String> {
        let (contents, start) = module.custom(name)?;
        match reader(contents, start).read_unlimited_string() {
            Ok(url) => Some(url.to_owned()),
            Err(e) => {
                let what = format!("the {name} section");
                self.notes.push(module.base().corrupt(&what, &e));
                None
            }
        }
    }

    /// Keeps what was read before an error.
    fn producers(&mut self, module: &Module) -> wasmparser::Result<()> {
        let Some((contents, start)) = module.custom("producers") else {
            return Ok(());
        };
        for field in ProducersSectionReader::new(reader(contents, start))? {
            let field = field?;
            for value in field.values {
                let value = value?;
                self.producers.push(Producer {
                    field: field.name.to_owned(),
                    name: value.name.to_owned(),
                    version: value.version.to_owned(),
                });
            }
        }
        Ok(())
    }
}

fn reader(contents: &[u8], start: ModuleOffset) -> BinaryReader<'_> {
    BinaryReader::new(contents, start.0 as usize)
}

/// A build id is a length and that many bytes (tool-conventions, `BuildId.md`). Some tools write and
/// read the bytes alone, so the first ones are a length only if they fit exactly.
fn build_id(contents: Bytes) -> Bytes {
    let mut reader = BinaryReader::new(&contents, 0);
    match reader.read_var_u32() {
        Ok(length) if length as usize == reader.bytes_remaining() => {
            contents.slice(reader.current_position()..)
        }
        _ => contents,
    }
}
