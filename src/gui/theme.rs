//! Every colour, space and size of the window, dark and light.
//!
//! Colours that mean something come from [`crate::plotting::palette`], which the pictures share; here they become egui's.

use egui::{
    Color32, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Margin, RichText, Stroke, TextStyle, Vec2, vec2,
};
use monitasks::figure::Ink;
use monitasks::quality::{Flag, State};

use crate::plotting::palette::{self, Look, Rgb};

/// Height of a row in the tree and in tables.
pub const ROW_HEIGHT: f32 = 22.0;
/// Between things that belong together.
pub const GAP: f32 = 6.0;
/// Between things that do not.
pub const WIDE_GAP: f32 = 14.0;
/// Width of the task tree at the first start.
pub const TREE_WIDTH: f32 = 270.0;
/// Width of the run card at the first start.
pub const CARD_WIDTH: f32 = 276.0;
/// Below this width of the window, points, the bar along the top takes two lines: letters are large, or the window is small.
pub const NARROW: f32 = 1_000.0;

/// Whether a window so high has room for the time line beside a page that is no picture.
#[must_use]
pub fn has_time_line(window: f32) -> bool {
    window >= 480.0
}

/// How wide the tree or the card may become in a window so wide: plots keep the room between them.
#[must_use]
pub fn side_width(window: f32) -> f32 {
    if window < NARROW { 0.3 * window } else { 500.0 }
}

/// Height of the time line's blocks.
pub const BLOCK_HEIGHT: f32 = 34.0;
/// Width of a run on the time line when all are equally wide.
pub const BLOCK_WIDTH: f32 = 54.0;
/// Height of the bar that holds the panes' tabs.
pub const TAB_HEIGHT: f32 = 24.0;
/// Radius of a measured point's marker.
pub const MARKER_RADIUS: f32 = 2.6;
/// Radius of a marker where there are many or where it lies on a map, points: what is below stays to be seen.
pub const SMALL_MARKER_RADIUS: f32 = 1.2;
/// Width of a curve that lies on a map, points.
pub const THIN_LINE_WIDTH: f32 = 0.8;
/// How near the pointer must come to a measured point to read it.
pub const READ_OUT_RADIUS: f32 = 12.0;
/// Width of curves.
pub const LINE_WIDTH: f32 = 1.4;
/// Width of the colour bar with its numbers.
pub const COLOUR_BAR_WIDTH: f32 = 58.0;
/// The text sizes.
const SMALL: f32 = 11.0;
const BODY: f32 = 13.0;
const HEADING: f32 = 17.0;

/// The family of the bold face.
const BOLD: &str = "bold";

/// Status as shown: glyph, letter and colour, always together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// A shape that tells without colour.
    pub glyph: char,
    /// A letter that tells without shape.
    pub letter: char,
    /// The colour of both.
    pub colour: Color32,
}

/// The colours of grounds, words and lines.
#[derive(Debug, Clone, Copy)]
pub struct Ground {
    /// Behind everything.
    pub page: Color32,
    /// Behind panels and cards.
    pub card: Color32,
    /// Behind data.
    pub plot: Color32,
    /// Grid lines.
    pub grid: Color32,
    /// Frames and separators.
    pub frame: Color32,
    /// Words.
    pub text: Color32,
    /// Words that matter less.
    pub muted: Color32,
    /// Cells with no data.
    pub no_data: Color32,
    /// The hatch over them.
    pub hatch: Color32,
    /// What is selected or active.
    pub accent: Color32,
}

/// A palette colour as egui's.
#[must_use]
pub fn colour([red, green, blue]: Rgb) -> Color32 {
    Color32::from_rgb(red, green, blue)
}

/// The look in force.
#[must_use]
pub fn look(visuals: &egui::Visuals) -> Look {
    if visuals.dark_mode { Look::Dark } else { Look::Light }
}

/// The grounds of a look.
#[must_use]
pub fn ground(look: Look) -> Ground {
    let ground = palette::ground(look);
    Ground {
        page: colour(ground.page),
        card: colour(ground.card),
        plot: colour(ground.plot),
        grid: colour(ground.grid),
        frame: colour(ground.frame),
        text: colour(ground.text),
        muted: colour(ground.muted),
        no_data: colour(ground.no_data),
        hatch: colour(ground.hatch),
        accent: colour(palette::series(0, look)),
    }
}

/// How a leaf's or branch's state is shown.
#[must_use]
pub fn state(state: State, look: Look) -> Status {
    let style = palette::state(state, look);
    Status { glyph: style.glyph, letter: style.letter, colour: colour(style.colour) }
}

/// How a person's flag is shown.
#[must_use]
pub fn flag(flag: Flag, look: Look) -> Status {
    let style = palette::flag(flag, look);
    Status { glyph: style.glyph, letter: style.letter, colour: colour(style.colour) }
}

/// The colour of a layer.
#[must_use]
pub fn ink(ink: Ink, look: Look) -> Color32 {
    colour(palette::ink(ink, look))
}

/// The colour of news about something broken.
#[must_use]
pub fn fault(look: Look) -> Color32 {
    state(State::Bad, look).colour
}

/// The colour of news worth knowing.
#[must_use]
pub fn warning(look: Look) -> Color32 {
    state(State::Maybe, look).colour
}

/// Bold words.
#[must_use]
pub fn bold(text: impl Into<String>) -> RichText {
    RichText::new(text).family(FontFamily::Name(BOLD.into()))
}

/// The bold face at a size.
#[must_use]
pub fn bold_font(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name(BOLD.into()))
}

/// The small face.
#[must_use]
pub fn small_font() -> FontId {
    FontId::proportional(SMALL)
}

