//! Exports: a plot, or a picture of a page, as the bytes of a file that says inside of it where it comes from, and the bytes of
//! the file beside it that says all of it.
//!
//! The window and the command line both write what is made here, so that they write the same.

use std::path::{Path, PathBuf};

use monitasks::figure::Figure;
use serde::Serialize;

use super::canvas::escape;
use super::palette::Look;
use super::png::{PlotError, png_saying};
use super::svg::signed_svg;
use super::table::signed_csv;
use crate::snapshot::provenance::{PictureFacts, Provenance};

/// The id of the SVG element, and the keyword of the PNG chunk, that hold the provenance.
pub const PROVENANCE_KEY: &str = "dqmon-provenance";

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// A picture in pixels.
    #[default]
    Png,
    /// A picture in lines and letters.
    Svg,
    /// Numbers, a block for each layer.
    Csv,
    /// The whole plot as data.
    Json,
    /// A page to print; of tables and reports alone.
    Html,
}

/// How a picture is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Picture {
    /// Its size, pixels.
    pub size: (u32, u32),
    /// Dark or light ground.
    pub look: Look,
}

/// What an export is written as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// The file.
    pub bytes: Vec<u8>,
    /// The file beside it, named by [`side_file`]; none where the file itself holds all of it.
    pub side: Option<Vec<u8>>,
}

impl Format {
    /// By the ending of a file's name.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_string_lossy().to_lowercase().as_str() {
            "png" => Some(Format::Png),
            "svg" => Some(Format::Svg),
            "csv" => Some(Format::Csv),
            "json" => Some(Format::Json),
            "html" => Some(Format::Html),
            _ => None,
        }
    }

    /// The ending, without a dot.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Format::Png => "png",
            Format::Svg => "svg",
            Format::Csv => "csv",
            Format::Json => "json",
            Format::Html => "html",
        }
    }

    /// Whether it has a size and a ground.
    #[must_use]
    pub fn is_picture(self) -> bool {
        matches!(self, Format::Png | Format::Svg)
    }
}

impl Picture {
    /// The limits of a picture's sides, pixels.
    pub const SIDES: [[u32; 2]; 2] = [[120, 8192], [90, 8192]];

    /// A size as people write it: `900x560`. None for what is none, or outside of [`Picture::SIDES`].
    #[must_use]
    pub fn size_of(text: &str) -> Option<(u32, u32)> {
        let (width, height) = text.trim().split_once(['x', '×'])?;
        let (width, height) = (width.trim().parse().ok()?, height.trim().parse().ok()?);
        let [[least_width, most_width], [least_height, most_height]] = Self::SIDES;
        let fits = (least_width..=most_width).contains(&width) && (least_height..=most_height).contains(&height);
        fits.then_some((width, height))
    }

    fn facts(self) -> PictureFacts {
        PictureFacts { width: self.size.0, height: self.size.1, is_light: self.look == Look::Light }
    }
}

/// The name of the file beside an export: `X.png.json`.
#[must_use]
pub fn side_file(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".json");
    path.with_file_name(name)
}

/// A plot in a format, with where it comes from.
///
/// # Errors
/// When the picture can't be made, or the format is not one of plots.
pub fn plot_export(figure: &Figure, provenance: &Provenance, format: Format, picture: Picture) -> Result<Exported, PlotError> {
    let mut provenance = provenance.clone();
    provenance.picture = format.is_picture().then(|| picture.facts());
    let side = side_text(&provenance)?;
    let bytes = match format {
        Format::Png => {
            let svg = signed_svg(figure, &provenance.words(), picture.size, picture.look);
            png_saying(&svg, 1.0, Some((PROVENANCE_KEY, &in_one_line(&provenance)?)))?
        }
        Format::Svg => {
            let svg = signed_svg(figure, &provenance.words(), picture.size, picture.look);
            with_metadata(&svg, &in_one_line(&provenance)?).into_bytes()
        }
        Format::Csv => signed_csv(figure, &provenance.words(), &in_one_line(&provenance)?).into_bytes(),
        Format::Json => return Ok(Exported { bytes: figure_json(figure, &provenance)?.into_bytes(), side: None }),
        Format::Html => return Err(PlotError::Format),
    };
    Ok(Exported { bytes, side: Some(side.into_bytes()) })
}

/// A picture of a page in a format; `svg` is it as drawn, with its footer.
///
/// # Errors
/// When the picture can't be made, or the format is not one of pictures.
pub fn page_export(svg: &str, provenance: &Provenance, format: Format, picture: Picture) -> Result<Exported, PlotError> {
    let mut provenance = provenance.clone();
    provenance.picture = Some(picture.facts());
    let said = in_one_line(&provenance)?;
    let bytes = match format {
        Format::Png => png_saying(svg, 1.0, Some((PROVENANCE_KEY, &said)))?,
        Format::Svg => with_metadata(svg, &said).into_bytes(),
        Format::Csv | Format::Json | Format::Html => return Err(PlotError::Format),
    };
    Ok(Exported { bytes, side: Some(side_text(&provenance)?.into_bytes()) })
}

/// A plot's picture for a report: no footer, for the report says in letters where it comes from; inside of the PNG it is said too.
///
/// # Errors
/// When the picture can't be made.
pub fn report_picture(figure: &Figure, provenance: &Provenance, picture: Picture) -> Result<Vec<u8>, PlotError> {
    let mut provenance = provenance.clone();
    provenance.picture = Some(picture.facts());
    let svg = super::svg(figure, picture.size, picture.look);
    png_saying(&svg, 1.0, Some((PROVENANCE_KEY, &in_one_line(&provenance)?)))
}

/// The file beside an export.
///
/// # Errors
/// When it can't be written as JSON.
pub fn side_text(provenance: &Provenance) -> Result<String, PlotError> {
    Ok(serde_json::to_string_pretty(provenance)? + "\n")
}

/// The same in one line.
///
/// # Errors
/// When it can't be written as JSON.
pub fn in_one_line(provenance: &Provenance) -> Result<String, PlotError> {
    Ok(serde_json::to_string(provenance)?)
}

/// A plot as JSON: the figure's own fields, and `provenance`.
fn figure_json(figure: &Figure, provenance: &Provenance) -> Result<String, PlotError> {
    #[derive(Serialize)]
    struct Signed<'a> {
        #[serde(flatten)]
        figure: &'a Figure,
        provenance: &'a Provenance,
    }
    Ok(serde_json::to_string_pretty(&Signed { figure, provenance })? + "\n")
}

/// An SVG document with a text in its `<metadata>`.
fn with_metadata(svg: &str, text: &str) -> String {
    let metadata = format!("<metadata id=\"{PROVENANCE_KEY}\">{}</metadata>\n", escape(text));
    match svg.split_once("</title>\n") {
        Some((head, rest)) => format!("{head}</title>\n{metadata}{rest}"),
        None => svg.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_file_stands_beside_its_export() {
        assert_eq!(side_file(Path::new("/a/b.c/X.png")), Path::new("/a/b.c/X.png.json"));
        assert_eq!(Format::of(Path::new("x.PNG")), Some(Format::Png));
        assert_eq!(Format::of(Path::new("png")), None);
    }

    #[test]
    fn a_size_has_two_sides_within_limits() {
        assert_eq!(Picture::size_of(" 900 x 560"), Some((900, 560)));
        for wrong in ["900", "0x0", "900x", "-1x20", "99999x99999", "9 00x560", ""] {
            assert_eq!(Picture::size_of(wrong), None, "{wrong}");
        }
    }
}
