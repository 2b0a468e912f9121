"""The command line. Every error is a sentence on standard error and a non-zero status.

What a command needs is imported once it is chosen: nobody waits at night for what draws charts.
"""

from __future__ import annotations

import argparse
import errno
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

from hdmonitor import __version__
from hdmonitor.cli_shared import add_files, found
from hdmonitor.refusal import Refusal

FAILED = 1


class Part(NamedTuple):
    """A command: what it is for, who declares what it takes, and whether it takes both files itself."""

    text: str
    module: str
    declares: str = "add_arguments"
    files: bool = False  # where commands stand below it, those take them


PARTS = {
    "run": Part("watch the site until SIGTERM", "cli_watch", "add_run", files=True),
    "check": Part(
        "validate both files and print the effective configuration", "cli_watch", "add_check", files=True
    ),
    "alarms": Part("list, show, answer and close alarms", "cli_acts", "add_alarms"),
    "service": Part("what is out of service, and where people work", "cli_acts", "add_service"),
    "return": Part("record a step of a return to service", "cli_acts", "add_return", files=True),
    "read": Part("enter what a gauge shows", "cli_acts", "add_read", files=True),
    "override": Part("work on although the board says no", "cli_acts", "add_override", files=True),
    "compliance": Part("what is due, what was done, what stands against work", "cli_evidence"),
    "drill": Part("drill an alarm: broker to answer", "cli_drill"),
    "people": Part("who may log in, and with what", "cli_people"),
    "notify": Part("send a test message", "cli_watch", "add_notify", files=True),
    "quarantine": Part("list messages that could not be decoded", "cli_record", "add_quarantine", files=True),
    "verify": Part("check the hash chain of the journal", "cli_record", "add_verify", files=True),
    "replay": Part("judge recorded readings in event time", "cli_replay", files=True),
    "mkt": Part("mean kinetic temperature of recorded readings", "cli_mkt"),
    "rules": Part("list, show and explain the rules", "cli_rulebook"),
    "scenario": Part("play stories on the site's configuration", "cli_stories"),
    "decode": Part("show what captured messages say", "cli_messages"),
    "families": Part("list the payload families that can be read", "cli_messages", "add_families"),
    "discover": Part("list what the broker hears", "cli_discover", files=True),
    "commission": Part("hold a point against a reference", "cli_commission", files=True),
    "demo": Part("a simulated pharmacy in this terminal, in about a minute", "cli_simulate", "add_demo"),
    "simulate": Part("publish the simulated pharmacy to a broker", "cli_simulate", "add_simulate"),
}


class Command(argparse.ArgumentParser):
    """A command that declares what it takes once it is the one that was chosen."""

    part: Part | None = None

    def fill(self) -> None:
        """Declare it, once."""
        part, self.part = self.part, None
        if part is None:
            return
        if part.files:
            add_files(self)
        found(part.module, part.declares)(self)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse what stands behind the name of the command."""
        self.fill()
        return super().parse_known_args(args, namespace)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status."""
    words = sys.argv[1:] if arguments is None else arguments
    for place, word in enumerate(words, 1):
        if not _is_text(word):
            print(f"word {place} after hdmonitor is not UTF-8 text: {word!a}; type it again", file=sys.stderr)
            return FAILED
    options = _parser().parse_args(words)
    try:
        status: int = options.run(options)
    except Refusal as error:
        print(error, file=sys.stderr)
        return FAILED
    except BrokenPipeError:
        sys.stderr.close()  # the reader of a pipe has left; there is nobody to tell
        return FAILED
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        print(
            f"the output cannot be written: {error.strerror}; make room, or write elsewhere", file=sys.stderr
        )
        return FAILED
    except KeyboardInterrupt:
        return FAILED
    return status


def _is_text(word: str) -> bool:
    """Say whether bytes that the shell handed over were UTF-8; what was not, Python keeps as surrogates."""
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hdmonitor", description="Watches the rooms, hoods and refrigerators of a pharmacy."
    )
    parser.add_argument("--version", action="version", version=f"hdmonitor {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Command)
    for name, part in PARTS.items():
        commands.add_parser(name, help=part.text, description=part.text).part = part
    return parser


if __name__ == "__main__":
    sys.exit(main())
