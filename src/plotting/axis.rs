//! Where values stand along an axis, and which of them are written.

use jiff::Timestamp;
use monitasks::figure::Scale;

/// An axis laid along pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AxisMap {
    scale: Scale,
    low: f64,
    high: f64,
    from_px: f64,
    to_px: f64,
}

/// A value that is written beside an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// The value.
    pub value: f64,
    /// Its words.
    pub label: String,
    /// A second line of words: the date, where it begins.
    pub below: String,
}

/// Values beyond this are drawn as if they were this: differences of larger ones overflow.
const LARGEST: f64 = 1e300;
/// Seconds between ticks of time, up to days.
const TIME_STEPS_S: [f64; 20] = [
    1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 10_800.0, 21_600.0, 43_200.0,
    86_400.0, 172_800.0, 604_800.0,
];
const DAY_S: f64 = 86_400.0;

/// The span of the values that can be drawn on a scale; `tight` ones get no room around them. None when there are none.
#[must_use]
pub fn span(scale: Scale, values: impl Iterator<Item = f64>) -> Option<[f64; 2]> {
    let [mut low, mut high] = [f64::INFINITY, f64::NEG_INFINITY];
    for value in values.filter(|value| value.is_finite() && (scale != Scale::Log || *value > 0.0)) {
        if value < low {
            low = value;
        }
        if value > high {
            high = value;
        }
    }
    (low <= high).then(|| [low, high].map(|end| end.clamp(-LARGEST, LARGEST)))
}

/// Limits of an axis: the fixed ones where they can be used, else the span with room around it.
#[must_use]
pub fn limits(scale: Scale, fixed: Option<[f64; 2]>, span: Option<[f64; 2]>, room: f64) -> [f64; 2] {
    let usable = |[low, high]: [f64; 2]| {
        (low.is_finite() && high.is_finite() && low < high && (scale != Scale::Log || low > 0.0))
            .then_some([low.max(-LARGEST), high.min(LARGEST)])
    };
    if let Some(fixed) = fixed.and_then(usable) {
        return fixed;
    }
    let default = if scale == Scale::Log { [1.0, 10.0] } else { [0.0, 1.0] };
    let [low, high] = span.unwrap_or(default);
    if scale == Scale::Log {
        let (low, high) = (low.max(1e-300).log10(), high.max(1e-300).log10());
        let margin = if high > low { (high - low) * room } else { 0.3 };
        return [10f64.powf(low - margin), 10f64.powf((high + margin).min(300.0))];
    }
    let margin = if high > low { (high - low) * room } else { lone_margin(scale, low) };
    let wider = [low - margin, high + margin];
    if wider[0] < wider[1] { wider } else { [low.min(0.0) - 1.0, high.max(0.0) + 1.0] }
}

fn lone_margin(scale: Scale, value: f64) -> f64 {
    match scale {
        Scale::Integer => 0.5,
        Scale::UtcTime => 300.0,
        Scale::Linear | Scale::Log if value == 0.0 => 1.0,
        Scale::Linear | Scale::Log => value.abs() * 0.1,
    }
}

impl AxisMap {
    /// An axis from `limits[0]` at one pixel to `limits[1]` at another.
    #[must_use]
    pub fn new(scale: Scale, limits: [f64; 2], pixels: [f64; 2]) -> Self {
        AxisMap { scale, low: limits[0], high: limits[1], from_px: pixels[0], to_px: pixels[1] }
    }

    /// The pixel of a value, which may lie outside the axis; none for what this scale has no place for.
    #[must_use]
    pub fn place(&self, value: f64) -> Option<f64> {
        let share = if self.scale == Scale::Log {
            if value <= 0.0 {
                return None;
            }
            (value.log10() - self.low.log10()) / (self.high.log10() - self.low.log10())
        } else {
            // Halves first: the difference of two huge values overflows.
            (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0)
        };
        share.is_finite().then(|| self.from_px + share.clamp(-100.0, 100.0) * (self.to_px - self.from_px))
    }

    /// The lowest and the highest value of the axis.
    #[must_use]
    pub fn limits(&self) -> [f64; 2] {
        [self.low, self.high]
    }

