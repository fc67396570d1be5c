//! Names that an app, a model, a server or a file brings do nothing to a terminal, a page or a log.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt as _;
use std::process::Output;
use std::thread;

use godwit_backend::DType;
use godwit_fixtures::models::echo_ir;
use godwit_fixtures::onnx::Graph;

use crate::sandbox::Sandbox;

/// Begins a line of its own, which would be taken for one of ours.
const LINE: &str = "a\nerror: forged\r\n help: forged\u{85}error: forged\u{2028}error: forged";
/// Fills the clipboard, clears the screen, sets the title, and colours; by escape and by a control of Latin-1.
const ESCAPES: &str =
    "b\u{1b}]52;c;Zm9yZ2Vk\u{7}\u{1b}[2J\u{1b}]0;forged\u{1b}\\\u{9b}31m\u{7f}\u{8}\u{0}";
/// Reads as `exe.png`, and hides in other ways.
const DIRECTION: &str = "c\u{202e}gnp.\u{2066}exe\u{2069}\u{200f}\u{200b}\u{feff}\u{61c}";

fn hostile() -> String {
    format!("{DIRECTION}{ESCAPES}{LINE}")
}

/// Whether a terminal would obey the character, or show another text than there is.
fn is_obeyed(c: char) -> bool {
    let codes = [0x61c, 0xfeff, 0x200b, 0x200e, 0x200f, 0x2028, 0x2029];
    c.is_control()
        || codes.contains(&(c as u32))
        || ('\u{202a}'..='\u{202e}').contains(&c)
        || ('\u{2066}'..='\u{2069}').contains(&c)
}

fn assert_harmless(what: &str, bytes: &[u8]) {
    let text = str::from_utf8(bytes).unwrap_or_else(|error| panic!("{what}: {error}"));
    let bad = text.chars().find(|c| is_obeyed(*c) && *c != '\n');
    assert_eq!(bad, None, "{what}:\n{}", text.escape_debug());
    let forged = text.lines().find(|line| {
        let begins = |word| line.trim_start_matches(' ').starts_with(word);
        begins("error: forged") && !line.starts_with("       ") || line.starts_with(" help: forged")
    });
    assert_eq!(forged, None, "{what}:\n{text}");
    assert!(text.len() < 1 << 20, "{what}: {} bytes", text.len());
}

/// Runs it with arguments that may hold anything, and looks at all it prints.
fn godwit(sandbox: &Sandbox, arguments: &[&str]) -> Output {
    let mut last = None;
    for verbose in [&[][..], &["-vvv"]] {
        let mut command = sandbox.command("");
        let output = command.args(arguments).args(verbose).output().unwrap();
        let typed = arguments.join(" ").escape_debug().to_string();
        assert_harmless(&format!("{typed}: output"), &output.stdout);
        assert_harmless(&format!("{typed}: errors"), &output.stderr);
        assert!(output.status.code().is_some(), "{typed} was ended by a signal");
        if arguments.contains(&"--json") && !output.stdout.is_empty() {
            let parsed: Result<serde_json::Value, _> = serde_json::from_slice(&output.stdout);
            assert!(parsed.is_ok(), "{typed}: {}", String::from_utf8_lossy(&output.stdout));
        }
        last = last.or(Some(output));
    }
    last.unwrap()
}

/// As text of WebAssembly.
fn escaped(name: &str) -> String {
    name.bytes().map(|byte| format!("\\{byte:02x}")).collect()
}

#[test]
fn names_of_an_app() {
    let long = "y".repeat(90_000);
    for name in [hostile(), LINE.into(), ESCAPES.into(), DIRECTION.into(), long] {
        let sandbox = Sandbox::new();
        let text = escaped(&name);
        let exports = format!("(func (export \"_start\")) (func (export \"{text}\"))");
        let custom = format!("(@custom \"{text}\" \"{text}\")");
        let import = format!(
            "(import \"{text}\" \"{text}\" (func)) (import \"wasi_ephemeral_nn\" \"{text}\" (func))"
        );
        sandbox.app("runs.wasm", &format!("(module {exports} {custom})"));
        sandbox.app("wants.wasm", &format!("(module {import} {exports} {custom})"));
        for app in ["runs.wasm", "wants.wasm"] {
            for command in [
                &["inspect"][..],
                &["inspect", "--json"],
                &["audit"],
                &["audit", "--json"],
                &["run"],
                &["compile"],
                &["verify"],
            ] {
                godwit(&sandbox, &[command, &[app]].concat());
            }
        }
        let listed = godwit(&sandbox, &["inspect", "runs.wasm"]);
        assert!(listed.status.success());
        let listed = String::from_utf8(listed.stdout).unwrap();
        let known = name.chars().find(|c| !is_obeyed(*c)).unwrap();
        assert!(listed.contains(&format!(" {known}")), "the export is not shown: {listed}");
        assert!(listed.lines().all(|line| line.len() < 20_000), "a line without an end");
    }
}

