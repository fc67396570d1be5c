//! Every prototype here against AMD's headers, which `cargo xtask setup` unpacks beside the libraries.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic here is a failed test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use godwit_backend::DType;

use super::{hip, migraphx};
use crate::dtype::Numbers;

/// What the header calls them.
const NAMES: &[(DType, &str)] = &[
    (DType::Bool, "bool_type"),
    (DType::F16, "half_type"),
    (DType::F32, "float_type"),
    (DType::F64, "double_type"),
    (DType::U8, "uint8_type"),
    (DType::I8, "int8_type"),
    (DType::U16, "uint16_type"),
    (DType::I16, "int16_type"),
    (DType::I32, "int32_type"),
    (DType::I64, "int64_type"),
    (DType::U32, "uint32_type"),
    (DType::U64, "uint64_type"),
    (DType::Bf16, "bf16_type"),
];

type Prototypes = [(&'static str, &'static [&'static str], &'static str)];

fn header(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/migraphx/root");
    let path: PathBuf = root.join("usr/include").join(name);
    fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}: run `cargo xtask setup`", path.display()))
}

/// The prototype of `name`: types of the parameters, then that of the result.
fn prototype(header: &str, name: &str) -> Option<(Vec<String>, String)> {
    let at = header.match_indices(name).map(|(at, _)| at).find(|&at| {
        let (before, after) = (&header[..at], &header[at + name.len()..]);
        let line = before.rsplit(['\n', ';', '}']).next().unwrap();
        // Neither a comment nor a call.
        let declares = !line.contains(['(', '/', '#', '=']) && !line.trim().starts_with('*');
        after.trim_start().starts_with('(')
            && declares
            && before.ends_with(|c: char| c.is_whitespace() || c == '*')
    })?;
    let (before, after) = (&header[..at], &header[at + name.len()..]);
    let result = before.rsplit(['\n', ';', '}', '/']).find(|it| !it.trim().is_empty())?;
    let result = squeezed(&result.replace("MIGRAPHX_C_EXPORT", ""));
    let (_, args) = after.split_once('(')?;
    let (args, _) = args.split_once(')')?;
    let args = args.split(',').map(|arg| {
        let arg = arg.split("__dparm").next().unwrap().trim();
        let named = arg.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
        squeezed(if named.trim().is_empty() || named == arg { arg } else { named })
    });
    Some((args.filter(|arg| !arg.is_empty() && arg != "void").collect(), result))
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace(" *", "*")
}

/// What a type is called in C.
fn in_c(rust: &str, names: &BTreeMap<&str, &str>) -> String {
    let rust = rust.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some(to) = rust.strip_prefix("*mut ") {
        // AMD's handles are pointers already.
        return match names.get(to) {
            Some(handle) if handle.starts_with("migraphx_") && is_opaque(to) => {
                format!("{handle}_t")
            }
            _ => format!("{}*", in_c(to, names)),
        };
    }
    if let Some(to) = rust.strip_prefix("*const ") {
        return match names.get(to) {
            Some(handle) if is_opaque(to) => format!("const_{handle}_t"),
            _ => format!("const {}*", in_c(to, names)),
        };
    }
    (*names.get(rust.as_str()).unwrap_or_else(|| panic!("no name for '{rust}' in C"))).to_owned()
}

fn is_opaque(name: &str) -> bool {
    !name.starts_with("c_") && !["usize", "bool", "Status", "DataType", "CopyKind"].contains(&name)
}

fn names() -> BTreeMap<&'static str, &'static str> {
    BTreeMap::from([
        ("Argument", "migraphx_argument"),
        ("Arguments", "migraphx_arguments"),
        ("CompileOptions", "migraphx_compile_options"),
        ("FileOptions", "migraphx_file_options"),
        ("OnnxOptions", "migraphx_onnx_options"),
        ("Parameters", "migraphx_program_parameters"),
        ("ParameterShapes", "migraphx_program_parameter_shapes"),
        ("Program", "migraphx_program"),
        ("QuantizeInt8Options", "migraphx_quantize_int8_options"),
        ("ShapeHandle", "migraphx_shape"),
        ("Shapes", "migraphx_shapes"),
        ("TargetHandle", "migraphx_target"),
        ("Status", "migraphx_status"),
        ("DataType", "migraphx_shape_datatype_t"),
        ("HipError", "hipError_t"),
        ("CopyKind", "hipMemcpyKind"),
        ("usize", "size_t"),
        ("bool", "bool"),
        ("c_char", "char"),
        ("c_int", "int"),
        ("c_uint", "unsigned int"),
        ("c_void", "void"),
    ])
}

