//! A Triton server as a device of the `godwit` command.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a panic here is a failed test, and its output is what happened"
)]

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use godwit_backend::{Backend, Model, Target};
use godwit_policy::{AdmissionLimits, Catalog, CatalogEntry, Ledger, Stack};
use godwit_remote::Endpoint;
use godwit_remote_tests::proxy::{Fault, Proxy};
use godwit_remote_tests::{Triton, block_on, built, free_ports, remote, root};
use tempfile::TempDir;

const TOKEN: &str = "t0ken-of-the-operator";

fn example() -> PathBuf {
    root().join("examples/digits")
}

/// A user's home, with a `godwit.toml` of their own.
struct Place(TempDir);

struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Place {
    fn new(configuration: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let own = folder.path().join(".config/godwit");
        std::fs::create_dir_all(&own).unwrap();
        std::fs::write(own.join("godwit.toml"), configuration).unwrap();
        std::fs::write(own.join("token"), format!("{TOKEN}\n")).unwrap();
        Self(folder)
    }

    fn godwit(&self, arguments: &str) -> Ended {
        let mut command = Command::new(built("debug/godwit"));
        command.args(arguments.split_whitespace()).current_dir(self.0.path());
        command.env("HOME", self.0.path()).env_remove("XDG_CONFIG_HOME");
        command.env("COLUMNS", "100").stdin(Stdio::null());
        let output = command.output().unwrap();
        let [stdout, stderr] =
            [output.stdout, output.stderr].map(|b| String::from_utf8(b).unwrap());
        println!("$ godwit {arguments}\n{stdout}{stderr}");
        assert!(!stdout.contains(TOKEN) && !stderr.contains(TOKEN), "a token was told");
        Ended { code: output.status.code(), stdout, stderr }
    }

    /// The digits example, with the images that it comes with.
    fn digits(&self, command: &str, options: &str) -> Ended {
        let (example, app) = (example(), built("guests/digits.wasm"));
        let (example, app) = (example.display(), app.display());
        self.godwit(&format!(
            "{command} --dir {example}::/example:ro {options} {app} \
             --labels /example/images/labels.csv /example/images"
        ))
    }

    fn file(&self, name: &str) -> serde_json::Value {
        serde_json::from_slice(&std::fs::read(self.0.path().join(name)).unwrap()).unwrap()
    }
}

impl Ended {
    fn success(self) -> Self {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        self
    }

    /// What the app says of each image, without the time it took.
    fn classes(&self) -> Vec<String> {
        self.stdout.lines().map(|line| line.split("  ").take(2).collect()).collect()
    }
}

fn model() -> String {
    format!("--model digits={}/digits.onnx", example().display())
}

