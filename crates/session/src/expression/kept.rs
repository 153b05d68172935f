//! The values that the user has kept, as parts of an expression: `$count`, `$`, `$1`.

use std::ops::Range;

use super::Error;
use super::error::did_you_mean;
use super::evaluate::{Evaluator, Operand};
use super::tree::{Machine, Past};
use crate::kept::Kept;
use crate::stop::FrameId;

impl Evaluator<'_, '_, '_> {
    /// A variable of the user.
    pub(super) fn user_variable(
        &mut self,
        name: &str,
        frame: FrameId,
        span: &Range<usize>,
    ) -> Result<Operand, Error> {
        let keeping = self.stop.keeping();
        let Some(kept) = keeping.variable(name).cloned() else {
            let words = Machine::WORDS.iter().map(|it| it.0);
            let near = did_you_mean(name, words.chain(keeping.names()))
                .replace('`', "`$")
                .replace("`$ ", "` ")
                .replace("`$,", "`,")
                .replace("`$?", "`?");
            let hint = match near.is_empty() {
                true => format!("; `set ${name} = 0` makes it"),
                false => near,
            };
            return Err(Error::new(format!("there is no `${name}`{hint}"), span));
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
        let keeping = self.stop.keeping();
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
        let module = self.stop.frame(frame).map(|it| it.module);
        if kept.module.is_some() && kept.module != module {
            let message =
                "its type is known only where the program stands in the module that it is of";
            return Err(Error::new(message, span));
        }
        self.doubts.add(kept.doubts);
        let object = kept.object;
        Ok(Operand { object, frame })
    }
}
