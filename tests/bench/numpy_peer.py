"""The peer of the benchmark: what a user would write who has no dqmon.

Unpacks the events of an uncompressed 3x1x1 raw file, estimates each channel's pedestal and noise with the signal left out, and
finds hits, all in whole-array numpy. Prints one line of JSON: events, seconds, the sum of all samples, hits and pedestals.

usage: numpy_peer.py FILE
"""

import json
import sys
import time

import numpy as np

CHANNELS, TICKS, EMPTY_TICKS = 1280, 1667, 3
RUN_HEADER, EVENT_HEADER, FOOTER = 5, 35, 4


def samples_of(payload):
    """Two 12-bit samples from each three bytes."""
    first, middle, last = payload.reshape(-1, 3).astype(np.uint16).T
    pairs = np.stack([first << 4 | middle >> 4, (middle & 0xF) << 8 | last], axis=1)
    return pairs.reshape(CHANNELS, TICKS)


def pedestals_of(adc):
    """Mean and RMS of each channel, without what is far from them; twice."""
    mean = np.median(adc[:, ::8], axis=1)
    rms = np.full(CHANNELS, 5.0, np.float32)
    for _ in range(2):
        above = adc - mean[:, None]
        quiet = np.abs(above) < 3 * rms[:, None]
        count = quiet.sum(axis=1)
        shift = np.where(quiet, above, 0).sum(axis=1) / count
        rms = np.sqrt(np.where(quiet, above * above, 0).sum(axis=1) / count - shift**2)
        mean = mean + shift
    return mean, rms


def hits_of(adc, mean, rms):
    """Channel, first tick, end and charge of what stays above 4 sigma for at least 3 ticks."""
    above = adc - mean[:, None]
    over = np.zeros((CHANNELS, above.shape[1] + 2), np.int8)
    over[:, 1:-1] = above > 4 * rms[:, None]
    step = np.diff(over, axis=1)
    channel, start = np.nonzero(step == 1)
    end = np.nonzero(step == -1)[1]
    wide = end - start >= 3
    channel, start, end = channel[wide], start[wide], end[wide]
    running = np.cumsum(above, axis=1, dtype=np.float64)
    charge = running[channel, end - 1] - np.where(start > 0, running[channel, start - 1], 0)
    return channel, start, end, charge


def main():
    data = np.memmap(sys.argv[1], np.uint8, "r")
    at, events, total, hits = RUN_HEADER, 0, 0, 0
    pedestals = np.zeros(CHANNELS)
    seconds = 0.0
    while at < len(data) - FOOTER:
        header = bytes(data[at : at + EVENT_HEADER])
        assert header[:2] == b"\xff\xff" and not header[26] & 0x40
        size = int.from_bytes(header[31:35], "big")
        began = time.perf_counter()
        samples = samples_of(np.asarray(data[at + EVENT_HEADER : at + EVENT_HEADER + size]))
        adc = samples.astype(np.float32)[:, EMPTY_TICKS:]
        mean, rms = pedestals_of(adc)
        channel, *_ = hits_of(adc, mean, rms)
        seconds += time.perf_counter() - began
        total += int(samples.sum(dtype=np.int64))
        pedestals += mean
        hits += len(channel)
        events += 1
        at += EVENT_HEADER + size
    pedestals = (pedestals / events).round(4).tolist()
    print(json.dumps({"events": events, "seconds": seconds, "sum": total, "hits": hits, "pedestals": pedestals}))


main()
