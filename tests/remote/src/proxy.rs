//! A proxy that does to answers what networks, proxies and broken servers do.
//!
//! It passes requests on to a real server and answers on to the client, until one is to go wrong.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// What goes wrong with the answer to a run. Everything else passes.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// Nothing.
    None,
    /// The connection is closed without an answer.
    HangUp,
    /// No answer ever comes.
    Stall,
    /// The answer ends in its middle, and so does the connection.
    Cut,
    /// The body comes a byte at a time, with this pause between.
    Drip(Duration),
    /// The head comes a byte at a time, with this pause between, and never ends.
    Loris(Duration),
    /// The length of the body is said to be other than it is by this much.
    Length(i64),
    /// One header says something else.
    Header(&'static str, String),
    /// The text of the JSON in front is another, of the same length.
    Replace(&'static str, &'static str),
    /// Instead of the answer comes this status, with these header lines and this body.
    Status(u16, String, String),
    /// A gigabyte is announced, and begun.
    Announce,
    /// A gigabyte comes unannounced, in chunks.
    Chunks,
    /// A gigabyte of JSON in front of the tensors is announced.
    LongHeader,
    /// This status comes unless the request has that token.
    Token(String, u16),
}

/// The proxy, until it is dropped.
#[derive(Debug)]
pub struct Proxy {
    /// Where it listens.
    pub port: u16,
    state: Arc<State>,
    _runtime: Runtime,
}

#[derive(Debug)]
struct State {
    upstream: u16,
    fault: Mutex<Fault>,
    /// How many answers the fault still spoils.
    left: AtomicUsize,
    heads: Mutex<Vec<String>>,
    connections: AtomicUsize,
    /// How many clients hung up while they were made to wait.
    hung_up: watch::Sender<usize>,
}

impl Proxy {
    /// In front of `upstream`, without a fault.
    pub fn start(upstream: u16) -> Self {
        Self::with(upstream, None)
    }

    /// The same, with a certificate.
    pub fn tls(upstream: u16, config: tokio_rustls::rustls::ServerConfig) -> Self {
        Self::with(upstream, Some(TlsAcceptor::from(Arc::new(config))))
    }

    fn with(upstream: u16, tls: Option<TlsAcceptor>) -> Self {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build().unwrap();
        let state = Arc::new(State {
            upstream,
            fault: Mutex::new(Fault::None),
            left: AtomicUsize::new(0),
            heads: Mutex::default(),
            connections: AtomicUsize::new(0),
            hung_up: watch::channel(0).0,
        });
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = state.clone();
        runtime.spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                shared.connections.fetch_add(1, Ordering::SeqCst);
                let (state, tls) = (shared.clone(), tls.clone());
                tokio::spawn(async move {
                    // A client that goes away is what some tests are about.
                    let _ = match tls {
                        Some(tls) => match tls.accept(client).await {
                            Ok(client) => serve(client, &state).await,
                            Err(error) => Err(error),
                        },
                        None => serve(client, &state).await,
                    };
                });
            }
        });
        Self { port, state, _runtime: runtime }
    }

    /// Where it listens.
    pub fn url(&self) -> url::Url {
        format!("http://127.0.0.1:{}", self.port).parse().unwrap()
    }

    /// Spoils the answers to the next `times` runs.
    pub fn spoil(&self, fault: Fault, times: usize) {
        *self.state.fault.lock().unwrap() = fault;
        self.state.left.store(times, Ordering::SeqCst);
    }

    /// The heads of the requests so far; they are forgotten.
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.state.heads.lock().unwrap())
    }

    /// Connections so far.
    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    /// Waits until so many clients have hung up on a stalled answer.
    pub async fn hung_up(&self, times: usize) {
        let mut watch = self.state.hung_up.subscribe();
        watch.wait_for(|seen| *seen >= times).await.unwrap();
    }
}

