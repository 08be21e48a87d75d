//! A gain map as text: a row `lem gain` for each LEM, numbered as in the result files; `#` starts a comment.

use monitasks::detector::LemGrid;

use super::settings::DEFAULT_GAIN;

/// Reads a gain map into gains in the order of `LemGrid::places`; a LEM that it leaves out has gain 3.
///
/// # Errors
/// The line, from 1, and what is wrong with it.
pub fn parse(text: &str, lems: &LemGrid) -> Result<Vec<f64>, (usize, String)> {
    let mut gains = vec![None; lems.len()];
    for (line, row) in (1..).zip(text.lines()) {
        let row = row.split('#').next().unwrap_or_default();
        let words: Vec<&str> = row.split_whitespace().collect();
        let (number, gain) = match words.as_slice() {
            [] => continue,
            [number, gain] => (*number, *gain),
            _ => return Err((line, format!("found {:?}, expected a LEM and its gain", row.trim()))),
        };
        let place = lems.numberings.first().zip(number.parse().ok()).and_then(|(file, number)| lems.place(file, number));
        let place = place.ok_or_else(|| (line, format!("no LEM {number:?}, expected 1 to {}", lems.len())))?;
        let gain: Option<f64> = gain.parse().ok().filter(|gain| (0.0..=1e6).contains(gain));
        let gain = gain.ok_or_else(|| (line, format!("gain {:?}, expected a number from 0", words[1])))?;
        if gains[lems.index(place)].replace(gain).is_some() {
            return Err((line, format!("LEM {number} a second time")));
        }
    }
    Ok(gains.into_iter().map(|gain| gain.unwrap_or(DEFAULT_GAIN)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn a_gain_map_is_read_and_a_wrong_one_refused_with_its_line() {
        let lems = crate::detector::load("3x1x1", "", Path::new(".")).unwrap().lems;
        let gains = parse("# corners\n1 2.0\n\n12 1.5 # low field\n", &lems).unwrap();
        assert_eq!((gains[0], gains[1], gains[11]), (2.0, 3.0, 1.5));
        for (text, line, word) in [
            ("1 2\n13 2", 2, "1 to 12"),
            ("1 x", 1, "gain \"x\""),
            ("1 -1", 1, "from 0"),
            ("1 2\n1 2", 2, "second"),
            ("1", 1, "expected a LEM"),
        ] {
            let (found, what) = parse(text, &lems).unwrap_err();
            assert!(found == line && what.contains(word), "{text:?}: {found} {what}");
        }
    }
}
