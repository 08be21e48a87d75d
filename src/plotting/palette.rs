//! Colours that mean something, for the window and for pictures alike.
//!
//! Nothing here knows a painter: colours are `[red, green, blue]` in sRGB, 0 to 255. The series is the one of Okabe and Ito,
//! which people with colour-blindness tell apart; maps use viridis or cividis, whose lightness rises steadily. Status is
//! always glyph, letter and colour together, so that it reads in grey and aloud.

use monitasks::figure::Ink;
use monitasks::quality::{Flag, State};

/// A colour: red, green, blue.
pub type Rgb = [u8; 3];

/// On which ground things are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Look {
    /// Light on dark, for a control room.
    #[default]
    Dark,
    /// Dark on light, for paper.
    Light,
}

/// How a state or a flag is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusStyle {
    /// A shape that the embedded DejaVu Sans has.
    pub glyph: char,
    /// A letter of its own.
    pub letter: char,
    /// The colour of glyph and letter on the look's ground.
    pub colour: Rgb,
}

/// Colours of grounds, words and lines in one look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ground {
    /// Behind everything.
    pub page: Rgb,
    /// Behind a card or a pane.
    pub card: Rgb,
    /// Behind the data of a plot.
    pub plot: Rgb,
    /// Grid lines of a plot.
    pub grid: Rgb,
    /// Frames and separators.
    pub frame: Rgb,
    /// Words.
    pub text: Rgb,
    /// Words that matter less.
    pub muted: Rgb,
    /// Cells of a map with no data; a hatch of [`Ground::hatch`] lies over it.
    pub no_data: Rgb,
    /// The hatch over cells with no data.
    pub hatch: Rgb,
}

/// Colours of the series before it begins again.
pub const SERIES_LENGTH: u8 = 7;

/// The series of Okabe and Ito without its black, the best to tell apart first.
const SERIES_DARK: [Rgb; SERIES_LENGTH as usize] =
    [[86, 180, 233], [230, 159, 0], [0, 158, 115], [204, 121, 167], [240, 228, 66], [213, 94, 0], [64, 140, 210]];

/// The same on white: the yellow is darkened, which alone would vanish.
const SERIES_LIGHT: [Rgb; SERIES_LENGTH as usize] =
    [[0, 114, 178], [213, 94, 0], [0, 158, 115], [204, 121, 167], [230, 159, 0], [86, 180, 233], [150, 135, 0]];

/// Viridis at every tenth.
const VIRIDIS: [Rgb; 11] = [
    [68, 1, 84],
    [72, 36, 117],
    [65, 68, 135],
    [53, 95, 141],
    [42, 120, 142],
    [33, 145, 140],
    [34, 168, 132],
    [68, 191, 112],
    [122, 209, 81],
    [189, 223, 38],
    [253, 231, 37],
];

/// Cividis at every eighth.
const CIVIDIS: [Rgb; 9] = [
    [0, 34, 78],
    [26, 56, 111],
    [67, 78, 108],
    [97, 100, 111],
    [125, 124, 120],
    [155, 148, 119],
    [187, 175, 107],
    [220, 203, 85],
    [254, 232, 56],
];

const GREEN: [Rgb; 2] = [[46, 184, 138], [0, 122, 88]];
const AMBER: [Rgb; 2] = [[240, 173, 40], [158, 98, 0]];
const RED: [Rgb; 2] = [[245, 96, 74], [190, 44, 12]];
const BLUE: [Rgb; 2] = [[110, 186, 236], [0, 100, 160]];
const PURPLE: [Rgb; 2] = [[218, 143, 186], [148, 62, 112]];
const GREY: [Rgb; 2] = [[150, 158, 168], [98, 106, 116]];

/// The colours of grounds, words and lines.
#[must_use]
pub fn ground(look: Look) -> Ground {
    match look {
        Look::Dark => Ground {
            page: [17, 20, 24],
            card: [26, 30, 36],
            plot: [20, 24, 29],
            grid: [42, 48, 56],
            frame: [62, 70, 80],
            text: [226, 231, 236],
            muted: [152, 161, 171],
            no_data: [48, 52, 58],
            hatch: [84, 90, 98],
        },
        Look::Light => Ground {
            page: [243, 245, 247],
            card: [255, 255, 255],
            plot: [255, 255, 255],
            grid: [228, 231, 235],
            frame: [188, 195, 203],
            text: [27, 32, 38],
            muted: [95, 104, 114],
            no_data: [225, 228, 232],
            hatch: [178, 184, 192],
        },
    }
}

/// The n-th colour of the series; it begins again after its last.
#[must_use]
pub fn series(index: u8, look: Look) -> Rgb {
    let colours = match look {
        Look::Dark => &SERIES_DARK,
        Look::Light => &SERIES_LIGHT,
    };
    colours[usize::from(index) % colours.len()]
}

/// The colour of a layer.
#[must_use]
pub fn ink(ink: Ink, look: Look) -> Rgb {
    match ink {
        Ink::Series(index) => series(index, look),
        Ink::Fit => pick([[255, 122, 92], [200, 50, 20]], look),
        Ink::Reference => pick([[196, 203, 211], [70, 78, 88]], look),
        Ink::Faint => pick([[104, 113, 124], [160, 168, 177]], look),
        Ink::State(of) => state(of, look).colour,
    }
}