/// Where a prototype here is not that of `header`.
fn differences(prototypes: &Prototypes, header: &str) -> Vec<String> {
    let names = names();
    // An integer by another name.
    let plain = |text: &str| text.replace("hipDevice_t", "int");
    let mut wrong = Vec::new();
    for (name, args, result) in prototypes {
        let Some((theirs, their_result)) = prototype(header, name) else {
            wrong.push(format!("{name} is not in the header"));
            continue;
        };
        let ours: Vec<String> = args.iter().map(|arg| in_c(arg, &names)).collect();
        let theirs: Vec<String> = theirs.iter().map(|arg| plain(arg)).collect();
        if ours != theirs || in_c(result, &names) != their_result {
            wrong.push(format!("{name}: {ours:?} here, {theirs:?} -> {their_result} there"));
        }
    }
    wrong
}

#[test]
fn migraphx_has_these_prototypes() {
    let header = header("migraphx/migraphx.h");
    assert_eq!(differences(migraphx::Functions::PROTOTYPES, &header), Vec::<String>::new());
}

#[test]
fn hip_has_these_prototypes() {
    let header = header("hip/hip_runtime_api.h");
    assert_eq!(differences(hip::Functions::PROTOTYPES, &header), Vec::<String>::new());
}

#[test]
fn a_prototype_that_is_wrong_is_found() {
    let header = header("migraphx/migraphx.h");
    let wrong: &Prototypes = &[
        ("migraphx_shape_bytes", &["*mut usize", "*mut ShapeHandle"], "Status"),
        ("migraphx_shape_bytes", &["*mut usize"], "Status"),
        ("migraphx_shape_bytes", &["*mut c_int", "*const ShapeHandle"], "Status"),
        ("migraphx_shape_bytes", &["*mut usize", "*const ShapeHandle"], "c_int"),
        ("migraphx_shape_byte", &["*mut usize", "*const ShapeHandle"], "Status"),
    ];
    assert_eq!(differences(wrong, &header).len(), wrong.len());
}

/// The enumeration's order, and the two that stand before it.
#[test]
fn dtypes_have_these_numbers() {
    let header = header("migraphx/migraphx.h");
    let (_, list) = header.split_once("#define MIGRAPHX_SHAPE_VISIT_TYPES(m)").unwrap();
    let (list, _) = list.split_once("// clang-format on").unwrap();
    let visited = list.lines().filter_map(|line| line.trim().strip_prefix("m("));
    let visited = visited.map(|line| line.split(',').next().unwrap());
    let (_, before) = header.split_once("typedef enum\n{\n    migraphx_shape_tuple_type").unwrap();
    let fp4 = before.trim_start().starts_with(",\n    migraphx_shape_fp4x2_type");
    let all: Vec<&str> =
        ["tuple_type"].into_iter().chain(fp4.then_some("fp4x2_type")).chain(visited).collect();
    let numbers = if fp4 { Numbers::WithFp4 } else { Numbers::WithoutFp4 };
    for (dtype, name) in NAMES {
        let theirs = all.iter().position(|it| it == name).unwrap();
        assert_eq!(usize::try_from(numbers.number(*dtype)).unwrap(), theirs, "{dtype}");
    }
}

#[test]
fn copies_have_these_numbers() {
    let all = header("hip/driver_types.h");
    for (name, number) in [
        ("hipMemcpyHostToDevice", hip::TO_DEVICE),
        ("hipMemcpyDeviceToHost", hip::TO_HOST),
        ("hipMemcpyDeviceToDevice ", hip::WITHIN),
    ] {
        let line = all.lines().find(|line| line.trim_start().starts_with(name)).unwrap();
        assert!(line.contains(&format!("= {number}")), "{line}");
    }
    let runtime = header("hip/hip_runtime_api.h");
    let line = runtime.lines().find(|line| line.contains("hipErrorOutOfMemory =")).unwrap();
    assert!(line.contains(&format!("= {}", hip::OUT_OF_MEMORY)), "{line}");
}
