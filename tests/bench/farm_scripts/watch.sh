#!/usr/bin/env bash
# The intake of a farm as two shell scripts do it, in the least that works: this one takes each file that is closed in the intake
# folder, copies it and synchronises the copy, makes an entry in the queue and writes a line into the log. It is what the
# benchmark measures the intake beside.
#
#   watch.sh INCOMING STORAGE TODO LOG
set -u
incoming=$1 storage=$2 todo=$3 log=$4

inotifywait --monitor --recursive --quiet --event close_write --format '%w%f' "$incoming" | while IFS= read -r file; do
    name=${file##*/}
    case $name in
    run*-seq*.dat) ;;
    *) continue ;;
    esac
    run=${name%%-*}
    begun=$(date +%s)
    mkdir -p "$storage/$run"
    cp "$file" "$storage/$run/$name" && sync "$storage/$run/$name"
    touch "$todo/$name"
    echo "$begun $(date +%s) $file $storage/$run/$name" >>"$log"
done
