//! The transport of a replay: the line on which one goes to an instant, its buttons, and the mark across the window that nothing on
//! it is live.

use std::path::PathBuf;

use egui::{Align2, CornerRadius, Pos2, Rect, RichText, Sense, Shape, Stroke, StrokeKind, Ui, pos2, vec2};
use jiff::{SignedDuration, Timestamp};

use super::keys;
use super::scene::Scene;
use super::state::Action;
use super::{theme, words};
use crate::engine::{Command, ReplayCommand};
use crate::snapshot::{REPLAY_SPEEDS as SPEEDS, ReplayMark, ReplayMarkKind, ReplayShown};

/// Height of the line, points.
const LINE_HEIGHT: f32 = 42.0;
/// A mark is found under the pointer within so many points.
const NEAR: f32 = 5.0;

/// What concerns a replay.
#[derive(Debug, Clone, PartialEq)]
pub enum ReplayAction {
    /// Replay what is open.
    Enter,
    /// Replay it with decisions hidden.
    Train,
    /// Back to the shift as it goes.
    Leave,
    /// Go on by itself, or stand still.
    TogglePlay,
    /// The next moment at which anything happened, or the one before.
    Step(bool),
    /// The next mark of a kind, or the one before.
    Jump(ReplayMarkKind, bool),
    /// The next higher speed, or the next lower one.
    Faster(bool),
    /// The range to be repeated begins here; it ends here; it is repeated no more.
    Repeat,
    /// Decisions are hidden, or shown.
    ToggleDecisions,
    /// Compare decisions with those of the past.
    Compare,
}

/// What the window remembers of a replay.
#[derive(Debug, Clone, Default)]
pub struct TransportView {
    /// Where a range to be repeated begins, before its end was named.
    repeat_from: Option<Timestamp>,
}

impl TransportView {
    /// The command that does what was asked; none where there is nothing to do.
    pub fn act(&mut self, action: &ReplayAction, replay: Option<&ReplayShown>) -> Option<Command> {
        let begin = |hides_decisions| ReplayCommand::Begin { path: None::<PathBuf>, at: None, hides_decisions };
        let command = match (action, replay) {
            (ReplayAction::Enter, None) => begin(false),
            (ReplayAction::Train, None) => begin(true),
            (ReplayAction::Enter | ReplayAction::Leave, Some(_)) => ReplayCommand::Leave,
            (_, None) => return None,
            (ReplayAction::Train, Some(_)) => ReplayCommand::HideDecisions(true),
            (ReplayAction::TogglePlay, Some(replay)) => ReplayCommand::Play(!replay.is_playing),
            (ReplayAction::Step(is_forward), Some(_)) => ReplayCommand::Step { is_forward: *is_forward },
            (ReplayAction::Jump(kind, is_forward), Some(_)) => ReplayCommand::Jump { kind: *kind, is_forward: *is_forward },
            (ReplayAction::Faster(is_faster), Some(replay)) => ReplayCommand::Speed(next_speed(replay.speed, *is_faster)),
            (ReplayAction::Repeat, Some(replay)) => match (replay.looped, self.repeat_from.take()) {
                (Some(_), _) => ReplayCommand::Repeat(None),
                (None, Some(from)) => ReplayCommand::Repeat(Some((from, replay.at))),
                (None, None) => {
                    self.repeat_from = Some(replay.at);
                    return None;
                }
            },
            (ReplayAction::ToggleDecisions, Some(replay)) => ReplayCommand::HideDecisions(!replay.hides_decisions),
            (ReplayAction::Compare, Some(_)) => ReplayCommand::Compare,
        };
        Some(Command::Replay(command))
    }
}

/// The speed beside one, of those that are offered.
fn next_speed(speed: f64, is_faster: bool) -> f64 {
    let found = if is_faster {
        SPEEDS.iter().find(|offered| **offered > speed * 1.001)
    } else {
        SPEEDS.iter().rev().find(|offered| **offered < speed * 0.999)
    };
    found.copied().unwrap_or(speed)
}

