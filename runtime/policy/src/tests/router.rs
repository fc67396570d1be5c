use std::sync::atomic::{AtomicUsize, Ordering};

use godwit_backend::{Buffer, Device, Encoding, async_trait};
use godwit_model::Limits;

use super::*;
use crate::select::select;
use crate::{Catalog, CatalogEntry, Checked, Router};

fn family(name: &str, device: FakeDevice) -> FakeBackend {
    FakeBackend::builder().family(name).device(device).build()
}

fn cuda() -> FakeBackend {
    family("cuda", FakeDevice::new(DeviceKind::Gpu).encodings([Encoding::Onnx, Encoding::Ggml]))
}

fn missing() -> FakeBackend {
    FakeBackend::builder().family("rocm").absent("libamdhip64.so was not found").build()
}

#[tokio::test]
async fn a_model_goes_to_the_backend_with_the_device() {
    let (host, cuda) = (family("cpu", cpu()), cuda());
    let router = Router::new(vec![shared(&host), shared(&missing()), shared(&cuda)]);
    let ids: Vec<_> = router.devices().unwrap().iter().map(|d| d.id.to_string()).collect();
    assert_eq!(ids, ["cpu:0", "cuda:0"]);

    let graph = router.load(&echo("echo", 1), &Target::new("cuda:0")).await.unwrap();
    assert_eq!(graph.info().device.id.as_str(), "cuda:0");
    assert_eq!((count(&host, Act::Load), count(&cuda, Act::Load)), (0, 1));
}

#[tokio::test]
async fn a_device_answers_to_its_uuid() {
    let gpu = |uuid| FakeDevice::new(DeviceKind::Gpu).label(Device::UUID, uuid);
    let (cuda, rocm) = (family("cuda", gpu("GPU-1")), family("rocm", gpu("GPU-2")));
    let router = Router::new(vec![shared(&cuda), shared(&rocm)]);
    let load = async |device: &str| router.load(&echo("echo", 1), &Target::new(device)).await;
    assert_eq!(load("cuda:gpu-1").await.unwrap().info().device.id.as_str(), "cuda:0");
    assert_eq!(load("rocm:GPU-2").await.unwrap().info().device.id.as_str(), "rocm:0");
    // Another family's, and nobody's.
    for nobody in ["rocm:GPU-1", "cuda:"] {
        assert_eq!(refusal(load(nobody).await).0, ErrorKind::NotFound, "{nobody}");
    }
}

#[tokio::test]
async fn nothing_stands_in_for_a_device_that_is_not_there() {
    let router = Router::new(vec![shared(&family("cpu", cpu())), shared(&missing())]);
    let load =
        async |device: &str| refusal(router.load(&echo("echo", 1), &Target::new(device)).await);
    let (kind, message) = load("cpu:1").await;
    assert_eq!(kind, ErrorKind::NotFound);
    assert_eq!(message, "there is no device 'cpu:1': did you mean 'cpu:0'? known devices: cpu:0");
    let (kind, message) = load("rocm:0").await;
    assert_eq!(kind, ErrorKind::NotFound);
    assert_eq!(message, "there is no device 'rocm:0': the family 'rocm' is absent here");
}

#[test]
fn a_host_without_devices_says_why() {
    let nothing = Router::new(vec![shared(&missing())]).devices();
    let (kind, message) = refusal(nothing);
    assert_eq!(kind, ErrorKind::Unavailable);
    assert!(message.contains("rocm: the family 'rocm' is absent here"), "{message}");
}

#[test]
fn a_device_is_selected_by_kind_and_encoding() {
    let router = Router::new(vec![shared(&family("cpu", cpu())), shared(&cuda())]);
    let devices = router.devices().unwrap();
    let select = |kind, encoding| select(&devices, kind, encoding);
    let id = &select(DeviceKind::Gpu, Encoding::Onnx).unwrap().id;
    assert_eq!(id.as_str(), "cuda:0");

    let (kind, message) = refusal(select(DeviceKind::Tpu, Encoding::Onnx));
    assert_eq!(kind, ErrorKind::Unsupported);
    assert_eq!(message, "there is no tpu on this host; it has cpu:0 (cpu), cuda:0 (gpu)");
    let (_, message) = refusal(select(DeviceKind::Gpu, Encoding::Pytorch));
    assert_eq!(message, "no gpu on this host reads pytorch models; cuda:0 reads onnx, ggml");
}

/// Counts how often its devices are asked for.
#[derive(Debug)]
struct Counted(FakeBackend, AtomicUsize);

#[async_trait]
impl Backend for Counted {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn devices(&self) -> Result<Vec<Device>> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.devices()
    }

    async fn load(&self, model: &Model, target: &Target) -> Result<Arc<dyn Graph>> {
        self.0.load(model, target).await
    }
}

#[tokio::test]
async fn a_backend_is_asked_once_for_its_devices_by_a_first_load_and_not_by_later_ones() {
    let counted = |family: FakeBackend| Arc::new(Counted(family, AtomicUsize::new(0)));
    let (host, cuda) = (counted(family("cpu", cpu())), counted(cuda()));
    let router = Router::new(vec![host.clone(), cuda.clone()]);
    let target = Some(Target::new("cuda:0"));
    let model = Script::echo(DType::F32, [Dim::Known(2)]).model("echo");
    let entry = CatalogEntry { variants: vec![model], target };
    let catalog = Catalog::builder(Arc::new(router)).model("echo", entry).build();
    for _ in 0..3 {
        catalog.by_name("echo").await.unwrap();
        let asked = [&host, &cuda].map(|family| family.1.load(Ordering::Relaxed));
        assert_eq!(asked, [1, 1]);
    }
}

#[tokio::test]
async fn a_file_that_is_no_model_never_reaches_the_backend() {
    let inner = fake(cpu());
    let checked = Checked::new(shared(&inner), Limits::default());
    let page = Buffer::from(b"<!DOCTYPE html><html></html>".to_vec());
    let page = Model::new("page", Encoding::Onnx, vec![page]);
    let (kind, _) = refusal(checked.load(&page, &target()).await);
    assert_eq!(kind, ErrorKind::InvalidEncoding);
    assert_eq!(count(&inner, Act::Load), 0);

    assert!(checked.load(&echo("echo", 1), &target()).await.is_ok());
    assert_eq!(count(&inner, Act::Load), 1);
}
