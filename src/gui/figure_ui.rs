//! A figure on the screen: words above, plot with every kind of layer, colour bar, read-out under the pointer.
//!
//! Zoom belongs to a pane and item, so it stays when data arrive; a double click, or Home, shows everything again.

use std::sync::Arc;

use egui::{Align, Align2, Color32, Layout, RichText, Sense, Stroke, Ui, Vec2, pos2, vec2};
use egui_plot::{AxisHints, Corner, Legend, Plot, PlotBounds, PlotImage, PlotPoint, PlotUi};
use monitasks::figure::{Across as Crossing, Axis, Figure, Ink, Layer, Map, Panels, Scale};

use super::caption::{self, NAMES_ABOVE, names};
use super::cell_words::Words;
use super::crowd::Crowd;
use super::figure_items::{Across, Curve, Markers};
use super::map_texture::{self, MapTextures};
use super::prepared::{Ready, Shown};
use super::rule_names::{self, NameAt};
use super::{figure_box, read_out, theme, ticks};
use crate::plotting::{
    self,
    palette::{self, Look},
};

/// A figure and how it is to be shown.
#[derive(Clone)]
pub struct FigureView<'a> {
    /// The figure.
    pub figure: &'a Arc<Figure>,
    /// The pane it is in.
    pub pane: u64,
    /// The name of the pane: the figure's title is not said again where it says no more.
    pub pane_title: String,
    /// What keeps its zoom apart from others': the item's name.
    pub zoom_key: String,
    /// Show all data again.
    pub reset_zoom: bool,
    /// It is not what was asked for, only what there was until then.
    pub is_waiting: bool,
    /// Names of layers that are not drawn.
    pub hidden: &'a [&'static str],
    /// The figure's panels, each on its own.
    pub panels: &'a [Arc<Figure>],
    /// What it shares with other panes.
    pub links: Links,
}

/// What panes with the same quantity along x share.
#[derive(Debug, Clone, Copy, Default)]
pub struct Links {
    /// Zoom along x goes together.
    pub axes: bool,
    /// Where the pointer of another pane stands, and over which quantity.
    pub pointer: Option<(egui::Id, f64)>,
}

/// A click on a plot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clicked {
    /// Where, in the axes' units.
    pub at: [f64; 2],
    /// As far off along each axis as a click may miss a point.
    pub reach: [f64; 2],
    /// The panel's place, of a figure that has them.
    pub panel: Option<usize>,
}

/// What people did in a plot.
#[derive(Debug, Clone, Copy, Default)]
pub struct Touched {
    /// A click.
    pub clicked: Option<Clicked>,
    /// The pointer stands over it: over which quantity and where along x.
    pub pointer: Option<(egui::Id, f64)>,
}

/// What stands along x: panes with the same quantity can be linked.
#[must_use]
pub fn quantity(axis: &Axis) -> egui::Id {
    egui::Id::unique(("quantity", axis.title(), format!("{:?}", axis.scale)))
}

/// Draws a figure into all the room there is; `lead` draws what the line above it begins with. Answers what people did in it.
pub fn show(ui: &mut Ui, view: &FigureView<'_>, textures: &mut MapTextures, lead: Option<&mut dyn FnMut(&mut Ui)>) -> Touched {
    if let Some(panels) = &view.figure.panels {
        if above(ui, view, lead) {
            return grid(ui, view, panels, textures);
        }
        return Touched::default();
    }
    let Some(shown) = textures.prepared.shown(ui.ctx(), view.pane, &view.zoom_key, view.figure) else {
        caption::line(ui, &FigureView { is_waiting: true, ..view.clone() }, lead);
        return Touched::default();
    };
    let is_waiting = view.is_waiting || !Arc::ptr_eq(&shown.figure, view.figure);
    let view = &FigureView { figure: &shown.figure, is_waiting, ..view.clone() };
    if above(ui, view, lead) { with_bar(ui, view, &shown, None, textures) } else { Touched::default() }
}

