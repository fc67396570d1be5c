use std::fs;
use std::path::{Path, PathBuf};

use godwit_guest::image::Image;
use minipng::{BitDepth, ColorType};

use crate::Result;

/// Pixels along each side.
pub(crate) const SIDE: usize = 8;

/// The files themselves, and the PNGs in the folders, sorted by name.
pub(crate) fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        let about = |error| format!("{}: {error}", path.display());
        if !path.metadata().map_err(about)?.is_dir() {
            files.push(path.clone());
            continue;
        }
        let entries = path.read_dir().map_err(about)?.map(|entry| Ok(entry.map_err(about)?.path()));
        let entries: Vec<PathBuf> = entries.collect::<Result<_>>()?;
        let mut pngs: Vec<_> = entries.into_iter().filter(|path| is_png(path)).collect();
        if pngs.is_empty() {
            return Err(format!("{}: there is no .png file in this folder", path.display()).into());
        }
        pngs.sort_unstable();
        files.append(&mut pngs);
    }
    Ok(files)
}

fn is_png(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("png"))
}

/// The 64 grey values of the PNG in `file`.
pub(crate) fn read(file: &Path) -> Result<Image<'static>> {
    decode(file).map_err(|error| format!("{}: {error}", file.display()).into())
}

fn decode(file: &Path) -> Result<Image<'static>> {
    let bytes = fs::read(file)?;
    let header = minipng::decode_png_header(&bytes)?;
    let (width, height) = (header.width() as usize, header.height() as usize);
    let (color, depth) = (header.color_type(), header.bit_depth());
    if (width, height, color, depth) != (SIDE, SIDE, ColorType::Gray, BitDepth::Eight) {
        return Err(format!(
            "the image is {width} x {height}, {color:?}, {} bits a channel; the model takes \
             8 x 8, Gray, 8 bits",
            depth as u8
        )
        .into());
    }
    let mut buffer = vec![0; header.required_bytes()];
    let pixels = minipng::decode_png(&bytes, &mut buffer)?.pixels().to_vec();
    Ok(Image::new(SIDE, SIDE, 1, pixels)?)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::BufReader;

    use super::*;

    fn images() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("images")
    }

    #[test]
    fn a_folder_stands_for_its_pngs_in_order() {
        let files = find(&[images()]).unwrap();
        assert_eq!(files.len(), 100);
        assert_eq!(files[0], images().join("000.png"));
        assert!(files.is_sorted());
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = find(&["nowhere/7.png".into()]).unwrap_err().to_string();
        assert!(error.starts_with("nowhere/7.png: "), "{error}");
    }

    #[test]
    fn every_image_of_the_example_is_read_as_another_decoder_reads_it() {
        for file in find(&[images()]).unwrap() {
            let source = BufReader::new(File::open(&file).unwrap());
            let mut pixels = vec![0; SIDE * SIDE];
            png::Decoder::new(source).read_info().unwrap().next_frame(&mut pixels).unwrap();
            assert_eq!(read(&file).unwrap().pixels(), pixels, "{}", file.display());
        }
    }

    #[test]
    fn a_damaged_file_is_an_error() {
        let whole = fs::read(images().join("000.png")).unwrap();
        let file = std::env::temp_dir().join(format!("damaged-{}.png", std::process::id()));
        for end in 0..whole.len() - 12 {
            fs::write(&file, &whole[..end]).unwrap();
            assert!(read(&file).is_err(), "{end} bytes of {} were enough", whole.len());
        }
        fs::remove_file(&file).unwrap();
    }

    #[test]
    fn what_is_not_a_png_is_an_error_naming_the_file() {
        let error = read(&images().join("labels.csv")).unwrap_err().to_string();
        assert!(error.contains("labels.csv: "), "{error}");
    }

    #[test]
    fn another_size_or_colour_is_an_error_saying_what_is_wanted() {
        let file = std::env::temp_dir().join(format!("digits-{}.png", std::process::id()));
        let mut encoder = png::Encoder::new(File::create(&file).unwrap(), 9, 8);
        encoder.set_color(png::ColorType::Rgb);
        encoder.write_header().unwrap().write_image_data(&[0; 9 * 8 * 3]).unwrap();
        let error = read(&file).unwrap_err().to_string();
        fs::remove_file(&file).unwrap();
        assert!(error.contains("the image is 9 x 8, Rgb, 8 bits a channel"), "{error}");
    }
}