/// What the palette offers of replays.
#[must_use]
pub fn offers(replay: Option<&ReplayShown>) -> Vec<(String, Action)> {
    let offer = |words: &str, action| (words.to_owned(), Action::Replay(action));
    let Some(replay) = replay else {
        return vec![
            offer("Replay this shift", ReplayAction::Enter),
            offer("Training: replay this shift with its decisions hidden", ReplayAction::Train),
        ];
    };
    let mut offers = vec![
        offer("Replay: back to the live shift", ReplayAction::Leave),
        offer("Replay: play, or stand still", ReplayAction::TogglePlay),
        offer("Replay: next moment", ReplayAction::Step(true)),
        offer("Replay: moment before", ReplayAction::Step(false)),
        offer("Replay: faster", ReplayAction::Faster(true)),
        offer("Replay: slower", ReplayAction::Faster(false)),
        offer("Replay: begin a range to repeat, end it, repeat no more", ReplayAction::Repeat),
        offer("Replay: compare my decisions with those of the past", ReplayAction::Compare),
    ];
    let hide = if replay.hides_decisions {
        "Replay: show decisions, what was decided in the past"
    } else {
        "Training: hide decisions of the past in this replay"
    };
    offers.push(offer(hide, ReplayAction::ToggleDecisions));
    for kind in ReplayMarkKind::ALL {
        offers.push(offer(&format!("Replay: next {}", kind.word()), ReplayAction::Jump(kind, true)));
        offers.push(offer(&format!("Replay: {} before", kind.word()), ReplayAction::Jump(kind, false)));
    }
    offers
}

/// The mark across the window: words, hatching, and which instant it is.
pub fn banner(ui: &mut Ui, scene: &mut Scene<'_>) {
    let Some(replay) = scene.snapshot.replay.clone() else { return };
    let colour = theme::warning(scene.look);
    let rect = ui.available_rect_before_wrap();
    let band = Rect::from_min_size(rect.min, vec2(rect.width(), 30.0));
    ui.painter().rect_filled(band, 0.0, theme::ground(scene.look).card.lerp_to_gamma(colour, 0.22));
    hatch(ui, band, colour.gamma_multiply(0.35));
    let inner = egui::Frame::new().inner_margin(egui::Margin::symmetric(10, 3));
    inner.show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.set_min_height(24.0);
            let what = if replay.hides_decisions { "TRAINING" } else { "REPLAY" };
            let words = format!("{what}, not live: {} as it was at {} UTC", replay.name, words::utc(replay.at));
            ui.label(theme::bold(words).color(theme::ground(scene.look).text));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if ui.button("Back to live").on_hover_text(hint("Leave the replay", &ReplayAction::Leave)).clicked() {
                    scene.ask(Action::Replay(ReplayAction::Leave));
                }
                let (words, hover) = match &replay.training_book {
                    Some(book) => (
                        format!("decisions go to a training book ({})", replay.trained),
                        format!("Nothing is written into the real book. The training book: {}", book.display()),
                    ),
                    None => ("read-only: nothing is recorded".to_owned(), "Opened read-only".to_owned()),
                };
                if replay.trained > 0 {
                    let button = ui.button("Compare…");
                    let hover = hint("Your decisions beside those of the past", &ReplayAction::Compare);
                    if button.on_hover_text(hover).clicked() {
                        scene.ask(Action::Replay(ReplayAction::Compare));
                    }
                }
                ui.add(egui::Label::new(RichText::new(words).small()).truncate()).on_hover_text(hover);
            });
        });
    });
}

/// A frame around the whole window, so that the eye has it wherever it looks.
pub fn frame(ui: &Ui, scene: &Scene<'_>) {
    if scene.snapshot.replay.is_none() {
        return;
    }
    let painter = ui.ctx().layer_painter(egui::LayerId::new(egui::Order::Foreground, egui::Id::unique("replay frame")));
    let stroke = Stroke::new(3.0, theme::warning(scene.look));
    painter.rect_stroke(ui.ctx().content_rect(), CornerRadius::ZERO, stroke, StrokeKind::Inside);
}

