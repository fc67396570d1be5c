//! What stands between a client and a server without understanding either: a front that ends TLS, and a proxy
//! that is asked for tunnels.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// A certificate for `name` that nobody but its owner knows: what a server shows, and what a client is to trust.
pub fn certificate(name: &str, protocols: &[&str]) -> (ServerConfig, String) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    (config, made.cert.pem())
}

/// A listener of loopback, until it is dropped.
#[derive(Debug)]
pub struct Tunnel {
    /// Where it listens.
    pub port: u16,
    seen: Arc<Mutex<Vec<String>>>,
    _runtime: Runtime,
}

impl Tunnel {
    /// Ends TLS in front of `upstream`.
    pub fn tls(upstream: u16, config: ServerConfig) -> Self {
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Self::start(move |client, seen| {
            let acceptor = acceptor.clone();
            async move {
                let mut client = acceptor.accept(client).await?;
                let protocol = client.get_ref().1.alpn_protocol().unwrap_or_default();
                seen.lock().unwrap().push(String::from_utf8_lossy(protocol).into_owned());
                let mut server = TcpStream::connect(("127.0.0.1", upstream)).await?;
                copy_bidirectional(&mut client, &mut server).await.map(drop)
            }
        })
    }

    /// A proxy of HTTP: tunnels for who asks with CONNECT, and plain requests passed on. `refuses` with a status.
    pub fn proxy(refuses: Option<u16>) -> Self {
        Self::start(move |mut client, seen| async move {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(client.read_u8().await?);
            }
            let text = String::from_utf8_lossy(&head).into_owned();
            let line = text.lines().next().unwrap_or_default().to_owned();
            seen.lock().unwrap().push(text);
            if let Some(status) = refuses {
                let answer = format!("HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n");
                return client.write_all(answer.as_bytes()).await;
            }
            let target = line.split(' ').nth(1).unwrap_or_default();
            if line.starts_with("CONNECT ") {
                let mut server = TcpStream::connect(target).await?;
                client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
                return copy_bidirectional(&mut client, &mut server).await.map(drop);
            }
            let address = target.strip_prefix("http://").unwrap_or_default();
            let address = address.split('/').next().unwrap_or_default();
            let mut server = TcpStream::connect(address).await?;
            server.write_all(&head).await?;
            copy_bidirectional(&mut client, &mut server).await.map(drop)
        })
    }

    fn start<F, S>(serve: F) -> Self
    where
        F: Fn(TcpStream, Arc<Mutex<Vec<String>>>) -> S + Send + 'static,
        S: Future<Output = std::io::Result<()>> + Send + 'static,
    {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let shared = seen.clone();
        runtime.spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // Either side may go away.
                tokio::spawn(serve(client, shared.clone()));
            }
        });
        Self { port, seen, _runtime: runtime }
    }

    /// What each connection began with: its request, or the protocol it settled on under TLS.
    pub fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}
