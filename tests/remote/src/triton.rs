//! NVIDIA Triton on the CPU.

use std::fs;
use std::path::Path;
use std::process::Command;

use godwit_backend::{DType, Dim, TensorInfo};
use godwit_fixtures::models::{DIGITS_ONNX, small_models};
use godwit_model::Limits;
use tempfile::TempDir;

use crate::{Server, free_ports, installed};

/// The models that cannot be put into Triton's configuration, or that tell nothing new.
const LEFT_OUT: [&str; 2] = ["echo-scalar", "spin"];

/// A running server with the small models of the fixtures.
#[derive(Debug)]
pub struct Triton {
    /// The port of HTTP.
    pub http: u16,
    /// The port of gRPC.
    pub grpc: u16,
    /// The port that speaks as a container in SageMaker does, for the digits; 0 unless asked for.
    pub sagemaker: u16,
    /// The port that speaks as a container in Vertex AI does, for the digits; 0 unless asked for.
    pub vertex: u16,
    _server: Server,
    _folder: TempDir,
}

impl Triton {
    /// Starts it with those of the small models whose names `wanted` takes, and waits until it is ready.
    /// The digits are always there.
    pub fn start(wanted: impl Fn(&str) -> bool) -> Self {
        let models = small_models().into_iter();
        let is_wanted = |name: &str| wanted(name) && !LEFT_OUT.contains(&name);
        Self::with(models.filter(|(name, _)| is_wanted(name)).collect())
    }

    /// Starts it with the digits and `models`, by name and bytes.
    pub fn with(models: Vec<(String, Vec<u8>)>) -> Self {
        Self::launch(models, false)
    }

    /// Starts it with the digits, and the ports for clouds. These listen on every address of the machine:
    /// Triton lets nobody choose.
    pub fn with_clouds() -> Self {
        Self::launch(Vec::new(), true)
    }

    fn launch(mut models: Vec<(String, Vec<u8>)>, clouds: bool) -> Self {
        models.retain(|(name, _)| name != "digits");
        models.push(("digits".into(), DIGITS_ONNX.to_vec()));
        let folder = TempDir::new().expect("a temporary folder");
        let repository = folder.path().join("models");
        for (name, onnx) in models {
            write(&repository, &name, &onnx);
        }
        let home = installed("triton");
        let site = home.join("site-packages");
        let [http, grpc, sagemaker, vertex] = free_ports();
        let mut command = Command::new(site.join("pytriton/tritonserver/bin/tritonserver"));
        command
            .env("LD_LIBRARY_PATH", site.join("nvidia_pytriton.libs"))
            .env("GODWIT_SITE_PACKAGES", &site)
            .arg(format!("--model-repository={}", repository.display()))
            .arg(format!("--backend-directory={}", home.join("backends").display()))
            .args(["--disable-auto-complete-config", "--allow-metrics=false"])
            .args(["--allow-http=true", "--http-address=127.0.0.1"])
            .args(["--allow-grpc=true", "--grpc-address=127.0.0.1"])
            .arg(format!("--http-port={http}"))
            .arg(format!("--grpc-port={grpc}"))
            .args([format!("--allow-sagemaker={clouds}"), format!("--allow-vertex-ai={clouds}")]);
        if clouds {
            command
                .env("SAGEMAKER_TRITON_DEFAULT_MODEL_NAME", "digits")
                .env("AIP_MODE", "PREDICTION")
                .env("AIP_HTTP_PORT", vertex.to_string())
                .env("AIP_PREDICT_ROUTE", "/predict")
                .env("AIP_HEALTH_ROUTE", "/health")
                .arg("--vertex-ai-default-model=digits")
                .arg(format!("--sagemaker-port={sagemaker}"))
                .arg(format!("--vertex-ai-port={vertex}"));
        }
        let mut server = Server::start(&mut command, folder.path().join("log"));
        server.wait(http, "/v2/health/ready");
        if !clouds {
            return Self { http, grpc, sagemaker: 0, vertex: 0, _server: server, _folder: folder };
        }
        server.wait(vertex, "/health");
        Self { http, grpc, sagemaker, vertex, _server: server, _folder: folder }
    }

    /// Where it speaks HTTP.
    pub fn url(&self) -> url::Url {
        format!("http://127.0.0.1:{}", self.http).parse().expect("a url")
    }

    /// Where it speaks gRPC.
    pub fn grpc_url(&self) -> url::Url {
        format!("http://127.0.0.1:{}", self.grpc).parse().expect("a url")
    }
}

/// Puts one model into the repository.
fn write(repository: &Path, name: &str, onnx: &[u8]) {
    let folder = repository.join(name);
    fs::create_dir_all(folder.join("1")).expect("a folder");
    fs::write(folder.join("1/model.py"), include_str!("../servers/triton_model.py")).expect("room");
    if !name.starts_with("echo-") {
        fs::write(folder.join("1/model.onnx"), onnx).expect("room");
    }
    let summary = godwit_model::onnx::summarize(onnx, &Limits::default()).expect("a model");
    let signature = summary.signature().expect("a signature");
    let config = format!(
        "name: \"{name}\"\nbackend: \"python\"\nmax_batch_size: 0\n{}{}",
        ports("input", &signature.inputs),
        ports("output", &signature.outputs)
    );
    fs::write(folder.join("config.pbtxt"), config).expect("room");
}

fn ports(kind: &str, infos: &[TensorInfo]) -> String {
    let port = |info: &TensorInfo| {
        let dims = info.dims.iter().flatten().map(|dim| match dim {
            Dim::Known(size) => size.to_string(),
            _ => "-1".into(),
        });
        let dims: Vec<String> = dims.collect();
        let dtype = datatype(info.dtype);
        format!(
            "{kind} {{ name: \"{}\" data_type: {dtype} dims: [{}] }}\n",
            info.name,
            dims.join(",")
        )
    };
    infos.iter().map(port).collect()
}

fn datatype(dtype: DType) -> &'static str {
    match dtype {
        DType::F16 => "TYPE_FP16",
        DType::F32 => "TYPE_FP32",
        DType::F64 => "TYPE_FP64",
        DType::Bf16 => "TYPE_BF16",
        DType::U8 => "TYPE_UINT8",
        DType::I32 => "TYPE_INT32",
        DType::I64 => "TYPE_INT64",
        DType::I8 => "TYPE_INT8",
        DType::U16 => "TYPE_UINT16",
        DType::I16 => "TYPE_INT16",
        DType::U32 => "TYPE_UINT32",
        DType::U64 => "TYPE_UINT64",
        DType::Bool => "TYPE_BOOL",
    }
}
