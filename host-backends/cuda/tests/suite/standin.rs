//! NVIDIA's libraries as `standin.c` makes them, under the names that everyone asks the loader for.

#![allow(unsafe_code, reason = "the stand-in is a C library, as what it stands for")]

use std::ffi::{CString, c_char, c_int};
use std::mem::{offset_of, size_of};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::{env, fs, process};

use cudarc::runtime::sys::cudaDeviceProp;
use godwit_backend::{DType, Memory, Model, Shape, Tensor, Tensors};
use godwit_cuda::{CudaBackend, CudaOptions, Environment};
use godwit_fixtures::onnx::Graph;
use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/standin/standin.c");

const LIBRARIES: [(&str, &str); 5] = [
    ("libcuda.so.1", "STANDIN_DRIVER"),
    ("libcudart.so.13", "STANDIN_RUNTIME"),
    ("libnvrtc.so.13", "STANDIN_NVRTC"),
    ("libcublas.so.13", "STANDIN_CUBLAS"),
    ("libcudnn.so.9", "STANDIN_CUDNN"),
];

/// The driver's part, which can be asked and told.
pub(crate) struct StandIn {
    driver: Library,
    _others: Vec<Library>,
}

/// The stand-in, for one test at a time.
pub(crate) fn standin() -> (MutexGuard<'static, ()>, &'static StandIn) {
    static ONE: Mutex<()> = Mutex::new(());
    static STANDIN: OnceLock<StandIn> = OnceLock::new();
    let guard = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let standin = STANDIN.get_or_init(load);
    standin.tell("standin_memory", 1 << 30);
    (guard, standin)
}

fn load() -> StandIn {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("standin");
    fs::create_dir_all(&folder).unwrap();
    // A toolkit's headers, empty: the stand-in's compiler does not read them.
    for header in ["cuda_fp16.h", "math_constants.h", "cccl/cuda/std/cstdint"] {
        let path = folder.join("toolkit/include").join(header);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    // SAFETY: nothing else in this process reads or writes these variables before the stand-in is loaded.
    unsafe {
        env::set_var("CUDA_HOME", folder.join("toolkit"));
        env::set_var("XDG_CACHE_HOME", folder.join("cache"));
    }
    let mut libraries: Vec<Library> = LIBRARIES
        .iter()
        .map(|(name, part)| {
            let path = build(&folder, name, part);
            // SAFETY: the stand-in has no initialisers. Under its name in the library, the loader gives
            // it to whoever asks for NVIDIA's.
            unsafe { Library::open(Some(&path), RTLD_NOW | RTLD_GLOBAL) }.unwrap()
        })
        .collect();
    let driver = libraries.remove(0);
    StandIn { driver, _others: libraries }
}

fn build(folder: &Path, name: &str, part: &str) -> PathBuf {
    let (path, fresh) = (folder.join(name), folder.join(format!("{name}.{}", process::id())));
    let newer = |path: &Path| fs::metadata(path).and_then(|it| it.modified()).ok();
    if newer(&path) > newer(Path::new(SOURCE)) {
        return path;
    }
    let properties = [
        ("PROP_SIZE", size_of::<cudaDeviceProp>()),
        ("PROP_MAJOR", offset_of!(cudaDeviceProp, major)),
        ("PROP_PROCESSORS", offset_of!(cudaDeviceProp, multiProcessorCount)),
    ];
    let status = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-fvisibility=hidden", "-pthread"])
        .args(properties.map(|(name, value)| format!("-D{name}={value}")))
        .arg(format!("-D{part}"))
        .arg(format!("-Wl,-soname,{name}"))
        .arg("-o")
        .args([fresh.as_os_str(), SOURCE.as_ref()])
        .status()
        .expect("a C compiler is needed, as for building any Rust program");
    assert!(status.success(), "the stand-in for {name} was not built");
    fs::rename(&fresh, &path).unwrap();
    path
}

impl StandIn {
    pub(crate) fn tell(&self, function: &str, value: u64) {
        type Tell = unsafe extern "C" fn(u64);
        // SAFETY: the function takes one whole number; a register holds it whatever its width.
        unsafe { (self.driver.get::<Tell>(function.as_bytes()).unwrap())(value) }
    }

    pub(crate) fn read(&self, function: &str) -> u64 {
        type Read = unsafe extern "C" fn() -> u64;
        // SAFETY: the function takes nothing and gives a 64-bit number.
        unsafe { (self.driver.get::<Read>(function.as_bytes()).unwrap())() }
    }

    /// The call number `after` from now gives `code` instead of working.
    pub(crate) fn fail(&self, call: &str, after: c_int, code: c_int) {
        type Fail = unsafe extern "C" fn(*const c_char, c_int, c_int);
        let call = CString::new(call).unwrap();
        // SAFETY: the stand-in copies the string before it returns.
        unsafe { (self.driver.get::<Fail>(b"standin_fail").unwrap())(call.as_ptr(), after, code) }
    }
}

/// A backend of a process that was started without TF32.
pub(crate) fn backend() -> CudaBackend {
    with(Environment { tf32_override: Some("0".to_owned()), ..Environment::default() })
}

pub(crate) fn with(environment: Environment) -> CudaBackend {
    CudaBackend::open(CudaOptions { environment, ..CudaOptions::default() }).unwrap()
}

pub(crate) fn onnx(bytes: Vec<u8>) -> Model {
    Model::onnx("model", bytes)
}

/// `x` `[2]` -> `y` = `x + x`.
pub(crate) fn twice(dtype: DType) -> Vec<u8> {
    let mut graph = Graph::new("twice");
    graph.input("x", dtype, [2]);
    graph.node("Add", ["x", "x"], "y");
    graph.output("y", dtype, [2]);
    graph.into_bytes()
}

/// `x` `f32[4, 8]` -> `y` of the same shape.
pub(crate) fn sigmoid() -> Vec<u8> {
    let mut graph = Graph::new("sigmoid");
    graph.input("x", DType::F32, [4, 8]);
    graph.node("Sigmoid", "x", "y");
    graph.output("y", DType::F32, [4, 8]);
    graph.into_bytes()
}

pub(crate) fn rows(rows: usize, columns: usize) -> Tensor {
    let values: Vec<f32> = (0..rows * columns).map(|at| at as f32 / 8.0 - 3.0).collect();
    Tensor::from_values(Shape::from([rows, columns]), &values).unwrap()
}

pub(crate) fn one(tensor: Tensor) -> Tensors {
    [tensor].into_iter().collect()
}

/// The values of a tensor, wherever it is.
pub(crate) async fn values(tensor: &Tensor) -> Vec<f32> {
    let bytes = tensor.to_host(&Memory::unlimited()).await.unwrap();
    bytes.chunks_exact(4).map(|it| f32::from_le_bytes(it.try_into().unwrap())).collect()
}
