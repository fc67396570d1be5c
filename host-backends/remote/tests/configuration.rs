//! What an operator writes, and what becomes of it.

use std::time::Duration;

use godwit_backend::{Backend, DType, DeviceKind, Digest, ErrorKind, Model, Target};
use godwit_remote::{Auth, Endpoint, Protocol, Remote, RemoteOptions, Secret};

const WHOLE: &str = r#"
[[endpoints]]
id = "sagemaker:eu-west-1/trn1"
url = "https://runtime.sagemaker.eu-west-1.amazonaws.com/endpoints/digits/invocations"
protocol = "sagemaker"
kind = "tpu"
name = "Trainium"
precision = "bf16"
region = "eu-west-1"
provider = "aws"
accelerator = "trn1.2xlarge"
price = { per_hour = 1.34, egress_per_gb = 0.09 }
labels = { team = "vision" }
auth = { sigv4 = { region = "eu-west-1" } }
timeouts = { connect = "500ms", request = "5s" }
limits = { request = "8MiB", response = "1GB" }
pool = { idle = 4, keep = "30s" }
retry = { attempts = 2, pause = "10ms", budget = 0.05, idempotent = true }

[endpoints.models.digits]
inputs = ["image: f32[batch, 1, 8, 8]"]
outputs = ["logits: f32[batch, 10]"]

[[endpoints]]
id = "triton:0"
url = "http://triton.internal:8000/v2/models/digits"
protocol = "oip-grpc"
kind = "gpu"
http2 = "always"
auth = { bearer = { token = { command = ["print-token", "--now"] }, expires = "50m" } }

[[endpoints]]
id = "own:0"
url = "https://api.example/run"
proxy = "http://proxy.internal:3128"
auth = { header = { name = "X-Api-Key", value = { env = "OWN_KEY" } } }
protocol = { json = { request = { input = "{image}" }, outputs = { logits = "/output" } } }
"#;

fn read(text: &str) -> Result<RemoteOptions, String> {
    toml::from_str(text).map_err(|error| error.to_string())
}

