use std::future::Future;
use std::time::{Duration, Instant};

use godwit_backend::{Device, Error, Memory, Result, Signature, Tensors};
use tokio::time::{sleep, timeout};

use crate::auth::Credentials;
use crate::failure::{Again, Failure};
use crate::health::Watch;
use crate::options::{Endpoint, RemoteModel};
use crate::protocol::{Call, Wire};
use crate::retry::{Purse, pause};
use crate::status;
use crate::traffic::Meter;

/// One endpoint at work.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) options: Endpoint,
    pub(crate) device: Device,
    pub(crate) credentials: Credentials,
    pub(crate) watch: Watch,
    pub(crate) meter: Meter,
    purse: Purse,
    wire: Wire,
}

impl Service {
    pub(crate) fn new(options: Endpoint, device: Device) -> Result<Self> {
        Ok(Self {
            credentials: Credentials::new(&options)?,
            watch: Watch::default(),
            meter: Meter::new(&device.id),
            purse: Purse::new(options.retry.budget),
            wire: Wire::new(&options)?,
            device,
            options,
        })
    }

    /// The one model that the endpoint's URL names.
    pub(crate) fn named_model(&self) -> Option<String> {
        Wire::named_model(&self.options)
    }

    /// The signature of `model`, once it is ready to be run.
    pub(crate) async fn describe(&self, model: &RemoteModel) -> Result<(Signature, Call)> {
        // Asking twice changes nothing.
        self.tries(true, || self.wire.describe(self, model)).await
    }

    /// Whether it is ready, with these models. None where the protocol has no such question.
    pub(crate) async fn probe(
        &self,
        models: &[RemoteModel],
        patience: Duration,
    ) -> Result<Option<()>> {
        if !self.wire.tells_readiness() {
            return Ok(None);
        }
        let ask = async {
            if models.is_empty() {
                return self.wire.ready(self).await.map_err(|failure| failure.error);
            }
            for model in models {
                self.wire.describe(self, model).await.map_err(|failure| failure.error)?;
            }
            Ok(())
        };
        timeout(patience, ask).await.unwrap_or_else(|_| Err(Error::timeout(status::LATE))).map(Some)
    }

    /// One run.
    pub(crate) async fn run(
        &self,
        call: &Call,
        signature: &Signature,
        inputs: &Tensors,
        memory: &Memory,
    ) -> Result<Tensors> {
        let idempotent = self.options.retry.idempotent;
        self.tries(idempotent, || self.wire.run(self, call, signature, inputs, memory)).await
    }

    /// Tries until there is an answer, within the time of a request.
    async fn tries<T, F>(&self, idempotent: bool, once: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        self.watch.admit()?;
        self.purse.request();
        let limit = self.options.timeouts.request;
        let end = Instant::now() + limit;
        match timeout(limit, self.tries_until(end, idempotent, once)).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let error = Error::timeout(status::LATE);
                self.watch.failed(error.kind(), None);
                Err(error)
            }
        }
    }

    async fn tries_until<T, F>(
        &self,
        end: Instant,
        idempotent: bool,
        once: impl Fn() -> F,
    ) -> Result<T>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let mut authorized = false;
        let mut attempt = 1;
        loop {
            self.meter.request(attempt > 1);
            let failure = match once().await {
                Ok(answer) => {
                    self.watch.answered();
                    return Ok(answer);
                }
                Err(failure) => failure,
            };
            attempt += 1;
            match failure.again {
                // It answers, if not as one would like.
                Again::Never | Again::Authorized => self.watch.answered(),
                Again::Safe | Again::IfIdempotent => {
                    self.watch.failed(failure.error.kind(), failure.after);
                }
            }
            let wait = match failure.again {
                Again::Authorized if !authorized && self.credentials.refused().await => {
                    authorized = true;
                    continue;
                }
                Again::Safe => self.wait(attempt, &failure),
                Again::IfIdempotent if idempotent => self.wait(attempt, &failure),
                _ => None,
            };
            match wait {
                Some(wait) if Instant::now() + wait < end && self.purse.retry() => {
                    tracing::debug!(device = %self.device.id, ?wait, "a remote call is sent again");
                    sleep(wait).await;
                }
                _ => return Err(failure.error),
            }
        }
    }

    /// How long to wait before `attempt`, if there may be one.
    fn wait(&self, attempt: u32, failure: &Failure) -> Option<Duration> {
        let retry = &self.options.retry;
        let own = pause(retry.pause, attempt);
        (attempt <= retry.attempts).then(|| own.max(failure.after.unwrap_or_default()))
    }
}
