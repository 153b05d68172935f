//! Builds dumps byte by byte, as other producers write them. Shares nothing with the crate's own
//! writer and reader: a mistake there must not be repeated here.

/// Bytes in the making.
#[derive(Clone, Default)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

/// An empty sequence.
pub(crate) fn bytes() -> Bytes {
    Bytes::default()
}

impl Bytes {
    pub(crate) fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// Unsigned LEB128.
    pub(crate) fn uleb(mut self, mut value: u64) -> Self {
        while value >= 128 {
            self.0.push(value as u8 | 128);
            value /= 128;
        }
        self.0.push(value as u8);
        self
    }

    /// Signed LEB128.
    pub(crate) fn sleb(mut self, mut value: i64) -> Self {
        while !(-64..64).contains(&value) {
            self.0.push((value as u8 & 127) | 128);
            value >>= 7;
        }
        self.0.push(value as u8 & 127);
        self
    }

    /// Several unsigned LEB128.
    pub(crate) fn ulebs(self, values: &[u64]) -> Self {
        values.iter().fold(self, |bytes, value| bytes.uleb(*value))
    }

    pub(crate) fn name(self, name: &str) -> Self {
        self.uleb(name.len() as u64).raw(name.as_bytes())
    }

    pub(crate) fn all(self, parts: &[Bytes]) -> Self {
        parts.iter().fold(self, |bytes, part| bytes.raw(&part.0))
    }

    /// A section.
    pub(crate) fn section(self, id: u8, payload: &Bytes) -> Self {
        self.raw(&[id]).uleb(payload.0.len() as u64).raw(&payload.0)
    }

    /// A custom section.
    pub(crate) fn custom(self, name: &str, payload: &Bytes) -> Self {
        self.section(0, &bytes().name(name).raw(&payload.0))
    }

    /// A `core` section.
    pub(crate) fn core(self, executable: &str) -> Self {
        self.custom("core", &bytes().raw(&[0]).name(executable))
    }

    /// A `corestack` section of a thread `main`.
    pub(crate) fn stack(self, frames: &[Bytes]) -> Self {
        let payload = bytes()
            .raw(&[0])
            .name("main")
            .uleb(frames.len() as u64)
            .all(frames);
        self.custom("corestack", &payload)
    }

    /// An active data segment in memory 0.
    pub(crate) fn segment(self, address: i64, content: &[u8]) -> Self {
        self.raw(&[0, 0x41])
            .sleb(address)
            .raw(&[0x0b])
            .uleb(content.len() as u64)
            .raw(content)
    }

    pub(crate) fn dump(self) -> ::bytes::Bytes {
        self.0.into()
    }
}

/// The header of a file.
pub(crate) fn file() -> Bytes {
    bytes().raw(b"\0asm\x01\0\0\0")
}
