//! The task tree at the left: state, last value, and a click to see more.

use egui::{Align2, Response, RichText, Sense, Ui, pos2, vec2};
use monitasks::checks::verdict::worst;
use monitasks::quality::State;

use super::people::alarms;
use super::scene::{Scene, shown_tasks};
use super::state::{Action, ItemRef};
use super::{checks_part, theme, tree_search, words};
use crate::snapshot::{ItemNode, TaskNode};

/// Where the column of names begins.
const NAME_AT: f32 = 46.0;
/// The small line of the last readings: the widest that there is room for.
const SPARK_WIDTHS: [f32; 3] = [38.0, 28.0, 20.0];
const SPARK_HEIGHT: f32 = 11.0;
/// So much of the room for name and value a long name keeps beside a long value.
const NAME_SHARE: f32 = 0.42;

/// Draws the tree.
pub fn show(ui: &mut Ui, scene: &mut Scene<'_>, shown: &[ItemRef], active: Option<&ItemRef>) {
    ui.horizontal(|ui| {
        ui.label(theme::section("Tasks"));
        summary(ui, scene);
    });
    let looked_at = scene.choice.row(scene.snapshot).map(|row| row.run);
    if looked_at != scene.snapshot.runs.last().map(|row| row.run) {
        // The plots show the chosen run, the values beside the names go on with the shift.
        ui.label(RichText::new("values of the newest data, not of the run looked at").small().color(theme::warning(scene.look)));
    }
    if scene.snapshot.tasks.is_empty() {
        ui.add_space(theme::WIDE_GAP);
        ui.label(RichText::new("No tasks. They come with the workspace's detector and its tasks/ folder.").weak());
        return;
    }
    let search = tree_search::field(ui, scene);
    let snapshot = scene.snapshot;
    egui::ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let mut has_any = false;
        for task in shown_tasks(snapshot) {
            let found = |item: &&ItemNode| search.is_empty() || search.finds(task, item);
            if !search.is_empty() && !task.items.iter().any(|item| found(&item)) {
                continue;
            }
            has_any = true;
            // What is found is seen, also in a branch that is closed.
            let is_open = task_row(ui, scene, task) || !search.is_empty();
            if is_open {
                for item in task.items.iter().filter(found) {
                    let place = ItemRef { task: task.name.clone(), item: item.name.clone() };
                    let is_shown = shown.contains(&place);
                    let is_active = active == Some(&place);
                    item_row(ui, scene, item, &place, is_shown, is_active);
                }
                remarks(ui, scene, task);
            }
            ui.add_space(4.0);
        }
        if !has_any {
            ui.label(RichText::new("No item has all these words. Esc in the field shows all items again.").weak());
        }
    });
}

/// How many leaves ask for an eye.
fn summary(ui: &mut Ui, scene: &Scene<'_>) {
    let leaves = || shown_tasks(scene.snapshot).into_iter().flat_map(|task| &task.items);
    ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
        for state in [State::CannotJudge, State::Maybe, State::Bad] {
            let count = leaves().filter(|item| item.glance.state == state).count();
            if count > 0 {
                let status = theme::state(state, scene.look);
                ui.label(RichText::new(format!("{} {count}", status.glyph)).color(status.colour)).on_hover_text(format!(
                    "{} {}",
                    words::count(count, "item"),
                    state.words()
                ));
            }
        }
    });
}

/// A branch; true when its leaves are to be shown.
fn task_row(ui: &mut Ui, scene: &mut Scene<'_>, task: &TaskNode) -> bool {
    let id = ui.make_persistent_id(("task", &task.name));
    let mut is_open = ui.data_mut(|data| *data.get_temp_mut_or(id, true));
    let response = row(ui, theme::ROW_HEIGHT + 2.0);
    let rect = response.rect;
    if response.clicked() {
        is_open = !is_open;
        ui.data_mut(|data| data.insert_temp(id, is_open));
    }
    response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Task {}, {}", task.title, task.state.words()))
    });
    if !ui.is_rect_visible(rect) {
        return is_open;
    }
    let status = theme::state(task.state, scene.look);
    let ground = theme::ground(scene.look);
    hover_ground(ui, &response, false, false);
    let painter = ui.painter().with_clip_rect(rect);
    let triangle = if is_open { "▾" } else { "▸" };
    painter.text(pos2(rect.left() + 7.0, rect.center().y), Align2::CENTER_CENTER, triangle, theme::small_font(), ground.muted);
    theme::paint_status(&painter, rect.translate(vec2(14.0, 0.0)), status, 13.0);
    let name = cut_line(&painter, &task.title, theme::bold_font(13.0), ground.text, rect.width() - NAME_AT - 6.0);
    painter.galley(pos2(rect.left() + NAME_AT + 2.0, rect.center().y - name.size().y / 2.0), name, ground.text);
    response.on_hover_ui(|ui| {
        ui.label(theme::bold(&task.title));
        ui.label(&task.about);
        ui.label(RichText::new(format!("{}, {}", task.state.words(), words::count(task.results, "result"))).weak());
        if let Some(fault) = &task.fault {
            ui.label(RichText::new(fault).color(theme::fault(scene.look)));
        }
    });
    is_open
}