fn hatch(ui: &Ui, rect: Rect, colour: egui::Color32) {
    let painter = ui.painter().with_clip_rect(rect);
    let mut at = rect.left() - rect.height();
    while at < rect.right() {
        painter
            .add(Shape::line_segment([pos2(at, rect.bottom()), pos2(at + rect.height(), rect.top())], Stroke::new(1.0, colour)));
        at += 14.0;
    }
}

/// Words with the key of what they say.
fn hint(words: &str, action: &ReplayAction) -> String {
    match keys::key_of(&Action::Replay(action.clone())) {
        Some(key) => format!("{words} ({key})"),
        None => words.to_owned(),
    }
}

/// The buttons and the line.
pub fn show(ui: &mut Ui, scene: &mut Scene<'_>, view: &TransportView) {
    let Some(replay) = scene.snapshot.replay.clone() else { return };
    ui.horizontal(|ui| buttons(ui, scene, &replay, view));
    line(ui, scene, &replay, view);
}

fn buttons(ui: &mut Ui, scene: &mut Scene<'_>, replay: &ReplayShown, view: &TransportView) {
    ui.spacing_mut().item_spacing.x = 3.0;
    let mut button = |ui: &mut Ui, glyph: &str, name: &str, action: ReplayAction| {
        let response = ui.add(egui::Button::new(glyph).small());
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, name));
        if response.on_hover_text(hint(name, &action)).clicked() {
            scene.ask(Action::Replay(action));
        }
    };
    button(ui, "|◀", "Moment before", ReplayAction::Step(false));
    let (glyph, name) = if replay.is_playing { ("■ Pause", "Stand still") } else { ("▶ Play", "Play") };
    button(ui, glyph, name, ReplayAction::TogglePlay);
    button(ui, "▶|", "Next moment", ReplayAction::Step(true));
    ui.add_space(6.0);
    button(ui, "-", "Slower", ReplayAction::Faster(false));
    ui.label(RichText::new(speed_words(replay.speed)).small()).on_hover_text("How many times faster than life");
    button(ui, "+", "Faster", ReplayAction::Faster(true));
    ui.add_space(6.0);
    for kind in [ReplayMarkKind::Run, ReplayMarkKind::Alarm, ReplayMarkKind::Decision, ReplayMarkKind::Gap] {
        if kind == ReplayMarkKind::Decision && replay.hides_decisions {
            continue;
        }
        let word = kind.word();
        button(ui, "◀", &format!("Replay: {word} before"), ReplayAction::Jump(kind, false));
        ui.label(RichText::new(word).small());
        button(ui, "▶", &format!("Replay: next {word}"), ReplayAction::Jump(kind, true));
        ui.add_space(3.0);
    }
    let (words, name) = match (replay.looped, view.repeat_from) {
        (Some(_), _) => ("Repeat no more", "Repeat no more"),
        (None, Some(_)) => ("Repeat to here", "Repeat from the instant named before to this one"),
        (None, None) => ("Repeat from here", "Begin a range to repeat at this instant"),
    };
    button(ui, words, name, ReplayAction::Repeat);
    let words = if replay.hides_decisions { "Show decisions" } else { "Hide decisions" };
    button(
        ui,
        words,
        if replay.hides_decisions { "Show what was decided" } else { "Hide what was decided" },
        ReplayAction::ToggleDecisions,
    );
}

/// `60 × life`.
fn speed_words(speed: f64) -> String {
    format!("{speed:.0} × life")
}

