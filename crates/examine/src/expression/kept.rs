//! The values that the user has kept, as parts of an expression: `$count`, `$`, `$1`.

use std::ops::Range;

use wdb_symbols::types::Kind;
use wdb_symbols::{Context, Object, Storage, TypeRef};

use super::error::{Wish, did_you_mean};
use super::evaluate::{Evaluator, Operand};
use super::tree::{Past, Raw};
use super::{Error, Value};
use crate::kept::Kept;
use crate::view::{FrameId, View};

/// A value with its bytes, to be kept. What is nowhere stays so.
pub fn keep(view: &mut View<'_>, value: &Value) -> Kept {
    let module = view.frame(value.frame).map(|it| it.module);
    let keep = |context: &mut Context<'_>| {
        let fixed = super::of_fixed_length(context, &value.object);
        let object = fixed.as_ref().unwrap_or(&value.object);
        let ty = context.bare(&object.ty);
        // A number is one in any module, and one of some bits becomes a whole one.
        let is_number = matches!(ty.kind, Kind::Base(_));
        let ty = if is_number {
            TypeRef::Made(ty)
        } else {
            object.ty.clone()
        };
        (bytes(context, object, ty), is_number)
    };
    let ((object, is_whole), doubts) = super::with_context(view, value.frame, keep);
    let mut all = value.doubts;
    all.add(doubts);
    Kept {
        object,
        doubts: all,
        module: module.filter(|_| !is_whole),
    }
}

/// The object with its bytes, as one of type `ty`.
fn bytes(context: &mut Context<'_>, object: &Object, ty: TypeRef) -> Object {
    if object.is_function() {
        return object.clone();
    }
    let read = match &object.place {
        Storage::Nowhere(reason) => Err(reason.clone()),
        _ => match object.bits {
            None => context.bytes(object),
            Some(_) => super::convert(context, object, &ty),
        },
    };
    match read {
        Ok(bytes) => Object::of_bytes(bytes, ty),
        Err(reason) => Object::nowhere(ty, reason),
    }
}

impl Evaluator<'_, '_, '_> {
    /// A variable of the user.
    pub(super) fn user_variable(
        &mut self,
        name: &str,
        frame: FrameId,
        span: &Range<usize>,
    ) -> Result<Operand, Error> {
        let keeping = self.view.keeping();
        let Some(kept) = keeping.variable(name).cloned() else {
            let words = Raw::WORDS.iter().map(|it| it.0);
            let names = words.chain(keeping.names());
            let names: Vec<String> = names.map(|it| format!("${it}")).collect();
            let near = did_you_mean(&format!("${name}"), names.iter().map(String::as_str));
            let error = Error::new(format!("there is no `${name}`{near}"), span);
            return Err(if near.is_empty() {
                error.with_wish(Wish::Variable(name.to_owned()))
            } else {
                error
            });
        };
        self.kept(kept, frame, span)
    }

    /// A value that was shown.
    pub(super) fn past(
        &mut self,
        past: Past,
        frame: FrameId,
        span: &Range<usize>,
    ) -> Result<Operand, Error> {
        let keeping = self.view.keeping();
        let count = keeping.count();
        let number = match past {
            Past::Back(back) => count.checked_sub(back),
            Past::Number(0) => Some(count),
            Past::Number(number) => Some(number),
        };
        let found = number.and_then(|it| keeping.numbered(it).cloned());
        let Some(kept) = found else {
            let message = match count {
                0 => "no value was shown yet".to_owned(),
                count => format!("there is no such value; the last one is `${count}`"),
            };
            return Err(Error::new(message, span));
        };
        self.kept(kept, frame, span)
    }

    fn kept(&mut self, kept: Kept, frame: FrameId, span: &Range<usize>) -> Result<Operand, Error> {
        let module = self.view.frame(frame).map(|it| it.module);
        if kept.module.is_some() && kept.module != module {
            let message =
                "its type is known only while the program is stopped in the module that it is from";
            return Err(Error::new(message, span));
        }
        self.doubts.add(kept.doubts);
        let object = kept.object;
        Ok(Operand { object, frame })
    }
}
