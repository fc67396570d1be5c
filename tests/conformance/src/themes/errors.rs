use godwit_backend::{Encoding, Error, ErrorKind, Model, Target, Tensor};

use crate::tensors::{floats, tensor};
use crate::{Case, Subject};

pub async fn an_unknown_device_is_not_found(subject: Subject) {
    let model = subject.models.model(&Case::Add);
    // That a graph of the same model is there already changes nothing.
    let _graph = subject.load(&Case::Add).await.expect("a plain addition");
    let family = subject.target.device.family();
    for id in [format!("{family}:999"), "nowhere:0".into(), family.to_owned(), String::new()] {
        let error = subject.backend.load(&model, &Target::new(&id)).await;
        let error = error.expect_err("a device that does not exist");
        assert_eq!(error.kind(), ErrorKind::NotFound, "{id}: {error:?}");
    }
}

pub async fn garbage_is_an_invalid_encoding(subject: Subject) {
    let error = subject.backend.load(&subject.models.garbage(), &subject.target).await;
    let error = error.expect_err("garbage");
    assert_eq!(error.kind(), ErrorKind::InvalidEncoding, "{error:?}");
}

/// The bytes begin as files of that encoding do, so that a check of what is claimed lets them pass.
pub async fn an_encoding_the_device_does_not_list_is_unsupported(subject: Subject) {
    let listed = subject.device().capabilities.encodings;
    let files: [(Encoding, &[u8]); 3] = [
        (Encoding::Ggml, b"GGUF\x03\0\0\0"),
        (Encoding::TensorflowLite, b"\x1c\0\0\0TFL3\0\0\0\0"),
        (
            Encoding::Pytorch,
            b"PK\x03\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0m/data.pkl",
        ),
    ];
    let unlisted = files.into_iter().filter(|(encoding, _)| !listed.contains(encoding));
    let mut refused = 0;
    for (encoding, bytes) in unlisted {
        let model = Model::new("other", encoding, vec![bytes.to_vec().into()]);
        let error = subject.backend.load(&model, &subject.target).await;
        let error = error.expect_err("an encoding the device does not list");
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{encoding}: {error:?}");
        refused += 1;
    }
    assert!(refused > 0, "the device reads everything, so nothing was tested");
}

pub async fn an_unknown_operator_is_unsupported(subject: Subject) {
    let error = subject.load(&Case::UnknownOperator).await.expect_err("an unknown operator");
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:?}");
}

pub async fn an_unknown_option_is_unsupported(subject: Subject) {
    // That a graph of the same model is there already changes nothing.
    let _graph = subject.load(&Case::Add).await.expect("a plain addition");
    let target = subject.target.clone().with_option("frobnicate", "yes");
    let error = subject.backend.load(&subject.models.model(&Case::Add), &target).await;
    let error = error.expect_err("an option that no device has");
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:?}");
    assert!(error.message().contains("frobnicate"), "which option? {error}");
}

/// They are checked above the backends; a backend that gets them all the same must not panic.
pub async fn inputs_that_do_not_fit_are_invalid_arguments(subject: Subject) {
    let mut open = subject.open(&Case::Add).await;
    for (what, inputs) in misfits() {
        let error = open.run(inputs).await.expect_err(what);
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{what}: {error:?}");
    }
}

pub async fn what_only_the_run_can_find_is_a_failure(subject: Subject) {
    let mut open = subject.open(&Case::Mixed).await;
    for id in [16, 1 << 40, i64::MAX] {
        let error = open.run([tensor([1], &[id]), floats(&[1.0])]).await;
        let error = error.expect_err("an id without a square");
        assert_eq!(error.kind(), ErrorKind::Failed, "{id}: {error:?}");
    }
}

pub async fn messages_hold_no_paths(subject: Subject) {
    let mut open = subject.open(&Case::Add).await;
    let mut errors: Vec<Error> = Vec::new();
    for (what, inputs) in misfits() {
        errors.push(open.run(inputs).await.expect_err(what));
    }
    errors.extend(subject.backend.load(&subject.models.garbage(), &subject.target).await.err());
    errors.extend(subject.load(&Case::UnknownOperator).await.err());
    let mut mixed = subject.open(&Case::Mixed).await;
    errors.extend(mixed.run([tensor([1], &[99i64]), floats(&[1.0])]).await.err());
    assert_eq!(errors.len(), misfits().len() + 3, "{errors:?}");
    errors.iter().for_each(assert_fit_for_guests);
}

/// That a message may be shown to a stranger.
pub(super) fn assert_fit_for_guests(error: &Error) {
    let message = error.message();
    let leaks = ["/src/", ".rs:", ".cargo", "/etc", "/home", "/usr", "panicked", "0x7f"];
    let leak = leaks.iter().find(|leak| message.contains(**leak));
    assert!(leak.is_none() && !message.is_empty(), "not for a guest: {message}");
    assert!(message.len() < 1000, "a screen is not enough: {message}");
}

pub(super) fn misfits() -> Vec<(&'static str, Vec<Tensor>)> {
    let pair = || floats(&[1.0, 2.0]);
    vec![
        ("no inputs", vec![]),
        ("too few inputs", vec![pair()]),
        ("too many inputs", vec![pair(), pair(), pair()]),
        ("another dtype", vec![pair(), tensor([2], &[1f64, 2.0])]),
        ("another rank", vec![pair(), tensor([1, 2], &[1f32, 2.0])]),
        ("sizes that differ", vec![pair(), floats(&[1.0, 2.0, 3.0])]),
    ]
}