/// What stands above a plot, or in its place when there is nothing to draw; answers whether there is.
fn above(ui: &mut Ui, view: &FigureView<'_>, lead: Option<&mut dyn FnMut(&mut Ui)>) -> bool {
    caption::line(ui, view, lead);
    caption::many_names(ui, view.figure);
    if let Some(reason) = &view.figure.empty {
        said_in_the_middle(ui, reason);
    }
    view.figure.empty.is_none()
}

/// Small plots in rows, each under its name.
fn grid(ui: &mut Ui, view: &FigureView<'_>, panels: &Panels, textures: &mut MapTextures) -> Touched {
    let room = ui.available_rect_before_wrap();
    let (columns, rows) = (panels.columns.max(1), panels.rows().max(1));
    let size = vec2(room.width() / columns as f32, room.height() / rows as f32);
    let mut touched = Touched::default();
    for (place, figure) in view.panels.iter().enumerate() {
        let corner = room.min + vec2((place % columns) as f32 * size.x, (place / columns) as f32 * size.y);
        let cell = egui::Rect::from_min_size(corner, size - vec2(4.0, 2.0));
        ui.scope_builder(egui::UiBuilder::new().max_rect(cell).id_salt(("panel", place)), |ui| {
            let words: Vec<&str> =
                std::iter::once(figure.title.as_str()).chain(figure.notes.iter().map(String::as_str)).collect();
            ui.add(egui::Label::new(RichText::new(words.join("  ·  ")).small()).truncate());
            let Some(shown) = textures.prepared.shown(ui.ctx(), part_of(view.pane, place + 1), &view.zoom_key, figure) else {
                return;
            };
            let of_panel = with_bar(ui, view, &shown, Some((place, panels)), textures);
            touched.clicked = touched.clicked.or(of_panel.clicked);
            touched.pointer = touched.pointer.or(of_panel.pointer);
        });
    }
    ui.allocate_rect(room, Sense::hover());
    touched
}

/// What keeps the parts of a pane apart: 0 is the whole.
fn part_of(pane: u64, part: usize) -> u64 {
    pane | (part as u64) << 48
}

/// A plot with the colours of its map beside it.
fn with_bar(
    ui: &mut Ui,
    view: &FigureView<'_>,
    shown: &Shown,
    panel: Option<(usize, &Panels)>,
    textures: &mut MapTextures,
) -> Touched {
    let map = shown.figure.layers.iter().enumerate().find_map(|(index, layer)| match layer {
        Layer::Map(map) => Some((index, map)),
        _ => None,
    });
    let room = vec2(ui.available_width(), ui.available_height());
    if room.x < 60.0 || room.y < 50.0 {
        return Touched::default();
    }
    let mut touched = Touched::default();
    let bar_width = if map.is_some() && room.x > 200.0 { theme::COLOUR_BAR_WIDTH } else { 0.0 };
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        let size = vec2(room.x - bar_width, room.y);
        let layout = Layout::top_down(Align::Min);
        ui.allocate_ui_with_layout(size, layout, |ui| touched = plot(ui, view, shown, panel, textures));
        if let Some((index, map)) = map.filter(|_| bar_width > 0.0) {
            let range = if let Ready::Map(range) = shown.layer(index) { *range } else { map_texture::colour_range(map) };
            colour_bar(ui, map, range, vec2(bar_width, room.y));
        }
    });
    touched
}

/// Words in the middle of the room there is: why nothing is drawn and what would fill it.
pub fn said_in_the_middle(ui: &mut Ui, words: &str) {
    let room = ui.available_rect_before_wrap();
    let inner = room.shrink2(vec2((room.width() * 0.1).min(40.0), 4.0));
    let muted = theme::ground(theme::look(ui.visuals())).muted;
    let mut job = egui::text::LayoutJob::simple(words.to_owned(), theme::body_font(), muted, inner.width());
    job.halign = Align::Center;
    let galley = ui.painter().layout_job(job);
    let response = ui.allocate_rect(room, Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, words));
    let top = (room.center().y - galley.size().y / 2.0).max(room.top());
    ui.painter().with_clip_rect(room).galley(pos2(room.center().x, top), galley, muted);
}

