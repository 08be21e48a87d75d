#!/usr/bin/env bash
# Makes the Python environment that tests compare with. Usage: python.sh PYTHON FOLDER
set -euo pipefail

python="$1"
folder="$2"
packages=(uproot==5.7.4 numpy==2.2.6 awkward==2.9.0 aiosmtpd==1.4.6)
stamp="$folder/.installed"

if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "${packages[*]}" ] && [ -x "$folder/bin/python" ]; then
    exit 0
fi
echo "python: making $folder with ${packages[*]}"
"$python" -m venv "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check "${packages[@]}"
echo "${packages[*]}" >"$stamp"