fn item_row(ui: &mut Ui, scene: &mut Scene<'_>, item: &ItemNode, place: &ItemRef, is_shown: bool, is_active: bool) {
    let response = row(ui, theme::ROW_HEIGHT);
    let rect = response.rect;
    response.widget_info(|| {
        let spoken = format!("{}, {}, {}", item.title, item.glance.state.words(), item.glance.text);
        egui::WidgetInfo::selected(egui::Role::Button, true, is_active, spoken)
    });
    // A row out of sight takes its room, can be reached by the keys, and is not laid out.
    let is_out_of_sight = !ui.is_rect_visible(rect);
    if is_out_of_sight && !response.clicked() && !response.has_focus() {
        return;
    }
    let ground = theme::ground(scene.look);
    hover_ground(ui, &response, is_shown, is_active);
    let status = theme::state(item.glance.state, scene.look);
    let painter = ui.painter().with_clip_rect(rect);
    theme::paint_status(&painter, rect.translate(vec2(14.0, 0.0)), status, 12.0);
    let alarm = alarms::of_item(scene, place);
    if let Some(alarm) = alarm {
        let at = pos2(rect.left() + 8.0, rect.center().y);
        painter.text(at, Align2::CENTER_CENTER, "▲", theme::small_font(), alarms::colour(scene, alarm));
    }
    // The last value is what people look for: it takes all the room that the name can spare.
    let is_known = !matches!(item.glance.state, State::NoData | State::CannotJudge);
    let value_colour = if is_known { ground.text } else { ground.muted };
    let room = rect.width() - NAME_AT - 10.0;
    let name_needs = one_line(&painter, &item.title, 12.0, ground.text, f32::INFINITY).size().x;
    let most = room - name_needs.min(NAME_SHARE * room);
    let value = one_line(&painter, &item.glance.text, 12.0, value_colour, most);
    let value_left = rect.right() - 4.0 - value.size().x;
    let value_left = value_left - spark(ui, &painter, item, pos2(value_left, rect.center().y), rect.left() + NAME_AT);
    let name_width = (value_left - 6.0 - (rect.left() + NAME_AT)).max(20.0);
    // A name that is only a little too long is written smaller before it is cut.
    let whole = |size: f32| one_line(&painter, &item.title, size, ground.text, f32::INFINITY).size().x <= name_width;
    let size = [13.0, 12.0].into_iter().find(|size| whole(*size)).unwrap_or(12.0);
    let name = one_line(&painter, &item.title, size, ground.text, name_width);
    painter.galley(pos2(rect.right() - 4.0 - value.size().x, rect.center().y - value.size().y / 2.0), value, value_colour);
    painter.galley(pos2(rect.left() + NAME_AT, rect.center().y - name.size().y / 2.0), name, ground.text);
    let wants_new = response.middle_clicked() || response.clicked() && ui.input(|input| input.modifiers.command);
    if wants_new {
        scene.ask(Action::OpenItem(place.clone()));
    } else if response.clicked() {
        scene.ask(Action::ShowItem(place.clone()));
    }
    response.context_menu(|ui| {
        if ui.button("Show in the active pane").clicked() {
            scene.ask(Action::ShowItem(place.clone()));
        }
        if ui.button("Open in a new pane").clicked() {
            scene.ask(Action::OpenItem(place.clone()));
        }
    });
    response.on_hover_ui(|ui| {
        ui.label(theme::bold(&item.title));
        ui.horizontal(|ui| {
            theme::status_mark(ui, status);
            ui.label(theme::bold(format!("{}: {}", item.glance.state.words(), item.glance.text)));
        });
        if !item.glance.reason.is_empty() {
            ui.label(&item.glance.reason);
        }
        if item.spark.len() > 1 {
            ui.label(RichText::new(format!("the line: its last {} readings, the newest at the right", item.spark.len())).weak());
        }
        if let Some(verdict) = worst(&item.verdicts).filter(|verdict| verdict.state() != State::Ok) {
            let advice = &verdict.advice;
            ui.label(format!("{}\nDo: {}\nCall: {}", advice.meaning, advice.action, advice.contact));
        }
        for mask in checks_part::masks(&item.verdicts) {
            ui.label(RichText::new(format!("▨ {mask}")).weak());
        }
        ui.label(RichText::new(&item.about).weak());
        if let Some(newest) = item.newest {
            ui.label(RichText::new(format!("data of {} UTC, {}", words::utc(newest), words::age(newest, scene.now))).weak());
        }
        ui.label(RichText::new("Ctrl or middle click: open in a new pane").small().weak());
    });
}

