use godwit_backend::{Arena, Budget, ErrorKind, Memory};

use crate::tensors::{eventually, floats, tensor, values};
use crate::{Case, Subject};

fn limited(bytes: u64) -> Memory {
    Memory::new(Arena::default(), Budget::new("tensors", bytes))
}

pub async fn outputs_are_charged_to_the_callers_budget(subject: Subject) {
    let memory = limited(1 << 20);
    let mut open = subject.open_in(&Case::Add, memory.clone()).await;
    let terms = [floats(&[1.0; 1000]), floats(&[2.0; 1000])];
    let first = open.answer(terms.clone()).await;
    let used = memory.budget().used();
    assert!(used >= 4000, "4000 bytes are out, {used} are charged");
    let second = open.answer(terms).await;
    assert!(memory.budget().used() >= 8000, "two outputs are held");
    drop((first, second));
    eventually("dropped outputs are given back", || memory.budget().used() == 0).await;
}

pub async fn a_spent_budget_is_too_large_and_the_context_goes_on(subject: Subject) {
    let memory = limited(1024);
    let mut open = subject.open_in(&Case::Add, memory.clone()).await;
    let sum = |n: usize| [floats(&vec![1.0; n]), floats(&vec![2.0; n])];
    for _ in 0..3 {
        let error = open.run(sum(1000)).await.expect_err("4000 bytes where 1024 are allowed");
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{error:?}");
        eventually("nothing is charged", || memory.budget().used() == 0).await;
        let outputs = open.answer(sum(10)).await;
        assert_eq!(values::<f32>(&outputs[0]), [3.0; 10]);
    }
}

pub async fn an_output_beyond_all_memory_is_an_error(subject: Subject) {
    let memory = limited(1 << 20);
    if subject.lacks.contains(&"expand") {
        let error = subject.load(&Case::Expand).await.expect_err("an operator the device lacks");
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:?}");
        return;
    }
    let mut open = subject.open_in(&Case::Expand, memory).await;
    for length in [1i64 << 50, i64::MAX] {
        let error = open.run([floats(&[1.5]), tensor([1], &[length])]).await;
        let error = error.expect_err("an output larger than any memory");
        let told = matches!(
            error.kind(),
            ErrorKind::TooLarge | ErrorKind::OutOfMemory | ErrorKind::Failed
        );
        assert!(told, "{length}: {error:?}");
    }
    let y = open.answer([floats(&[1.5]), tensor([1], &[3i64])]).await.remove(0);
    assert_eq!(values::<f32>(&y), [1.5; 3]);
}
