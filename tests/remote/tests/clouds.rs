//! The forms that clouds wrap the protocol in, against Triton's own ports for them, with a gateway that
//! checks signatures as AWS does and a stub of Google's metadata server.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic here is a failed test"
)]

use std::collections::BTreeMap;
use std::env;
use std::process::Command;

use godwit_backend::{Backend, CheckedContext, DeviceKind, ErrorKind, Quota, Tensor};
use godwit_remote::{
    Auth, Binary, Endpoint, Google, Kind, Prices, Protocol, RemoteModel, Sigv4, Template,
    tensor_info,
};
use godwit_remote_tests::metadata::MetadataServer;
use godwit_remote_tests::proxy::{Fault, Proxy};
use godwit_remote_tests::{Triton, block_on, digits, load, others, remote};

const KEYS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
    ("AWS_SESSION_TOKEN", "a/session+token=="),
];

fn sagemaker(url: String) -> Endpoint {
    let endpoint = Endpoint::new("sagemaker:eu-west-1/cpu", url.parse().unwrap());
    digits::with_signature(Endpoint { protocol: Protocol::Sagemaker, ..endpoint })
}

fn signed(url: String) -> Endpoint {
    let sigv4 = Sigv4 { service: "sagemaker".into(), region: "eu-west-1".into(), profile: None };
    Endpoint { auth: Auth::Sigv4(sigv4), ..sagemaker(url) }
}

#[test]
fn sagemaker_classifies_digits() {
    let triton = Triton::with_clouds();
    let plain = format!("http://127.0.0.1:{}/invocations", triton.sagemaker);
    block_on(async {
        let endpoint = Endpoint {
            kind: Kind::Cpu,
            region: Some("eu-west-1".into()),
            price: Prices { per_hour: Some(0.5), ..Prices::default() },
            ..sagemaker(plain.clone())
        };
        let backend = remote(endpoint);
        let device = backend.devices().unwrap().remove(0);
        assert_eq!((device.kind, device.id.family()), (DeviceKind::Cpu, "sagemaker"));
        assert_eq!(device.labels["region"], "eu-west-1");
        assert_eq!(device.labels["price-per-hour"], "0.5");
        digits::are_classified(&backend).await;
        let json = Endpoint { binary: Binary::Never, ..sagemaker(plain.clone()) };
        digits::are_classified(&remote(json)).await;

        let unsaid = Endpoint { models: BTreeMap::new(), ..sagemaker(plain) };
        let error = load(&remote(unsaid), "digits").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.message().contains("'inputs'"), "{error}");
    });

    let gateway = others::aws_gateway(triton.sagemaker, &KEYS);
    let url = format!("http://127.0.0.1:{}/endpoints/digits%20v1/invocations?a=b", gateway.http);
    // The credential chain reads the environment, which belongs to a process.
    let in_a_process = |keys: &[(&str, &str)], expected: &str| {
        let mut child = Command::new(env::current_exe().unwrap());
        child.args(["--ignored", "--exact", "signed_calls", "--nocapture"]);
        child.envs(keys.iter().copied()).env("GODWIT_TEST_URL", &url);
        child.env("GODWIT_TEST_EXPECTED", expected).env("AWS_EC2_METADATA_DISABLED", "true");
        child.env("AWS_CONFIG_FILE", "nowhere").env("AWS_SHARED_CREDENTIALS_FILE", "nowhere");
        let output = child.output().unwrap();
        let (out, errors) = (&output.stdout, &output.stderr);
        let said = format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(errors));
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
    };
    in_a_process(&KEYS, "digits");
    let mut others = KEYS;
    others[1].1 = "another-secret";
    in_a_process(&others, "denied");
    in_a_process(&[], "denied");
}