/// Where an instant stands on a line from 0 to 1.
#[must_use]
pub fn part_of(at: Timestamp, span: (Timestamp, Timestamp)) -> f32 {
    let whole = span.1.duration_since(span.0).as_secs_f64();
    if whole <= 0.0 {
        return 0.0;
    }
    (at.duration_since(span.0).as_secs_f64() / whole).clamp(0.0, 1.0) as f32
}

/// The instant at a part of a line.
#[must_use]
pub fn instant_of(part: f32, span: (Timestamp, Timestamp)) -> Timestamp {
    let whole = span.1.duration_since(span.0).as_secs_f64();
    let step = SignedDuration::try_from_secs_f64(whole * f64::from(part.clamp(0.0, 1.0))).unwrap_or_default();
    span.0.checked_add(step).unwrap_or(span.1).clamp(span.0, span.1)
}

fn line(ui: &mut Ui, scene: &mut Scene<'_>, replay: &ReplayShown, view: &TransportView) {
    let width = ui.available_width();
    let response = ui.allocate_response(vec2(width, LINE_HEIGHT), Sense::click_and_drag());
    let spoken = format!("Line of the replay, at {} UTC", words::utc(replay.at));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Slider, true, &spoken));
    let rect = response.rect.shrink2(vec2(6.0, 0.0));
    let place = |at: Timestamp| rect.left() + part_of(at, replay.span) * rect.width();
    let ground = theme::ground(scene.look);
    let painter = ui.painter();
    let track = Rect::from_min_max(pos2(rect.left(), rect.top() + 12.0), pos2(rect.right(), rect.top() + 20.0));
    painter.rect_filled(track, 3.0, ground.card.lerp_to_gamma(ground.muted, 0.25));
    let done = Rect::from_min_max(track.min, pos2(place(replay.at), track.bottom()));
    painter.rect_filled(done, 3.0, ground.card.lerp_to_gamma(theme::warning(scene.look), 0.6));
    let range = replay.looped.or(view.repeat_from.map(|from| (from.min(replay.at), replay.at.max(from))));
    if let Some((from, to)) = range {
        let rect = Rect::from_min_max(
            pos2(place(from), track.top() - 3.0),
            pos2(place(to).max(place(from) + 2.0), track.bottom() + 3.0),
        );
        painter.rect_stroke(rect, 2.0, Stroke::new(1.5, ground.text), StrokeKind::Outside);
    }
    marks(ui, scene, replay, track);
    let at = place(replay.at);
    painter.line_segment([pos2(at, rect.top() + 6.0), pos2(at, rect.top() + 24.0)], Stroke::new(2.5, ground.text));
    let (first, last) = (words::utc(replay.span.0), words::utc(replay.span.1));
    painter.text(pos2(rect.left(), rect.bottom()), Align2::LEFT_BOTTOM, first, theme::small_font(), ground.muted);
    painter.text(pos2(rect.right(), rect.bottom()), Align2::RIGHT_BOTTOM, last, theme::small_font(), ground.muted);
    if response.has_focus() {
        painter.rect_stroke(response.rect, 3.0, Stroke::new(1.5, ground.text), StrokeKind::Inside);
    }
    let pointed = response.interact_pointer_pos().filter(|_| response.clicked() || response.dragged());
    if let Some(pointer) = pointed {
        let at = near_mark(replay, pointer, &place).filter(|_| response.clicked()).map(|mark| mark.at);
        let at = at.unwrap_or_else(|| instant_of((pointer.x - rect.left()) / rect.width().max(1.0), replay.span));
        scene.send(Command::Replay(ReplayCommand::GoTo(at)));
    }
    if let Some(pointer) = response.hover_pos() {
        let words = match near_mark(replay, pointer, &place) {
            Some(mark) => format!("{} UTC  {}", words::utc(mark.at), mark.words),
            None => format!("{} UTC", words::utc(instant_of((pointer.x - rect.left()) / rect.width().max(1.0), replay.span))),
        };
        response.on_hover_text_at_pointer(words);
    }
}

