"""The log: one line for each thing that an operator may need, as `key=value` on standard error."""

from __future__ import annotations

import json
import logging
import sys
import time

# One line a delivery or a request is more than anybody reads.
CHATTY = ("apscheduler", "apprise", "urllib3", "uvicorn")


class KeyValue(logging.Formatter):
    """`time=… level=… part=… text="…"`, and `trace="…"` behind an error that nobody expected.

    Text is a JSON string: a line break in it cannot begin another line.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        part = record.name.removeprefix("hdmonitor.").removeprefix("adapters.")
        text = _quoted(record.getMessage())
        line = f"time={at}.{int(record.msecs):03d}Z level={record.levelname.lower()} part={part} text={text}"
        if record.exc_info:
            line += f" trace={_quoted(self.formatException(record.exc_info))}"
        return line


def _quoted(text: str) -> str:
    """Return a JSON string in which whatever ends a line, or steers a terminal, is escaped."""
    told = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in told)


def to_standard_error() -> None:
    """Log everything from INFO on, libraries from WARNING on."""
    sink = logging.StreamHandler(sys.stderr)
    sink.setFormatter(KeyValue())
    logging.basicConfig(level=logging.INFO, handlers=[sink], force=True)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
