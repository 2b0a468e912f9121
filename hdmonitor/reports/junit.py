"""Results of stories in the form of JUnit, which CI systems read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from hdmonitor.trials import Played, Trial, difference

NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(played: Sequence[Played]) -> str:
    """Return the document; a file that could not be read is an error, a story that failed a failure."""
    root = ET.Element("testsuites", name="hdmonitor scenario")
    for file in played:
        failures = sum(not trial.passed for trial in file.trials)
        name = file.scenario.name if file.scenario else str(file.file)
        suite = ET.SubElement(
            root,
            "testsuite",
            name=_text(name),
            tests=str(len(file.trials) or 1),
            failures=str(failures),
            errors=str(int(not file.scenario)),
        )
        if not file.scenario:
            case = ET.SubElement(suite, "testcase", classname=_text(file.file.stem), name="can be read")
            wrong = ET.SubElement(case, "error", message="the file could not be read")
            wrong.text = _text("\n".join(file.problems))
        for trial in file.trials:
            _case(suite, file, trial)
    ET.indent(root)
    return f"<?xml version='1.0' encoding='utf-8'?>\n{ET.tostring(root, encoding='unicode')}\n"


def _case(suite: ET.Element, file: Played, trial: Trial) -> None:
    story = trial.story
    case = ET.SubElement(
        suite,
        "testcase",
        classname=_text(file.file.stem),
        name=_text(story.name),
        file=_text(str(file.file)),
        line=str(story.line),
    )
    if not trial.passed:
        wrong = ET.SubElement(case, "failure", message="something else happened than was expected")
        wrong.text = _text("\n".join(difference(trial)))


def _text(text: str) -> str:
    """Write out what XML cannot hold."""
    return NOT_XML.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
