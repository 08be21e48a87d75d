//! SVG text, element by element: numbers rounded, words escaped, widths known without a font engine.

use std::fmt::Write as _;

use super::palette::{Rgb, hex};

/// A rectangle in pixels, y down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width.
    pub w: f64,
    /// Height.
    pub h: f64,
}

/// Where a text hangs at its x.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hang {
    /// It begins there.
    Start,
    /// Its middle is there.
    Middle,
    /// It ends there.
    End,
}

/// How words look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Words {
    /// Font size, px.
    pub size: f64,
    /// Colour.
    pub colour: Rgb,
    /// Where it hangs.
    pub hang: Hang,
    /// Colour of a rim that keeps words legible over data.
    pub halo: Option<Rgb>,
}

/// A growing SVG document.
#[derive(Debug, Default)]
pub struct Canvas {
    out: String,
    ids: u32,
}

/// Advance widths of DejaVu Sans from blank to tilde, in thousandths of the font size.
const WIDTHS: [u16; 95] = [
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636, 636, 636, 636, 636,
    636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863, 748, 787, 603, 787,
    695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278,
    579, 278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
];

/// Width of a text in DejaVu Sans, px. Characters outside ASCII count as wide ones, so a text is never wider than said by much.
#[must_use]
pub fn text_width(text: &str, size: f64) -> f64 {
    let thousandths: u64 = text
        .chars()
        .map(|letter| match u32::from(letter).checked_sub(32).and_then(|place| WIDTHS.get(place as usize)) {
            Some(width) => u64::from(*width),
            None if letter == '·' => 318,
            None => 860,
        })
        .sum();
    thousandths as f64 / 1000.0 * size
}

/// A text cut to a width with an ellipsis at its end; whole where it fits.
#[must_use]
pub fn fit(text: &str, size: f64, width: f64) -> String {
    if text_width(text, size) <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    for letter in text.chars() {
        kept.push(letter);
        if text_width(&kept, size) + size > width {
            kept.pop();
            break;
        }
    }
    format!("{}…", kept.trim_end())
}

/// A text broken between words into lines no wider than that; at most `most` lines, the last cut where more would follow.
#[must_use]
pub fn wrap(text: &str, size: f64, width: f64, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let is_full = lines.len() >= most;
        match lines.last_mut() {
            Some(line) if text_width(line, size) + text_width(word, size) + size / 3.0 <= width => {
                line.push(' ');
                line.push_str(word);
            }
            Some(line) if is_full => {
                line.push(' ');
                line.push_str(word);
                break;
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.iter().map(|line| fit(line, size, width)).collect()
}

/// A coordinate or length as written: at most two decimals, and always a number that a renderer can take.
#[must_use]
pub fn px(value: f64) -> String {
    let value = if value.is_finite() { value.clamp(-1e6, 1e6) } else { 0.0 };
    let mut text = format!("{value:.2}");
    while text.ends_with('0') {
        text.pop();
    }
    if text.ends_with('.') {
        text.pop();
    }
    if text == "-0" { "0".to_owned() } else { text }
}

/// Words as XML takes them; what XML forbids becomes the replacement character, so that it is seen.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' => out.push(' '),
            letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            letter => out.push(letter),
        }
    }
    out
}

impl Area {
    /// Right edge.
    #[must_use]
    pub fn right(&self) -> f64 {
        self.x + self.w
    }

    /// Lower edge.
    #[must_use]
    pub fn bottom(&self) -> f64 {
        self.y + self.h
    }

    /// The rectangle with a margin taken off on all sides.
    #[must_use]
    pub fn inset(&self, margin: f64) -> Area {
        let (w, h) = ((self.w - 2.0 * margin).max(1.0), (self.h - 2.0 * margin).max(1.0));
        Area { x: self.x + margin, y: self.y + margin, w, h }
    }

    /// Whether two rectangles share a point.
    #[must_use]
    pub fn meets(&self, other: &Area) -> bool {
        self.x < other.right() && other.x < self.right() && self.y < other.bottom() && other.y < self.bottom()
    }
}

