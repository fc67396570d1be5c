use proptest::prelude::*;

use super::*;
use crate::Code;

fn grey(width: usize, height: usize, pixels: &[u8]) -> Image<'_> {
    Image::new(width, height, 1, pixels).unwrap()
}

#[test]
fn sizes_must_match_the_pixels() {
    assert_eq!(Image::new(2, 2, 3, &[0; 11]).unwrap_err().code(), Code::InvalidArgument);
    assert_eq!(Image::new(0, 2, 3, &[]).unwrap_err().code(), Code::InvalidArgument);
    assert_eq!(Image::new(usize::MAX, 2, 1, &[]).unwrap_err().code(), Code::TooLarge);
    assert_eq!(Image::new(2, 1, usize::MAX, &[]).unwrap_err().code(), Code::TooLarge);
}

#[test]
fn channels_become_planes() {
    let image = Image::new(2, 1, 3, &[0, 51, 102, 255, 204, 153]).unwrap();
    let planes = image.to_chw(&Normalize::UNIT).unwrap();
    for (value, expected) in planes.iter().zip([0.0, 1.0, 0.2, 0.8, 0.4, 0.6]) {
        assert!((value - expected).abs() < 1e-6, "{planes:?}");
    }
}

#[test]
fn normalisation_is_per_channel() {
    let image = Image::new(1, 1, 2, &[10, 20]).unwrap();
    let normalize = Normalize { scale: 1.0, mean: &[4.0, 5.0], std: &[2.0, 3.0] };
    assert_eq!(image.to_chw(&normalize).unwrap(), [3.0, 5.0]);
}

#[test]
fn a_wrong_number_of_means_is_an_error_and_leaves_the_batch_alone() {
    let mut batch = vec![7.0];
    let error = grey(1, 1, &[0]).append_chw(&Normalize::IMAGENET, &mut batch).unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
    assert_eq!(batch, [7.0]);
}

#[test]
fn images_append_to_a_batch() {
    let mut batch = Vec::new();
    grey(1, 1, &[255]).append_chw(&Normalize::UNIT, &mut batch).unwrap();
    grey(1, 1, &[0]).append_chw(&Normalize::SIGNED, &mut batch).unwrap();
    assert_eq!(batch, [1.0, -1.0]);
}

#[test]
fn nearest_repeats_and_drops_pixels() {
    let image = grey(2, 1, &[10, 20]);
    assert_eq!(image.resize(4, 2, Filter::Nearest).unwrap().pixels(), [10, 10, 20, 20].repeat(2));
    let image = grey(4, 1, &[1, 2, 3, 4]);
    assert_eq!(image.resize(2, 1, Filter::Nearest).unwrap().pixels(), [2, 4]);
}

#[test]
fn bilinear_mixes_neighbours_about_pixel_centres() {
    let row = grey(2, 1, &[0, 100]);
    assert_eq!(row.resize(4, 1, Filter::Bilinear).unwrap().pixels(), [0, 25, 75, 100]);
    let square = grey(2, 2, &[0, 100, 100, 200]);
    assert_eq!(square.resize(1, 1, Filter::Bilinear).unwrap().pixels(), [100]);
}

#[test]
fn channels_do_not_mix() {
    let image = Image::new(2, 1, 2, &[0, 200, 100, 200]).unwrap();
    let wide = image.resize(3, 1, Filter::Bilinear).unwrap();
    assert_eq!(wide.pixels(), [0, 200, 50, 200, 100, 200]);
}

#[test]
fn an_empty_target_is_an_error() {
    let error = grey(1, 1, &[0]).resize(0, 1, Filter::Nearest).unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
}

proptest! {
    #[test]
    fn resizing_keeps_the_size_and_the_range(
        (width, height, channels) in (1..9usize, 1..9usize, 1..4usize),
        (to_width, to_height) in (1..20usize, 1..20usize),
        seed in any::<u64>(),
    ) {
        let pixels: Vec<u8> = (0..width * height * channels)
            .map(|i| seed.wrapping_mul(i as u64 + 1).to_le_bytes()[4])
            .collect();
        let (low, high) = (*pixels.iter().min().unwrap(), *pixels.iter().max().unwrap());
        let image = Image::new(width, height, channels, &pixels).unwrap();
        for filter in [Filter::Nearest, Filter::Bilinear] {
            let resized = image.resize(to_width, to_height, filter).unwrap();
            prop_assert_eq!(resized.pixels().len(), to_width * to_height * channels);
            prop_assert!(resized.pixels().iter().all(|pixel| (low..=high).contains(pixel)));
            let same = image.resize(width, height, filter).unwrap();
            prop_assert_eq!(&same, &image);
        }
    }
}
