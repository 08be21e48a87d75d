"""The peer of the replay's benchmark: what a user would write who has no dqmon.

Takes the records of an index apart into streams as their sources have them, then sorts them by stamp and stream and by number with
numpy and writes all to a file; merges the sorted streams with heapq; and reads the file with numpy. Prints one line of JSON.

usage: replay_peer.py INDEX
"""

import heapq
import json
import os
import sys
import tempfile
import time

import numpy as np

ROW = np.dtype(
    [(name, "<i8" if name == "stamp" else "<u8" if name == "place" else "<u4") for name in
     ("stamp", "place", "run", "sequence", "event", "content")] + [("stream", "<u2"), ("known", "<u2")]
)
HEAD, UNCHECKED = 52, 20
HAS_RUN = 2


def main():
    path = sys.argv[1]
    with open(path, "rb") as file:
        json_bytes, rows, order, _ = np.frombuffer(file.read(HEAD)[UNCHECKED:], "<u8").tolist()
    began = time.perf_counter()
    whole = np.fromfile(path, np.uint8)
    fromfile_s = time.perf_counter() - began
    at = HEAD + json_bytes
    index = whole[at : at + rows * ROW.itemsize].view(ROW)
    by_number = whole[at + rows * ROW.itemsize :][: order * 4].view("<u4")

    # As the sources have them: stream after stream, each by place.
    records = index[np.lexsort((index["place"], index["stream"]))]
    began = time.perf_counter()
    merged = records[np.lexsort((records["stream"], records["stamp"]))]
    numbered = np.flatnonzero(merged["known"] & HAS_RUN)
    of = merged[numbered]
    sorted_by_number = numbered[np.lexsort((of["event"], of["sequence"], of["run"]))].astype("<u4")
    with tempfile.TemporaryFile(dir=os.path.dirname(path)) as file:
        file.write(merged.tobytes())
        file.write(sorted_by_number.tobytes())
        file.flush()
        os.fsync(file.fileno())
    lexsort_s = time.perf_counter() - began
    agrees = bool((merged == index).all() and (sorted_by_number == by_number).all())

    streams = [
        sorted(zip(part["stamp"].tolist(), part["stream"].tolist(), part["place"].tolist()))
        for part in np.split(records, np.flatnonzero(np.diff(records["stream"])) + 1)
    ]
    began = time.perf_counter()
    count = sum(1 for _ in heapq.merge(*streams))
    heapq_s = time.perf_counter() - began
    assert count == rows
    print(json.dumps({"lexsort_s": lexsort_s, "heapq_s": heapq_s, "fromfile_s": fromfile_s, "agrees": agrees}))


main()