impl Words {
    /// Words of that size and colour that begin at their x.
    #[must_use]
    pub fn new(size: f64, colour: Rgb) -> Self {
        Words { size, colour, hang: Hang::Start, halo: None }
    }

    /// The same, hanging elsewhere.
    #[must_use]
    pub fn hang(mut self, hang: Hang) -> Self {
        self.hang = hang;
        self
    }

    /// The same, with a rim.
    #[must_use]
    pub fn halo(mut self, colour: Rgb) -> Self {
        self.halo = Some(colour);
        self
    }
}

impl Canvas {
    /// The whole document of that size, px, on a ground of that colour.
    #[must_use]
    pub fn finish(self, size: (u32, u32), ground: Rgb, title: &str) -> String {
        let (w, h) = size;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" width=\"{w}\" height=\"{h}\" \
             viewBox=\"0 0 {w} {h}\" font-family=\"DejaVu Sans, sans-serif\">\n<title>{}</title>\n\
             <rect width=\"{w}\" height=\"{h}\" fill=\"{}\"/>\n{}</svg>\n",
            escape(title),
            hex(ground),
            self.out
        )
    }

    /// A filled rectangle with rounded corners.
    pub fn rect(&mut self, area: Area, fill: Rgb, radius: f64) {
        let rounding = if radius > 0.0 { format!(" rx=\"{}\"", px(radius)) } else { String::new() };
        self.line_out(&format!("<rect {}{rounding} fill=\"{}\"/>", place(area), hex(fill)));
    }

    /// The outline of a rectangle.
    pub fn frame(&mut self, area: Area, stroke: Rgb, radius: f64) {
        let rounding = if radius > 0.0 { format!(" rx=\"{}\"", px(radius)) } else { String::new() };
        self.line_out(&format!("<rect {}{rounding} fill=\"none\" stroke=\"{}\"/>", place(area), hex(stroke)));
    }

    /// A straight line.
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: Rgb, width: f64, dashes: &str) {
        let dashes = if dashes.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{dashes}\"") };
        self.line_out(&format!(
            "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"{}\" stroke-width=\"{}\"{dashes}/>",
            px(from.0),
            px(from.1),
            px(to.0),
            px(to.1),
            hex(stroke),
            px(width)
        ));
    }

    /// An open path.
    pub fn path(&mut self, steps: &str, stroke: Rgb, width: f64) {
        if !steps.is_empty() {
            self.line_out(&format!(
                "<path d=\"{steps}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-linejoin=\"round\"/>",
                hex(stroke),
                px(width)
            ));
        }
    }

    /// A filled path.
    pub fn fill(&mut self, steps: &str, fill: Rgb, opacity: f64) {
        if !steps.is_empty() {
            let opacity = if opacity < 1.0 { format!(" fill-opacity=\"{}\"", px(opacity)) } else { String::new() };
            self.line_out(&format!("<path d=\"{steps}\" fill=\"{}\"{opacity}/>", hex(fill)));
        }
    }

    /// A disc.
    pub fn disc(&mut self, at: (f64, f64), radius: f64, fill: Rgb) {
        self.line_out(&format!("<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{}\"/>", px(at.0), px(at.1), px(radius), hex(fill)));
    }

    /// One line of words with its base line at y.
    pub fn text(&mut self, at: (f64, f64), words: Words, text: &str) {
        self.text_turned(at, words, text, false);
    }

    /// One line of words that reads upwards.
    pub fn text_upwards(&mut self, at: (f64, f64), words: Words, text: &str) {
        self.text_turned(at, words, text, true);
    }

    fn text_turned(&mut self, at: (f64, f64), words: Words, text: &str, upwards: bool) {
        if text.is_empty() {
            return;
        }
        let hang = match words.hang {
            Hang::Start => "",
            Hang::Middle => " text-anchor=\"middle\"",
            Hang::End => " text-anchor=\"end\"",
        };
        let (x, y) = (px(at.0), px(at.1));
        let turn = if upwards { format!(" transform=\"rotate(-90 {x} {y})\"") } else { String::new() };
        let halo = words.halo.map_or_else(String::new, |colour| {
            format!(" stroke=\"{}\" stroke-width=\"3\" stroke-linejoin=\"round\" paint-order=\"stroke\"", hex(colour))
        });
        self.line_out(&format!(
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{}\" fill=\"{}\"{hang}{turn}{halo}>{}</text>",
            px(words.size),
            hex(words.colour),
            escape(text)
        ));
    }

    /// A picture given as a data URI, each of its pixels drawn sharp.
    pub fn image(&mut self, area: Area, data_uri: &str) {
        self.line_out(&format!(
            "<image {} preserveAspectRatio=\"none\" image-rendering=\"optimizeSpeed\" xlink:href=\"{data_uri}\"/>",
            place(area)
        ));
    }

    /// Begins a group whose marks are cut off outside the rectangle; ends with [`Canvas::end_clip`].
    pub fn begin_clip(&mut self, area: Area) {
        self.ids += 1;
        let id = self.ids;
        self.line_out(&format!("<clipPath id=\"clip{id}\"><rect {}/></clipPath><g clip-path=\"url(#clip{id})\">", place(area)));
    }

    /// Ends the group that [`Canvas::begin_clip`] began.
    pub fn end_clip(&mut self) {
        self.line_out("</g>");
    }

    /// A rectangle filled with colours from `stops`, the first at its lower edge.
    pub fn gradient(&mut self, area: Area, stops: &[Rgb]) {
        self.ids += 1;
        let id = self.ids;
        let last = stops.len().saturating_sub(1).max(1) as f64;
        let mut inside = String::new();
        for (place, stop) in stops.iter().enumerate() {
            let _ = write!(inside, "<stop offset=\"{}\" stop-color=\"{}\"/>", px(place as f64 / last), hex(*stop));
        }
        self.line_out(&format!(
            "<linearGradient id=\"bar{id}\" x1=\"0\" y1=\"1\" x2=\"0\" y2=\"0\">{inside}</linearGradient>\
             <rect {} fill=\"url(#bar{id})\"/>",
            place(area)
        ));
    }

    fn line_out(&mut self, element: &str) {
        self.out.push_str(element);
        self.out.push('\n');
    }
}

