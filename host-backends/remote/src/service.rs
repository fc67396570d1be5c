use std::future::Future;
use std::time::{Duration, Instant};

use godwit_backend::{Device, Error, Memory, Result, Signature, Tensors};
use tokio::time::{sleep, timeout};

use crate::auth::Credentials;
use crate::call_error::{CallError, CallResult, RetryRule};
use crate::health::HealthTracker;
use crate::options::{Endpoint, RemoteModel};
use crate::protocol::{Call, ProtocolClient};
use crate::retry::{RetryBudget, pause};
use crate::status;
use crate::traffic::Meter;

/// The state of one endpoint.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) options: Endpoint,
    pub(crate) device: Device,
    pub(crate) credentials: Credentials,
    pub(crate) health: HealthTracker,
    pub(crate) meter: Meter,
    retry_budget: RetryBudget,
    protocol: ProtocolClient,
}

impl Service {
    pub(crate) fn new(options: Endpoint, device: Device) -> Result<Self> {
        Ok(Self {
            credentials: Credentials::new(&options)?,
            health: HealthTracker::default(),
            meter: Meter::new(&device.id),
            retry_budget: RetryBudget::new(options.retry.budget),
            protocol: ProtocolClient::new(&options)?,
            device,
            options,
        })
    }

    /// The model that the endpoint's URL selects.
    pub(crate) fn named_model(&self) -> Option<String> {
        ProtocolClient::named_model(&self.options)
    }

    /// The signature of `model`, if it is ready to run.
    pub(crate) async fn describe(&self, model: &RemoteModel) -> Result<(Signature, Call)> {
        // Reading metadata is idempotent.
        self.tries(true, || self.protocol.describe(self, model)).await
    }

    /// Whether the service is ready, with these models. `None` if the protocol cannot tell.
    pub(crate) async fn probe(
        &self,
        models: &[RemoteModel],
        patience: Duration,
    ) -> Result<Option<()>> {
        if !self.protocol.tells_readiness() {
            return Ok(None);
        }
        let ask = async {
            if models.is_empty() {
                return self.protocol.ready(self).await.map_err(|failure| failure.error);
            }
            for model in models {
                self.protocol.describe(self, model).await.map_err(|failure| failure.error)?;
            }
            Ok(())
        };
        timeout(patience, ask)
            .await
            .unwrap_or_else(|_| Err(Error::timeout(status::TIMED_OUT)))
            .map(Some)
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
        self.tries(idempotent, || self.protocol.run(self, call, signature, inputs, memory)).await
    }

    /// Calls until there is an answer, within the timeout of a request.
    async fn tries<T, F>(&self, idempotent: bool, once: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = CallResult<T>>,
    {
        self.health.admit()?;
        self.retry_budget.request();
        let limit = self.options.timeouts.request;
        let end = Instant::now() + limit;
        match timeout(limit, self.tries_until(end, idempotent, once)).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let error = Error::timeout(status::TIMED_OUT);
                self.health.failed(error.kind(), None);
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
        F: Future<Output = CallResult<T>>,
    {
        let mut authorized = false;
        let mut attempt = 1;
        loop {
            self.meter.request(attempt > 1);
            let failure = match once().await {
                Ok(answer) => {
                    self.health.answered();
                    return Ok(answer);
                }
                Err(failure) => failure,
            };
            attempt += 1;
            match failure.retry {
                // The service answered.
                RetryRule::Never | RetryRule::NewCredentials => self.health.answered(),
                RetryRule::NotRun | RetryRule::IfIdempotent => {
                    self.health.failed(failure.error.kind(), failure.retry_after);
                }
            }
            let wait = match failure.retry {
                RetryRule::NewCredentials if !authorized && self.credentials.refused().await => {
                    authorized = true;
                    continue;
                }
                RetryRule::NotRun => self.wait(attempt, &failure),
                RetryRule::IfIdempotent if idempotent => self.wait(attempt, &failure),
                _ => None,
            };
            match wait {
                Some(wait) if Instant::now() + wait < end && self.retry_budget.retry() => {
                    tracing::debug!(device = %self.device.id, ?wait, "retrying a remote call");
                    sleep(wait).await;
                }
                _ => return Err(failure.error),
            }
        }
    }

    /// How long to wait before `attempt`, if it is allowed.
    fn wait(&self, attempt: u32, failure: &CallError) -> Option<Duration> {
        let retry = &self.options.retry;
        let own = pause(retry.pause, attempt);
        (attempt <= retry.attempts).then(|| own.max(failure.retry_after.unwrap_or_default()))
    }
}
