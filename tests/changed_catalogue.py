"""Changes every number and inclusiveness of the catalogue, one at a time, and asks whether anybody notices.

    python tests/changed_catalogue.py              the table: what was changed, how many changes were noticed
    python tests/changed_catalogue.py --lines ID   the lines of a rule for tests/unit/limits.txt, for review

A change is noticed if the rule then does something else than `unit/limits.txt` says (`limits.py`), or
cannot be read at all. mutmut on `hdmonitor/rules/` does the same to the code.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from limits import differences, differences_of_place, differences_of_sum, lines, table
from pydantic import ValidationError

from hdmonitor.catalogue import (
    RULES,
    ExposureEntry,
    PlacementEntry,
    RuleEntry,
    load_catalogue,
)
from hdmonitor.rulebook import check_entry
from hdmonitor.units import UnitError, parse_duration
from hdmonitor.yaml_source import parse_yaml

CATALOGUE = Path(__file__).parents[1] / "hdmonitor" / "rules" / "catalogue"
KINDS = {
    **dict.fromkeys(RULES, (RuleEntry, "", differences)),
    "exposure": (ExposureEntry, "sum ", differences_of_sum),
    "placement": (PlacementEntry, "place ", differences_of_place),
}
AMOUNTS = ("limit", "deadband", "above", "below", "air_changes")
SPANS = ("on_delay", "air_probe_delay", "longest", "off_delay", "patience", "window")
CHOICES = {
    "ends": ("inclusive", "exclusive"),
    "priority": ("low", "medium", "high", "critical"),
    "force": ("SHALL", "SHOULD", "PRACTICE"),
    "confidence": ("primary", "secondary", "unconfirmed"),
    "side": ("high", "low"),
    "level": ("warning", "alarm", "critical"),
}
NUMBER = re.compile(r"-?[0-9]+(?:\.([0-9]+))?")


def written(name: str) -> list[dict[str, Any]]:
    """Return a file of the catalogue as it stands there."""
    found: list[dict[str, Any]] = parse_yaml((CATALOGUE / f"{name}.yaml").read_bytes(), name).data
    return found


def mutants(entry: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each change of one entry, and the entry with it."""
    for where, key, value in list(_leaves(entry)):
        for other in _others(key, value):
            changed = deepcopy(entry)
            place: Any = changed
            for step in where:
                place = place[step]
            place[key] = other
            yield f"{'.'.join(map(str, (*where, key)))}: {value} -> {other}", changed


def _leaves(entry: dict[str, Any]) -> Iterator[tuple[tuple[Any, ...], str, str]]:
    for key, value in entry.items():
        if isinstance(value, str):
            yield (), key, value
    for number, each in enumerate(entry.get("thresholds", ())):
        for key, value in ({"ends": "inclusive"} | each).items():
            if isinstance(value, str):
                yield ("thresholds", number), key, value


def _others(key: str, value: str) -> Iterator[str]:
    if key in CHOICES:
        yield from (choice for choice in CHOICES[key] if choice != value)
    elif key in SPANS or (key == "limit" and re.fullmatch(r"(\d+[dhms])+", value)):
        seconds = parse_duration(value).total_seconds()
        yield from (f"{int(seconds) + step}s" for step in (-1, 1) if seconds + step >= 0)
    elif key in AMOUNTS and (found := NUMBER.match(value)):
        places = len(found[1] or "")
        step = 10.0**-places
        for other in (float(found[0]) - step, float(found[0]) + step):
            yield f"{other:.{places}f}{value[found.end() :]}"


def verdict(name: str, entry: dict[str, Any]) -> list[str]:
    """Return what is noticed about an entry; nothing if it is as the table says."""
    shape, prefix, compare = KINDS[name]
    try:
        read: Any = shape.model_validate(entry)
    except ValidationError:
        return ["cannot be read"]
    wrong: list[str] = []
    if isinstance(read, RuleEntry):
        check_entry(read, lambda _, text: wrong.append(text))
    title = prefix + (read.title if isinstance(read, RuleEntry) else entry["id"])
    expected = TABLE.get(title)
    if wrong or expected is None:
        return wrong or [f"{title} has no lines in unit/limits.txt; write them with --lines"]
    try:
        return list(compare(read, expected))
    except UnitError as error:
        return [str(error)]


TABLE = table()


def survivors(name: str) -> tuple[Counter[str], list[str]]:
    """Return by rule how many changes of a file were noticed, and the changes that were not."""
    killed: Counter[str] = Counter()
    alive: list[str] = []
    for entry in written(name):
        title = f"{entry['id']} {entry.get('part', '')}".strip()
        for change, mutant in mutants(entry):
            if verdict(name, mutant):
                killed[title] += 1
            else:
                alive.append(f"{title} {change}")
    return killed, alive


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--lines"]:
        for entry in load_catalogue().rules:
            if entry.id in arguments[1:]:
                print("\n".join(lines(entry)))
        return 0
    everything: list[str] = []
    total = 0
    print(f"{'rule':24} {'changed':>8} {'noticed':>8}")
    for name in KINDS:
        killed, alive = survivors(name)
        for title, count in killed.items():
            lost = sum(each.startswith(f"{title} ") for each in alive)
            print(f"{title:24} {count + lost:8} {count:8}")
        everything += alive
        total += sum(killed.values()) + len(alive)
    print(f"{'all':24} {total:8} {total - len(everything):8}")
    for each in everything:
        print(f"SURVIVED  {each}")
    return 1 if everything else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
