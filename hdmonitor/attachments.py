"""Files that belong to evidence: kept beside the journal under the SHA-256 of what is in them.

The file is on the disk before the journal names it; one that nothing names is
harmless. Only what can be shown to be a page, a picture or a table is taken.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

LARGEST: Final = 20_000_000  # bytes
FOLDER: Final = "attachments"
TAKEN: Final = "attach a PDF, a picture (JPEG, PNG) or a table (CSV, TXT)"


class NotAttached(Exception):
    """A file that is not kept: which, why, what to do."""


def _is_text(raw: bytes) -> bool:
    """Tell whether nothing in there but lines of text is."""
    return not any(byte < 32 and byte not in (9, 10, 13) for byte in raw)  # noqa: PLR2004  # controls


KINDS: Final[Mapping[str, tuple[str, Callable[[bytes], bool]]]] = {
    ".pdf": ("application/pdf", lambda raw: raw.startswith(b"%PDF-")),
    ".png": ("image/png", lambda raw: raw.startswith(b"\x89PNG\r\n\x1a\n")),
    ".jpg": ("image/jpeg", lambda raw: raw.startswith(b"\xff\xd8\xff")),
    ".jpeg": ("image/jpeg", lambda raw: raw.startswith(b"\xff\xd8\xff")),
    ".csv": ("text/csv", _is_text),
    ".txt": ("text/plain", _is_text),
}


def refusal(name: str, size: int) -> str:
    """Say why a file of this name and size is not taken, or nothing."""
    if Path(name).suffix.lower() not in KINDS:
        return f"{name!r:.80} may not be attached; {TAKEN}"
    if size > LARGEST:
        return f"{name!r:.80} has {size:,} bytes, at most {LARGEST:,} are taken; scan it coarser, or split it"
    if size == 0:
        return f"{name!r:.80} is empty; attach the file itself"
    return ""


def keep(folder: Path, name: str, raw: bytes) -> str:
    """Keep a file and return its SHA-256 in hexadecimal digits; raise `NotAttached`."""
    if why := refusal(name, len(raw)):
        raise NotAttached(why)
    suffix = Path(name).suffix.lower()
    if not KINDS[suffix][1](raw):
        raise NotAttached(f"{name!r:.80} is not what its name says; {TAKEN}")
    digest = sha256(raw).hexdigest()
    place = folder / f"{digest}{suffix}"
    try:
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        if not place.exists():
            _write(place, raw)
    except OSError as error:
        raise NotAttached(f"{folder}: {error.strerror}; the folder must be writable and have room") from error
    return digest


def keep_file(folder: Path, path: Path) -> str:
    """Keep a copy of a file, looking at its size before reading it."""
    try:
        size = path.stat().st_size
        if why := refusal(path.name, size):
            raise NotAttached(why)
        raw = path.read_bytes()
    except OSError as error:
        raise NotAttached(f"{path}: {error.strerror}; name a file that can be read") from error
    return keep(folder, path.name, raw)


def find(folder: Path, digest: str) -> tuple[Path, str] | None:
    """Return where a file is kept and its type, None where it is not; its content is checked."""
    for suffix, (media, _) in KINDS.items():
        place = folder / f"{digest}{suffix}"
        if place.is_file() and sha256(place.read_bytes()).hexdigest() == digest:
            return place, media
    return None


def missing(folder: Path, digests: Iterable[str]) -> str:
    """Say which file is named and not kept, or nothing."""
    for digest in digests:
        if find(folder, digest) is None:
            return f"no file with the SHA-256 {digest} is kept here; attach the file on the page of the duty"
    return ""


def _write(place: Path, raw: bytes) -> None:
    """Write all of it or nothing, and have it on the disk before anything names it."""
    with NamedTemporaryFile(dir=place.parent, prefix=".", delete=False) as new:
        new.write(raw)
        new.flush()
        os.fsync(new.fileno())
    Path(new.name).chmod(0o640)
    Path(new.name).replace(place)
