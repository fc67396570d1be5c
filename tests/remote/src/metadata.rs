//! A stub of Google's metadata server: gives tokens to whoever asks as its clients do.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// The stub, until it is dropped.
#[derive(Debug)]
pub struct MetadataServer {
    /// Where it is.
    pub url: String,
    given: Arc<AtomicUsize>,
    _runtime: Runtime,
}

impl MetadataServer {
    /// Gives the tokens `google-1`, `google-2`, ...
    pub fn start() -> Self {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let given = Arc::new(AtomicUsize::new(0));
        let count = given.clone();
        runtime.spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let mut head = vec![0; 8192];
                let length = client.read(&mut head).await.unwrap_or(0);
                let head = String::from_utf8_lossy(&head[..length]).to_lowercase();
                let asks = head
                    .starts_with("get /computemetadata/v1/instance/service-accounts/default/token");
                let (status, body) = match asks && head.contains("metadata-flavor: google") {
                    true => {
                        let number = count.fetch_add(1, Ordering::SeqCst) + 1;
                        let token = format!("google-{number}");
                        ("200 OK", format!(
                            "{{\"access_token\":\"{token}\",\"expires_in\":3600,\"token_type\":\"Bearer\"}}"
                        ))
                    }
                    false => ("404 Not Found", String::new()),
                };
                let answer = format!(
                    "HTTP/1.1 {status}\r\nMetadata-Flavor: Google\r\nContent-Type: application/json\r\n\
                     Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
                let _ = client.write_all(answer.as_bytes()).await;
            }
        });
        Self { url, given, _runtime: runtime }
    }

    /// How many tokens were given.
    pub fn given(&self) -> usize {
        self.given.load(Ordering::SeqCst)
    }
}