/// A model whose every name is `name`.
fn model(name: &str, domain: &str) -> Vec<u8> {
    let mut graph = Graph::new(name);
    graph.input(&format!("{name}in"), DType::F32, [1_i64, 2]);
    graph.output(&format!("{name}out"), DType::F32, [1_i64, 2]);
    let node = graph.node("Identity", [&*format!("{name}in")], &*format!("{name}out"));
    if !domain.is_empty() {
        node.domain(domain);
    }
    let mut bytes = graph.into_bytes();
    let producer = b"godwit-fixtures";
    let at = bytes.windows(producer.len()).position(|part| part == producer).unwrap();
    bytes[at..at + producer.len()].copy_from_slice("\u{202e}by\u{2066}me\u{200f}ok".as_bytes());
    bytes
}

fn try_model(sandbox: &Sandbox, file: &str) {
    let given = format!("m={file}");
    for command in [
        &["inspect", file][..],
        &["inspect", "--json", file],
        &["audit", "app.wasm", "--model", &given],
        &["audit", "app.wasm", "--json", "--model", &given],
        &["run", "--report", "--model", &given, "app.wasm"],
        &["verify", "--devices", "cpu:0", "--html", "page.html", "--model", &given],
        &["verify", "--devices", "cpu:0", "--json", "--model", &given],
    ] {
        godwit(sandbox, command);
    }
    if let Ok(page) = fs::read(sandbox.path("page.html")) {
        let page = String::from_utf8(page).unwrap();
        assert_eq!(page.chars().find(|c| is_obeyed(*c) && *c != '\n'), None);
        fs::remove_file(sandbox.path("page.html")).unwrap();
    }
}

