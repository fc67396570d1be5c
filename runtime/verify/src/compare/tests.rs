use godwit_backend::{Buffer, DType, Shape, Tensor};
use half::{bf16, f16};
use proptest::prelude::*;

use super::*;

fn tensor<T: godwit_backend::Element>(values: &[T]) -> Tensor {
    Tensor::from_values([values.len()], values).unwrap()
}

fn near(a: f64, b: f64) {
    assert!((a - b).abs() <= 1e-12 * b.abs(), "{a} is not {b}");
}

#[test]
fn figures_worked_out_by_hand() {
    let reference = Tensor::from_values([2, 2], &[3.0f64, 4.0, 0.0, -2.0]).unwrap();
    let other = Tensor::from_values([2, 2], &[3.0f64, 4.5, 1.0, -2.0]).unwrap();
    let found = compare(&reference, &other).unwrap();
    assert_eq!((found.elements, found.different), (4, 2));
    assert_eq!(found.max_abs, 1.0);
    assert_eq!(found.max_abs_at, Some(ElementLocation { run: 0, index: vec![1, 0] }));
    assert_eq!(found.max_rel, 0.125);
    near(found.rms(), (1.25f64 / 4.0).sqrt());
    near(found.reference_rms(), (29.0f64 / 4.0).sqrt());
    near(found.relative_rms(), (1.25f64 / 29.0).sqrt());
    // (9 + 18 + 0 + 4) / (sqrt 29 * sqrt (9 + 20.25 + 1 + 4))
    near(found.cosine().unwrap(), 31.0 / (29.0f64.sqrt() * 34.25f64.sqrt()));
    assert_eq!((found.ranking.rows, found.ranking.top1), (2, 2));
}

#[test]
fn ulps_of_every_float_by_hand() {
    let one_and_next = |next: Tensor, one: Tensor| compare(&one, &next).unwrap().ulps;
    let histograms = [
        one_and_next(tensor(&[f16::from_bits(0x3c01)]), tensor(&[f16::ONE])),
        one_and_next(tensor(&[bf16::from_bits(0x3f81)]), tensor(&[bf16::ONE])),
        one_and_next(tensor(&[1.000_000_1f32]), tensor(&[1f32])),
        one_and_next(tensor(&[1.000_000_000_000_000_2f64]), tensor(&[1f64])),
    ];
    for ulps in histograms {
        assert_eq!((ulps.max, ulps.total(), ulps.buckets[1].count), (1, 1, 1), "{ulps:?}");
    }
    let spread = compare(&tensor(&[0f32; 4]), &tensor(&[0, 1, 3, 7].map(f32::from_bits))).unwrap();
    let counts: Vec<_> = spread.ulps.buckets.iter().map(|b| (b.up_to, b.count)).collect();
    assert_eq!(counts, [(0, 1), (1, 1), (2, 0), (4, 1), (8, 1)]);
}

#[test]
fn what_is_not_finite_is_counted_and_spoils_nothing_else() {
    let (nan, inf) = (f32::NAN, f32::INFINITY);
    let reference = tensor(&[1.0, nan, nan, 5.0, inf, inf, 2.0]);
    let other = tensor(&[1.0, nan, 5.0, nan, inf, -inf, 3.0]);
    let found = compare(&reference, &other).unwrap();
    assert_eq!((found.nan_only_in_reference, found.nan_only_in_other), (1, 1));
    assert_eq!((found.infinity_mismatches, found.different), (1, 4));
    assert_eq!((found.max_abs, found.max_rel), (1.0, 0.5));
    near(found.rms(), (1.0f64 / 2.0).sqrt());
}

#[test]
fn the_largest_of_a_row_and_its_ties() {
    let reference =
        Tensor::from_values([3, 4], &[1f32, 9., 2., 3., 1., 9., 9., 3., 4., 3., 2., 1.]);
    let other = Tensor::from_values([3, 4], &[9f32, 8., 2., 3., 1., 9., 9.5, 3., 4., 3., 2., 1.]);
    let ranking = compare(&reference.unwrap(), &other.unwrap()).unwrap().ranking;
    assert_eq!((ranking.rows, ranking.top1, ranking.k), (3, 2, 2));
    // The first row shares only one of {1, 3} and {0, 1}.
    assert_eq!(ranking.topk, 5);
}

#[test]
fn integers_and_booleans_are_compared_exactly() {
    let found = compare(&tensor(&[i64::MAX, 1]), &tensor(&[i64::MAX - 1, 1])).unwrap();
    assert_eq!((found.different, found.ulps.max), (1, 1));
    let truth = |bytes: [u8; 3]| {
        Tensor::new(DType::Bool, Shape::from([3]), Buffer::from(bytes.to_vec())).unwrap()
    };
    let found = compare(&truth([0, 1, 1]), &truth([0, 255, 0])).unwrap();
    assert_eq!((found.different, found.ranking.rows), (1, 0));
}

