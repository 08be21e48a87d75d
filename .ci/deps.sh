#!/usr/bin/env bash
# Installs the system packages that are missing, and no others. Says nothing and touches nothing when all are there.
#
# A package that goes by two names (Ubuntu 24.04 renamed some) is written as `first|second`; any one of them will do.
set -euo pipefail

# To build.
packages=(gcc libc6-dev pkg-config make)
# To compare with Python in tests.
packages+=(python3 python3-venv)
# For the window; loaded when it opens.
packages+=(libx11-6 libx11-xcb1 libxcb1 libxcursor1 libxi6 libxkbcommon0 libxkbcommon-x11-0 xkb-data)
packages+=(libgl1 libglx-mesa0 libgl1-mesa-dri libegl1 "libdbus-1-3|libdbus-1-3t64" libwayland-client0 libwayland-egl1)
# To drive the window in tests, with no screen.
packages+=(xvfb xdotool imagemagick)
# For jobs through a real batch system in tests, with the commands of Slurm and of PBS.
packages+=(slurm-wlm slurmctld slurmd munge slurm-wlm-torque)
# To share a book by a real PostgreSQL server in tests.
packages+=(postgresql)
# To copy to a real XRootD server in tests, in a network of its own.
packages+=(xrootd-server xrootd-client iproute2 util-linux)

# The farm's own scripts, beside which the intake is measured.
packages+=(inotify-tools)

is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null | cut -c1-2)" = "ii" ]
}

if ! command -v dpkg-query >/dev/null; then
    echo "deps: this is no Debian or Ubuntu; see to it that there are: ${packages[*]%%|*}" >&2
    exit 0
fi

missing=()
for package in "${packages[@]}"; do
    found=no
    for name in ${package//|/ }; do
        if is_installed "$name"; then found=yes; fi
    done
    if [ "$found" = no ]; then missing+=("$package"); fi
done

if [ "${#missing[@]}" -gt 0 ]; then
    as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null || { ! sudo -n true 2>/dev/null && [ ! -t 0 ]; }; then
            echo "deps: missing: ${missing[*]%%|*}" >&2
            echo "deps: no right to install them here; run as root: apt-get install --no-install-recommends ${missing[*]%%|*}" >&2
            exit 2
        fi
        as_root=(sudo)
    fi
    echo "deps: installing ${missing[*]%%|*}"
    "${as_root[@]}" apt-get update -qq
    chosen=()
    for package in "${missing[@]}"; do
        choice="${package%%|*}"
        for name in ${package//|/ }; do
            if apt-cache show "$name" >/dev/null 2>&1; then
                choice="$name"
                break
            fi
        done
        chosen+=("$choice")
    done
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${chosen[@]}"
fi

if ! command -v cargo >/dev/null; then
    echo "deps: no cargo; install the Rust toolchain with rustup (rust-toolchain.toml names the version)" >&2
    exit 2
fi
