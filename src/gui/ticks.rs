//! Where an axis has its marks and what stands at them, for every [`Scale`].

use egui_plot::{GridInput, GridMark};
use jiff::Timestamp;
use monitasks::figure::{Axis, Scale};

use super::words;

/// Steps between marks on an axis of time, s: each must be a multiple of one of those before it.
const TIME_STEPS_S: [f64; 20] = [
    1.0,
    5.0,
    10.0,
    30.0,
    60.0,
    300.0,
    600.0,
    1_800.0,
    3_600.0,
    7_200.0,
    10_800.0,
    21_600.0,
    43_200.0,
    86_400.0,
    172_800.0,
    604_800.0,
    2_592_000.0,
    7_776_000.0,
    15_552_000.0,
    31_536_000.0,
];

/// No axis draws more marks than this, however far it is zoomed out.
const MOST_MARKS: f64 = 400.0;

/// A value as the plot lays it out: its decimal logarithm on a log axis. None when it has no place there.
#[must_use]
pub fn place(scale: Scale, value: f64) -> Option<f64> {
    match scale {
        Scale::Log => (value > 0.0 && value.is_finite()).then(|| value.log10()),
        Scale::Linear | Scale::UtcTime | Scale::Integer => value.is_finite().then_some(value),
    }
}

/// The value at a place of the plot: the inverse of [`place`].
#[must_use]
pub fn value(scale: Scale, place: f64) -> f64 {
    if scale == Scale::Log { 10f64.powf(place) } else { place }
}

/// Grid steps that a number needs to the next one: wide beside each other, close above each other. egui's step is 8 pixels.
pub const STEPS_ALONG_X: f64 = 8.5;
/// The same on a vertical axis.
pub const STEPS_ALONG_Y: f64 = 4.0;

/// The marks of an axis, so many of egui's smallest steps apart at least.
#[must_use]
pub fn marks(scale: Scale, input: &GridInput, steps: f64) -> Vec<GridMark> {
    let (low, high) = input.bounds;
    if !(low.is_finite() && high.is_finite() && high > low) {
        return Vec::new();
    }
    let wanted = (input.base_step_size * steps).max((high - low) / MOST_MARKS);
    match scale {
        Scale::Linear => even(low, high, round_step(wanted)),
        Scale::Integer => even(low, high, round_step(wanted).max(1.0)),
        Scale::UtcTime => even(low, high, time_step(wanted)),
        Scale::Log if wanted > 0.5 => even(low, high, wanted.ceil()),
        Scale::Log => decades(low, high),
    }
}

/// What stands at a mark.
#[must_use]
pub fn label(scale: Scale, mark: GridMark) -> String {
    match scale {
        Scale::Linear => number(mark.value, mark.step_size),
        Scale::Integer => format!("{:.0}", mark.value),
        Scale::UtcTime => time(mark.value, mark.step_size),
        Scale::Log => logarithm(mark.value, mark.step_size),
    }
}

/// A value with the axis' unit, for the read-out under the pointer.
#[must_use]
pub fn read_out(axis: &Axis, value: f64) -> String {
    let text = match axis.scale {
        Scale::UtcTime => Timestamp::from_second(value as i64).map_or_else(|_| "?".into(), words::utc),
        Scale::Integer => format!("{value:.0}"),
        Scale::Linear | Scale::Log => words::number(value),
    };
    if axis.unit.is_empty() { text } else { format!("{text} {}", axis.unit) }
}

fn even(low: f64, high: f64, step: f64) -> Vec<GridMark> {
    let first = (low / step).ceil();
    let last = (high / step).floor();
    if !(last - first).is_finite() || last - first > MOST_MARKS {
        return Vec::new();
    }
    (0..=(last - first).max(-1.0) as i64)
        .map(|index| GridMark { value: (first + index as f64) * step, step_size: step })
        .collect()
}

fn decades(low: f64, high: f64) -> Vec<GridMark> {
    let mut marks = Vec::new();
    for decade in (low.floor() as i64)..=(high.ceil() as i64) {
        for digit in 1..=9 {
            let value = decade as f64 + f64::from(digit).log10();
            if (low..=high).contains(&value) {
                marks.push(GridMark { value, step_size: if digit == 1 { 1.0 } else { 0.1 } });
            }
        }
    }
    marks
}