/// Viridis, from 0 (dark violet) to 1 (yellow). What is outside is clamped; NaN gives the lowest colour, and painters ask for
/// NaN themselves before: it has no place on a scale.
#[must_use]
pub fn viridis(t: f64) -> Rgb {
    along(&VIRIDIS, t)
}

/// Cividis, from 0 (dark blue) to 1 (yellow), clamped like [`viridis`].
#[must_use]
pub fn cividis(t: f64) -> Rgb {
    along(&CIVIDIS, t)
}

/// How the machine's state of a leaf is shown.
#[must_use]
pub fn state(state: State, look: Look) -> StatusStyle {
    let (glyph, letter, colours) = match state {
        State::Ok => ('✔', 'O', GREEN),
        State::Maybe => ('◆', 'M', AMBER),
        State::Bad => ('✖', 'B', RED),
        State::Unchecked => ('○', 'U', BLUE),
        State::NoData => ('∅', 'N', GREY),
        State::WarmingUp => ('◔', 'W', BLUE),
        State::Stale => ('◷', 'S', PURPLE),
        State::CannotJudge => ('⚠', 'C', PURPLE),
        State::Masked => ('▨', 'X', GREY),
    };
    StatusStyle { glyph, letter, colour: pick(colours, look) }
}

/// How a person's flag is shown.
#[must_use]
pub fn flag(flag: Flag, look: Look) -> StatusStyle {
    state(
        match flag {
            Flag::Ok => State::Ok,
            Flag::Maybe => State::Maybe,
            Flag::Bad => State::Bad,
            Flag::Unchecked => State::Unchecked,
        },
        look,
    )
}

/// Black or white, whichever reads better on a colour.
#[must_use]
pub fn words_on(colour: Rgb) -> Rgb {
    if luminance(colour) > 0.187 { [16, 18, 20] } else { [250, 250, 250] }
}

/// `#rrggbb`.
#[must_use]
pub fn hex(colour: Rgb) -> String {
    let [red, green, blue] = colour;
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn pick(dark_and_light: [Rgb; 2], look: Look) -> Rgb {
    match look {
        Look::Dark => dark_and_light[0],
        Look::Light => dark_and_light[1],
    }
}

fn along(stops: &[Rgb], t: f64) -> Rgb {
    let last = stops.len() - 1;
    let place = if t.is_nan() { 0.0 } else { t.clamp(0.0, 1.0) * last as f64 };
    let below = (place.floor() as usize).min(last);
    let above = (below + 1).min(last);
    let share = place - below as f64;
    std::array::from_fn(|part| {
        let (low, high) = (f64::from(stops[below][part]), f64::from(stops[above][part]));
        (low + (high - low) * share).round() as u8
    })
}

/// Relative luminance, 0 to 1, as the contrast rule of the web's accessibility guidelines defines it.
fn luminance(colour: Rgb) -> f64 {
    let [red, green, blue] = colour.map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [State; 9] = [
        State::Ok,
        State::Maybe,
        State::Bad,
        State::Unchecked,
        State::NoData,
        State::WarmingUp,
        State::Stale,
        State::CannotJudge,
        State::Masked,
    ];

    fn contrast(one: Rgb, other: Rgb) -> f64 {
        let (low, high) = (luminance(one).min(luminance(other)), luminance(one).max(luminance(other)));
        (high + 0.05) / (low + 0.05)
    }

    #[test]
    fn every_state_has_a_glyph_and_a_letter_of_its_own() {
        for look in [Look::Dark, Look::Light] {
            for (index, one) in STATES.iter().enumerate() {
                for other in &STATES[..index] {
                    assert_ne!(state(*one, look).glyph, state(*other, look).glyph);
                    assert_ne!(state(*one, look).letter, state(*other, look).letter);
                }
            }
        }
    }

    #[test]
    fn words_and_status_stand_out_from_their_ground() {
        for look in [Look::Dark, Look::Light] {
            let ground = ground(look);
            for behind in [ground.page, ground.card, ground.plot] {
                assert!(contrast(ground.text, behind) > 7.0);
                assert!(contrast(ground.muted, behind) > 4.5, "{look:?} muted");
                for shown in STATES {
                    assert!(contrast(state(shown, look).colour, behind) > 4.5, "{look:?} {shown:?}");
                }
            }
        }
    }

    #[test]
    fn map_scales_grow_lighter_all_the_way() {
        for scale in [viridis, cividis] {
            for step in 0..100 {
                let (low, high) = (luminance(scale(f64::from(step) / 100.0)), luminance(scale(f64::from(step + 1) / 100.0)));
                assert!(high >= low, "darker at {step} %");
            }
        }
    }

    #[test]
    fn what_is_off_the_scale_is_clamped() {
        assert_eq!(viridis(f64::INFINITY), [253, 231, 37]);
        assert_eq!(viridis(-3.0), [68, 1, 84]);
        assert_eq!(viridis(f64::NAN), [68, 1, 84]);
    }

    #[test]
    fn words_read_on_every_colour_of_a_map() {
        for step in 0..=50 {
            let colour = viridis(f64::from(step) / 50.0);
            assert!(contrast(words_on(colour), colour) > 4.0, "at {step}");
        }
    }
}
