#!/usr/bin/env bash
# Makes the pictures of the docs with the program itself: a demo's shift, two of its plots, the window on a display that
# nobody sees, clicked with xdotool, and the replay of the night in which a LEM died. Usage: pictures.sh FOLDER. In the environment
# PROGRAM names another dqmon, EVENTS the events of each of the six raw files, PARTS what is pictured: "shift", "night", or both.
set -euo pipefail

program="$(realpath "${PROGRAM:-target/release/dqmon}")"
mkdir -p "$1"
folder="$(realpath "$1")"
scratch="$(mktemp -d)"
shift_folder="$scratch/shift"
started=()

# Every process is ended by its id, the newest first.
end_all() {
    for ((at = ${#started[@]} - 1; at >= 0; at--)); do
        kill "${started[at]}" 2>/dev/null || true
        wait "${started[at]}" 2>/dev/null || true
    done
    rm -rf "$scratch"
}
trap end_all EXIT

fail() {
    echo "pictures: $*" >&2
    exit 2
}

for tool in Xvfb xdotool import convert; do
    command -v "$tool" >/dev/null || fail "no $tool; 'make deps' installs it"
done

# Waits until a command succeeds, at most so many seconds.
wait_for() {
    local seconds="$1"
    shift
    for ((tenth = 0; tenth < seconds * 10; tenth++)); do
        if "$@"; then return; fi
        sleep 0.1
    done
    fail "not within $seconds s: $*"
}

# The screen as a small PNG, when what was clicked has been drawn.
picture() {
    sleep 3
    import -window root "$scratch/screen.png"
    convert "$scratch/screen.png" +dither -colors 128 "png8:$folder/$1"
    echo "pictures: $folder/$1"
}

click() {
    xdotool mousemove "$1" "$2"
    sleep 0.2
    xdotool click 1
    sleep 0.6
}

write_in() {
    click "$1" "$2"
    xdotool type --delay 40 "$3"
    sleep 0.3
}

press() {
    xdotool key "$1"
    sleep 0.6
}

# The pointer out of the way: nothing is lit up or explained below it.
look() {
    xdotool mousemove 620 748
    picture "$1"
}

Xvfb -displayfd 1 -screen 0 1280x800x24 -nolisten tcp >"$scratch/display" 2>"$scratch/xvfb.log" &
started+=($!)
wait_for 20 test -s "$scratch/display"
DISPLAY=":$(cat "$scratch/display")"
export DISPLAY

# The window, with a home of its own: nobody's kept layout, and nobody's layout is written over.
open_window() {
    local home="$scratch/home-$1"
    shift
    mkdir -p "$home"
    env -u WAYLAND_DISPLAY -u XDG_DATA_HOME HOME="$home" "$program" "$@" >"$home/window.log" 2>&1 &
    started+=($!)
    wait_for 60 xdotool search --onlyvisible --name '^dqmon' >"$scratch/window"
    xdotool windowfocus "$(head -n 1 "$scratch/window")"
    sleep 5
}

# Ends what was started last.
end_last() {
    kill "${started[-1]}"
    wait "${started[-1]}" 2>/dev/null || true
    unset 'started[-1]'
}

# A simulated shift: two plots, the window, a decision, files that failed.
pictures_of_shift() {
    "$program" demo "$shift_folder" --headless --events "${EVENTS:-40}"
    plot() {
        "$program" -w "$shift_folder" plot "$1" --size 760x440 --out "$scratch/plot.png"
        convert "$scratch/plot.png" +dither -colors 128 "png8:$folder/$2"
        echo "pictures: $folder/$2"
    }
    plot purity/lifetime_trend lifetime_trend.png
    plot lem_gain/map gain_map.png

    "$program" -w "$shift_folder" process >"$scratch/backend.log" 2>&1 &
    started+=($!)

    open_window shift -w "$shift_folder"
    look window.png

    # A decision, before and after.
    card() {
        sleep 3
        import -window root -crop 276x640+1004+35 +repage "$scratch/$1.png"
    }
    write_in 1050 167 "A. Shifter"
    write_in 1165 167 "shifter"
    write_in 1130 200 "LEM 7 is darker than in run 1"
    card before
    click 1210 264 # MAYBE
    xdotool mousemove 620 748
    # All of what it shows is read: it is no fault of its reader that ends early.
    is_decided() { [[ "$("$program" -w "$shift_folder" show run2)" == *"MAYBE by A. Shifter"* ]]; }
    wait_for 20 is_decided
    card after
    convert "$scratch/before.png" "$scratch/after.png" +append +dither -colors 128 "png8:$folder/decision.png"
    echo "pictures: $folder/decision.png"

    # A file that the DAQ did not finish, and one that is no raw file.
    head -c 300000 "$shift_folder/storage/input/run1/run1-seq0.dat" >"$shift_folder/incoming/run3-seq0.dat"
    echo "HV trip at 03:40" >"$shift_folder/incoming/notes.txt"
    has_failed() { [[ "$("$program" -w "$shift_folder" show run3-seq0 2>/dev/null)" == *": failed since"* ]]; }
    wait_for 60 has_failed
    press F3
    look processing.png
    click 1088 255 # the failed file's log
    look log.png
    end_last
    end_last
}

# The night a LEM died: as its alarm began, and as the decision was superseded. It has no raw files: the panes of events are closed.
pictures_of_night() {
    "$program" demo --night "$scratch/night"
    open_window night -w "$scratch/night" --replay --at 2016-11-21T02:03:00Z
    for pane in "700 513" "360 513"; do
        # shellcheck disable=SC2086
        click $pane
        press ctrl+w
    done
    look_at_night() {
        xdotool mousemove 640 142
        picture "$1"
    }
    look_at_night replay.png
    press d # the next decision
    look_at_night replay_decision.png
}

for part in ${PARTS:-shift night}; do
    "pictures_of_$part"
done