/// Draws the plot; answers what people did in it.
fn plot(
    ui: &mut Ui,
    view: &FigureView<'_>,
    shown: &Shown,
    panel: Option<(usize, &Panels)>,
    textures: &mut MapTextures,
) -> Touched {
    let figure = &shown.figure;
    let look = theme::look(ui.visuals());
    let (x, y) = (&figure.x, &figure.y);
    // Each small plot has a zoom and a picture of its own.
    let part = panel.map_or(0, |(place, _)| place + 1);
    let whole = egui::Id::unique(("figure", view.pane, &view.zoom_key));
    let id = if part == 0 { whole } else { whole.with(part) };
    let titles = panel.map_or([true; 2], |(place, panels)| plotting::shows_titles(panels, place));
    // Inside a plot: how near the pointer must come to a point for its read-out.
    ui.style_mut().interaction.interact_radius = theme::READ_OUT_RADIUS;
    let mut plot = Plot::new(id)
        .id(id)
        .width(ui.available_width())
        .height(ui.available_height())
        .set_margin_fraction(if has_map(figure) { Vec2::ZERO } else { vec2(0.03, 0.08) })
        .custom_x_axes(vec![axis_hints(ui, AxisHints::new_x(), x, titles[0], ui.available_width() - 60.0)])
        .custom_y_axes(vec![axis_hints(ui, AxisHints::new_y(), y, titles[1], ui.available_height() - 36.0)])
        .x_grid_spacer(|input| ticks::marks(x.scale, &input, ticks::STEPS_ALONG_X))
        .y_grid_spacer(|input| ticks::marks(y.scale, &input, ticks::STEPS_ALONG_Y))
        .grid_color(theme::ground(look).frame)
        .show_grid(!has_map(figure))
        .show_crosshair(false)
        .allow_scroll(false)
        .label_formatter(move |position| read_out::read_out(figure, position));
    if let Some([low, high]) = laid_out_range(x).or_else(|| width_for_one_value(figure)) {
        plot = plot.default_x_bounds(low, high);
    }
    if let Some([low, high]) = laid_out_range(y) {
        plot = plot.default_y_bounds(low, high);
    }
    if let Some((_, panels)) = panel.filter(|(_, panels)| panels.has_one_x || panels.has_one_y) {
        let group = egui::Id::unique(("panels", view.pane, &view.zoom_key));
        plot = plot.link_axis(group, [panels.has_one_x, panels.has_one_y]);
    } else if view.links.axes {
        plot = plot.link_axis(quantity(x), [true, false]);
    }
    let has_many = names(figure).len() > if panel.is_some() { 1 } else { NAMES_ABOVE };
    if has_many {
        plot = plot.legend(
            Legend::default()
                .position(Corner::RightTop)
                .text_style(egui::TextStyle::Small)
                .background_alpha(0.8)
                .follow_insertion_order(true),
        );
    }
    let maps: Vec<Option<egui::TextureId>> = (figure.layers.iter().enumerate())
        .map(|(index, layer)| match layer {
            Layer::Map(map) => textures.texture(ui.ctx(), part_of(view.pane, part), figure, index, pixels_of(ui, map, id)),
            _ => None,
        })
        .collect();
    let before = egui_plot::PlotMemory::load(ui.ctx(), id).map(|memory| memory.transform());
    let name_places = rule_names::places(figure, before.as_ref());
    let mut pointer = None;
    let response = plot.show(ui, |plot_ui| {
        pointer = plot_ui.pointer_coordinate().filter(|_| plot_ui.response().contains_pointer()).map(|at| at.x);
        // Rules come last: their names stay readable over data.
        for rules in [false, true] {
            let layers = figure.layers.iter().enumerate();
            let are_drawn = |layer: &Layer| !layer.label().is_some_and(|label| view.hidden.contains(&label));
            for (index, layer) in layers.filter(|(_, layer)| matches!(layer, Layer::Rule { .. }) == rules && are_drawn(layer)) {
                if !add_crowd(plot_ui, layer, shown, look, index) {
                    add_layer(plot_ui, layer, figure, maps[index], look, (index, name_places[index]));
                }
            }
        }
        hatch(plot_ui, figure, look);
        keep_zoom_sane(plot_ui, view.reset_zoom);
    });
    let frame = *response.transform.frame();
    let of = if panel.is_some() { format!(" of {}", view.figure.title) } else { String::new() };
    let name = format!("Plot: {}{of}", figure.title);
    response.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &name));
    over(ui, shown, &response.transform, view, id);
    let per_point = response.transform.dvalue_dpos().map(|per_point| per_point.abs() * f64::from(theme::READ_OUT_RADIUS));
    let clicked = response.response.interact_pointer_pos().filter(|_| response.response.clicked() && frame.width() > 0.0);
    let clicked = clicked.map(|at| {
        let place = response.transform.value_from_position(at);
        let at = [ticks::value(x.scale, place.x), ticks::value(y.scale, place.y)];
        let beside = [ticks::value(x.scale, place.x + per_point[0]), ticks::value(y.scale, place.y + per_point[1])];
        let reach = [(beside[0] - at[0]).abs(), (beside[1] - at[1]).abs()];
        Clicked { at, reach, panel: panel.map(|(place, _)| place) }
    });
    Touched { clicked, pointer: pointer.map(|at| (quantity(x), ticks::value(x.scale, at))) }
}

