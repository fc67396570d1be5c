//! Any parts of any buffers, dropped in any order.

use proptest::prelude::*;

use super::{Arena, Budget, Buffer, Memory};
use crate::{DType, Shape, Tensor};

fn bytes(len: usize) -> Vec<u8> {
    (0u8..251).cycle().take(len).collect()
}

/// How the next part is taken: of which earlier one, from where and how long, each as a share of what there is.
type Cut = (prop::sample::Index, prop::sample::Index, prop::sample::Index);

proptest! {
    #[test]
    fn parts_are_what_they_were_cut_from_and_the_last_gives_the_memory_back(
        len in prop_oneof![1usize..300, 4000usize..5000, 65_000usize..70_000],
        cuts in prop::collection::vec(any::<Cut>(), 0..12),
        order in any::<u64>(),
    ) {
        let memory = Memory::new(Arena::default(), Budget::new("tensors", 1 << 20));
        let all = bytes(len);
        let mut parts: Vec<(Buffer, Vec<u8>)> = vec![(memory.copy_from(&all).unwrap(), all)];
        let whole = memory.budget().used();
        for (of, start, end) in cuts {
            let (buffer, expected) = &parts[of.index(parts.len())];
            let start = start.index(expected.len() + 1);
            let end = start + end.index(expected.len() - start + 1);
            let part = buffer.slice(start..end).unwrap();
            prop_assert!(buffer.slice(start..expected.len() + 1).is_none());
            let expected = expected[start..end].to_vec();
            parts.push((part, expected));
        }
        let pages: Vec<_> = parts.iter().map(|(part, _)| part.hold(|pages| Some(pages.len())).copied()).collect();
        prop_assert!(pages.iter().all(|held| *held == pages[0]), "{pages:?} are of one allocation");
        let mut order = order;
        while !parts.is_empty() {
            prop_assert!(parts.iter().all(|(part, expected)| **part == **expected));
            prop_assert_eq!(memory.budget().used(), whole);
            order = order.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let next = usize::try_from(order >> 33).unwrap() % parts.len();
            drop(parts.swap_remove(next));
        }
        prop_assert_eq!(memory.budget().used(), 0);
        drop(memory.writable(len).unwrap());
        prop_assert_eq!(memory.arena().stats().reused, 1, "the memory was pooled");
    }

    #[test]
    fn rows_are_those_of_the_tensor(rows in 0usize..6, columns in 0usize..4, from in 0usize..7, to in 0usize..7) {
        let values: Vec<u16> = (0u16..).take(rows * columns).collect();
        let tensor = Tensor::from_values([rows, columns], &values).unwrap();
        match tensor.rows(from..to) {
            Ok(part) => {
                prop_assert!(from <= to && to <= rows);
                prop_assert_eq!(part.shape(), &Shape::from([to - from, columns]));
                let expected = &values[from * columns..to * columns];
                prop_assert_eq!(&**part.host().unwrap(), bytemuck::cast_slice::<_, u8>(expected));
            }
            Err(_) => prop_assert!(from > to || to > rows),
        }
    }
}

#[test]
fn a_scalar_has_no_rows() {
    let scalar = Tensor::from_values(Shape::default(), &[1f32]).unwrap();
    assert_eq!(scalar.dtype(), DType::F32);
    assert_eq!(scalar.rows(0..1).unwrap_err().message(), "f32[] has no rows 0 to 1");
}
