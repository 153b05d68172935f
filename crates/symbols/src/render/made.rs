//! For tests: types that are made by hand, and a machine that has only a memory.

use wdb_module::FuncIndex;

use crate::machine::{Machine, Number, Unavailable};
use crate::object::{Context, Object};
use crate::render::Shape;
use crate::types::{
    Encoding, Kind, Member, Parameter, PointerKind, Record, RecordKind, Role, Type, TypeRef,
};

/// A memory, and nothing else.
pub(super) struct Memory(pub(super) Vec<u8>);

impl Memory {
    pub(super) fn words(words: &[u32]) -> Memory {
        Memory(words.iter().flat_map(|it| it.to_le_bytes()).collect())
    }
}

impl Machine for Memory {
    fn local(&mut self, _: u32) -> Result<Number, Unavailable> {
        Err(Unavailable::NotRecorded("a local".into()))
    }
    fn global(&mut self, _: u32) -> Result<Number, Unavailable> {
        Err(Unavailable::NotRecorded("a global".into()))
    }
    fn operand(&mut self, _: u32) -> Result<Number, Unavailable> {
        Err(Unavailable::NotRecorded("an operand".into()))
    }
    fn read(&mut self, address: u64, buffer: &mut [u8]) -> Result<(), Unavailable> {
        let start = usize::try_from(address).unwrap();
        let bytes = self.0.get(start..start + buffer.len());
        buffer.copy_from_slice(bytes.ok_or(Unavailable::OutOfBounds(address))?);
        Ok(())
    }
    fn element(&mut self, _: u64) -> Result<Option<FuncIndex>, Unavailable> {
        Ok(None)
    }
}

pub(super) fn ty(name: &str, size: u64, kind: Kind) -> TypeRef {
    TypeRef::Made(
        Type {
            name: name.into(),
            language: None,
            size: Some(size),
            kind,
        }
        .into(),
    )
}

pub(super) fn int() -> TypeRef {
    ty("int", 4, Kind::Base(Encoding::Signed))
}

pub(super) fn word() -> TypeRef {
    ty("unsigned long", 4, Kind::Base(Encoding::Unsigned))
}

pub(super) fn byte() -> TypeRef {
    ty("unsigned char", 1, Kind::Base(Encoding::UnsignedChar))
}

pub(super) fn char() -> TypeRef {
    ty("char", 1, Kind::Base(Encoding::SignedChar))
}

pub(super) fn pointer(target: TypeRef) -> TypeRef {
    ty("a pointer", 4, Kind::Pointer(PointerKind::Pointer, target))
}

pub(super) fn member(name: &str, offset: u64, ty: TypeRef) -> Member {
    Member {
        name: (!name.is_empty()).then(|| name.into()),
        ty,
        offset,
        bits: None,
        role: Role::Field,
        artificial: false,
    }
}

pub(super) fn base(offset: u64, ty: TypeRef) -> Member {
    Member {
        role: Role::Base,
        ..member("", offset, ty)
    }
}

pub(super) fn record(
    name: &str,
    size: u64,
    arguments: &[TypeRef],
    members: Vec<Member>,
) -> TypeRef {
    let parameters = arguments.iter().map(|argument| Parameter {
        name: "".into(),
        ty: argument.clone(),
        value: None,
    });
    ty(
        name,
        size,
        Kind::Record(Record {
            kind: RecordKind::Class,
            members,
            variants: None,
            parameters: parameters.collect(),
            statics: Vec::new(),
        }),
    )
}

/// The same type in a Rust program.
pub(super) fn rust(ty: TypeRef) -> TypeRef {
    let TypeRef::Made(ty) = ty else {
        return ty;
    };
    let language = Some(crate::Language::Rust);
    TypeRef::Made(
        Type {
            language,
            ..(*ty).clone()
        }
        .into(),
    )
}

/// Runs `question` over `memory`.
pub(super) fn ask<T>(memory: Vec<u8>, question: impl FnOnce(&mut Context<'_>) -> T) -> T {
    let module = wat::parse_str("(module)").unwrap();
    let binary = wdb_module::Binary::parse(module.into()).unwrap();
    let symbols = crate::Symbols::new(binary.modules()[0].clone(), None, None);
    question(&mut Context {
        symbols: &symbols,
        machine: &mut Memory(memory),
        pc: None,
    })
}

/// The shape of `object` in `memory`.
pub(super) fn shape(memory: Vec<u8>, object: &Object, most: u64) -> Shape {
    ask(memory, |cx| cx.shape(object, most))
}
