use std::fmt::{self, Write};
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest as _, Sha256, Sha512_256};

use crate::{Buffer, Error, nearest};

/// A model's file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// OpenVINO IR: the XML, then the weights.
    Openvino,
    /// ONNX, one protobuf.
    Onnx,
    /// A TensorFlow SavedModel.
    Tensorflow,
    /// TorchScript.
    Pytorch,
    /// A TensorFlow Lite flatbuffer.
    TensorflowLite,
    /// GGUF.
    Ggml,
    /// No file: what a remote device calls a model that it serves. See [`Model::remote`].
    Remote,
}

impl Encoding {
    /// Every encoding of a file.
    pub const ALL: [Self; 6] = [
        Self::Openvino,
        Self::Onnx,
        Self::Tensorflow,
        Self::Pytorch,
        Self::TensorflowLite,
        Self::Ggml,
    ];

    /// The name used in messages and configuration; that of a file's encoding is the same as in `wasi:nn`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Openvino => "openvino",
            Self::Onnx => "onnx",
            Self::Tensorflow => "tensorflow",
            Self::Pytorch => "pytorch",
            Self::TensorflowLite => "tensorflowlite",
            Self::Ggml => "ggml",
            Self::Remote => "remote",
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Encoding {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|encoding| encoding.name() == text).ok_or_else(|| {
            let known = nearest::known("encodings", text, Self::ALL.map(Self::name));
            Error::invalid_argument(format!("'{text}' is not a model encoding: {known}"))
        })
    }
}

/// A cryptographic digest of a model's bytes: its identity in caches and reports.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of one run of bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The raw 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first 12 hexadecimal digits, for tables.
    pub fn short(&self) -> String {
        self.to_string().chars().take(12).collect()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().take(6).try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_char('…')
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Named, hashed model bytes at rest. Cloning costs a few reference counts.
#[derive(Debug, Clone)]
pub struct Model {
    name: Arc<str>,
    encoding: Encoding,
    parts: Arc<[Buffer]>,
    digest: Digest,
}

impl Model {
    /// A model from its files' bytes: one for most encodings, XML and weights for OpenVINO.
    ///
    /// The digest of a single part is the SHA-256 of the file; of several, the SHA-512/256 of their SHA-256
    /// digests in order. The two functions differ so that no file can be made to pass for several.
    pub fn new(name: impl AsRef<str>, encoding: Encoding, parts: Vec<Buffer>) -> Self {
        let digested = |part: Buffer| {
            let digest = Digest::of(&part);
            (part, digest)
        };
        Self::with_digests(name, encoding, parts.into_iter().map(digested).collect())
    }

    /// As [`Model::new`], from parts whose SHA-256 digests are known, as those of
    /// [`ModelFiles`](crate::ModelFiles) are.
    pub fn with_digests(
        name: impl AsRef<str>,
        encoding: Encoding,
        parts: Vec<(Buffer, Digest)>,
    ) -> Self {
        let digest = match parts.as_slice() {
            [(_, digest)] => *digest,
            parts => {
                let mut all = Sha512_256::new();
                parts.iter().for_each(|(_, digest)| all.update(digest.as_bytes()));
                Digest(all.finalize().into())
            }
        };
        let parts = parts.into_iter().map(|(part, _)| part).collect();
        Self { name: Arc::from(name.as_ref()), encoding, parts, digest }
    }

    /// An ONNX model from the bytes of its file.
    pub fn onnx(name: impl AsRef<str>, bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(name, Encoding::Onnx, vec![Buffer::from(bytes.into())])
    }

    /// A model that a remote device serves under the name `there`. Its bytes are not here, so that name
    /// is its identity.
    ///
    /// `of` is the digest of the file here that it is taken for, if there is one. A device that knows which
    /// file its model was made from refuses to stand for another.
    pub fn remote(name: impl AsRef<str>, there: impl AsRef<str>, of: Option<Digest>) -> Self {
        let there = Buffer::from(there.as_ref().as_bytes().to_vec());
        let of = of.map(|of| Buffer::from(of.as_bytes().to_vec()));
        Self::new(name, Encoding::Remote, std::iter::once(there).chain(of).collect())
    }

    /// What a remote device calls it, and the digest of the file here that it is taken for. None for models
    /// that are files.
    pub fn there(&self) -> Option<(&str, Option<Digest>)> {
        let (Encoding::Remote, [there, of @ ..]) = (self.encoding, &*self.parts) else {
            return None;
        };
        let of = of.first().and_then(|of| <[u8; 32]>::try_from(&**of).ok()).map(Digest);
        Some((std::str::from_utf8(there).ok()?, of))
    }

    /// The name guests load it by; for people and logs, not an identity.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The file format.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The bytes, in the order the encoding defines.
    pub fn parts(&self) -> &[Buffer] {
        &self.parts
    }

    /// The bytes of an ONNX model, for a backend that takes no others.
    ///
    /// # Errors
    ///
    /// `Unsupported` for another encoding, in a sentence that begins with `reader`, as in "the CPU device
    /// reads"; `InvalidEncoding` for other than one file.
    pub fn onnx_file(&self, reader: &str) -> Result<&Buffer, Error> {
        match (self.encoding, self.parts()) {
            (Encoding::Onnx, [bytes]) => Ok(bytes),
            (Encoding::Onnx, parts) => {
                let count = parts.len();
                Err(Error::invalid_encoding(format!("an ONNX model is one file, not {count}")))
            }
            (other, _) => Err(Error::unsupported(format!("{reader} onnx models, not {other}"))),
        }
    }

    /// The identity.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Bytes of all parts.
    pub fn byte_len(&self) -> u64 {
        self.parts.iter().map(|part| part.len() as u64).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_part_has_the_digest_of_its_file_and_never_that_of_several() {
        let part = |bytes: &[u8]| Buffer::from(bytes.to_vec());
        let one = Model::new("m", Encoding::Onnx, vec![part(b"abc")]);
        assert_eq!(
            one.digest().to_string(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        let two = Model::new("m", Encoding::Openvino, vec![part(b"abc"), part(b"d")]);
        let joined =
            [Digest::of(b"abc").as_bytes().as_slice(), Digest::of(b"d").as_bytes()].concat();
        assert_ne!(two.digest(), Digest::of(&joined));
    }

    #[test]
    fn a_remote_model_is_what_it_is_called_there_and_the_file_it_is_taken_for() {
        let file = Digest::of(b"abc");
        let models = [("a", None), ("b", None), ("a", Some(file)), ("a", Some(Digest::of(b"d")))];
        let digests: std::collections::BTreeSet<_> =
            models.iter().map(|(there, of)| Model::remote("m", there, *of).digest()).collect();
        assert_eq!(digests.len(), models.len());
        assert_eq!(Model::remote("m", "a", Some(file)).there(), Some(("a", Some(file))));
        assert_eq!(Model::remote("m", "a", None).there(), Some(("a", None)));
        assert_eq!(Model::onnx("m", *b"a").there(), None);
    }
}