#[test]
fn the_digits_are_the_same_through_every_engine_and_a_server() {
    let triton = Triton::start(|name| name == "add");
    let (http, grpc) = (triton.url(), triton.grpc_url());
    let [nobody] = free_ports();
    let proxy = Proxy::start(triton.http);
    proxy.spoil(Fault::Token(format!("Bearer {TOKEN}"), 401), usize::MAX);
    let place = Place::new(&format!(
        r#"
[[device]]
type = "remote"
id = "triton:0"
url = "{guarded}"
kind = "cpu"
region = "eu-west-1"
price = {{ per_hour = 3600.0, per_1000_calls = 1.0 }}
auth = {{ bearer = {{ token = {{ file = "token" }} }} }}

[device.models.digits]
sha256 = "{digest}"

[[device]]
type = "remote"
id = "triton-grpc:0"
url = "{grpc}"
protocol = "oip-grpc"

[[device]]
type = "remote"
id = "gone:0"
url = "http://127.0.0.1:{nobody}"

[[device]]
type = "remote"
id = "sagemaker:eu-west-1/cpu"
url = "http://127.0.0.1:{nobody}/invocations"
protocol = "sagemaker"
"#,
        guarded = proxy.url(),
        digest = godwit_backend::Digest::of(godwit_fixtures::models::DIGITS_ONNX),
    ));

    // One command, one component, one file of the model: five devices, two of them elsewhere, one by its
    // address alone.
    let devices =
        format!("--devices cpu:0,ort-cpu:0,openvino-cpu:0,triton:0,triton-grpc:0,remote={http}");
    let report = place.digits("verify", &format!("{} {devices} --json", model())).success();
    let report: serde_json::Value = serde_json::from_str(&report.stdout).unwrap();
    assert_eq!((&report["reference"], &report["samples"]), (&"cpu:0".into(), &4.into()));
    let found = report["devices"].as_array().unwrap().iter();
    let found: Vec<_> = found.map(|device| (&device["device"], &device["verdict"])).collect();
    for (at, id) in
        ["ort-cpu:0", "openvino-cpu:0", "triton:0", "triton-grpc:0", "remote:0"].iter().enumerate()
    {
        assert_eq!(found[at + 1], (&(*id).into(), &"equivalent".into()), "{found:?}");
    }

    // What the app prints is the same too, and what it took is said.
    let here = place.digits("run", &model()).success().classes();
    assert_eq!(here.len(), 101);
    let options = format!("{} --device triton:0 --json --report-file report.json", model());
    assert_eq!(place.digits("run", &options).success().classes(), here);
    let report = place.file("report.json");
    assert_eq!(
        (&report["rows"][0]["device"], &report["rows"][0]["runs"]),
        (&"triton:0".into(), &4.into())
    );
    let spent = &report["remote"][0];
    assert_eq!(spent["labels"]["region"], "eu-west-1");
    assert!(spent["sent"].as_u64().unwrap() > 25_600, "{spent}");
    assert!(spent["received"].as_u64().unwrap() > 4_000, "{spent}");
    let cost = |part: &str| spent["cost"][part].as_f64().unwrap();
    assert_eq!(cost("calls"), 0.004);
    assert!((cost("time") - report["wall_seconds"].as_f64().unwrap()).abs() < 1e-6, "{spent}");
    let told = place.digits("run", &format!("{} --device triton:0 --report", model())).success();
    let line = told.stderr.lines().find(|line| line.starts_with("triton:0: ")).unwrap();
    assert!(line.contains("region eu-west-1") && line.contains("; cost "), "{line}");

    // Without a file of it: by the address, and by its name there.
    let address = format!("--device remote={http}/v2/models/digits");
    assert_eq!(place.digits("run", &address).success().classes(), here);
    let named = "--model digits=remote:digits,device=triton-grpc:0";
    assert_eq!(place.digits("run", named).success().classes(), here);

    // What cannot be is said, with what to write.
    let refused = |options: &str, code: i32, parts: &[&str]| {
        let ended = place.digits("run", options);
        assert_eq!(ended.code, Some(code), "{}", ended.stderr);
        for part in parts {
            assert!(ended.stderr.contains(part), "'{part}' is not in: {}", ended.stderr);
        }
    };
    refused(
        "--model digits=remote:digts,device=triton:0",
        67,
        &["did you mean 'digits'?", "remote:NAME"],
    );
    refused("--model digits=remote:no,device=triton-grpc:0", 67, &["no such model", "remote:NAME"]);
    refused("--model digits=remote:digits", 67, &["cpu:0 reads onnx", "--device"]);
    refused("--model digits=remote:digits,device=gone:0", 69, &["cannot be reached"]);
    refused(
        &format!("{},device=triton:1", model()),
        69,
        &["did you mean 'triton:0'?", "godwit devices"],
    );
    let other = root().join("tests/fixtures/models/digits.xml");
    let other = format!("--model digits={},device=triton:0", other.display());
    refused(&other, 67, &["is not the one that device 'triton:0' runs"]);
    let denied = Place::new(&format!(
        "[[device]]\ntype = \"remote\"\nid = \"triton:0\"\nurl = \"{}\"\n",
        proxy.url()
    ));
    let ended = denied.digits("run", &format!("{} --device triton:0", model()));
    assert!(ended.code.is_some_and(|code| code != 0), "{}", ended.stderr);

    // All of them are listed, with whether they answer.
    let listed = place.godwit("devices --json").success();
    let listed: serde_json::Value = serde_json::from_str(&listed.stdout).unwrap();
    let states = listed["remote"].as_array().unwrap().iter();
    let states: Vec<_> = states
        .map(|one| (one["device"].as_str().unwrap(), one["state"].as_str().unwrap()))
        .collect();
    let expected = [
        ("triton:0", "ready"),
        ("triton-grpc:0", "ready"),
        ("gone:0", "absent"),
        ("sagemaker:eu-west-1/cpu", "not-told"),
    ];
    assert_eq!(states, expected);
    let table = place.godwit(&format!("devices --device remote={http}")).success().stdout;
    assert!(
        table.contains("  gone:0: unavailable: the remote service cannot be reached"),
        "{table}"
    );
    assert!(table.contains("  remote:0: ready\n"), "{table}");
    let file = example().join("digits.onnx");
    let facts =
        place.godwit(&format!("inspect {} --device remote={http}", file.display())).success();
    assert!(facts.stdout.contains("remote:0: loads"), "{}", facts.stdout);
    assert!(facts.stdout.contains("gone:0: the remote service cannot"), "{}", facts.stdout);

    // Two models of one device are two graphs, whatever a host shares among its tenants.
    block_on(async {
        let backend: Arc<dyn Backend> = Arc::new(remote(Endpoint::new("triton:0", http)));
        let stack = Stack::new(vec![backend], godwit_model::Limits::default(), u64::MAX);
        let mut catalog = Catalog::builder(stack.tenant(AdmissionLimits::default(), Ledger::new()));
        for name in ["digits", "add", "again"] {
            let there = if name == "again" { "add" } else { name };
            let variants = vec![Model::remote(name, there, None)];
            let target = Some(Target::new("triton:0"));
            catalog = catalog.model(name, CatalogEntry { variants, target });
        }
        let catalog = catalog.build();
        let digits = catalog.by_name("digits").await.unwrap();
        let add = catalog.by_name("add").await.unwrap();
        assert_eq!(
            (digits.info().signature.inputs.len(), add.info().signature.inputs.len()),
            (1, 2)
        );
        let again = catalog.by_name("again").await.unwrap();
        assert_eq!(again.info().signature, add.info().signature);
    });
}
