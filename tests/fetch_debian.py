"""Make sure that the servers of the tests are there, without installing anything or starting a service.

What is on PATH or in /usr/sbin is used. What is missing is downloaded as Debian packages, with the libraries
that this machine lacks, and unpacked into `.cache/debian/root`. No root needed: apt works on a state of its
own there, so that the package lists of the machine may be empty and stay as they are.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from servers import UNPACKED, program

PACKAGES = {
    "mosquitto": "mosquitto",
    "mosquitto_pub": "mosquitto-clients",  # with it comes the C library that the benches publish with
    "victoria-metrics": "victoria-metrics",
    "influxd": "influxdb",
}


class NotFetched(Exception):
    """Says in one sentence why the packages could not be had."""


def missing() -> list[str]:
    """Return the servers that are neither installed nor unpacked."""
    return [name for name in PACKAGES if not found(name)]


def found(name: str) -> bool:
    """Say whether the server is there and its libraries are too."""
    try:
        executable, environment = program(name)
    except RuntimeError:
        return False
    libraries = subprocess.run(
        ["ldd", executable], env=environment, capture_output=True, text=True, check=False
    )
    return "not found" not in libraries.stdout


def fetch(packages: list[str], home: Path) -> None:
    """Download the packages and what they need beyond this machine, and unpack them as `home`/root."""
    for tool in ("apt-get", "dpkg"):
        if shutil.which(tool) is None:
            raise NotFetched(f"this machine has no {tool}")
    for folder in ("state/lists/partial", "cache/archives/partial", "packages"):
        (home / folder).mkdir(parents=True)
    complaint = ""
    try:
        run(home, "update")
    except NotFetched as refused:
        complaint = f"{refused}\n"  # one dead source among several does no harm
    try:
        plan = run(home, "install", "--simulate", "--no-install-recommends", *packages)
        needed = {line.split()[1] for line in plan.splitlines() if line.startswith("Inst ")}
        # The C library stays that of this machine: it belongs to its loader.
        run(home, "download", *sorted({*packages, *needed} - {"libc6"}))
    except NotFetched as refused:
        raise NotFetched(f"{complaint}{refused}") from refused
    for package in (home / "packages").glob("*.deb"):
        subprocess.run(["dpkg", "-x", package, home / "unpacking"], check=True)
    (home / "unpacking").rename(home / "root")  # whole or not at all
    for folder in ("state", "cache", "packages"):
        shutil.rmtree(home / folder)


def run(home: Path, *arguments: str) -> str:
    """Return what apt-get prints, working on the state below `home`."""
    options = {
        "Dir::State": home / "state",
        "Dir::State::status": "/var/lib/dpkg/status",
        "Dir::Cache": home / "cache",
        "APT::Sandbox::User": "root",  # started by root, apt would become somebody who may not write here
        "APT::Get::List-Cleanup": "false",
        "APT::Update::Error-Mode": "any",
        "Debug::NoLocking": "true",
    }
    done = subprocess.run(
        ["apt-get", "-q", *(f"-o{name}={value}" for name, value in options.items()), *arguments],
        cwd=home / "packages",
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NotFetched(f"apt-get {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def main() -> int:
    """Return 0 when every server is there; else say what to install and return 1."""
    if not missing():
        return 0
    shutil.rmtree(UNPACKED.parent, ignore_errors=True)  # an earlier or interrupted attempt
    packages = [PACKAGES[name] for name in missing()]
    print(f"Fetching {', '.join(packages)} for the tests into .cache; nothing is installed or started.")
    try:
        fetch(packages, UNPACKED.parent)
        reason = "the packages came, but the programs do not run here"
    except (NotFetched, OSError, subprocess.CalledProcessError) as refused:
        reason = str(refused)
    if not (names := missing()):
        return 0
    print(
        f"The tests need {', '.join(names)}, and fetching the Debian packages did not work: {reason}\n"
        f"Install them, for instance with\n"
        f"    sudo apt-get install {' '.join(PACKAGES[name] for name in names)}\n"
        "or put the programs on PATH; then run the command again.",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
