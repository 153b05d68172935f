//! Whether a part of an expression can count as true, as far as its type is known before it has a value.

use wdb_symbols::Object;
use wdb_symbols::types::Kind as TypeKind;

use super::check::{SOMEWHERE, is_plain_structure};
use super::evaluate::Evaluator;
use super::tree::{Binary, Kind, Node, Unary};
use super::{Error, Reach};
use crate::view::FrameId;

impl Evaluator<'_, '_, '_> {
    /// Refuses what is neither a truth value nor a number nor a pointer, whatever its value.
    pub(super) fn check_truth(&mut self, node: &Node, frame: FrameId) -> Result<(), Error> {
        match &node.kind {
            Kind::Text(_) => Err(Error::new("a text is neither true nor false", &node.span)),
            Kind::Unary(Unary::Not, of) => self.check_truth(of, frame),
            Kind::Binary(Binary::And | Binary::Or, a, b) => {
                self.check_truth(a, frame)?;
                self.check_truth(b, frame)
            }
            // Elsewhere the name may be that of something else.
            _ if self.reach == Reach::Module => Ok(()),
            kind => {
                let object = match kind {
                    Kind::Call(callee, _) => {
                        let ty = self.result_type(callee, frame);
                        ty.map(|ty| Object::at(SOMEWHERE, ty))
                    }
                    _ => self.supposed(node, frame),
                };
                let Some(object) = object else {
                    return Ok(());
                };
                let text = self.written(&node.span);
                let message = self.ask(frame, |context| {
                    let ty = context.bare(&object.ty);
                    match ty.kind {
                        TypeKind::Void => Some(format!("`{text}` gives back no value")),
                        TypeKind::Function(_) => {
                            let call = "a call has its arguments behind it, as in `f(1)`";
                            Some(format!("`{text}` is a function, and always true; {call}"))
                        }
                        _ => is_plain_structure(context, &object)
                            .then(|| format!("`{}` is neither true nor false", ty.name)),
                    }
                });
                message.map_or(Ok(()), |message| Err(Error::new(message, &node.span)))
            }
        }
    }
}