/// What lies over a plot: its box of numbers, and the pointer of another pane.
fn over(ui: &Ui, shown: &Shown, transform: &egui_plot::PlotTransform, view: &FigureView<'_>, id: egui::Id) {
    let (figure, frame) = (&shown.figure, *transform.frame());
    figure_box::statistics(ui, figure, transform);
    if !figure.statistics.is_empty() {
        // For readers of screens: the box is painted, this has its words.
        let at = egui::Rect::from_min_size(frame.min, Vec2::ZERO);
        let words = format!("Statistics: {}", figure_box::in_words(figure));
        let said = ui.interact(at, id.with("statistics"), Sense::hover());
        said.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &words));
    }
    let Some((_, x)) = view.links.pointer.filter(|(over, _)| *over == quantity(&figure.x)) else { return };
    let Some(place) = ticks::place(figure.x.scale, x) else { return };
    let at = transform.position_from_point_x(place);
    let reach = transform.dvalue_dpos()[0].abs() * f64::from(theme::READ_OUT_RADIUS);
    let [low, high] = [place - reach, place + reach].map(|place| ticks::value(figure.x.scale, place));
    figure_box::pointer(ui, shown, frame, x, at, (high - low) / 2.0);
}

/// How many pixels a whole map takes at the zoom of the last frame.
fn pixels_of(ui: &Ui, map: &Map, plot: egui::Id) -> [usize; 2] {
    let Some(memory) = egui_plot::PlotMemory::load(ui.ctx(), plot) else {
        return map_texture::picture_size((ui.available_size() * ui.pixels_per_point()).into());
    };
    let [x, y] = memory.transform().dpos_dvalue();
    let points = [x * (map.x_range[1] - map.x_range[0]), y * (map.y_range[1] - map.y_range[0])];
    map_texture::picture_size(points.map(|points| points.abs() as f32 * ui.pixels_per_point()))
}

/// An axis with its title, if it has one here, cut when the axis is too short for it.
fn axis_hints<'a>(ui: &Ui, hints: AxisHints<'a>, axis: &'a Axis, is_titled: bool, room: f32) -> AxisHints<'a> {
    let width = |text: &str| ui.painter().layout_no_wrap(text.to_owned(), theme::small_font(), Color32::WHITE).size().x;
    let mut title = if is_titled { axis.title() } else { String::new() };
    if width(&title) > room {
        title.clone_from(&axis.label);
        while !title.is_empty() && width(&title) > room - 10.0 {
            title.pop();
        }
        if title.len() < axis.label.len() {
            title.push('…');
        }
    }
    hints
        .label(RichText::new(title).small())
        .formatter(|mark, _| ticks::label(axis.scale, mark))
        .tick_label_font(theme::small_font())
}

fn has_map(figure: &Figure) -> bool {
    figure.layers.iter().any(|layer| matches!(layer, Layer::Map(_)))
}

