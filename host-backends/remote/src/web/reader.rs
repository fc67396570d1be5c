use std::time::Duration;

use bytes::{Buf, Bytes};
use godwit_backend::{Charge, Error, Memory};
use http::HeaderMap;
use tokio::time::timeout;

use crate::failure::{Again, Failure};
use crate::status;
use crate::traffic::Meter;

/// The body of an answer, read piece by piece.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    response: reqwest::Response,
    /// What has come and was not asked for yet.
    ahead: Bytes,
    /// How much more may come.
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

    /// The next bytes, none at the end.
    async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        if self.ahead.has_remaining() {
            return Ok(Some(std::mem::take(&mut self.ahead)));
        }
        let chunk = timeout(self.idle, self.response.chunk())
            .await
            .map_err(|_| Failure::new(Error::timeout(status::LATE), Again::IfIdempotent))?;
        let chunk = chunk.map_err(|error| {
            let error = Error::unavailable(status::CUT).with_source(error.without_url());
            Failure::new(error, Again::IfIdempotent)
        })?;
        let Some(chunk) = chunk else { return Ok(None) };
        let length = chunk.len() as u64;
        self.meter.received(length);
        self.left = self
            .left
            .checked_sub(length)
            .ok_or_else(|| Failure::from(Error::too_large(status::TOO_LARGE)))?;
        Ok(Some(chunk))
    }

    /// Fills `into`.
    pub(crate) async fn fill(&mut self, mut into: &mut [u8]) -> Result<(), Failure> {
        while !into.is_empty() {
            let Some(mut chunk) = self.chunk().await? else {
                return Err(Failure::lie(status::UNFIT, "it is shorter than it says"));
            };
            let length = chunk.len().min(into.len());
            let (now, later) = into.split_at_mut(length);
            chunk.copy_to_slice(now);
            self.ahead = chunk;
            into = later;
        }
        Ok(())
    }

    /// All that is left, charged to `memory` as it comes.
    pub(crate) async fn rest(&mut self, memory: &Memory) -> Result<Collected, Failure> {
        let mut collected = Collected { bytes: Vec::new(), charges: Vec::new() };
        while let Some(chunk) = self.chunk().await? {
            collected.charges.push(memory.budget().charge(chunk.len() as u64)?);
            collected.bytes.extend_from_slice(&chunk);
        }
        Ok(collected)
    }

    /// Fails if anything is left.
    pub(crate) async fn end(&mut self) -> Result<(), Failure> {
        match self.chunk().await? {
            None => Ok(()),
            Some(_) => Err(Failure::lie(status::UNFIT, "it is longer than it says")),
        }
    }

    /// The beginning, as text; nothing if it does not come.
    pub(super) async fn excerpt(&mut self, most: usize) -> String {
        let mut text = Vec::new();
        // What is longer ends in an error of size, what does not come in one of time: both are the end here.
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

/// Bytes with what is paid for them.
#[derive(Debug)]
pub(crate) struct Collected {
    pub(crate) bytes: Vec<u8>,
    charges: Vec<Charge>,
}

impl Drop for Collected {
    fn drop(&mut self) {
        // The bytes go first: a charge stands for memory that is held.
        self.bytes = Vec::new();
        self.charges.clear();
    }
}
