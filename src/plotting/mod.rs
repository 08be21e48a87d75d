//! Figures to SVG and PNG with no display, for commands and exports; and the colours that window and pictures share.
//!
//! May use `monitasks` and `snapshot`; knows no file, no clock and no window.

mod axis;
mod canvas;
mod export;
mod layers;
mod map;
mod page;
pub mod palette;
mod panels;
mod png;
pub mod pooling;
mod regions;
mod side;
mod svg;
mod table;
pub mod thin_line;
pub mod thinning;

pub use export::{
    Exported, Format, PROVENANCE_KEY, Picture, in_one_line, page_export, plot_export, report_picture, side_file, side_text,
};
pub use page::{SIZE as PAGE_SIZE, monitor_page, page_keys, signed_page};
pub use palette::Look;
pub use panels::{emptiest_corner, shows_titles};
pub use png::{PlotError, pixels, png};
pub use svg::{signed_svg, svg};
pub use table::{csv, json};
