//! The other Python servers: MLServer, KServe's, and the gateway that checks signatures of AWS.

use std::path::Path;
use std::process::Command;

use godwit_fixtures::models::DIGITS_ONNX;
use serde_json::json;
use tempfile::TempDir;

use crate::{Server, free_ports, installed};

/// A server of the digits, until it is dropped.
#[derive(Debug)]
pub struct Other {
    /// The port of HTTP.
    pub http: u16,
    /// The port of gRPC, if it has one.
    pub grpc: u16,
    _server: Server,
    _folder: TempDir,
}

impl Other {
    /// Where it speaks HTTP.
    pub fn url(&self) -> url::Url {
        format!("http://127.0.0.1:{}", self.http).parse().expect("a url")
    }

    /// Where it speaks gRPC.
    pub fn grpc_url(&self) -> url::Url {
        format!("http://127.0.0.1:{}", self.grpc).parse().expect("a url")
    }
}

fn script(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("servers").join(name)
}

/// A Python with the packages of `server`.
pub fn python(server: &str) -> Command {
    let site = installed(server).join("site-packages");
    let mut command = Command::new(crate::python::interpreter());
    command.env("PYTHONPATH", site).env("PYTHONUNBUFFERED", "1");
    command
}

fn digits(folder: &TempDir) -> std::path::PathBuf {
    let file = folder.path().join("digits.onnx");
    std::fs::write(&file, DIGITS_ONNX).expect("room");
    file
}

/// MLServer, which takes tensors as JSON only.
pub fn mlserver() -> Other {
    let folder = TempDir::new().expect("a temporary folder");
    let [http, grpc] = free_ports();
    let settings = json!({
        "host": "127.0.0.1", "http_port": http, "grpc_port": grpc,
        "parallel_workers": 0, "metrics_endpoint": null,
    });
    let model = json!({
        "name": "digits", "implementation": "mlserver_model.Digits",
        "parameters": { "uri": digits(&folder) },
        "inputs": [{ "name": "image", "datatype": "FP32", "shape": [-1, 1, 8, 8] }],
        "outputs": [{ "name": "logits", "datatype": "FP32", "shape": [-1, 10] }],
    });
    for (name, text) in [("settings.json", settings), ("model-settings.json", model)] {
        std::fs::write(folder.path().join(name), text.to_string()).expect("room");
    }
    let code = script("mlserver_model.py");
    std::fs::copy(code, folder.path().join("mlserver_model.py")).expect("room");
    let mut command = python("mlserver");
    let start = "import sys; from mlserver.cli import main; sys.argv[0] = 'mlserver'; main()";
    command.args(["-c", start, "start"]).arg(folder.path());
    let mut server = Server::start(&mut command, folder.path().join("log"));
    server.wait(http, "/v2/models/digits/ready");
    Other { http, grpc, _server: server, _folder: folder }
}

/// KServe's own server.
pub fn kserve() -> Other {
    let folder = TempDir::new().expect("a temporary folder");
    let [http, grpc] = free_ports();
    let mut command = python("kserve");
    command.arg(script("kserve_server.py")).args([http.to_string(), grpc.to_string()]);
    command.arg(digits(&folder));
    let mut server = Server::start(&mut command, folder.path().join("log"));
    server.wait(http, "/v2/models/digits/ready");
    Other { http, grpc, _server: server, _folder: folder }
}

/// A gateway in front of `upstream` that lets through what is signed with these keys.
pub fn aws_gateway(upstream: u16, keys: &[(&str, &str)]) -> Other {
    let folder = TempDir::new().expect("a temporary folder");
    let [http] = free_ports();
    let mut command = python("kserve");
    command.envs(keys.iter().copied());
    command.arg(script("aws_gateway.py")).args([http.to_string(), upstream.to_string()]);
    let mut server = Server::start(&mut command, folder.path().join("log"));
    server.wait(http, "/ping");
    Other { http, grpc: 0, _server: server, _folder: folder }
}
