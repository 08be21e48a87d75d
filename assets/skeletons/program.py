"""A monitor task of dqmon: it is asked a line at a time and answers each with a line of JSON. See docs/add-a-task.md."""
@imports@

DESCRIPTION = {
    "protocol": 1,
    "stamp": "time_s",
    "columns": [{"name": "time_s", "unit": "s"}, {"name": "pressure_mbar", "unit": "mbar"}],
    "items": [
        {"name": "rows", "title": "Pressure", "about": "Pressure in the newest file. Say here what it should look like.",
         "plot": "points", "x": "time_s", "y": ["pressure_mbar"]},
        {"name": "trend", "title": "Pressure trend", "about": "Mean of each file. Say here what it should look like.",
         "plot": "trend", "y": ["pressure_mbar"], "value": "mean"},
    ],
}


def read(path):
    """What is in a result. None stands for no data; raise ValueError for what is no result."""
    text = open(path, encoding="utf-8").read()
    if not text.endswith("\n"):
        return {"incomplete": "the last line is not ended"}
@rows@
    return {
        "columns": {
            "time_s": [row[0] for row in rows],
            "pressure_mbar": {"values": [row[1] for row in rows], "errors": [row[2] for row in rows]},
        }
    }


for request in sys.stdin:  # ends when dqmon closes the stream
    word, _, path = request.rstrip("\n").partition(" ")
    try:
        answer = DESCRIPTION if word == "describe" else read(path)
    except (OSError, ValueError, KeyError) as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
