//! How smoothly files go through the chain: rates, latencies, backlog, disks, and their figures over time.

use egui::{RichText, Ui, vec2};

use super::ProcessingView;
use crate::gui::figure_ui::{self, FigureView};
use crate::gui::scene::Scene;
use crate::gui::{theme, words};
use crate::snapshot::{DiskRow, FlowShown};

/// Windows of time with their length, s.
pub const WINDOWS: [(&str, u64); 3] = [("1 h", 3_600), ("24 h", 86_400), ("7 d", 604_800)];

/// The panes of the figures: numbers that no pane of the Monitor page comes to.
const FIRST_PANE: u64 = 1 << 60;

/// A disk that is full within this is said in the colour of faults, s.
const SOON_S: f64 = 86_400.0;

/// Records of a shorter time colour no disk, s.
const SHORTEST_SPAN_S: f64 = 600.0;

/// Draws the part.
pub fn show(ui: &mut Ui, scene: &Scene<'_>, view: &mut ProcessingView) {
    ui.horizontal(|ui| {
        ui.label(RichText::new("The last").weak());
        for (name, seconds) in WINDOWS {
            if ui.selectable_label(view.flow_window_s == seconds, name).clicked() {
                view.flow_window_s = seconds;
            }
        }
        ui.label(RichText::new("counted anew every 5 s").small().weak());
    });
    let flow = scene.snapshot.processing.flow.clone().filter(|flow| flow.window_s == view.flow_window_s);
    let Some(flow) = flow else {
        figure_ui::said_in_the_middle(ui, "Being counted. Files that are copied and processed make the numbers here.");
        return;
    };
    if let Some(fault) = &flow.fault {
        ui.add(egui::Label::new(RichText::new(fault).color(theme::fault(scene.look))).wrap());
    }
    ui.horizontal_top(|ui| {
        let half = ((ui.available_width() - theme::WIDE_GAP) * 0.5).min(620.0);
        ui.allocate_ui(vec2(half, 0.0), |ui| ui.vertical(|ui| latencies(ui, &flow)));
        ui.add_space(theme::WIDE_GAP);
        ui.vertical(|ui| {
            numbers(ui, &flow);
            flow.disks.iter().for_each(|disk| disk_line(ui, scene, disk, flow.span_s));
        });
    });
    ui.separator();
    figures(ui, view, &flow);
}

fn latencies(ui: &mut Ui, flow: &FlowShown) {
    egui::Grid::new("latencies").striped(true).num_columns(5).spacing([18.0, 2.0]).show(ui, |ui| {
        for name in ["Latency of each stage", "Files", "Median", "95 of 100", "Longest"] {
            ui.label(theme::bold(name));
        }
        ui.end_row();
        for stage in &flow.stages {
            ui.label(&stage.meaning);
            ui.label(stage.count.to_string());
            for seconds in stage.median_p95_max_s {
                ui.label(seconds.map_or_else(|| "no data".into(), words::duration));
            }
            ui.end_row();
        }
    });
}

fn numbers(ui: &mut Ui, flow: &FlowShown) {
    let [arrived, copied, reconstructed, analysed, failed] = flow.done;
    ui.label(theme::bold(format!(
        "{} arrived, {copied} copied, {reconstructed} reconstructed, {analysed} analysed, {failed} failed",
        words::count(arrived, "file")
    )));
    let rate = format!(
        "{:.1} files/h arrive, {:.1} files/h are reconstructed, {}/s copied (over {})",
        flow.arrived_per_h,
        flow.reconstructed_per_h,
        words::bytes(flow.copied_bytes_per_s as u64),
        words::duration(flow.span_s)
    );
    ui.add(egui::Label::new(rate).wrap());
    let waits = flow.backlog.iter().map(|(place, count)| format!("{count} {place}")).collect::<Vec<_>>().join(", ");
    ui.add(egui::Label::new(format!("Now {waits}.")).wrap());
    let eta = match flow.eta_s {
        Some(seconds) if seconds <= 0.0 => "Nothing waits to be reconstructed.".to_owned(),
        Some(seconds) => format!(
            "All that waits is reconstructed in {} at the rate of the last {}, if no more comes.",
            words::duration(seconds),
            words::duration(flow.present_s)
        ),
        None => format!(
            "When what waits is done is not known: none was reconstructed in the last {}.",
            words::duration(flow.present_s)
        ),
    };
    ui.add(egui::Label::new(eta).wrap());
    let records = format!("Records of {} of that time. A file in two lanes counts in both.", words::duration(flow.span_s));
    ui.label(RichText::new(records).small().weak());
}

/// `over_s` is the time that the rate of copies is over.
fn disk_line(ui: &mut Ui, scene: &Scene<'_>, disk: &DiskRow, over_s: f64) {
    if let Some(fault) = &disk.fault {
        ui.add(egui::Label::new(RichText::new(format!("✖ disk: {fault}")).color(theme::fault(scene.look))).wrap());
        return;
    }
    let full = |seconds| format!("full in {} at the rate of the last {}", words::duration(seconds), words::duration(over_s));
    let full = disk.full_in_s.map_or("nothing is written now".into(), full);
    // A few files in a burst tell nothing of the hours to come.
    let is_soon = over_s >= SHORTEST_SPAN_S && disk.full_in_s.is_some_and(|seconds| seconds < SOON_S);
    let text = format!("Disk: {} of {} free, {full}", words::bytes(disk.free_bytes), words::bytes(disk.size_bytes));
    let text = if is_soon { RichText::new(format!("⚠ {text}")).color(theme::warning(scene.look)) } else { RichText::new(text) };
    ui.add(egui::Label::new(text).wrap()).on_hover_text(&disk.folders);
    ui.add(egui::Label::new(RichText::new(&disk.folders).small().weak()).truncate());
}

fn figures(ui: &mut Ui, view: &mut ProcessingView, flow: &FlowShown) {
    let count = flow.figures.len().max(1);
    let height = ui.available_height();
    let textures = &mut view.textures;
    ui.columns(count, |columns| {
        for (index, (ui, figure)) in columns.iter_mut().zip(&flow.figures).enumerate() {
            ui.set_max_height(height);
            ui.label(theme::section(&figure.title));
            let view = FigureView {
                figure,
                pane: FIRST_PANE + index as u64,
                pane_title: figure.title.clone(),
                // Each window of time has a zoom of its own.
                zoom_key: format!("flow/{index}/{}", flow.window_s),
                reset_zoom: false,
                is_waiting: false,
                hidden: &[],
                panels: &[],
                links: figure_ui::Links::default(),
            };
            figure_ui::show(ui, &view, textures, None);
        }
    });
}