#[test]
fn the_whole_of_it_can_be_written() {
    let options = read(WHOLE).unwrap();
    let [aws, triton, own] = options.endpoints.as_slice() else { panic!("{options:?}") };
    assert_eq!(aws.timeouts.connect, Duration::from_millis(500));
    assert_eq!(aws.timeouts.idle, Duration::from_secs(10), "what is not said is the default");
    assert_eq!((aws.limits.request, aws.limits.response), (8 << 20, 1_000_000_000));
    let Auth::Bearer(bearer) = &triton.auth else { panic!("{:?}", triton.auth) };
    assert_eq!(bearer.token, Secret::Command(vec!["print-token".into(), "--now".into()]));
    assert_eq!(bearer.expires, Some(Duration::from_secs(3000)));
    assert!(matches!(own.protocol, Protocol::Json(_)));

    let backend = Remote::open(options).unwrap();
    let devices = backend.devices().unwrap();
    let aws = &devices[0];
    assert_eq!((aws.id.family(), aws.kind), ("sagemaker", DeviceKind::Tpu));
    assert_eq!(aws.capabilities.precision, DType::Bf16);
    for (name, value) in [
        ("region", "eu-west-1"),
        ("provider", "aws"),
        ("accelerator", "trn1.2xlarge"),
        ("price-per-hour", "1.34"),
        ("egress-price-per-gb", "0.09"),
        ("protocol", "sagemaker"),
        ("team", "vision"),
    ] {
        assert_eq!(aws.labels[name], value);
    }
    let hardware = |at: usize| devices[at].labels.get("hardware").map(String::as_str);
    assert_eq!((hardware(0), hardware(1), hardware(2)), (None, None, Some("unknown")));
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let endpoint = |line: &str| {
        format!("[[endpoints]]\nid = \"triton:0\"\nurl = \"http://127.0.0.1:1\"\n{line}\n")
    };
    assert!(read(&endpoint("")).is_ok());
    for (line, what) in [
        ("tokn = \"x\"", "tokn"),
        ("timeouts = { connect = 2 }", "string"),
        ("timeouts = { connect = \"2 parsecs\" }", "duration"),
        ("limits = { request = \"many\" }", "size"),
        ("auth = { bearer = { token = \"s3cret\" } }", "secret"),
        ("auth = { bearer = { token = { fil = \"x\" } } }", "`file`"),
        ("auth = { bearer = { token = 7 } }", "secret"),
        ("protocol = \"soap\"", "soap"),
        ("models = { m = { inputs = [\"x: f33[2]\"] } }", "f32"),
    ] {
        let error = read(&endpoint(line)).unwrap_err();
        assert!(error.to_lowercase().contains(what), "{line}: {error}");
    }

    let token =
        toml::from_str::<RemoteOptions>(&endpoint("auth = { bearer = { token = \"s3cret\" } }"));
    assert!(!token.unwrap_err().message().contains("s3cret"));
    for (text, what) in [
        (endpoint("").replace("triton:0", "triton"), "family"),
        (endpoint("").replace("http://", "ftp://"), "http"),
        (endpoint("").replace("http://", "http://me:s3cret@"), "auth"),
        (endpoint("retry = { budget = 2.0 }"), "budget"),
        (endpoint("proxy = \"http://me:s3cret@p:1\""), "proxy"),
        (endpoint("proxy = \"socks5://p:1\""), "proxy"),
        (endpoint("timeouts = { request = \"0s\" }"), "timeout"),
        (endpoint("precision = \"f8\""), "precision"),
        (endpoint("tls = { roots = \"no/such/file\" }"), "certificates"),
        (endpoint("protocol = \"oip-grpc\"\nhttp2 = \"never\""), "HTTP/2"),
        (endpoint("protocol = \"oip-grpc\"\nproxy = \"http://p:1\""), "proxy"),
        (format!("{}{}", endpoint(""), endpoint("")), "twice"),
    ] {
        let error = Remote::open(read(&text).unwrap()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
        assert!(error.message().contains(what), "{what}: {error}");
        assert!(!error.report().contains("s3cret"), "{}", error.report());
    }
    let sigv4 = endpoint("protocol = \"oip-grpc\"\nauth = { sigv4 = { region = \"r\" } }");
    let error = Remote::open(read(&sigv4).unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn an_address_alone_is_an_endpoint() {
    let at = |address: &str| Endpoint::at("remote:0", address);
    let grpc = at("grpcs://h:8001/v2/models/digits").unwrap();
    assert_eq!(
        (grpc.protocol.name(), grpc.url.as_str()),
        ("oip-grpc", "https://h:8001/v2/models/digits")
    );
    assert_eq!(grpc.named_model().as_deref(), Some("digits"));
    let http = at("http://h:8000").unwrap();
    assert_eq!((http.protocol.name(), http.named_model()), ("oip-http", None));
    for wrong in ["h:8000", "ftp://h", "https://me:s3cret@h", "https://"] {
        let error = at(wrong).and_then(|endpoint| endpoint.check()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{wrong}: {error}");
        assert!(!error.report().contains("s3cret"), "{}", error.report());
    }
}

#[test]
fn paths_are_meant_from_the_folder_of_the_file() {
    let text = "[[endpoints]]\nid = \"t:0\"\nurl = \"http://h\"\n\
        tls = { roots = \"ca.pem\" }\nauth = { bearer = { token = { file = \"/run/token\" } } }\n";
    let mut endpoint = read(text).unwrap().endpoints.remove(0);
    endpoint.relative_to("conf".as_ref());
    assert_eq!(endpoint.tls.roots.as_deref(), Some("conf/ca.pem".as_ref()));
    let Auth::Bearer(bearer) = endpoint.auth else { panic!("a bearer token") };
    assert_eq!(bearer.token, Secret::File("/run/token".into()));
}

#[test]
fn a_file_is_no_model_here_and_one_that_is_pinned_must_be_the_same() {
    let text = format!(
        "[[endpoints]]\nid = \"t:0\"\nurl = \"http://127.0.0.1:1\"\nprotocol = \"vertex\"\n\
         [endpoints.models.m]\ninputs = [\"x: f32[1]\"]\noutputs = [\"y: f32[1]\"]\nsha256 = \"{}\"\n",
        Digest::of(b"right")
    );
    let backend = Remote::open(read(&text).unwrap()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let load = |model: Model| runtime.block_on(backend.load(&model, &Target::new("t:0"))).map(drop);
    let kind = |model: Model| load(model).unwrap_err().kind();
    assert_eq!(kind(Model::onnx("m", *b"right")), ErrorKind::Unsupported);
    assert_eq!(kind(Model::remote("m", "n", None)), ErrorKind::NotFound);
    let of = |bytes: &[u8]| Model::remote("m", "m", Some(Digest::of(bytes)));
    assert_eq!(kind(of(b"wrong")), ErrorKind::InvalidArgument);
    assert!(load(of(b"right")).is_ok() && load(Model::remote("m", "m", None)).is_ok());
}

#[test]
fn without_an_endpoint_the_family_is_absent() {
    let backend = Remote::open(RemoteOptions::default()).unwrap();
    assert_eq!(backend.devices().unwrap_err().kind(), ErrorKind::Unavailable);
}
