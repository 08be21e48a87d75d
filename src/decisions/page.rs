//! A page to print as one HTML file that needs nothing beside it: headings, tables, plots.
//!
//! Whatever people wrote is text on the page and nothing else: every cell and line is escaped where it is put in. The page's own
//! policy forbids scripts and whatever is not in the file.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// How the pages look; a printer gets the same, smaller and black, with no table row and no plot over two sheets.
const STYLE: &str = "body{font:14px/1.4 sans-serif;max-width:70em;margin:2em auto;padding:0 1em;color:#111;background:#fff}\
h1{font-size:1.5em;margin:0}h2{font-size:1.1em;margin:1.6em 0 .3em;border-bottom:1px solid #999}\
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.15em .6em .15em 0;\
border-bottom:1px solid #ddd;overflow-wrap:anywhere}th{white-space:nowrap}.said{white-space:pre-wrap}\
.weak{color:#555}.sign{margin-top:3em}figure{margin:1.2em 0;break-inside:avoid}\
img{max-width:100%;height:auto;display:block;border:1px solid #ddd}figcaption{overflow-wrap:anywhere}\
figcaption .weak{font-size:.85em}@page{margin:15mm}\
@media print{body{font-size:11px;margin:0;max-width:none}tr{break-inside:avoid}h2{break-after:avoid}\
.plots{break-before:page}img{max-height:95mm;width:auto}}";

/// A page in the making.
#[derive(Debug)]
pub struct HtmlPage {
    text: String,
}

/// A plot on a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Its name: `Purity: Lifetime trend`.
    pub title: String,
    /// Why it is on the page.
    pub why: String,
    /// The picture, as PNG.
    pub png: Vec<u8>,
    /// Where it comes from, part by part.
    pub words: Vec<String>,
}

/// The plots of a page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pictures {
    /// Those that are shown, in order.
    pub shown: Vec<Picture>,
    /// How many more there would be.
    pub left_out: usize,
    /// Why others could not be drawn.
    pub faults: Vec<String>,
}

/// What stands on a page, as text: no letter of it is taken for markup.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' | '\t' => safe.push(letter),
            letter if letter.is_control() => safe.push('\u{fffd}'),
            letter => safe.push(letter),
        }
    }
    safe
}

impl HtmlPage {
    /// A page with a title and a line below it.
    #[must_use]
    pub fn new(title: &str, line: &str) -> HtmlPage {
        let title = escaped(title);
        let head = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
            <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">";
        let text = format!(
            "{head}<title>{title}</title>\n<style>{STYLE}</style></head>\n<body>\n<h1>{title}</h1>\n<p class=\"weak\">{}</p>\n",
            escaped(line)
        );
        HtmlPage { text }
    }

    /// A heading.
    pub fn heading(&mut self, words: &str) {
        let _ = writeln!(self.text, "<h2>{}</h2>", escaped(words));
    }

    /// A paragraph of a class: `weak`, `said`, `sign`.
    pub fn line(&mut self, class: &str, words: &str) {
        let _ = writeln!(self.text, "<p class=\"{}\">{}</p>", escaped(class), escaped(words));
    }

    /// A heading and a table; with no rows what that means.
    pub fn table<const N: usize>(&mut self, title: &str, head: [&str; N], rows: &[[String; N]], nothing: &str) {
        self.rows(title, &head, rows.iter().map(<[String; N]>::as_slice), nothing);
    }

    /// The same of rows that are as long as `head`.
    pub fn rows<'a>(&mut self, title: &str, head: &[&str], rows: impl Iterator<Item = &'a [String]>, nothing: &str) {
        self.heading(title);
        let mut rows = rows.peekable();
        if rows.peek().is_none() {
            return self.line("weak", nothing);
        }
        let cells = |tag: &str, cells: &mut dyn Iterator<Item = &str>| {
            cells.map(|cell| format!("<{tag}>{}</{tag}>", escaped(cell))).collect::<String>()
        };
        let _ = writeln!(self.text, "<table>\n<tr>{}</tr>", cells("th", &mut head.iter().copied()));
        for row in rows {
            let _ = writeln!(self.text, "<tr>{}</tr>", cells("td", &mut row.iter().map(String::as_str)));
        }
        self.text.push_str("</table>\n");
    }

    /// The plots, each with its name, why it is there and where it comes from; nothing where none was asked for.
    pub fn pictures(&mut self, pictures: &Pictures) {
        let Pictures { shown, left_out, faults } = pictures;
        if shown.is_empty() && faults.is_empty() && *left_out == 0 {
            return;
        }
        self.text.push_str("<section class=\"plots\">\n");
        self.heading("Plots");
        for fault in faults {
            self.line("weak", fault);
        }
        for picture in shown {
            let (title, why) = (escaped(&picture.title), escaped(&picture.why));
            let _ = writeln!(
                self.text,
                "<figure><img alt=\"{title}\" src=\"data:image/png;base64,{}\">\
                <figcaption><b>{title}</b>: {why}<br><span class=\"weak\">{}</span></figcaption></figure>",
                STANDARD.encode(&picture.png),
                escaped(&picture.words.join(" · "))
            );
        }
        if *left_out > 0 {
            self.line("weak", &format!("{left_out} more plots are left out: the page would grow too large."));
        }
        self.text.push_str("</section>\n");
    }

    /// The whole page.
    #[must_use]
    pub fn done(mut self) -> String {
        self.text.push_str("</body></html>\n");
        self.text
    }
}