    /// Whether a value lies on the axis.
    #[must_use]
    pub fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// About that many ticks, at round values.
    #[must_use]
    pub fn ticks(&self, about: usize) -> Vec<Tick> {
        let about = about.clamp(2, 20);
        match self.scale {
            Scale::Log => self.log_ticks(about),
            Scale::UtcTime => self.time_ticks(about),
            Scale::Integer => plain(&self.multiples(nice_step(self.low, self.high, about).max(1.0), about), 1.0),
            Scale::Linear => {
                let step = nice_step(self.low, self.high, about);
                plain(&self.multiples(step, about), step)
            }
        }
    }

    /// Multiples of a step on the axis; never more than a few times as many as asked for.
    fn multiples(&self, step: f64, about: usize) -> Vec<f64> {
        let first = (self.low / step).ceil();
        let mut values: Vec<f64> = Vec::new();
        for index in 0..(4 * about + 2) {
            let value = (first + index as f64) * step;
            let slack = step * 1e-6;
            if !value.is_finite() || value > self.high + slack {
                break;
            }
            if values.last().is_none_or(|last| *last < value) {
                values.push(value);
            }
        }
        values
    }

    fn log_ticks(&self, about: usize) -> Vec<Tick> {
        let (low, high) = (self.low.log10(), self.high.log10());
        if high - low < 1.0 {
            let step = nice_step(self.low, self.high, about);
            return plain(&self.multiples(step, about), step);
        }
        let decades = (high.floor() - low.ceil() + 1.0).max(1.0);
        let stride = (decades / about as f64).ceil().max(1.0);
        let inner: &[f64] = if decades * 3.0 <= about as f64 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let mut ticks = Vec::new();
        let mut decade = low.floor();
        while decade <= high && ticks.len() < 4 * about {
            for factor in inner {
                let value = 10f64.powf(decade) * factor;
                if self.holds(value) {
                    ticks.push(Tick { value, label: log_label(value), below: String::new() });
                }
            }
            decade += stride;
        }
        ticks
    }

    fn time_ticks(&self, about: usize) -> Vec<Tick> {
        let range = self.high - self.low;
        let wanted = range / about as f64;
        let Some(step) = time_step(wanted) else {
            let step = nice_step(self.low, self.high, about);
            return plain(&self.multiples(step, about), step);
        };
        let mut day = String::new();
        self.multiples(step, about)
            .into_iter()
            .map(|value| {
                let (date, clock) = date_and_clock(value, step);
                if step >= DAY_S {
                    return Tick { value, label: date, below: String::new() };
                }
                let below = if date == day { String::new() } else { date.clone() };
                day = date;
                Tick { value, label: clock, below }
            })
            .collect()
    }
}

/// Steps of time from seconds to years; none where time is cut finer than that or spans more than calendars hold.
fn time_step(wanted: f64) -> Option<f64> {
    if !(0.2..=3e9).contains(&wanted) {
        return None;
    }
    let listed = TIME_STEPS_S.into_iter().find(|step| *step >= wanted);
    Some(listed.unwrap_or_else(|| (wanted / DAY_S / 30.0).ceil() * 30.0 * DAY_S))
}

/// UTC date and time of day of seconds since 1970; the plain number where there is no such date.
fn date_and_clock(seconds: f64, step: f64) -> (String, String) {
    let stamp = (seconds.abs() < 2.5e11).then(|| Timestamp::from_second(seconds.round() as i64)).and_then(Result::ok);
    match stamp {
        Some(stamp) => {
            let clock = if step < 60.0 { "%H:%M:%S" } else { "%H:%M" };
            (stamp.strftime("%Y-%m-%d").to_string(), stamp.strftime(clock).to_string())
        }
        None => (String::new(), format!("{seconds:e}")),
    }
}

/// 1, 2 or 5 times a power of ten, for about that many steps between two values.
fn nice_step(low: f64, high: f64, about: usize) -> f64 {
    let raw = high / about as f64 - low / about as f64;
    if !(raw.is_finite() && raw > 1e-300) {
        return 1.0;
    }
    let power = 10f64.powf(raw.log10().floor());
    let factor = raw / power;
    let nice = [1.0, 2.0, 5.0].into_iter().find(|nice| factor <= nice * 1.000_001).unwrap_or(10.0);
    nice * power
}

