//! A display that nobody sees, the program's window on it, and a person's hands and eyes: keys and mouse by xdotool, pixels by
//! ImageMagick. Where something stands is asked of a second window with no display, which is laid out on the same workspace.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use dqmon::config::Workspace;
use dqmon::engine::{self, EngineHandle, Start, World};
use dqmon::gui::{DqmonApp, UiState};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};

use super::workspace::{PATIENCE, dqmon};

/// Width and height of the display and of the window on it, pixels.
pub const SIZE: [usize; 2] = [1280, 800];

/// What has stayed so long has come to rest.
const CALM: Duration = Duration::from_millis(500);
/// The library that lays windows out with no display leaves so much free around them, points.
const FREE_AROUND: f32 = 8.0;
/// So many pixels change while the cursor of a field comes and goes.
const CURSOR: usize = 80;

/// A process that is ended with the test.
pub struct Ended(pub Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The program's window on a display of its own. Both are ended with it, the window first.
pub struct RealWindow {
    window: Ended,
    _server: Ended,
    display: String,
    home: tempfile::TempDir,
}

/// What is on the screen, row by row from above.
#[derive(Clone, PartialEq, Eq)]
pub struct Pixels(Vec<[u8; 3]>);

/// Whether the programs that this needs are there; says it when not, as what could not run.
pub fn can_run(what: &str) -> bool {
    let starts = |(program, argument): &(&str, &str)| {
        let mut command = Command::new(program);
        command.arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status().is_err()
    };
    let missing = [("Xvfb", "-help"), ("xdotool", "version"), ("import", "-version")].into_iter().find(starts);
    if let Some((program, _)) = missing {
        println!("COULD NOT RUN: {what}: no {program}; 'make deps' installs it");
    }
    missing.is_none()
}

/// A display that nobody sees, and its number. The server chooses one that is free and tells it when it is ready: two tests that
/// start one at the same time get one each.
pub fn virtual_display() -> (Ended, String) {
    let (mut command, [width, height]) = (Command::new("Xvfb"), SIZE);
    // It would begin anew, and refuse who comes meanwhile, whenever its last client has gone: those that look at it come and go.
    command.args(["-displayfd", "1", "-screen", "0", &format!("{width}x{height}x24"), "-nolisten", "tcp", "-noreset"]);
    let mut server = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("Xvfb starts: 'make deps' installs it");
    let mut number = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
    let server = Ended(server);
    assert!(!number.trim().is_empty(), "no virtual display could be started");
    (server, format!(":{}", number.trim()))
}

/// Goes on until something is there.
pub fn wait_for<T>(what: &str, mut there: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = there() {
            return found;
        }
        assert!(Instant::now() < end, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

impl RealWindow {
    /// A window on a workspace, or the first page of one that has none, with the focus of the keyboard.
    pub fn open(root: Option<&Path>) -> RealWindow {
        let (server, display) = virtual_display();
        let home = tempfile::tempdir().unwrap();
        let mut program = dqmon();
        if let Some(root) = root {
            program.arg("-w").arg(root);
        }
        program.current_dir(home.path()).env("DISPLAY", &display).env("HOME", home.path()).env_remove("WAYLAND_DISPLAY");
        for folder in ["XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"] {
            program.env(folder, home.path().join(folder.to_lowercase()));
        }
        program.env("LIBGL_ALWAYS_SOFTWARE", "1").env("WINIT_X11_SCALE_FACTOR", "1").env("RUST_LOG", "dqmon::frames=info");
        let log = File::create(home.path().join("log")).unwrap();
        let window = Ended(program.stdout(Stdio::null()).stderr(log).spawn().unwrap());
        let mut real = RealWindow { window, _server: server, display, home };
        real.take_focus();
        real.rest();
        real
    }

    /// Waits for the window and gives it the keyboard: there is no window manager that would.
    fn take_focus(&mut self) {
        let id = wait_for("a window called dqmon", || {
            assert!(self.is_running(), "the program ended by itself: {}", self.log());
            self.xdotool(&["search", "--onlyvisible", "--name", "^dqmon"]).lines().next().map(str::to_owned)
        });
        wait_for("the focus of the keyboard", || {
            self.xdotool(&["windowfocus", &id]);
            (self.xdotool(&["getwindowfocus"]).trim() == id).then_some(())
        });
        wait_for("the first frame", || self.log().contains("the first frame is shown").then_some(()));
    }

    /// Whether the program still runs.
    pub fn is_running(&mut self) -> bool {
        self.window.0.try_wait().unwrap().is_none()
    }

    /// What the program has said so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.home.path().join("log")).unwrap_or_default()
    }

    fn xdotool(&self, arguments: &[&str]) -> String {
        let output = Command::new("xdotool").args(arguments).env("DISPLAY", &self.display).output().expect("xdotool starts");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Presses keys one after the other, named as X names them: `ctrl+k`, `Escape`.
    pub fn press(&self, keys: &[&str]) {
        self.xdotool(&[&["key", "--delay", "60"], keys].concat());
    }

    /// Types a text.
    pub fn write(&self, text: &str) {
        self.xdotool(&["type", "--delay", "30", text]);
    }

    /// Clicks in the middle of a place.
    pub fn click(&self, at: egui::Rect) {
        let [x, y] = [at.center().x, at.center().y].map(|along| along.round().to_string());
        self.xdotool(&["mousemove", &x, &y, "sleep", "0.1", "click", "1", "sleep", "0.1"]);
    }

    /// Puts the pointer where nothing is below it.
    pub fn rest(&self) {
        self.xdotool(&["mousemove", "0", "0"]);
    }

    /// Does something and waits until a part of the screen has changed by it and has come to rest. The window takes what comes within
    /// one of its frames at once: keys that go to what a click opens must not come before that is there.
    pub fn see(&self, part: egui::Rect, what: &str, does: impl FnOnce()) -> Pixels {
        let before = self.look();
        does();
        self.wait_for_change(&before, part, what);
        self.wait_for_calm(part)
    }

    /// Takes a line of the command palette by its whole name.
    pub fn command(&self, words: &str) {
        self.see(middle(), "the palette", || self.press(&["ctrl+k"]));
        self.see(middle(), "the words in the palette", || self.write(words));
        self.see(middle(), "what the palette was asked for", || self.press(&["Return"]));
    }

    /// Writes a text over what stands in a field.
    pub fn fill(&self, field: egui::Rect, text: &str) {
        let around = field.expand(3.0);
        self.see(around, "the focus of a field", || self.click(field));
        self.see(around, text, || {
            self.press(&["ctrl+a"]);
            self.write(text);
        });
    }

    /// What is on the screen now.
    pub fn look(&self) -> Pixels {
        let mut import = Command::new("import");
        import.args(["-silent", "-window", "root", "-depth", "8", "rgb:-"]).env("DISPLAY", &self.display);
        let output = import.output().expect("import starts");
        let bytes = output.stdout;
        assert_eq!(bytes.len(), SIZE[0] * SIZE[1] * 3, "{}", String::from_utf8_lossy(&output.stderr));
        Pixels(bytes.chunks_exact(3).map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect())
    }

    /// Looks until something of the screen is as it should be.
    pub fn wait_until(&self, what: &str, holds: impl Fn(&Pixels) -> bool) -> Pixels {
        wait_for(what, || Some(self.look()).filter(&holds))
    }

    /// Looks until a part of the screen is not as it was.
    pub fn wait_for_change(&self, before: &Pixels, part: egui::Rect, what: &str) -> Pixels {
        self.wait_until(what, |now| now.differ(before, part) > CURSOR)
    }

    /// Looks until all below the bar with the clock stays as it is: the window has what it shows of a workspace.
    pub fn wait_for_workspace(&self) -> Pixels {
        self.wait_until("the line that comes with the book", |now| now.colours(middle()) > 30);
        self.wait_for_calm(egui::Rect::from_min_max(egui::pos2(0.0, 40.0), egui::pos2(SIZE[0] as f32, SIZE[1] as f32)))
    }

    /// Looks until a part of the screen stays as it is for a while.
    pub fn wait_for_calm(&self, part: egui::Rect) -> Pixels {
        let mut last = self.look();
        let mut since = Instant::now();
        wait_for("a screen that stays as it is", || {
            let now = self.look();
            if now.differ(&last, part) > CURSOR {
                since = Instant::now();
            }
            last = now;
            (since.elapsed() > CALM).then(|| last.clone())
        })
    }
}

impl Drop for RealWindow {
    /// What a test that fails had before it is kept as a picture.
    fn drop(&mut self) {
        if std::thread::panicking() {
            let name = std::thread::current().name().unwrap_or("window").replace("::", "-");
            let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.png"));
            let _ = Command::new("import").args(["-silent", "-window", "root"]).arg(&path).env("DISPLAY", &self.display).status();
            println!("the screen as it was is kept: {}", path.display());
        }
    }
}

/// The middle of the window, where panes and dialogs are.
pub fn middle() -> egui::Rect {
    egui::Rect::from_min_max(egui::pos2(300.0, 110.0), egui::pos2(980.0, 640.0))
}

impl Pixels {
    fn within(&self, part: egui::Rect) -> impl Iterator<Item = [u8; 3]> + '_ {
        let [width, height] = SIZE;
        let along = |from: f32, to: f32, most: usize| (from.max(0.0) as usize).min(most)..(to.max(0.0) as usize).min(most);
        let columns = along(part.left(), part.right(), width);
        along(part.top(), part.bottom(), height)
            .flat_map(move |row| columns.clone().map(move |column| self.0[row * width + column]))
    }

    /// How many pixels of a part are of that colour.
    pub fn count(&self, part: egui::Rect, colour: [u8; 3]) -> usize {
        self.within(part).filter(|pixel| *pixel == colour).count()
    }

    /// How many pixels of a part are others than in another picture.
    pub fn differ(&self, other: &Pixels, part: egui::Rect) -> usize {
        self.within(part).zip(other.within(part)).filter(|(one, other)| one != other).count()
    }

    /// How many colours there are in a part.
    pub fn colours(&self, part: egui::Rect) -> usize {
        self.within(part).collect::<std::collections::HashSet<_>>().len()
    }
}

/// The place on a display of what was laid out without one.
fn on_display(rect: egui::Rect) -> egui::Rect {
    rect.translate(egui::Vec2::splat(-FREE_AROUND))
}

/// A window with no display on the same workspace: it says where things stand in one that has one.
pub struct Twin {
    window: Harness<'static, DqmonApp>,
    engine: EngineHandle,
}

impl Twin {
    /// A window on a workspace as at a first start.
    pub fn of(workspace: &Workspace) -> Twin {
        let start = Start { open: Some(workspace.root.clone()), read_only: false };
        let engine = engine::start(start, World::default(), Box::new(|| {}));
        let size = egui::vec2(SIZE[0] as f32, SIZE[1] as f32) + egui::Vec2::splat(2.0 * FREE_AROUND);
        let builder = Harness::builder().with_size(size).with_context_setup(dqmon::gui::install);
        let app = DqmonApp::new(engine.clone(), UiState::default());
        let mut twin = Twin { window: builder.build_ui_state(|ui, app: &mut DqmonApp| app.ui(ui), app), engine };
        // With the book come lines that move what is below them.
        twin.place("Who is on shift?");
        twin
    }

    /// Where the first thing stands that has this name or whose name begins so, once all things stay where they are.
    pub fn place(&mut self, name: &str) -> egui::Rect {
        let mut last: Option<(Vec<i64>, Instant)> = None;
        wait_for(name, || {
            self.window.run_steps(4);
            let begins =
                |node: &egui_kittest::Node<'_>| node.accesskit_node().label().is_some_and(|label| label.starts_with(name));
            let is_it = self.window.query_all_by_label(name).next();
            let rect =
                is_it.or_else(|| self.window.root().children_recursive().find(begins)).map(|node| on_display(node.rect()))?;
            let snapshot = self.engine.snapshot();
            if let Some(banner) = snapshot.banners.first() {
                // It comes and goes, and moves what is below it.
                println!("in the way for a while: {}", banner.text);
                last = None;
                return None;
            }
            // Heights alone: the clock and ages are now wider, now narrower.
            let top = |node: egui_kittest::Node<'_>| Some(node.accesskit_node().bounding_box()?.y0.round() as i64);
            let heights: Vec<i64> = self.window.root().children_recursive().filter_map(top).collect();
            let since = last.take().filter(|(before, _)| *before == heights).map_or_else(Instant::now, |(_, since)| since);
            last = Some((heights, since));
            (since.elapsed() > CALM).then_some(rect)
        })
    }

    /// Where the last thing stands that has this name: what lies over others comes after them.
    pub fn last_place(&mut self, name: &str) -> egui::Rect {
        self.place(name);
        let rects: Vec<egui::Rect> = self.window.query_all_by_label(name).map(|node| on_display(node.rect())).collect();
        *rects.last().unwrap()
    }

    /// Clicks what is called so, as in the window beside it.
    pub fn click(&mut self, name: &str) {
        self.place(name);
        let nodes: Vec<_> = self.window.query_all_by_label_contains(name).collect();
        nodes[0].click();
        self.window.run_steps(4);
    }

    /// Presses a key, as in the window beside it.
    pub fn press(&mut self, modifiers: egui::Modifiers, key: egui::Key) {
        self.window.key_press_modifiers(modifiers, key);
        self.window.run_steps(4);
    }

    /// Takes a line of the palette, as in the window beside it.
    pub fn command(&mut self, words: &str) {
        self.press(egui::Modifiers::COMMAND, egui::Key::K);
        let field = "Command, item or run";
        self.window.get_by_label(field).focus();
        self.window.run_steps(4);
        self.window.get_by_label(field).type_text(words);
        self.window.run_steps(4);
        self.press(egui::Modifiers::NONE, egui::Key::Enter);
    }
}
