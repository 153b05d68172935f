//! Whether a part of an expression can count as true, as far as its type is known before it has a value.

use super::check::is_plain_structure;
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
            _ => {
                let Some(object) = self.supposed(node, frame) else {
                    return Ok(());
                };
                let structure = self.ask(frame, |context| {
                    let is_structure = is_plain_structure(context, &object);
                    is_structure.then(|| context.bare(&object.ty).name.clone())
                });
                structure.map_or(Ok(()), |name| {
                    let message = format!("`{name}` is neither true nor false");
                    Err(Error::new(message, &node.span))
                })
            }
        }
    }
}
