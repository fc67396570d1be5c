use std::process::Stdio;
use std::time::{Duration, Instant};

use godwit_backend::{Error, Result};
use tokio::process::Command;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::{PATIENCE, unavailable};
use crate::options::{Revealed, Secret};

/// Longer than any token.
const LONGEST: usize = 64 << 10;

/// A secret that was read, until it expires or is refused.
#[derive(Debug)]
pub(crate) struct Keeper {
    secret: Secret,
    expires: Option<Duration>,
    held: Mutex<Option<(Revealed, Instant)>>,
}

impl Keeper {
    pub(crate) fn new(secret: Secret, expires: Option<Duration>) -> Self {
        Self { secret, expires, held: Mutex::default() }
    }

    /// The secret, read again where it has to be. Callers wait for one another: it is read once.
    pub(crate) async fn get(&self) -> Result<Revealed> {
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

    /// Forgets what was refused. What is in the environment stays the same.
    pub(crate) async fn forget(&self) -> bool {
        *self.held.lock().await = None;
        !matches!(self.secret, Secret::Env(_))
    }
}

async fn read(secret: &Secret) -> Result<Revealed> {
    let text = match secret {
        Secret::File(path) => std::fs::read_to_string(path)
            .map_err(|error| unavailable(format!("{}: {error}", path.display())))?,
        Secret::Env(name) => std::env::var(name)
            .map_err(|_| unavailable(format!("the environment has no text in {name}")))?,
        Secret::Command(command) => timeout(PATIENCE, printed(command))
            .await
            .map_err(|_| unavailable("the command for them does not end"))??,
    };
    if text.trim().is_empty() || text.len() > LONGEST {
        return Err(unavailable("the secret is empty, or longer than a secret can be"));
    }
    Ok(Revealed::new(&text))
}

/// What the command prints. Its errors go to the operator's terminal, not into an error: they may hold
/// what it printed.
async fn printed(command: &[String]) -> Result<String, Error> {
    let [program, args @ ..] = command else {
        return Err(unavailable("the command for them is empty"));
    };
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stderr(Stdio::inherit()).kill_on_drop(true);
    let output = command.output().await;
    let output = output.map_err(|error| unavailable(format!("{program}: {error}")))?;
    if !output.status.success() {
        return Err(unavailable(format!("{program}: {}", output.status)));
    }
    String::from_utf8(output.stdout).map_err(|_| unavailable(format!("{program} printed no text")))
}
