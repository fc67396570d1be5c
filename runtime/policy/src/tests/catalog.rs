use godwit_backend::{Buffer, Device, DeviceId, Encoding};

use super::*;
use crate::{Catalog, CatalogBuilder, CatalogEntry, GUEST_MODEL, GraphCache};

/// `fake:0` is a CPU that reads all, `fake:1` a GPU that reads GGUF, `fake:2` another CPU.
fn host() -> FakeBackend {
    let gpu = FakeDevice::new(DeviceKind::Gpu).encodings([Encoding::Ggml]);
    FakeBackend::builder().device(cpu()).device(gpu).device(cpu()).build()
}

fn script() -> Script {
    Script::echo(DType::F32, [Dim::Known(2)])
}

fn entry(variants: Vec<Model>, device: Option<&str>) -> CatalogEntry {
    CatalogEntry { variants, target: device.map(Target::new) }
}

fn digits(fake: &FakeBackend, device: Option<&str>) -> CatalogBuilder {
    let onnx = script().model_as("digits", Encoding::Onnx);
    let ggml = script().model("digits");
    Catalog::builder(shared(fake))
        .model("digits", entry(vec![onnx, ggml], device))
        .model("minilm", entry(vec![], None))
}

fn device(graph: Arc<dyn Graph>) -> String {
    graph.info().device.id.to_string()
}

#[tokio::test]
async fn the_variant_that_the_device_reads_is_loaded() {
    let fake = host();
    let on_gpu = digits(&fake, Some("fake:1")).build();
    for _ in 0..2 {
        assert_eq!(device(on_gpu.by_name("digits").await.unwrap()), "fake:1");
    }
    let bytes: Vec<u64> = fake.log().iter().map(|call| call.bytes_in).collect();
    assert_eq!(bytes, [script().model("digits").byte_len(); 2]);
}

#[tokio::test]
async fn without_a_target_the_default_device_is_taken() {
    let fake = host();
    let first = digits(&fake, None).build().by_name("digits").await.unwrap();
    assert_eq!(device(first), "fake:0");
    let catalog = digits(&fake, None).default_device(DeviceId::new("fake:2")).build();
    assert_eq!(device(catalog.by_name("digits").await.unwrap()), "fake:2");
}

#[tokio::test]
async fn a_device_asked_for_by_two_names_holds_one_graph() {
    let gpu = FakeDevice::new(DeviceKind::Gpu).label(Device::UUID, "GPU-7");
    let fake = FakeBackend::builder().device(gpu).build();
    let cache: Arc<dyn Backend> = Arc::new(GraphCache::new(shared(&fake), u64::MAX));
    let catalog = Catalog::builder(cache)
        .model("by-index", entry(vec![script().model("digits")], Some("fake:0")))
        .model("by-uuid", entry(vec![script().model("digits")], Some("fake:gpu-7")))
        .build();
    for name in ["by-index", "by-uuid"] {
        assert_eq!(device(catalog.by_name(name).await.unwrap()), "fake:0");
    }
    assert_eq!(fake.log().len(), 1, "{:?}", fake.log());
}

#[tokio::test]
async fn an_unknown_name_is_answered_with_the_known_ones() {
    let catalog = digits(&host(), None).build();
    assert_eq!(catalog.names().collect::<Vec<_>>(), ["digits", "minilm"]);
    let (kind, message) = refusal(catalog.by_name("digit").await);
    assert_eq!(kind, ErrorKind::NotFound);
    assert_eq!(
        message,
        "there is no model 'digit': did you mean 'digits'? known models: digits, minilm"
    );
    let (_, message) = refusal(catalog.by_name(&"x".repeat(1 << 20)).await);
    assert_eq!(message, "there is no model with a name of 1048576 bytes");
}

#[tokio::test]
async fn a_model_the_device_cannot_read_or_a_device_that_is_absent_is_an_error() {
    let fake = host();
    let onnx = vec![script().model_as("net", Encoding::Onnx)];
    let catalog = Catalog::builder(shared(&fake))
        .model("net", entry(onnx.clone(), Some("fake:1")))
        .model("far", entry(onnx, Some("fake:9")))
        .build();
    let (kind, message) = refusal(catalog.by_name("net").await);
    assert_eq!(kind, ErrorKind::Unsupported);
    assert_eq!(message, "the model 'net' comes as onnx, but fake:1 reads ggml");
    assert_eq!(refusal(catalog.by_name("far").await).0, ErrorKind::NotFound);
}

#[tokio::test]
async fn guests_bring_models_only_where_that_is_allowed() {
    let bytes = || script().model("x").parts().to_vec();
    let load = async |catalog: Catalog| catalog.by_bytes(None, bytes(), DeviceKind::Cpu).await;
    let (kind, message) = refusal(load(digits(&host(), None).build()).await);
    assert_eq!(kind, ErrorKind::Denied);
    assert!(message.ends_with("digits, minilm"), "{message}");

    let length = bytes()[0].len() as u64;
    let (kind, _) =
        refusal(load(digits(&host(), None).guest_models(true, length - 1).build()).await);
    assert_eq!(kind, ErrorKind::TooLarge);

    let fake = host();
    let graph = load(digits(&fake, None).guest_models(true, length).build()).await.unwrap();
    assert_eq!(device(graph), "fake:0");
    assert_eq!(&*fake.log()[0].model, GUEST_MODEL);
}

#[tokio::test]
async fn a_guest_gets_the_kind_of_device_it_asks_for_or_an_error() {
    let fake = host();
    let second = DeviceId::new("fake:2");
    let catalog = digits(&fake, None).guest_models(true, 1 << 20).default_device(second).build();
    let ggml = || script().model("x").parts().to_vec();
    let load = async |kind| catalog.by_bytes(Some(Encoding::Ggml), ggml(), kind).await;
    assert_eq!(device(load(DeviceKind::Cpu).await.unwrap()), "fake:2");
    assert_eq!(device(load(DeviceKind::Gpu).await.unwrap()), "fake:1");
    let (kind, message) = refusal(load(DeviceKind::Tpu).await);
    assert_eq!(kind, ErrorKind::Unsupported);
    assert!(message.contains("fake:0 (cpu), fake:1 (gpu), fake:2 (cpu)"), "{message}");

    let noise = vec![Buffer::from(vec![0xff; 64])];
    let outcome = catalog.by_bytes(None, noise, DeviceKind::Cpu).await;
    assert_eq!(refusal(outcome).0, ErrorKind::InvalidEncoding);
}