#[test]
fn other_shapes_and_dtypes_are_errors() {
    let message = |a: &Tensor, b: &Tensor| compare(a, b).unwrap_err().to_string();
    let text = message(&tensor(&[1f32]), &tensor(&[1f32, 2.0]));
    assert_eq!(text, "f32[1] cannot be compared with f32[2]");
    let text = message(&tensor(&[1f32]), &tensor(&[1f64]));
    assert_eq!(text, "f32[1] cannot be compared with f64[1]");
}

#[test]
fn nothing_and_scalars_compare() {
    let empty = Tensor::from_values::<f32>([3, 0], &[]).unwrap();
    assert!(compare(&empty, &empty).unwrap().is_exact());
    let scalar = Tensor::from_values::<f32>([], &[2.0]).unwrap();
    assert_eq!(compare(&scalar, &scalar).unwrap().elements, 1);
}

#[test]
fn merging_is_comparing_all_at_once() {
    let (a, b) = ([1f32, 2.0, 3.0, 4.0], [1.5f32, 2.0, 3.0, 3.0]);
    let whole = compare(&tensor(&a), &tensor(&b)).unwrap();
    let mut merged = Comparison::default();
    merged.merge(&compare(&tensor(&a[..2]), &tensor(&b[..2])).unwrap(), 0);
    merged.merge(&compare(&tensor(&a[2..]), &tensor(&b[2..])).unwrap(), 1);
    assert_eq!(merged.max_abs_at, Some(ElementLocation { run: 1, index: vec![1] }));
    assert_eq!((merged.max_abs, merged.max_rel), (whole.max_abs, whole.max_rel));
    assert_eq!(merged.ulps, whole.ulps);
    near(merged.rms(), whole.rms());
    near(merged.cosine().unwrap(), whole.cosine().unwrap());
}

fn any_f32() -> impl Strategy<Value = f32> {
    any::<u32>().prop_map(f32::from_bits)
}

proptest! {
    #[test]
    fn a_tensor_equals_itself(values in prop::collection::vec(any_f32(), 1..64)) {
        let x = tensor(&values);
        let found = compare(&x, &x).unwrap();
        prop_assert!(found.is_exact());
        prop_assert_eq!((found.max_abs, found.max_rel, found.rms()), (0.0, 0.0, 0.0));
        prop_assert_eq!((found.ulps.max, found.infinity_mismatches), (0, 0));
        prop_assert_eq!(found.ranking.top1, found.ranking.rows);
    }

    #[test]
    fn what_should_be_symmetric_is(pairs in prop::collection::vec((any_f32(), any_f32()), 1..64)) {
        let (a, b): (Vec<f32>, Vec<f32>) = pairs.into_iter().unzip();
        let (ab, ba) = (compare(&tensor(&a), &tensor(&b)), compare(&tensor(&b), &tensor(&a)));
        let (ab, ba) = (ab.unwrap(), ba.unwrap());
        prop_assert_eq!((ab.different, &ab.ulps, ab.max_abs), (ba.different, &ba.ulps, ba.max_abs));
        prop_assert_eq!(ab.nan_only_in_other, ba.nan_only_in_reference);
        prop_assert_eq!(ab.infinity_mismatches, ba.infinity_mismatches);
        prop_assert_eq!((ab.rms(), ab.cosine()), (ba.rms(), ba.cosine()));
    }

    #[test]
    fn ulps_grow_with_the_distance(a in any_f32(), b in any_f32(), c in any_f32()) {
        let mut line = [a, b, c];
        prop_assume!(!line.iter().any(|x| x.is_nan()));
        line.sort_by(f32::total_cmp);
        let ulps = |x: f32, y: f32| compare(&tensor(&[x]), &tensor(&[y])).unwrap().ulps.max;
        prop_assert!(ulps(line[0], line[1]) <= ulps(line[0], line[2]));
        prop_assert!(ulps(line[1], line[2]) <= ulps(line[0], line[2]));
        prop_assert_eq!(ulps(line[0], line[1]) + ulps(line[1], line[2]), ulps(line[0], line[2]));
    }

    #[test]
    fn halves_are_read_as_the_half_crate_does(bits in any::<u16>()) {
        let (value, zero) = (f16::from_bits(bits), f16::ZERO);
        prop_assume!(value.is_finite());
        let found = compare(&tensor(&[zero]), &tensor(&[value])).unwrap();
        prop_assert_eq!(found.max_abs, f64::from(value.to_f32().abs()));
        prop_assert_eq!(found.ulps.max, u64::from(bits & 0x7fff));
    }
}