/// The face of running words.
#[must_use]
pub fn body_font() -> FontId {
    FontId::proportional(BODY)
}

/// The face of logs and scripts.
#[must_use]
pub fn code_font() -> FontId {
    FontId::monospace(BODY - 1.0)
}

/// A heading inside a panel.
#[must_use]
pub fn section(text: &str) -> RichText {
    bold(text).size(BODY)
}

/// Gives a context the fonts and both looks.
pub fn install(ctx: &egui::Context) {
    ctx.set_fonts(fonts());
    for (theme, look) in [(egui::Theme::Dark, Look::Dark), (egui::Theme::Light, Look::Light)] {
        ctx.style_mut_of(theme, |style| shape(style, look));
    }
}

fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let faces: [(&str, &'static [u8]); 3] = [
        ("condensed", include_bytes!("../../assets/fonts/DejaVuSansCondensed.ttf")),
        (BOLD, include_bytes!("../../assets/fonts/DejaVuSansCondensed-Bold.ttf")),
        ("signs", include_bytes!("../../assets/fonts/DejaVuSans.ttf")),
    ];
    for (name, bytes) in faces {
        fonts.font_data.insert(name.into(), FontData::from_static(bytes).into());
    }
    let shipped = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    let with_first =
        |first: &[&str]| -> Vec<String> { first.iter().map(|name| (*name).to_owned()).chain(shipped.iter().cloned()).collect() };
    fonts.families.insert(FontFamily::Proportional, with_first(&["condensed", "signs"]));
    fonts.families.insert(FontFamily::Name(BOLD.into()), with_first(&[BOLD, "condensed", "signs"]));
    fonts.families.entry(FontFamily::Monospace).or_default().push("signs".into());
    fonts
}

/// Puts the sizes and colours of a look into a style.
fn shape(style: &mut egui::Style, look: Look) {
    style.text_styles = [
        (TextStyle::Small, FontId::proportional(SMALL)),
        (TextStyle::Body, FontId::proportional(BODY)),
        (TextStyle::Button, FontId::proportional(BODY)),
        (TextStyle::Heading, bold_font(HEADING)),
        (TextStyle::Monospace, code_font()),
    ]
    .into();
    let spacing = &mut style.spacing;
    spacing.item_spacing = vec2(GAP, 4.0);
    spacing.button_padding = vec2(8.0, 3.0);
    spacing.interact_size = vec2(32.0, ROW_HEIGHT);
    spacing.window_margin = Margin::same(12);
    spacing.indent = 14.0;
    spacing.tooltip_width = 420.0;
    style.interaction.tooltip_delay = 0.25;
    style.visuals = visuals(look);
}

fn visuals(look: Look) -> egui::Visuals {
    let mut visuals = match look {
        Look::Dark => egui::Visuals::dark(),
        Look::Light => egui::Visuals::light(),
    };
    let ground = ground(look);
    let lifted = |share: f32| ground.card.lerp_to_gamma(ground.text, share);
    visuals.panel_fill = ground.card;
    visuals.window_fill = ground.card;
    visuals.extreme_bg_color = ground.plot;
    visuals.text_edit_bg_color = Some(ground.page);
    visuals.faint_bg_color = lifted(0.03);
    visuals.code_bg_color = ground.page;
    visuals.weak_text_color = Some(ground.muted);
    visuals.hyperlink_color = ground.accent;
    visuals.warn_fg_color = warning(look);
    visuals.error_fg_color = fault(look);
    visuals.window_stroke = Stroke::new(1.0, ground.frame);
    visuals.window_corner_radius = CornerRadius::same(6);
    visuals.menu_corner_radius = CornerRadius::same(5);
    visuals.selection.bg_fill = ground.card.lerp_to_gamma(ground.accent, 0.38);
    visuals.selection.stroke = Stroke::new(1.0, ground.text);
    let widgets = &mut visuals.widgets;
    for (widget, fill, frame, words) in [
        (&mut widgets.noninteractive, ground.card, lifted(0.14), ground.text),
        (&mut widgets.inactive, lifted(0.07), lifted(0.16), ground.text),
        (&mut widgets.hovered, lifted(0.14), lifted(0.34), ground.text),
        (&mut widgets.active, lifted(0.2), ground.accent, ground.text),
        (&mut widgets.open, lifted(0.1), lifted(0.25), ground.text),
    ] {
        widget.bg_fill = fill;
        widget.weak_bg_fill = fill;
        widget.bg_stroke = Stroke::new(1.0, frame);
        widget.fg_stroke = Stroke::new(1.0, words);
        widget.corner_radius = CornerRadius::same(4);
        widget.expansion = 0.0;
    }
    visuals
}

/// Glyph and letter of a status in its colour, in one width for all of them.
pub fn status_mark(ui: &mut egui::Ui, status: Status) -> egui::Response {
    let size = Vec2::new(30.0, ui.spacing().interact_size.y.min(ROW_HEIGHT));
    let (rect, response) = ui.allocate_exact_size(size, egui::Sense::hover());
    paint_status(ui.painter(), rect, status, BODY);
    response
}

/// Paints glyph and letter of a status in a rectangle, glyph to the left.
pub fn paint_status(painter: &egui::Painter, rect: egui::Rect, status: Status, size: f32) {
    let middle = rect.center().y;
    let glyph = egui::pos2(rect.left() + 0.62 * size, middle);
    painter.text(glyph, egui::Align2::CENTER_CENTER, status.glyph, FontId::proportional(size), status.colour);
    let letter = egui::pos2(rect.left() + 1.75 * size, middle);
    painter.text(letter, egui::Align2::CENTER_CENTER, status.letter, bold_font(size), status.colour);
}