/// Fixed limits as laid out; none when the axis fits its data.
fn laid_out_range(axis: &Axis) -> Option<[f64; 2]> {
    let [low, high] = axis.range?;
    let (low, high) = (ticks::place(axis.scale, low)?, ticks::place(axis.scale, high)?);
    (high > low).then_some([low, high])
}

/// Half an hour on each side of a trend's only moment, one run on each side of its only run: a lone point is shown in the middle.
fn width_for_one_value(figure: &Figure) -> Option<[f64; 2]> {
    let half = match figure.x.scale {
        Scale::UtcTime => 1_800.0,
        Scale::Integer => 1.0,
        Scale::Linear | Scale::Log => return None,
    };
    let mut xs = figure.layers.iter().flat_map(|layer| match layer {
        Layer::Points { points, .. } => points.iter().map(|point| point.x).take(100_000).collect::<Vec<_>>(),
        Layer::Line { points, .. } => points.iter().map(|[x, _]| *x).collect(),
        _ => Vec::new(),
    });
    let first = xs.next()?;
    let is_only = first.is_finite() && xs.all(|x| x == first) && !has_map(figure);
    is_only.then_some([first - half, first + half])
}

/// Undoes a zoom that lost its way, and the person's own when asked.
fn keep_zoom_sane(plot_ui: &mut PlotUi<'_>, reset: bool) {
    let bounds: PlotBounds = plot_ui.plot_bounds();
    if reset || !bounds.is_finite() {
        plot_ui.set_auto_bounds(true);
    }
}

/// Adds a layer with many points; false for one with few, which is drawn as it is.
fn add_crowd(plot_ui: &mut PlotUi<'_>, layer: &Layer, shown: &Shown, look: Look, index: usize) -> bool {
    let figure = &shown.figure;
    let stroke = |width: f32, ink: &Ink| Stroke::new(width, theme::ink(*ink, look));
    let crowd = |label: &str, stroke| Crowd::new(label, shown.clone(), index, stroke);
    let crowd = match (shown.layer(index), layer) {
        (Ready::Cloud(..), Layer::Points { label, ink, .. }) => crowd(label, stroke(theme::LINE_WIDTH, ink)),
        (Ready::Path(..), Layer::Line { label, ink, .. }) => {
            crowd(label, stroke(width_of(figure, *ink), ink)).dashed(is_guide(*ink))
        }
        (Ready::Path(_, has_ground), Layer::Steps { label, ink, .. }) => {
            crowd(label, stroke(theme::LINE_WIDTH, ink)).filled_down_to(ground_of(figure).filter(|_| *has_ground))
        }
        _ => return false,
    };
    plot_ui.add(crowd);
    true
}

/// How wide a line is.
fn width_of(figure: &Figure, ink: Ink) -> f32 {
    match ink {
        _ if has_map(figure) => theme::THIN_LINE_WIDTH,
        Ink::Fit => 2.0,
        _ => theme::LINE_WIDTH,
    }
}

/// Lines that only guide the eye are dashed.
fn is_guide(ink: Ink) -> bool {
    matches!(ink, Ink::Reference | Ink::Faint)
}

/// What the ground of steps reaches down to; none on a log axis.
fn ground_of(figure: &Figure) -> Option<f64> {
    if figure.y.scale == Scale::Log { None } else { Some(figure.y.range.map_or(0.0, |[low, _]| low.max(0.0))) }
}

/// What is known to be odd, or masked, over the data.
fn hatch(plot_ui: &mut PlotUi<'_>, figure: &Figure, look: Look) {
    let on = |range: Option<[f64; 2]>, scale: Scale| {
        range.map(|[low, high]| Some([ticks::place(scale, low)?, ticks::place(scale, high)?]))
    };
    for region in &figure.regions {
        // A part that has no place on its axis is not shown; one of all of an axis has.
        let (x, y) = (on(region.x, figure.x.scale), on(region.y, figure.y.scale));
        if x != Some(None) && y != Some(None) {
            plot_ui.add(super::hatched::Hatched::new(&region.words, x.flatten(), y.flatten(), theme::ground(look).muted));
        }
    }
}

