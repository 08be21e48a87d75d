//! What a window needs: a display, the libraries that draw on it, and the fonts that are built in.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use monitasks::figure::{Axis, Figure};
use monitasks::quality::State;

use super::within::{DISK, SERVER, connect, within};
use super::{Patient, fine, wrong};
use crate::plotting::{Look, png, svg};
use crate::snapshot::Finding;

/// What is known of the display.
struct ScreenFacts {
    /// `$DISPLAY`.
    x11: Option<String>,
    /// `$WAYLAND_DISPLAY`.
    wayland: Option<String>,
    /// Why the display does not answer.
    fault: Option<String>,
    /// Libraries that are not there.
    missing: Vec<&'static str>,
}

/// Libraries that the window loads when it opens; those of a line stand for each other.
const LIBRARIES: [&[&str]; 4] = [
    &["libGL.so.1", "libEGL.so.1"],
    &["libxkbcommon.so.0"],
    &["libX11.so.6", "libwayland-client.so.0"],
    &["libxkbcommon-x11.so.0", "libwayland-client.so.0"],
];

pub(super) fn display(_: &Patient) -> Vec<Finding> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (x11, wayland) = (set("DISPLAY"), set("WAYLAND_DISPLAY"));
    let fault = match (&wayland, &x11) {
        (Some(name), _) => wayland_fault(name),
        (None, Some(name)) => x11_fault(name),
        (None, None) => None,
    };
    let is_there = |name: &&str| library_folders().iter().any(|folder| folder.join(name).exists());
    let missing = LIBRARIES.iter().filter(|names| !names.iter().any(&is_there)).map(|names| names[0]).collect();
    vec![of_display(&ScreenFacts { x11, wayland, fault, missing })]
}

fn of_display(facts: &ScreenFacts) -> Finding {
    const NAME: &str = "display";
    const WHY: &str = "the window opens on it; 'dqmon status', 'dqmon plot' and the backend need none";
    if !facts.missing.is_empty() {
        let what = format!("libraries that draw are missing: {}", facts.missing.join(", "));
        return wrong(NAME, State::Bad, what, WHY, "sudo apt install libgl1 libegl1 libxkbcommon0 libxkbcommon-x11-0 libx11-6");
    }
    let Some(name) = facts.wayland.as_ref().or(facts.x11.as_ref()) else {
        let mend = "ssh -X HOST   (from another machine), or xvfb-run -a dqmon   (a window that nobody sees)";
        return wrong(NAME, State::Maybe, "neither DISPLAY nor WAYLAND_DISPLAY is set: no window can be opened here", WHY, mend);
    };
    match &facts.fault {
        Some(fault) => {
            let mend = "log in at the machine's screen, or ssh -X HOST; 'xhost' tells who may use a display";
            wrong(NAME, State::Bad, format!("the display {name} does not answer: {fault}"), WHY, mend)
        }
        None => fine(NAME, format!("{name} answers, and the libraries that draw on it are there")),
    }
}

fn wayland_fault(name: &str) -> Option<String> {
    let folder = std::env::var("XDG_RUNTIME_DIR").unwrap_or_default();
    let path = Path::new(&folder).join(name);
    socket_fault(path)
}

/// `:1`, `:1.0`, `localhost:10.0`.
fn x11_fault(name: &str) -> Option<String> {
    let Some((host, rest)) = name.rsplit_once(':') else { return Some("it is no display's name, such as :0".into()) };
    let Ok(number) = rest.split('.').next().unwrap_or_default().parse::<u16>() else {
        return Some("it is no display's name, such as :0".into());
    };
    if host.is_empty() || host == "unix" {
        return socket_fault(PathBuf::from(format!("/tmp/.X11-unix/X{number}")));
    }
    connect(host, 6000_u16.saturating_add(number), SERVER).err()
}

fn socket_fault(path: PathBuf) -> Option<String> {
    let asked = within(DISK, move || UnixStream::connect(&path).map_err(|error| format!("{error}: {}", path.display())));
    match asked {
        Some(Ok(_)) => None,
        Some(Err(why)) => Some(why),
        None => Some(format!("no answer in {} s", DISK.as_secs())),
    }
}

/// Where libraries stand on Linux.
fn library_folders() -> Vec<PathBuf> {
    let machine = std::env::consts::ARCH;
    let fixed = ["/lib", "/usr/lib", "/lib64", "/usr/lib64", "/usr/local/lib"].map(PathBuf::from);
    let of_machine = ["/lib", "/usr/lib"].map(|folder| Path::new(folder).join(format!("{machine}-linux-gnu")));
    let named = std::env::var_os("LD_LIBRARY_PATH").map(|paths| std::env::split_paths(&paths).collect()).unwrap_or_default();
    let named: Vec<PathBuf> = named;
    fixed.into_iter().chain(of_machine).chain(named).collect()
}

/// Fonts are built in; a small figure drawn as a picture tells whether that works here.
pub(super) fn pictures(_: &Patient) -> Vec<Finding> {
    const NAME: &str = "fonts and pictures";
    let figure = Figure::new("✔ O  ✖ B  ⚠ C", Axis::integer("x"), Axis::linear("y", "ADC"));
    vec![match png(&svg(&figure, (160, 90), Look::Light), 1.0) {
        Ok(bytes) if bytes.len() > 100 => fine(NAME, "fonts are built in, and a plot was drawn as a picture"),
        Ok(_) => wrong(
            NAME,
            State::Bad,
            "a plot drawn as a picture is empty",
            "reports and exports have pictures",
            "install dqmon anew",
        ),
        Err(error) => wrong(
            NAME,
            State::Bad,
            format!("no picture can be drawn: {error}"),
            "reports and exports have pictures",
            "install dqmon anew",
        ),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> ScreenFacts {
        ScreenFacts { x11: Some(":7".into()), wayland: None, fault: None, missing: Vec::new() }
    }

    #[test]
    fn a_display_that_is_not_set_does_not_answer_or_lacks_a_library_is_told() {
        assert_eq!(of_display(&facts()).state, State::Ok);
        let none = of_display(&ScreenFacts { x11: None, ..facts() });
        assert!(none.state == State::Maybe && none.mend.contains("ssh -X"), "{none:?}");
        let dead = of_display(&ScreenFacts { fault: Some("connection refused".into()), ..facts() });
        assert!(dead.state == State::Bad && dead.what.contains(":7") && dead.what.contains("refused"), "{dead:?}");
        let bare = of_display(&ScreenFacts { missing: vec!["libGL.so.1"], ..facts() });
        assert!(bare.state == State::Bad && bare.mend.contains("libgl1"), "{bare:?}");
    }

    #[test]
    fn a_display_s_name_leads_to_its_socket() {
        assert!(x11_fault("nonsense").unwrap().contains("no display"));
        assert!(x11_fault(":54321").unwrap().contains("X54321"));
    }

    #[test]
    fn pictures_can_be_drawn_here() {
        assert_eq!(pictures(&Patient::of(None, jiff::Timestamp::UNIX_EPOCH))[0].state, State::Ok);
    }
}