/// The mark under the pointer: of several, what matters most.
fn near_mark<'a>(replay: &'a ReplayShown, pointer: Pos2, place: &impl Fn(Timestamp) -> f32) -> Option<&'a ReplayMark> {
    let near = replay.marks.iter().filter(|mark| (place(mark.at) - pointer.x).abs() <= NEAR);
    near.min_by_key(|mark| (rank(mark.kind), ((place(mark.at) - pointer.x).abs() * 10.0) as i64))
}

fn rank(kind: ReplayMarkKind) -> u8 {
    match kind {
        ReplayMarkKind::Alarm => 0,
        ReplayMarkKind::Decision => 1,
        ReplayMarkKind::Run => 2,
        ReplayMarkKind::Gap => 3,
    }
}

/// Marks by shape as much as by colour: alarms are triangles above the line, decisions diamonds on it, runs ticks below, gaps bars.
fn marks(ui: &Ui, scene: &Scene<'_>, replay: &ReplayShown, track: Rect) {
    let ground = theme::ground(scene.look);
    let mut last: Option<(ReplayMarkKind, f32)> = None;
    let mut sorted: Vec<&ReplayMark> = replay.marks.iter().collect();
    sorted.sort_by_key(|mark| (std::cmp::Reverse(rank(mark.kind)), mark.at));
    for mark in sorted {
        let x = track.left() + part_of(mark.at, replay.span) * track.width();
        // Of marks in one column of the screen one is drawn.
        if last.is_some_and(|(kind, before)| kind == mark.kind && (x - before).abs() < 1.5) {
            continue;
        }
        last = Some((mark.kind, x));
        let painter = ui.painter();
        let colour = match mark.kind {
            ReplayMarkKind::Alarm => theme::fault(scene.look),
            ReplayMarkKind::Decision => ground.text,
            ReplayMarkKind::Run | ReplayMarkKind::Gap => ground.muted,
        };
        let points = |offsets: &[(f32, f32)], y: f32| offsets.iter().map(|(dx, dy)| pos2(x + dx, y + dy)).collect::<Vec<_>>();
        match mark.kind {
            ReplayMarkKind::Alarm => {
                let shape = points(&[(-5.0, -9.0), (5.0, -9.0), (0.0, 0.0)], track.top());
                painter.add(Shape::convex_polygon(shape, colour, Stroke::NONE));
            }
            ReplayMarkKind::Decision => {
                let shape = points(&[(0.0, -4.5), (4.5, 0.0), (0.0, 4.5), (-4.5, 0.0)], track.center().y);
                painter.add(Shape::convex_polygon(shape, ground.card, Stroke::new(1.5, colour)));
            }
            ReplayMarkKind::Run => {
                painter.line_segment([pos2(x, track.bottom() + 1.0), pos2(x, track.bottom() + 6.0)], Stroke::new(1.5, colour));
            }
            ReplayMarkKind::Gap => {
                let bar = Rect::from_center_size(pos2(x, track.center().y), vec2(3.0, track.height()));
                painter.rect_filled(bar, 0.0, colour);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn speeds_go_up_and_down_and_stop_at_their_ends() {
        assert_eq!(next_speed(60.0, true), 300.0);
        assert_eq!(next_speed(60.0, false), 10.0);
        assert_eq!(next_speed(SPEEDS[SPEEDS.len() - 1], true), SPEEDS[SPEEDS.len() - 1]);
        assert_eq!(next_speed(1.0, false), 1.0);
        assert_eq!(next_speed(77.0, false), 60.0);
    }

    proptest! {
        #[test]
        fn a_place_on_the_line_is_an_instant_of_the_span(part in -1.0f32..2.0, length in 0i64..10_000_000) {
            let span = (at(1_000), at(1_000 + length));
            let instant = instant_of(part, span);
            prop_assert!((span.0..=span.1).contains(&instant));
            if length > 0 {
                prop_assert!((part_of(instant, span) - part.clamp(0.0, 1.0)).abs() < 1e-3);
            }
        }
    }
}
