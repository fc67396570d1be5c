//! The least that a Rust program does to ask Triton: the client of HTTP or gRPC that Godwit uses too.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::uri::PathAndQuery;
use serde_json::json;
use tokio::runtime::Runtime;
use tonic::transport::{Channel, Endpoint};

use crate::measure::Side;
use crate::measure::guest::{Work, digest};

const HEADER_LENGTH: &str = "inference-header-content-length";

fn payload(work: &Work) -> Vec<u8> {
    work.values().iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// Times calls, one after another.
async fn time<F: Future<Output = Result<Bytes>>>(
    work: &Work,
    runs: u32,
    call: impl Fn() -> F,
) -> Result<Duration> {
    for _ in 0..work.warm_up(runs) {
        call().await?;
    }
    let began = Instant::now();
    for _ in 0..runs {
        black_box(call().await?);
    }
    Ok(began.elapsed())
}

pub(super) struct Http {
    runtime: Arc<Runtime>,
    client: reqwest::Client,
    url: String,
    header: Vec<u8>,
    payload: Vec<u8>,
    work: Work,
}

impl Http {
    pub(super) fn new(runtime: Arc<Runtime>, port: u16, work: &Work, output: &str) -> Result<Self> {
        let payload = payload(work);
        let header = json!({
            "id": "bare",
            "inputs": [{
                "name": work.input, "shape": work.dims, "datatype": "FP32",
                "parameters": { "binary_data_size": payload.len() },
            }],
            "outputs": [{ "name": output, "parameters": { "binary_data": true } }],
        });
        let inside = runtime.enter();
        // The server is reached without TLS, but the client asks for what it would be spoken with.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().tcp_nodelay(true).build()?;
        drop(inside);
        Ok(Self {
            runtime,
            client,
            url: format!("http://127.0.0.1:{port}/v2/models/{}/infer", work.model),
            header: serde_json::to_vec(&header)?,
            payload,
            work: work.clone(),
        })
    }

    pub(super) fn digest(&self) -> Result<u64> {
        Ok(digest(&self.runtime.block_on(self.call())?))
    }

    async fn call(&self) -> Result<Bytes> {
        let mut body = Vec::with_capacity(self.header.len() + self.payload.len());
        body.extend_from_slice(&self.header);
        body.extend_from_slice(&self.payload);
        let request = self.client.post(&self.url).header(HEADER_LENGTH, self.header.len());
        let request = request.header(CONTENT_TYPE, "application/octet-stream").body(body);
        let response = request.send().await?.error_for_status()?;
        let length = response.headers().get(HEADER_LENGTH).context("no tensor came as bytes")?;
        let length: usize = length.to_str()?.parse()?;
        let bytes = response.bytes().await?;
        Ok(bytes.slice(length..))
    }
}

impl Side for Http {
    fn block(&self, runs: u32) -> Result<Duration> {
        self.runtime.block_on(time(&self.work, runs, || self.call()))
    }
}

#[derive(Clone, PartialEq, prost::Message)]
struct Infer {
    #[prost(string, tag = "1")]
    model: String,
    #[prost(message, repeated, tag = "5")]
    inputs: Vec<Input>,
    #[prost(bytes = "bytes", repeated, tag = "7")]
    raw: Vec<Bytes>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Input {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    datatype: String,
    #[prost(int64, repeated, tag = "3")]
    shape: Vec<i64>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Inferred {
    #[prost(bytes = "bytes", repeated, tag = "6")]
    raw: Vec<Bytes>,
}

pub(super) struct Grpc {
    runtime: Arc<Runtime>,
    channel: Channel,
    payload: Vec<u8>,
    work: Work,
}

impl Grpc {
    pub(super) fn new(runtime: Arc<Runtime>, port: u16, work: &Work) -> Result<Self> {
        let inside = runtime.enter();
        let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{port}"))?;
        let channel = endpoint.tcp_nodelay(true).connect_lazy();
        drop(inside);
        Ok(Self { runtime, channel, payload: payload(work), work: work.clone() })
    }

    pub(super) fn digest(&self) -> Result<u64> {
        Ok(digest(&self.runtime.block_on(self.call())?))
    }

    async fn call(&self) -> Result<Bytes> {
        let shape =
            self.work.dims.iter().map(|&size| i64::try_from(size)).collect::<Result<_, _>>();
        let input = Input { name: self.work.input.clone(), datatype: "FP32".into(), shape: shape? };
        let infer = Infer {
            model: self.work.model.clone(),
            inputs: vec![input],
            raw: vec![Bytes::copy_from_slice(&self.payload)],
        };
        let mut client =
            tonic::client::Grpc::new(self.channel.clone()).max_decoding_message_size(64 << 20);
        client.ready().await?;
        let path = PathAndQuery::from_static("/inference.GRPCInferenceService/ModelInfer");
        let codec = tonic_prost::ProstCodec::<Infer, Inferred>::default();
        let answer = client.unary(tonic::Request::new(infer), path, codec).await?.into_inner();
        answer.raw.into_iter().next().context("no tensor came")
    }
}

impl Side for Grpc {
    fn block(&self, runs: u32) -> Result<Duration> {
        self.runtime.block_on(time(&self.work, runs, || self.call()))
    }
}
