//! SVG to PNG with no display, with the embedded font alone: the same bytes on every machine.

use std::sync::{Arc, OnceLock};

use resvg::{tiny_skia, usvg};

/// DejaVu Sans, the one font of all pictures. Its licence stands beside it.
static FONT: &[u8] = include_bytes!("../../assets/fonts/DejaVuSans.ttf");

/// The largest picture, in pixels: a guard against sizes that no memory holds.
const MOST_PIXELS: f32 = 2e8;

/// Why an SVG text did not become a PNG.
#[derive(Debug, thiserror::Error)]
pub enum PlotError {
    /// The text is no SVG that can be drawn.
    #[error("not an SVG that can be drawn: {0}")]
    Svg(#[from] usvg::Error),
    /// The picture would be empty or larger than memory should hold.
    #[error("a picture of {width} x {height} pixels can't be made; ask for a smaller size or scale")]
    Size {
        /// Width asked for.
        width: f32,
        /// Height asked for.
        height: f32,
    },
    /// The PNG could not be written.
    #[error("PNG not written: {0}")]
    Encoding(String),
    /// The data could not be written as JSON.
    #[error("JSON not written: {0}")]
    Json(#[from] serde_json::Error),
    /// This is not written in that format.
    #[error("this is not written in that format")]
    Format,
}

fn fonts() -> Arc<usvg::fontdb::Database> {
    static FONTS: OnceLock<Arc<usvg::fontdb::Database>> = OnceLock::new();
    FONTS
        .get_or_init(|| {
            let mut fonts = usvg::fontdb::Database::new();
            fonts.load_font_data(FONT.to_vec());
            fonts.set_sans_serif_family("DejaVu Sans");
            Arc::new(fonts)
        })
        .clone()
}

/// Renders an SVG text as PNG bytes; `scale` is PNG pixels per SVG pixel.
///
/// # Errors
/// When the text is no SVG, or the picture would be empty or too large.
pub fn png(svg: &str, scale: f32) -> Result<Vec<u8>, PlotError> {
    png_saying(svg, scale, None)
}

/// The same with a text inside of the file, in an iTXt chunk of that keyword.
///
/// # Errors
/// As [`png`].
pub fn png_saying(svg: &str, scale: f32, said: Option<(&str, &str)>) -> Result<Vec<u8>, PlotError> {
    let ([width, height], rgba) = pixels(svg, scale)?;
    let failed = |error: png::EncodingError| PlotError::Encoding(error.to_string());
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    // A tenth of the time of the usual way: most of a picture's time would go there.
    encoder.set_compression(png::Compression::Fast);
    if let Some((keyword, text)) = said {
        encoder.add_itxt_chunk(keyword.to_owned(), text.to_owned()).map_err(failed)?;
    }
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(&rgba).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}

/// Renders an SVG text: width and height, and red, green, blue and opacity of each pixel, row by row from the top.
///
/// # Errors
/// As [`png`].
pub fn pixels(svg: &str, scale: f32) -> Result<([u32; 2], Vec<u8>), PlotError> {
    let options = usvg::Options { fontdb: fonts(), font_family: "DejaVu Sans".to_owned(), ..usvg::Options::default() };
    let tree = usvg::Tree::from_str(svg, &options)?;
    let (width, height) = ((tree.size().width() * scale).ceil(), (tree.size().height() * scale).ceil());
    let refused = || PlotError::Size { width, height };
    if !(width >= 1.0 && height >= 1.0 && width * height <= MOST_PIXELS) {
        return Err(refused());
    }
    let mut picture = tiny_skia::Pixmap::new(width as u32, height as u32).ok_or_else(refused)?;
    resvg::render(&tree, tiny_skia::Transform::from_scale(scale, scale), &mut picture.as_mut());
    let size = [picture.width(), picture.height()];
    Ok((size, picture.take_demultiplied()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_svg_is_refused() {
        assert!(matches!(png("no svg", 1.0), Err(PlotError::Svg(_))));
    }

    #[test]
    fn a_scale_that_no_memory_holds_is_refused() {
        let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"100\" height=\"100\"/>";
        for scale in [0.0, -1.0, 1e9, f32::NAN] {
            assert!(matches!(png(svg, scale), Err(PlotError::Size { .. })), "{scale}");
        }
        assert_eq!(&png(svg, 1.0).unwrap()[1..4], b"PNG");
    }
}
