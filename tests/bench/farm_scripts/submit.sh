#!/usr/bin/env bash
# The other script: run every so often, it makes a job script for each entry of the queue, submits it, and removes the entry.
#
#   submit.sh TODO SCRIPTS COMMAND...     COMMAND is given the job script: sbatch, qsub
set -u
todo=$1 scripts=$2
shift 2

for entry in "$todo"/*; do
    [ -e "$entry" ] || continue
    name=${entry##*/}
    script=$scripts/${name%.dat}.sh
    printf '#!/bin/sh\nreconstruct %s\n' "$name" >"$script"
    chmod +x "$script"
    "$@" "$script" && rm "$entry"
done