fn add_layer<'a>(
    plot_ui: &mut PlotUi<'a>,
    layer: &'a Layer,
    figure: &'a Figure,
    texture: Option<egui::TextureId>,
    look: Look,
    (index, name_at): (usize, NameAt),
) {
    let (x, y) = (figure.x.scale, figure.y.scale);
    let at = |[px, py]: [f64; 2]| Some([ticks::place(x, px)?, ticks::place(y, py)?]);
    match layer {
        Layer::Points { label, ink, points } => {
            let placed = points.iter().filter_map(|point| {
                let [px, py] = at([point.x, point.y])?;
                let bar = (point.y_error > 0.0).then(|| {
                    let low = ticks::place(y, point.y - point.y_error).unwrap_or(py);
                    Some([low, ticks::place(y, point.y + point.y_error)?])
                });
                Some((PlotPoint::new(px, py), bar.flatten()))
            });
            let (points, bars) = placed.unzip();
            let markers = Markers::new(label, theme::ink(*ink, look), points, bars);
            plot_ui.add(if has_map(figure) { markers.small() } else { markers });
        }
        Layer::Line { label, ink, points } => {
            let stroke = Stroke::new(width_of(figure, *ink), theme::ink(*ink, look));
            plot_ui.add(Curve::new(label, stroke, points.iter().map(|point| at(*point))).dashed(is_guide(*ink)));
        }
        Layer::Steps { label, ink, edges, values } => {
            let stroke = Stroke::new(theme::LINE_WIDTH, theme::ink(*ink, look));
            let corners = edges.windows(2).zip(values).flat_map(|(edge, value)| [at([edge[0], *value]), at([edge[1], *value])]);
            let curve = Curve::new(label, stroke, corners);
            plot_ui.add(match ground_of(figure).filter(|_| has_ground(figure)) {
                Some(ground) => curve.filled_down_to(ground),
                None => curve,
            });
        }
        Layer::Map(map) => add_map(plot_ui, map, texture, index),
        Layer::Rule { label, ink, across, at } => {
            let is_vertical = *across == Crossing::X;
            if let Some(place) = ticks::place(if is_vertical { x } else { y }, *at) {
                plot_ui.add(Across::new(label, theme::ink(*ink, look), is_vertical, place).named(name_at));
            }
        }
        Layer::Text { x: px, y: py, text } => {
            if let Some([px, py]) = at([*px, *py]) {
                let colour = theme::ground(look).text;
                plot_ui.add(Words::new(&format!("text {index}"), vec![(PlotPoint::new(px, py), text.clone(), colour)], None));
            }
        }
    }
}

/// A histogram of counts has ground down to zero. Values of strips or channels have none: pedestals at 800 counts would only
/// waste room, and one view's ground would hide the other's.
#[must_use]
pub fn has_ground(figure: &Figure) -> bool {
    let mut steps = figure.layers.iter().filter_map(|layer| match layer {
        Layer::Steps { values, .. } => Some(values.as_slice()),
        _ => None,
    });
    let (Some(values), None) = (steps.next(), steps.next()) else { return false };
    let (low, high) = (values.iter().filter(|value| value.is_finite()))
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value)));
    figure.x.scale != Scale::Integer && low <= 0.1 * high
}

fn add_map(plot_ui: &mut PlotUi<'_>, map: &Map, texture: Option<egui::TextureId>, index: usize) {
    let ([left, right], [low, high]) = (map.x_range, map.y_range);
    if !(right > left && high > low) {
        return;
    }
    let centre = PlotPoint::new(f64::midpoint(left, right), f64::midpoint(low, high));
    let size = vec2((right - left) as f32, (high - low) as f32);
    let texture = texture.unwrap_or_default();
    let tint = if texture == egui::TextureId::default() { Color32::TRANSPARENT } else { Color32::WHITE };
    plot_ui.image(PlotImage::new(format!("map {index}"), texture, centre, size).tint(tint).allow_hover(false));
    if map.cell_texts.is_empty() || map.columns * map.rows == 0 {
        return;
    }
    let (width, height) = ((right - left) / map.columns as f64, (high - low) / map.rows as f64);
    let [bottom, top] = map_texture::colour_range(map);
    let texts = map.cell_texts.iter().enumerate().take(map.columns * map.rows).map(|(cell, text)| {
        let (column, row) = ((cell % map.columns) as f64, (cell / map.columns) as f64);
        let place = PlotPoint::new(left + (column + 0.5) * width, low + (row + 0.5) * height);
        (place, text.clone(), words_on_cell(map, cell, bottom, top, plot_ui.ctx()))
    });
    let texts = texts.collect();
    plot_ui.add(Words::new(&format!("cells {index}"), texts, Some([width, height])));
}