/// Draws the last readings as a small line that ends left of a place, where the whole name has room beside it; answers the width
/// it took.
fn spark(ui: &Ui, painter: &egui::Painter, item: &ItemNode, right: egui::Pos2, names_at: f32) -> f32 {
    if item.spark.len() < 2 {
        return 0.0;
    }
    let name = one_line(painter, &item.title, 12.0, egui::Color32::WHITE, f32::INFINITY).size().x;
    let has_room = |width: &f32| right.x - names_at - width - 14.0 >= name;
    let Some(width) = SPARK_WIDTHS.into_iter().find(has_room) else { return 0.0 };
    let (low, high) = item.spark.iter().fold((f32::MAX, f32::MIN), |(low, high), value| (low.min(*value), high.max(*value)));
    let (left, step) = (right.x - width - 6.0, width / (item.spark.len() - 1) as f32);
    let y = |value: f32| {
        let share = if high > low { (value - low) / (high - low) } else { 0.5 };
        right.y + SPARK_HEIGHT * (0.5 - share)
    };
    let points: Vec<egui::Pos2> =
        item.spark.iter().enumerate().map(|(at, value)| pos2(left + at as f32 * step, y(*value))).collect();
    let ground = theme::ground(theme::look(ui.visuals()));
    let last = points.last().copied();
    painter.add(egui::Shape::line(points, egui::Stroke::new(1.0, ground.muted)));
    if let Some(last) = last {
        painter.circle_filled(last, 1.6, ground.text);
    }
    width + 8.0
}

/// Why a task itself failed, and which results could not be read.
fn remarks(ui: &mut Ui, scene: &Scene<'_>, task: &TaskNode) {
    let colour = theme::fault(scene.look);
    let mut line = |text: String, hover: String| {
        ui.horizontal(|ui| {
            ui.add_space(NAME_AT);
            ui.add(egui::Label::new(RichText::new(text).small().color(colour)).truncate()).on_hover_text(hover);
        });
    };
    if let Some(fault) = &task.fault {
        line(fault.clone(), fault.clone());
    }
    if !task.unread.is_empty() {
        let hover: Vec<String> = task.unread.iter().map(|(name, reason)| format!("{name}: {reason}")).collect();
        line(format!("{} not read", words::count(task.unread.len(), "result")), hover.join("\n"));
    }
}

fn row(ui: &mut Ui, height: f32) -> Response {
    ui.allocate_response(vec2(ui.available_width(), height), Sense::click())
}

fn hover_ground(ui: &Ui, response: &Response, is_shown: bool, is_active: bool) {
    let visuals = ui.visuals();
    let rect = response.rect;
    if is_active {
        ui.painter().rect_filled(rect, 3.0, visuals.selection.bg_fill);
    } else if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, 3.0, visuals.widgets.hovered.weak_bg_fill);
    }
    if is_shown {
        let accent = theme::ground(theme::look(visuals)).accent;
        let bar = egui::Rect::from_min_size(rect.min + vec2(0.0, 3.0), vec2(2.5, rect.height() - 6.0));
        ui.painter().rect_filled(bar, 1.0, accent);
    }
}

/// Words in one line, cut with an ellipsis.
pub fn one_line(
    painter: &egui::Painter,
    text: &str,
    size: f32,
    colour: egui::Color32,
    width: f32,
) -> std::sync::Arc<egui::Galley> {
    cut_line(painter, text, egui::FontId::proportional(size), colour, width)
}

fn cut_line(
    painter: &egui::Painter,
    text: &str,
    font: egui::FontId,
    colour: egui::Color32,
    width: f32,
) -> std::sync::Arc<egui::Galley> {
    let mut job = egui::text::LayoutJob::simple_singleline(text.to_owned(), font, colour);
    job.wrap = egui::text::TextWrapping::truncate_at_width(width.max(8.0));
    painter.layout_job(job)
}
