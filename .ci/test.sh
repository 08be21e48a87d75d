#!/usr/bin/env bash
# Everything that has to pass. A test that finds a part missing prints a line `COULD NOT RUN: what: why` and a stage that
# can't start is noted here; all of them are listed at the end, and then the whole fails.
set -uo pipefail

cargo="${CARGO:-cargo}"
log="target/test.log"
mkdir -p target
: >"$log"
failed=()
not_run=()

stage() {
    local name="$1"
    shift
    echo "== $name"
    # Exit status of the command, not of tee.
    "$@" 2>&1 | tee -a "$log"
    if [ "${PIPESTATUS[0]}" -ne 0 ]; then failed+=("$name"); fi
}

needs() {
    command -v "$1" >/dev/null || not_run+=("$2: no $1")
}

needs Xvfb "the window under a virtual display"
needs xdotool "real input to the window"
python -c 'import uproot' 2>/dev/null || not_run+=("comparison with uproot: not importable")

stage "format" "$cargo" fmt --all --check
stage "clippy" "$cargo" clippy --locked --workspace --all-targets -- -D warnings
stage "tests" "$cargo" test --locked --workspace -- --nocapture

while IFS= read -r line; do
    not_run+=("$line")
done < <(grep -aoP 'COULD NOT RUN: \K.*' "$log" | sort -u)
# Tests that cargo itself was told to leave out.
while IFS= read -r line; do
    not_run+=("ignored: $line")
done < <(grep -aoP '^test \K\S+(?= \.\.\. ignored)' "$log" | sort -u)

status=0
if [ "${#failed[@]}" -gt 0 ]; then
    echo "== failed: ${failed[*]}"
    status=1
fi
if [ "${#not_run[@]}" -gt 0 ]; then
    echo "== could not run:"
    printf '   %s\n' "${not_run[@]}"
    status=1
fi
if [ "$status" -eq 0 ]; then echo "== all passed, nothing left out"; fi
exit "$status"
