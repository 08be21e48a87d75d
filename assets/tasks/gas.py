"""A monitor task as a program: what docs/add-a-task.md explains. It reads lines such as '1795000000 1012.3 0.4'."""
import json
import sys

DESCRIPTION = {
    "protocol": 1,
    "stamp": "time_s",
    "columns": [{"name": "time_s", "unit": "s"}, {"name": "pressure_mbar", "unit": "mbar"}],
    "items": [
        {"name": "rows", "title": "Pressure", "about": "Pressure in the newest file; flat.",
         "plot": "points", "x": "time_s", "y": ["pressure_mbar"]},
        {"name": "trend", "title": "Pressure trend", "about": "Mean pressure of each file; the gain falls when it rises.",
         "plot": "trend", "y": ["pressure_mbar"], "value": "mean"},
    ],
}


def read(path):
    text = open(path).read()
    if not text.endswith("\n"):
        return {"incomplete": "the last line is not ended"}
    rows = [[float(cell) for cell in line.split()] for line in text.splitlines()]
    times, values, errors = zip(*rows)
    return {"columns": {"time_s": times, "pressure_mbar": {"values": values, "errors": errors}}}


for request in sys.stdin:  # ends when dqmon closes the stream
    word, _, path = request.rstrip("\n").partition(" ")
    try:
        answer = DESCRIPTION if word == "describe" else read(path)
    except (OSError, ValueError) as error:
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)
