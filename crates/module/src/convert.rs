//! Conversions between the four offsets: the module's, because only it knows where its sections are.

use std::ops::Range;

use crate::{CodeOffset, FileOffset, FuncIndex, FunctionOffset, Module, ModuleOffset};

impl Module {
    /// The offset in the file.
    pub fn to_file(&self, offset: ModuleOffset) -> FileOffset {
        self.base().file(offset)
    }

    /// The offset in the module. `None` if the file has something else there.
    pub fn from_file(&self, offset: FileOffset) -> Option<ModuleOffset> {
        let end = ModuleOffset(self.bytes().len() as u64);
        let offset = offset.0.checked_sub(self.file_offset().0)?;
        within(&(ModuleOffset(0)..end), offset)
    }

    /// The offset in the code section. `None` outside of it.
    pub fn to_code(&self, offset: ModuleOffset) -> Option<CodeOffset> {
        let code = self.code_section()?;
        code.contains(&offset)
            .then(|| CodeOffset(offset.0 - code.start.0))
    }

    /// The offset in the module of one in the code section. `None` outside of that.
    pub fn from_code(&self, offset: CodeOffset) -> Option<ModuleOffset> {
        within(&self.code_section()?, offset.0)
    }

    /// The offset in the body of `func`. `None` outside of it.
    pub fn to_function(&self, func: FuncIndex, offset: ModuleOffset) -> Option<FunctionOffset> {
        let body = self.function(func)?.body?;
        let inside = body.contains(&offset).then(|| offset.0 - body.start.0)?;
        u32::try_from(inside).ok().map(FunctionOffset)
    }

    /// The offset in the module of one in the body of `func`. `None` outside of that.
    pub fn from_function(&self, func: FuncIndex, offset: FunctionOffset) -> Option<ModuleOffset> {
        within(&self.function(func)?.body?, u64::from(offset.0))
    }
}

/// The offset `inside` bytes after the start of `range`, if that is still in it.
fn within(range: &Range<ModuleOffset>, inside: u64) -> Option<ModuleOffset> {
    let offset = ModuleOffset(range.start.0.checked_add(inside)?);
    range.contains(&offset).then_some(offset)
}
