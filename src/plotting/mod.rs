//! Figures to SVG and PNG with no display, for commands and exports; and the colours that window and pictures share.
//!
//! May use `monitasks` and `snapshot`; knows no file, no clock and no window.

mod axis;
mod canvas;
mod layers;
mod map;
mod page;
pub mod palette;
mod panels;
mod png;
mod side;
mod svg;
mod table;

pub use page::{monitor_page, page_keys};
pub use palette::Look;
pub use panels::{emptiest_corner, shows_titles};
pub use png::{PlotError, png};
pub use svg::svg;
pub use table::{csv, json};
