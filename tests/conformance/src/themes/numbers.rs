use godwit_backend::{DType, ErrorKind, Memory, Tensor};
use half::{bf16, f16};

use crate::open::Open;
use crate::tensors::{bytes, values};
use crate::{Reference, Subject};

pub async fn numbers_are_those_of_the_references(subject: Subject) {
    let listed = subject.device().capabilities.dtypes;
    let mut compared = 0;
    for Reference { name, model, inputs, outputs } in subject.models.references() {
        let mut dtypes = inputs.iter().chain(&outputs).map(|(_, tensor)| tensor.dtype());
        if dtypes.any(|dtype| !listed.contains(&dtype)) {
            // That these are refused is a case of its own.
            continue;
        }
        let graph = subject.backend.load(&model, &subject.target).await;
        if subject.lacks.contains(&name.as_str()) {
            let error = graph.expect_err("an operator the device lacks");
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{name}: {error:?}");
            continue;
        }
        let graph = graph.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let signature = &graph.info().signature;
        let names = signature.outputs.iter().map(|output| &*output.name);
        assert!(names.eq(outputs.iter().map(|(name, _)| name)), "{name}: {:?}", signature.outputs);
        let inputs = signature.arrange(inputs).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let mut open = Open::on(graph, Memory::unlimited()).await;
        let ours = open.answer(inputs.to_vec()).await;
        assert_eq!(ours.len(), outputs.len(), "{name}");
        for (ours, (output, theirs)) in ours.iter().zip(&outputs) {
            assert_near(&format!("{name}, {output}"), ours, theirs);
            compared += 1;
        }
    }
    assert!(compared > 0, "there was nothing to compare with");
}

fn assert_near(what: &str, ours: &Tensor, theirs: &Tensor) {
    assert_eq!((ours.dtype(), ours.shape()), (theirs.dtype(), theirs.shape()), "{what}");
    let Some(tolerance) = tolerance(ours.dtype()) else {
        assert_eq!(bytes(ours), bytes(theirs), "{what}");
        return;
    };
    let theirs = numbers(theirs);
    // Cancellation leaves an error the size of the terms, not of their sum: small elements are judged by
    // a typical one, which extreme ones do not move.
    let mut sizes: Vec<_> = theirs.iter().map(|x| x.abs()).filter(|x| x.is_finite()).collect();
    sizes.sort_by(f64::total_cmp);
    let scale = sizes.get(sizes.len() / 2).copied().unwrap_or_default();
    for (index, (ours, theirs)) in numbers(ours).into_iter().zip(theirs).enumerate() {
        let same = ours == theirs || (ours.is_nan() && theirs.is_nan());
        let gap = (ours - theirs).abs();
        let finite = ours.is_finite() && theirs.is_finite();
        let near = finite && gap <= tolerance * (theirs.abs() + 0.1 * scale);
        assert!(same || near, "{what}, element {index}: {ours} is not {theirs}");
    }
}

/// Relative, or `None` for exact. Engines add in different orders, which costs a few units in the last
/// place for each doubling of the terms: 64 of them are allowed. A wrong operator, a transposed weight
/// or a silent change to a narrower dtype is off by thousands.
fn tolerance(dtype: DType) -> Option<f64> {
    let digits = match dtype {
        DType::F64 => 52,
        DType::F32 => 23,
        DType::F16 => 10,
        DType::Bf16 => 7,
        _ => return None,
    };
    // For the 16-bit dtypes 64 units would be everything; engines compute those wider and round once.
    let units = if digits > 16 { 64.0 } else { 2.0 };
    Some(units * 2f64.powi(-digits))
}

fn numbers(tensor: &Tensor) -> Vec<f64> {
    match tensor.dtype() {
        DType::F64 => values(tensor),
        DType::F32 => values::<f32>(tensor).into_iter().map(f64::from).collect(),
        DType::F16 => values::<f16>(tensor).into_iter().map(f64::from).collect(),
        DType::Bf16 => values::<bf16>(tensor).into_iter().map(f64::from).collect(),
        other => panic!("{other} is compared exactly"),
    }
}