/// Serves one connection, request by request.
async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    mut client: S,
    state: &State,
) -> std::io::Result<()> {
    loop {
        let Some((head, body)) = message(&mut client).await? else { return Ok(()) };
        state.heads.lock().unwrap().push(head.clone());
        let is_run = head.lines().next().is_some_and(|line| line.starts_with("POST"));
        let fault = match is_run && take(&state.left) {
            true => state.fault.lock().unwrap().clone(),
            false => Fault::None,
        };
        match &fault {
            Fault::HangUp => return Ok(()),
            Fault::Stall => return stall(&mut client, state).await,
            Fault::Loris(pause) => {
                let endless =
                    "HTTP/1.1 200 OK\r\nX-Padding: ".bytes().chain(std::iter::repeat(b'x'));
                return drip(&mut client, endless, *pause, state).await;
            }
            Fault::Status(status, headers, body) => {
                let head = format!(
                    "HTTP/1.1 {status} No\r\n{headers}Content-Length: {}\r\n\r\n",
                    body.len()
                );
                client.write_all(head.as_bytes()).await?;
                client.write_all(body.as_bytes()).await?;
                continue;
            }
            Fault::Token(token, status) if !head.contains(token.as_str()) => {
                let answer = format!("HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n");
                client.write_all(answer.as_bytes()).await?;
                continue;
            }
            Fault::Announce => {
                let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000000\r\n\r\n";
                client.write_all(head.as_bytes()).await?;
                loop {
                    client.write_all(&[b' '; 65536]).await?;
                }
            }
            Fault::Chunks => {
                let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
                client.write_all(head.as_bytes()).await?;
                loop {
                    client.write_all(b"10000\r\n").await?;
                    client.write_all(&[b' '; 65536]).await?;
                    client.write_all(b"\r\n").await?;
                }
            }
            _ => {}
        }
        let mut server = TcpStream::connect(("127.0.0.1", state.upstream)).await?;
        server.write_all(head.as_bytes()).await?;
        server.write_all(&body).await?;
        let Some((mut head, mut body)) = message(&mut server).await? else { return Ok(()) };
        match fault {
            Fault::Cut => {
                client.write_all(head.as_bytes()).await?;
                client.write_all(&body[..body.len() / 2]).await?;
                return client.shutdown().await;
            }
            Fault::Drip(pause) => {
                client.write_all(head.as_bytes()).await?;
                return drip(&mut client, body.into_iter(), pause, state).await;
            }
            Fault::Length(more) => {
                let length = i64::try_from(body.len()).unwrap() + more;
                head = with_header(&head, "Content-Length", &length.to_string());
                body.resize(body.len().max(usize::try_from(length).unwrap()), 0);
                body.truncate(usize::try_from(length).unwrap());
            }
            Fault::Header(name, value) => head = with_header(&head, name, &value),
            Fault::LongHeader => {
                head = with_header(&head, "Inference-Header-Content-Length", "1000000000");
            }
            Fault::Replace(from, to) => {
                assert_eq!(from.len(), to.len(), "lengths are another fault");
                let at = body.windows(from.len()).position(|window| window == from.as_bytes());
                let at =
                    at.unwrap_or_else(|| panic!("no {from} in {}", String::from_utf8_lossy(&body)));
                body[at..at + to.len()].copy_from_slice(to.as_bytes());
            }
            _ => {}
        }
        client.write_all(head.as_bytes()).await?;
        client.write_all(&body).await?;
    }
}

fn take(left: &AtomicUsize) -> bool {
    let one_less = |left: usize| left.checked_sub(1);
    left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok()
}

/// Waits for the client to go.
async fn stall<S: AsyncRead + Unpin>(client: &mut S, state: &State) -> std::io::Result<()> {
    let mut byte = [0];
    let _ = client.read(&mut byte).await;
    state.hung_up.send_modify(|seen| *seen += 1);
    Ok(())
}

async fn drip<S: AsyncRead + AsyncWrite + Unpin>(
    client: &mut S,
    bytes: impl Iterator<Item = u8>,
    pause: Duration,
    state: &State,
) -> std::io::Result<()> {
    for byte in bytes {
        let sent = async {
            client.write_all(&[byte]).await?;
            client.flush().await
        };
        if sent.await.is_err() {
            state.hung_up.send_modify(|seen| *seen += 1);
            return Ok(());
        }
        tokio::time::sleep(pause).await;
    }
    Ok(())
}

/// One message: its head, and the body that its length says. None at the end.
async fn message<S: AsyncRead + Unpin>(from: &mut S) -> std::io::Result<Option<(String, Vec<u8>)>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if from.read(&mut byte).await? == 0 {
            return Ok(None);
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    let mut body = vec![0; length.unwrap_or(0)];
    from.read_exact(&mut body).await?;
    Ok(Some((head, body)))
}

/// `head` with the header `name` set to `value`.
fn with_header(head: &str, name: &str, value: &str) -> String {
    let others = head.trim_end().lines().filter(|line| {
        line.split_once(':').is_none_or(|(found, _)| !found.eq_ignore_ascii_case(name))
    });
    let others: Vec<&str> = others.collect();
    format!("{}\r\n{name}: {value}\r\n\r\n", others.join("\r\n"))
}