/// The next of 1, 2, 5, 10, 20, 50 ... that is not below.
fn round_step(wanted: f64) -> f64 {
    let decade = 10f64.powf(wanted.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|digit| digit * decade).find(|step| *step >= wanted * 0.999).unwrap_or(10.0 * decade)
}

fn time_step(wanted: f64) -> f64 {
    TIME_STEPS_S.into_iter().find(|step| *step >= wanted).unwrap_or_else(|| round_step(wanted / 31_536_000.0) * 31_536_000.0)
}

fn number(value: f64, step: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    if value.abs() >= 1e6 || step < 1e-4 {
        return format!("{value:.2e}");
    }
    let decimals = (-step.log10().floor()).clamp(0.0, 6.0) as usize;
    format!("{value:.decimals$}")
}

fn time(seconds: f64, step_s: f64) -> String {
    let Ok(stamp) = Timestamp::from_second(seconds.round() as i64) else { return String::new() };
    let pattern = match step_s {
        whole_days if whole_days >= 2_592_000.0 => "%Y-%m",
        days if days >= 86_400.0 => "%m-%d",
        _ if seconds.rem_euclid(86_400.0) < 0.5 => "%m-%d %H:%M",
        minutes if minutes >= 60.0 => "%H:%M",
        _ => "%H:%M:%S",
    };
    stamp.strftime(pattern).to_string()
}

fn logarithm(place: f64, step: f64) -> String {
    if step < 1.0 {
        return String::new();
    }
    let exponent = place.round() as i32;
    if (-3..=4).contains(&exponent) { format!("{}", 10f64.powi(exponent)) } else { format!("1e{exponent}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(scale: Scale, low: f64, high: f64) -> Vec<String> {
        let input = GridInput { bounds: (low, high), base_step_size: (high - low) / 50.0 };
        marks(scale, &input, 8.0).into_iter().map(|mark| label(scale, mark)).collect()
    }

    #[test]
    fn round_numbers_stand_at_the_marks() {
        assert_eq!(labels(Scale::Linear, 0.0, 4.0), ["0", "1", "2", "3", "4"]);
        assert_eq!(labels(Scale::Linear, 0.93, 1.07), ["0.95", "1.00", "1.05"]);
        assert_eq!(labels(Scale::Integer, 0.5, 3.5), ["1", "2", "3"]);
    }

    #[test]
    fn times_are_utc_at_round_times() {
        let start = 1_700_000_000.0;
        assert_eq!(labels(Scale::UtcTime, start, start + 3_600.0), ["22:20", "22:30", "22:40", "22:50", "23:00", "23:10"]);
        assert_eq!(
            labels(Scale::UtcTime, start, start + 60.0),
            ["22:13:20", "22:13:30", "22:13:40", "22:13:50", "22:14:00", "22:14:10", "22:14:20"]
        );
        let midnight = 1_700_006_400.0;
        assert!(labels(Scale::UtcTime, start, midnight + 10_000.0).contains(&"11-15 00:00".to_owned()));
    }

    #[test]
    fn a_log_axis_has_its_decades() {
        let shown: Vec<_> = labels(Scale::Log, -1.0, 2.0).into_iter().filter(|label| !label.is_empty()).collect();
        assert_eq!(shown, ["0.1", "1", "10", "100"]);
        assert_eq!(place(Scale::Log, 0.0), None);
        assert_eq!(place(Scale::Log, -2.0), None);
        assert_eq!(place(Scale::Linear, f64::NAN), None);
    }

    proptest! {
        #[test]
        fn marks_are_few_and_inside(low in -1e9f64..1e9, width in 1e-6f64..1e9, pixels in 20f64..2000.0) {
            for scale in [Scale::Linear, Scale::Integer, Scale::UtcTime, Scale::Log] {
                let input = GridInput { bounds: (low, low + width), base_step_size: width / pixels * 8.0 };
                let marks = marks(scale, &input, 8.0);
                prop_assert!(marks.len() <= 4_000);
                let slack = 1e-9 * (low.abs() + width);
                prop_assert!(marks.iter().all(|mark| mark.value >= low - slack && mark.value <= low + width + slack));
            }
        }

        #[test]
        fn a_place_leads_back_to_its_value(number in 1e-6f64..1e6) {
            for scale in [Scale::Linear, Scale::Log] {
                let back = value(scale, place(scale, number).unwrap());
                prop_assert!((back - number).abs() < 1e-9 * number);
            }
        }
    }
}
