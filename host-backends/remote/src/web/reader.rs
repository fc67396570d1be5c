use std::time::Duration;

use bytes::{Buf, Bytes};
use godwit_backend::{Charge, Error, Memory};
use http::HeaderMap;
use tokio::time::timeout;

use crate::call_error::{CallError, CallResult, RetryRule};
use crate::status;
use crate::traffic::Meter;

/// The body of an answer, read in chunks.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    response: reqwest::Response,
    /// Bytes received and not consumed yet.
    ahead: Bytes,
    /// How many more bytes are allowed.
    left: u64,
    idle: Duration,
    meter: &'a Meter,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        response: reqwest::Response,
        limit: u64,
        idle: Duration,
        meter: &'a Meter,
    ) -> Self {
        Self { response, ahead: Bytes::new(), left: limit, idle, meter }
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// The next chunk; `None` at the end.
    async fn chunk(&mut self) -> CallResult<Option<Bytes>> {
        if self.ahead.has_remaining() {
            return Ok(Some(std::mem::take(&mut self.ahead)));
        }
        let chunk = timeout(self.idle, self.response.chunk()).await.map_err(|_| {
            CallError::new(Error::timeout(status::TIMED_OUT), RetryRule::IfIdempotent)
        })?;
        let chunk = chunk.map_err(|error| {
            let error = Error::unavailable(status::CLOSED).with_source(error.without_url());
            CallError::new(error, RetryRule::IfIdempotent)
        })?;
        let Some(chunk) = chunk else { return Ok(None) };
        let length = chunk.len() as u64;
        self.meter.received(length);
        self.left = self
            .left
            .checked_sub(length)
            .ok_or_else(|| CallError::from(Error::too_large(status::TOO_LARGE)))?;
        Ok(Some(chunk))
    }

    /// Fills `into`.
    pub(crate) async fn fill(&mut self, mut into: &mut [u8]) -> CallResult<()> {
        while !into.is_empty() {
            let Some(mut chunk) = self.chunk().await? else {
                return Err(CallError::mismatch("it is shorter than it announces"));
            };
            let length = chunk.len().min(into.len());
            let (now, later) = into.split_at_mut(length);
            chunk.copy_to_slice(now);
            self.ahead = chunk;
            into = later;
        }
        Ok(())
    }

    /// The rest, charged to `memory` as it arrives.
    pub(crate) async fn rest(&mut self, memory: &Memory) -> CallResult<Collected> {
        let mut collected = Collected { bytes: Vec::new(), charges: Vec::new() };
        while let Some(chunk) = self.chunk().await? {
            collected.charges.push(memory.budget().charge(chunk.len() as u64)?);
            collected.bytes.extend_from_slice(&chunk);
        }
        Ok(collected)
    }

    /// Fails if there are more bytes.
    pub(crate) async fn end(&mut self) -> CallResult<()> {
        match self.chunk().await? {
            None => Ok(()),
            Some(_) => Err(CallError::mismatch("it is longer than it announces")),
        }
    }

    /// The beginning, as text; empty if it does not arrive.
    pub(super) async fn excerpt(&mut self, most: usize) -> String {
        let mut text = Vec::new();
        // Errors of size and time end the excerpt.
        while text.len() < most {
            match self.chunk().await {
                Ok(Some(chunk)) => text.extend_from_slice(&chunk),
                _ => break,
            }
        }
        text.truncate(most);
        String::from_utf8_lossy(&text).trim().to_owned()
    }
}

/// Bytes and the charges for them.
#[derive(Debug)]
pub(crate) struct Collected {
    pub(crate) bytes: Vec<u8>,
    charges: Vec<Charge>,
}

impl Drop for Collected {
    fn drop(&mut self) {
        // The bytes are freed first: a charge must not end before its memory.
        self.bytes = Vec::new();
        self.charges.clear();
    }
}