fn plain(values: &[f64], step: f64) -> Vec<Tick> {
    let largest = values.iter().fold(0f64, |largest, value| largest.max(value.abs()));
    values.iter().map(|value| Tick { value: *value, label: number_label(*value, step, largest), below: String::new() }).collect()
}

/// A number with as many decimals as its step needs; with an exponent where it would be long.
fn number_label(value: f64, step: f64, largest: f64) -> String {
    if value == 0.0 || value.abs() < step * 1e-6 {
        return "0".to_owned();
    }
    let step_power = step.log10().floor();
    if largest >= 1e6 || (largest < 1e-3 && largest > 0.0) {
        let digits = (value.abs().log10().floor() - step_power).clamp(0.0, 15.0) as usize;
        return format!("{value:.digits$e}");
    }
    let decimals = (-step_power).clamp(0.0, 12.0) as usize;
    format!("{value:.decimals$}")
}

fn log_label(value: f64) -> String {
    if (1e-3..1e6).contains(&value) {
        let decimals = (-value.log10().floor()).clamp(0.0, 6.0) as usize;
        format!("{value:.decimals$}")
    } else {
        format!("{value:.0e}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(scale: Scale, low: f64, high: f64, about: usize) -> Vec<String> {
        AxisMap::new(scale, [low, high], [0.0, 100.0]).ticks(about).into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(
            labels(Scale::Linear, 0.0, 1.0, 5),
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"].map(|l| if l == "0.0" { "0" } else { l })
        );
        assert_eq!(labels(Scale::Linear, -2.3, 4.1, 4), ["-2", "0", "2", "4"]);
        assert_eq!(labels(Scale::Integer, 0.5, 3.5, 9), ["1", "2", "3"]);
        assert_eq!(labels(Scale::Log, 0.5, 2000.0, 4), ["1", "10", "100", "1000"]);
        assert_eq!(labels(Scale::Linear, 0.0, 4e7, 4), ["0", "1e7", "2e7", "3e7", "4e7"]);
    }

    #[test]
    fn times_show_the_date_once_a_day() {
        // 1497916800 is 2017-06-20T00:00:00Z.
        let ticks = AxisMap::new(Scale::UtcTime, [1_497_909_600.0, 1_497_927_600.0], [0.0, 500.0]).ticks(5);
        let shown: Vec<_> = ticks.iter().map(|tick| (tick.label.as_str(), tick.below.as_str())).collect();
        assert_eq!(
            shown,
            [("22:00", "2017-06-19"), ("23:00", ""), ("00:00", "2017-06-20"), ("01:00", ""), ("02:00", ""), ("03:00", "")]
        );
    }

    #[test]
    fn a_log_axis_has_no_place_for_zero() {
        let axis = AxisMap::new(Scale::Log, [1.0, 100.0], [0.0, 200.0]);
        assert_eq!(axis.place(0.0), None);
        assert_eq!(axis.place(10.0), Some(100.0));
    }

    #[test]
    fn equal_values_get_room_around_them() {
        assert_eq!(limits(Scale::Integer, None, Some([7.0, 7.0]), 0.05), [6.5, 7.5]);
        let [low, high] = limits(Scale::Linear, None, Some([1e300, 1e300]), 0.05);
        assert!(low < 1e300 && high > low);
    }

    fn any_scale() -> impl Strategy<Value = Scale> {
        prop_oneof![Just(Scale::Linear), Just(Scale::Log), Just(Scale::UtcTime), Just(Scale::Integer)]
    }

    proptest! {
        #[test]
        fn any_numbers_give_an_axis(scale in any_scale(), values in proptest::collection::vec(any::<f64>(), 0..6), about in 0usize..40) {
            let limits = limits(scale, None, span(scale, values.iter().copied()), 0.05);
            prop_assert!(limits[0] < limits[1], "{limits:?}");
            let axis = AxisMap::new(scale, limits, [10.0, 300.0]);
            let ticks = axis.ticks(about);
            prop_assert!(ticks.len() <= 90);
            for tick in ticks {
                prop_assert!(tick.label.len() < 40, "{}", tick.label);
            }
            for value in values {
                if let Some(place) = axis.place(value) {
                    prop_assert!(place.is_finite());
                }
            }
        }
    }
}
