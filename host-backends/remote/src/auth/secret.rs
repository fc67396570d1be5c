use std::process::Stdio;
use std::time::{Duration, Instant};

use godwit_backend::{Error, Result};
use tokio::process::Command;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::{CREDENTIALS_TIMEOUT, unavailable};
use crate::options::{Secret, SecretValue};

/// Longer than any token, in bytes.
const LONGEST: usize = 64 << 10;

/// A secret, cached until it expires or is refused.
#[derive(Debug)]
pub(crate) struct SecretCache {
    secret: Secret,
    expires: Option<Duration>,
    held: Mutex<Option<(SecretValue, Instant)>>,
}

impl SecretCache {
    pub(crate) fn new(secret: Secret, expires: Option<Duration>) -> Self {
        Self { secret, expires, held: Mutex::default() }
    }

    /// The secret, read again if necessary. Concurrent callers wait for one read.
    pub(crate) async fn get(&self) -> Result<SecretValue> {
        let mut held = self.held.lock().await;
        if let Some((secret, since)) = &*held
            && self.expires.is_none_or(|expires| since.elapsed() < expires)
        {
            return Ok(secret.clone());
        }
        let secret = read(&self.secret).await?;
        *held = Some((secret.clone(), Instant::now()));
        Ok(secret)
    }

    /// Discards a refused secret. One in the environment cannot change.
    pub(crate) async fn forget(&self) -> bool {
        *self.held.lock().await = None;
        !matches!(self.secret, Secret::Env(_))
    }
}

async fn read(secret: &Secret) -> Result<SecretValue> {
    let text = match secret {
        Secret::File(path) => std::fs::read_to_string(path)
            .map_err(|error| unavailable(format!("{}: {error}", path.display())))?,
        Secret::Env(name) => std::env::var(name).map_err(|_| {
            unavailable(format!("the environment variable {name} is not set or not UTF-8"))
        })?,
        Secret::Command(command) => timeout(CREDENTIALS_TIMEOUT, printed(command))
            .await
            .map_err(|_| unavailable("the command that prints the secret did not end in time"))??,
    };
    if text.trim().is_empty() || text.len() > LONGEST {
        return Err(unavailable("the secret is empty or longer than 64 KiB"));
    }
    Ok(SecretValue::new(&text))
}

/// The command's output. Its stderr goes to the operator's terminal and not into an error: it may contain
/// the secret.
async fn printed(command: &[String]) -> Result<String, Error> {
    let [program, args @ ..] = command else {
        return Err(unavailable("the command that prints the secret is empty"));
    };
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stderr(Stdio::inherit()).kill_on_drop(true);
    let output = command.output().await;
    let output = output.map_err(|error| unavailable(format!("{program}: {error}")))?;
    if !output.status.success() {
        return Err(unavailable(format!("{program}: {}", output.status)));
    }
    String::from_utf8(output.stdout)
        .map_err(|_| unavailable(format!("{program} printed text that is not UTF-8")))
}