fn place(area: Area) -> String {
    format!("x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"", px(area.x), px(area.y), px(area.w.max(0.0)), px(area.h.max(0.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_never_strange() {
        assert_eq!(px(1.0), "1");
        assert_eq!(px(1.256), "1.26");
        assert_eq!(px(-0.001), "0");
        assert_eq!(px(f64::NAN), "0");
        assert_eq!(px(1e308), "1000000");
    }

    #[test]
    fn words_are_escaped_and_forbidden_characters_show() {
        assert_eq!(escape("a<b & \"c\"\u{0}\u{b}"), "a&lt;b &amp; &quot;c&quot;\u{fffd}\u{fffd}");
    }

    #[test]
    fn a_cut_text_fits_and_says_that_it_was_cut() {
        let cut = fit("electron lifetime against time", 12.0, 90.0);
        assert!(cut.ends_with('…') && text_width(&cut, 12.0) <= 90.0, "{cut}");
        assert_eq!(fit("short", 12.0, 90.0), "short");
    }

    #[test]
    fn wrapped_lines_hold_all_words() {
        let lines = wrap("no purity result yet: it comes with the first group of files", 12.0, 160.0, 9);
        assert_eq!(lines.join(" "), "no purity result yet: it comes with the first group of files");
        assert!(lines.len() > 1 && lines.iter().all(|line| text_width(line, 12.0) <= 160.0));
        assert!(wrap("a b c d e f", 12.0, 20.0, 2).last().unwrap().ends_with('…'));
    }
}
