//! Ahead-of-time compiled programs that only the host that made them takes back.
//!
//! Compiled code is native code: whoever can make this process load some can run anything in it. A file is
//! therefore loaded only if its HMAC-SHA256 was made with this host's key. Layout: `GODWIT\0\x02`, 32 bytes
//! of MAC over what it is for and the rest, the rest.

use godwit_backend::{Error, Result};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use wasmtime::Engine;

use crate::compiler::Compiled;

const MAGIC: &[u8; 8] = b"GODWIT\0\x02";

/// The secret with which a host recognises what it compiled. Keep it readable by its owner alone.
#[derive(Clone)]
pub struct Key([u8; 32]);

impl Key {
    /// A key from 32 random bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The length of the purpose keeps its end and the payload's begin apart.
    fn mac(&self, purpose: &[u8], payload: &[u8]) -> Result<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0)
            .map_err(|error| Error::internal("a key of the wrong length").with_source(error))?;
        mac.update(&(purpose.len() as u64).to_le_bytes());
        mac.update(purpose);
        mac.update(payload);
        Ok(mac)
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

/// Whether `bytes` begin as [`Host::seal`](crate::Host::seal) lets a program begin, in this format or
/// another version of it. Says nothing about who sealed it.
pub fn is_sealed(bytes: &[u8]) -> bool {
    bytes.starts_with(b"GODWIT\0")
}

pub(crate) fn seal(key: &Key, compiled: &[u8]) -> Result<Vec<u8>> {
    seal_for(key, &[], compiled)
}

/// The same for one `purpose`: it is opened for no other.
pub(crate) fn seal_for(key: &Key, purpose: &[u8], compiled: &[u8]) -> Result<Vec<u8>> {
    let mac = key.mac(purpose, compiled)?.finalize().into_bytes();
    Ok([MAGIC.as_slice(), &mac, compiled].concat())
}

/// Compiled code whose MAC was right: made here, by us.
pub(crate) struct Trusted<'a>(&'a [u8]);

pub(crate) fn open<'a>(key: &Key, bytes: &'a [u8]) -> Result<Trusted<'a>> {
    open_for(key, &[], bytes)
}

/// Opens what was sealed for `purpose`.
pub(crate) fn open_for<'a>(key: &Key, purpose: &[u8], bytes: &'a [u8]) -> Result<Trusted<'a>> {
    let rest = bytes.strip_prefix(MAGIC).and_then(|rest| rest.split_at_checked(32));
    let Some((mac, compiled)) = rest else {
        return Err(Error::invalid_argument("this is not a program compiled by godwit"));
    };
    key.mac(purpose, compiled)?.verify_slice(mac).map_err(|_| {
        Error::denied("this program was not compiled on this host, or was changed since")
    })?;
    Ok(Trusted(compiled))
}

impl Trusted<'_> {
    #[allow(unsafe_code, reason = "only machine code that this host sealed comes here")]
    pub(crate) fn load(&self, engine: &Engine) -> Result<Compiled> {
        let stale = |error: wasmtime::Error| {
            let text = "this program was compiled by another version of godwit, or for another \
                        processor: compile it again";
            Error::invalid_argument(text).with_source(error)
        };
        // SAFETY: `self` exists only for bytes whose MAC proves that `seal` made them.
        match unsafe { Compiled::deserialize(engine, self.0) } {
            Some(compiled) => compiled.map_err(stale),
            None => Err(Error::internal("a sealed program holds no compiled code")),
        }
    }
}