fn words_on_cell(map: &Map, cell: usize, low: f64, high: f64, ctx: &egui::Context) -> Color32 {
    let value = map.values.get(cell).and_then(|value| ticks::place(map.z.scale, f64::from(*value)));
    match value {
        Some(value) => theme::colour(palette::words_on(palette::viridis((value - low) / (high - low)))),
        None => theme::ground(theme::look(&ctx.global_style().visuals)).text,
    }
}

/// The colours of a map with their values beside them.
fn colour_bar(ui: &mut Ui, map: &Map, [low, high]: [f64; 2], size: Vec2) {
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let title = map.z.title();
    response.on_hover_text(format!("Colours: {title}. Hatched or grey: no data."));
    let ground = theme::ground(theme::look(ui.visuals()));
    let strip =
        egui::Rect::from_min_max(pos2(rect.left() + 6.0, rect.top() + 8.0), pos2(rect.left() + 15.0, rect.bottom() - 36.0));
    if strip.height() < 20.0 {
        return;
    }
    let painter = ui.painter();
    let mut mesh = egui::Mesh::default();
    for step in 0..=32u32 {
        let share = f64::from(step) / 32.0;
        let y = strip.bottom() - share as f32 * strip.height();
        let colour = theme::colour(palette::viridis(share));
        mesh.colored_vertex(pos2(strip.left(), y), colour);
        mesh.colored_vertex(pos2(strip.right(), y), colour);
        if step > 0 {
            let first = 2 * (step - 1);
            mesh.add_triangle(first, first + 1, first + 2);
            mesh.add_triangle(first + 1, first + 2, first + 3);
        }
    }
    painter.add(egui::Shape::mesh(mesh));
    painter.rect_stroke(strip, 0.0, Stroke::new(1.0, ground.frame), egui::StrokeKind::Outside);
    let input = egui_plot::GridInput { bounds: (low, high), base_step_size: (high - low) / f64::from(strip.height()) * 8.0 };
    for mark in ticks::marks(map.z.scale, &input, ticks::STEPS_ALONG_Y) {
        let y = strip.bottom() - ((mark.value - low) / (high - low)) as f32 * strip.height();
        let label = ticks::label(map.z.scale, mark);
        painter.text(pos2(strip.right() + 4.0, y), Align2::LEFT_CENTER, label, theme::small_font(), ground.muted);
    }
    // The title stands on its side at the very right, read from below like that of the vertical axis.
    let galley = super::tree::one_line(painter, &title, 11.0, ground.muted, strip.height() + 20.0);
    let at = pos2(rect.right() - galley.size().y - 1.0, strip.center().y + galley.size().x / 2.0);
    painter.add(egui::epaint::TextShape::new(at, galley, ground.muted).with_angle(-std::f32::consts::FRAC_PI_2));
}

#[cfg(test)]
mod tests {
    use super::*;
    use monitasks::figure::Point;

    #[test]
    fn a_lone_point_of_a_trend_has_room_around_it() {
        let trend = |xs: &[f64]| {
            Figure::new("t", Axis::utc_time("time"), Axis::linear("y", "")).with(Layer::Points {
                label: "a".into(),
                ink: Ink::Series(0),
                points: xs.iter().map(|x| Point { x: *x, y: 1.0, y_error: f64::NAN }).collect(),
            })
        };
        assert_eq!(width_for_one_value(&trend(&[5_000.0])), Some([3_200.0, 6_800.0]));
        assert_eq!(width_for_one_value(&trend(&[5_000.0, 6_000.0])), None);
        assert_eq!(width_for_one_value(&trend(&[])), None);
    }
}