#[test]
#[ignore = "a part of sagemaker_classifies_digits, in a process with an environment of its own"]
fn signed_calls() {
    let backend = remote(signed(env::var("GODWIT_TEST_URL").unwrap()));
    block_on(async {
        if env::var("GODWIT_TEST_EXPECTED").unwrap() == "digits" {
            digits::are_classified(&backend).await;
            return;
        }
        let graph = load(&backend, "digits").await.unwrap();
        let image = Tensor::from_values([1, 1, 8, 8], &[0f32; 64]).unwrap();
        let mut context = CheckedContext::open(&graph, &Quota::unlimited()).await.unwrap();
        let error = context.run([image].into_iter().collect()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied, "{}", error.report());
        for secret in ["another-secret", "a/session", "AKIDEXAMPLE"] {
            assert!(!error.report().contains(secret), "{}", error.report());
        }
        assert!(!error.message().contains("AWS"), "{error}");
    });
}

#[test]
fn vertex_classifies_digits_with_googles_tokens() {
    let triton = Triton::with_clouds();
    let metadata = MetadataServer::start();
    let proxy = Proxy::start(triton.vertex);
    let google = Auth::Google(Google {
        scopes: vec!["https://www.googleapis.com/auth/cloud-platform".into()],
        metadata_server: Some(metadata.url.clone()),
    });
    let url = format!("http://127.0.0.1:{}/predict", proxy.port);
    let vertex = || {
        let endpoint = Endpoint::new("vertex:us-central1/v5e", url.parse().unwrap());
        let endpoint = Endpoint { protocol: Protocol::Vertex, auth: google.clone(), ..endpoint };
        digits::with_signature(endpoint)
    };
    block_on(async {
        proxy.spoil(Fault::Token("Bearer google-1\r".into(), 401), usize::MAX);
        let backend = remote(vertex());
        digits::are_classified(&backend).await;
        digits::are_classified(&backend).await;
        assert_eq!(metadata.given(), 1, "a token is kept");

        // A token that was taken back is replaced.
        proxy.spoil(Fault::Token("Bearer google-2\r".into(), 401), usize::MAX);
        digits::are_classified(&backend).await;
        assert_eq!(metadata.given(), 2);

        proxy.spoil(Fault::None, 0);
        let binary = Endpoint { binary: Binary::Always, ..vertex() };
        digits::are_classified(&remote(binary)).await;
    });
}

/// Triton's JSON, as if it were an interface of somebody's own.
#[test]
fn a_template_classifies_digits() {
    let triton = Triton::start(|_| false);
    let request = r#"{"inputs": [{
        "name": "image", "datatype": "FP32", "shape": [1, 1, 8, 8], "data": "{image}"
    }]}"#;
    let template = Template {
        request: serde_json::from_str(request).unwrap(),
        outputs: BTreeMap::from([("logits".into(), "/outputs/0/data".into())]),
    };
    let model = RemoteModel {
        inputs: vec![tensor_info("image: f32[1, 1, 8, 8]").unwrap()],
        outputs: vec![tensor_info("logits: f32[10]").unwrap()],
        ..RemoteModel::default()
    };
    let url = triton.url().join("/v2/models/digits/infer").unwrap();
    let endpoint = Endpoint {
        protocol: Protocol::Json(template),
        models: BTreeMap::from([("digits".into(), model)]),
        ..Endpoint::new("own:0", url)
    };
    let backend = remote(endpoint);
    block_on(async {
        let plain = remote(Endpoint::new("triton:0", triton.url()));
        let image: Vec<f32> = (0..64u8).map(|pixel| f32::from(pixel) / 64.0).collect();
        let image = Tensor::from_values([1, 1, 8, 8], &image).unwrap();
        let mut logits = Vec::new();
        for backend in [&backend, &plain] {
            let mut context = godwit_remote_tests::context(backend, "digits").await;
            let outputs = context.run([image.clone()].into_iter().collect()).await;
            let outputs = outputs.unwrap_or_else(|error| panic!("{}", error.report()));
            logits.push(outputs[0].values::<f32>().unwrap().to_vec());
        }
        assert_eq!(logits[0], logits[1]);
    });
}
