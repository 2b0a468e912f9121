"""Which word or digit of a contact, fan or mains message means open, running, on mains.

The same word means opposite things in different products: `contact: true` is
a closed door for one and `Contact: 1` an open one for another. So a point's
unit says it, in one of four forms:

    state         1 is open (running, on mains), 0 is not
    0=open        that digit means that state, the other digit the other
    ON/OFF        the first word means open (running, on mains), the second not
    on=open       on, true and 1 mean that state, off, false and 0 the other
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from hdmonitor.units import UnitError, quantity_named

FORMS = "write 'state', '1={one}', '0={one}', or the two words as 'ON/OFF', the word for {one} first"


@lru_cache(maxsize=256)
def polarity(unit: str, quantity: str) -> Mapping[str, float]:
    """Return the canonical state by lower-case word; raise UnitError for a unit that says none."""
    words = quantity_named(quantity).words
    if words is None:
        raise UnitError(f"{quantity} is not a state")
    zero, one = words
    if unit in {"state", "bool"}:
        return {"1": 1.0, "0": 0.0}
    digit, equals, word = unit.partition("=")
    if equals and digit in {"0", "1"} and word in words:
        meant = float(words.index(word))
        return {digit: meant, "10"[int(digit)]: 1.0 - meant}
    if digit == "on" and word in words:
        meant = float(words.index(word))
        return dict.fromkeys(("on", "true", "1"), meant) | dict.fromkeys(("off", "false", "0"), 1.0 - meant)
    first, slash, second = (part.strip().casefold() for part in unit.partition("/"))
    if not (slash and first and second) or first == second:
        raise UnitError(f"{unit!r:.60} does not say which word means {one}; {FORMS.format(one=one)}")
    if first == zero or second == one:
        raise UnitError(f"{unit!r:.60} takes {zero} for {one}; the word for {one} stands first")
    return {first: 1.0, second: 0.0}


def state_of(raw: object, unit: str, quantity: str) -> float | None:
    """Return 1.0 or 0.0 for a word, digit or boolean that `unit` explains, else None."""
    if isinstance(raw, bool):
        word = "true" if raw else "false"
    elif isinstance(raw, int | float):
        word = "1" if raw == 1 else "0" if raw == 0 else ""
    elif isinstance(raw, str):
        word = raw.strip().casefold()
    else:
        return None
    return polarity(unit, quantity).get(word)