#[test]
fn names_of_a_model() {
    let sandbox = Sandbox::new();
    sandbox.app("app.wasm", crate::apps::COMMAND);
    let long = "y".repeat(1 << 20);
    for name in [&*hostile(), LINE, ESCAPES, DIRECTION, &long, "<script>alert(1)</script>"] {
        for domain in ["", name] {
            sandbox.write("m.onnx", model(name, domain));
            try_model(&sandbox, "m.onnx");
        }
    }
    // One of them is a model like any other, and is shown.
    sandbox.write("m.onnx", model(DIRECTION, ""));
    let shown = godwit(&sandbox, &["inspect", "m.onnx"]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(
        shown.contains("c\\u{202e}gnp.\\u{2066}exe") && shown.contains("cpu:0: loads"),
        "{shown}"
    );
    let verified = ["verify", "--devices", "cpu:0", "--html", "page.html", "--model", "m=m.onnx"];
    assert!(godwit(&sandbox, &verified).status.success());
    assert!(sandbox.path("page.html").exists());
}

#[test]
fn names_of_an_ir() {
    let sandbox = Sandbox::new();
    sandbox.app("app.wasm", crate::apps::COMMAND);
    let [xml, weights] = echo_ir(&[1, 2]);
    let xml = String::from_utf8(xml).unwrap();
    let references: String = hostile().chars().map(|c| format!("&#x{:x};", c as u32)).collect();
    let long = "y".repeat(1 << 20);
    for name in
        [DIRECTION, "c&#x9b;31m&#x202e;", "a&#10;error: forged", &references, ESCAPES, &long]
    {
        for (from, to) in [
            ("\"echo\"", format!("\"{name}\"")),
            ("\"x,y\"", format!("\"{name},y\"")),
            ("name=\"x\"", format!("name=\"{name}\"")),
            ("\"Result\"", format!("\"{name}\"")),
            ("\"opset1\"", format!("\"{name}\"")),
            ("\"f32\"", format!("\"{name}\"")),
        ] {
            sandbox.write("m.xml", xml.replace(from, &to)).write("m.bin", &weights);
            for command in [&["inspect", "m.xml"][..], &["inspect", "--json", "m.xml"]] {
                godwit(&sandbox, command);
            }
            let given = ["audit", "app.wasm", "--model", "m=m.xml"];
            godwit(&sandbox, &given);
        }
    }
}

/// A server that answers as the protocol says, with these names and texts in every place for one.
fn server(name: &str) -> String {
    let name = serde_json::Value::from(name);
    let tensor =
        |part: &str| format!("{{\"name\": {name}, \"datatype\": {part}, \"shape\": [-1, 2]}}");
    let (fine, odd) = (tensor("\"FP32\""), tensor(&name.to_string()));
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", server.local_addr().unwrap());
    thread::spawn(move || {
        for (index, stream) in server.incoming().enumerate() {
            let mut stream = stream.unwrap();
            let mut request = vec![0; 1 << 16];
            let length = stream.read(&mut request).unwrap_or(0);
            let request = String::from_utf8_lossy(&request[..length]);
            let path = request.split(' ').nth(1).unwrap_or_default();
            let (status, body) = match path {
                path if path.ends_with("/ready") || path.ends_with("/live") => (200, String::new()),
                path if path.ends_with("/infer") => (400, format!("{{\"error\": {name}}}")),
                path if path.contains("/models/") => {
                    let output = if index % 2 == 0 { &fine } else { &odd };
                    let body = format!(
                        "{{\"name\": {name}, \"versions\": [{name}], \"platform\": {name}, \
                         \"inputs\": [{fine}], \"outputs\": [{output}]}}"
                    );
                    (200, body)
                }
                _ => (500, format!("{{\"error\": {name}}}")),
            };
            let _ = write!(
                stream,
                "HTTP/1.1 {status} odd\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    url
}

#[test]
fn names_and_errors_of_a_server() {
    let sandbox = Sandbox::new();
    sandbox.app("app.wasm", crate::apps::COMMAND).write("m.onnx", model("x", ""));
    for name in [hostile(), LINE.into(), ESCAPES.into(), DIRECTION.into(), "y".repeat(1 << 20)] {
        let url = server(&name);
        let device = format!("remote={url}");
        let address = format!("remote={url}/v2/models/m");
        for command in [
            &["devices", "--device", &device][..],
            &["devices", "--json", "--device", &device],
            &["inspect", "m.onnx", "--device", &device],
            &["inspect", "--json", "m.onnx", "--device", &device],
            &["run", "--report", "--device", &address, "app.wasm"],
            &["run", "--device", &device, "--model", "m=m.onnx", "app.wasm"],
            &["verify", "--devices", &format!("cpu:0,{device}"), "--model", "m=m.onnx"],
        ] {
            godwit(&sandbox, command);
        }
    }
}

#[test]
fn names_of_files_and_arguments() {
    let sandbox = Sandbox::new();
    for name in [hostile(), LINE.into(), ESCAPES.into(), DIRECTION.into()] {
        // A file's name has no zero; neither has an argument.
        let name = name.replace('\0', "");
        sandbox.write(&name, "neither app nor model");
        let given = format!("{name}={name}");
        for command in [
            &["run", &name][..],
            &["inspect", &name],
            &["inspect", "--json", &name],
            &["audit", &name],
            &["compile", &name],
            &["devices", "--config", &name],
            &["run", "--model", &given, &name],
            &["verify", "--model", &given],
            &["engines", "install", "onnxruntime", "--wheel", &name],
            &["devices", "--library", &format!("onnxruntime={name}")],
            &["engines", "install", &name],
            &[&*name],
            &[&*format!("--{name}")],
        ] {
            let output = godwit(&sandbox, command);
            let fails = !command.contains(&"devices") || command.contains(&"--config");
            assert!(!fails || !output.status.success(), "{command:?}");
        }
        let elsewhere = format!("{name}missing");
        godwit(&sandbox, &["run", &elsewhere]);
    }
    // Not even text.
    let mut command = sandbox.command("run");
    let output = command.arg(std::ffi::OsStr::from_bytes(b"\xff\x1b[2J\x9b1m")).output().unwrap();
    assert_harmless("an argument of other bytes", &output.stderr);
}
