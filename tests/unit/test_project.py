"""The repository itself: dependencies, package data, layers, pages, and what must not stand in it."""

import os
import re
import tomllib
from collections.abc import Iterator
from importlib import resources
from importlib.metadata import packages_distributions
from pathlib import Path
from zipfile import ZipFile

import grimp
import pytest
from hatchling.builders.wheel import WheelBuilder
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONTRACTS = {contract["type"]: contract for contract in PROJECT["tool"]["importlinter"]["contracts"]}


def name_of(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement, maxsplit=1)[0].lower().replace("_", "-")


RUNTIME = {name_of(line) for line in PROJECT["project"]["dependencies"]} | {
    name_of(line) for lines in PROJECT["project"]["optional-dependencies"].values() for line in lines
}
BUILD = {name_of(line) for line in PROJECT["build-system"]["requires"]}
DEVELOPMENT = {name_of(line) for line in PROJECT["dependency-groups"]["dev"]}


def files() -> Iterator[Path]:
    """Give every text file of the repository, without what git ignores."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name == ".ci" or not name.startswith((".", "__"))]
        for name in names:
            path = Path(folder, name)
            if not name.endswith((".db", ".db-wal", ".db-shm", ".png", ".pyc")):
                yield path


def test_every_dependency_has_its_line_in_the_docs_and_no_other_has() -> None:
    page = (ROOT / "docs/dependencies.md").read_text()

    explained = set(re.findall(r"^\| `([\w.-]+)` \| \S", page, re.MULTILINE))

    assert explained == RUNTIME | BUILD | DEVELOPMENT


@pytest.mark.parametrize(
    ("file", "names"), [("requirements.txt", RUNTIME | BUILD), ("requirements-dev.txt", DEVELOPMENT)]
)
def test_every_dependency_is_pinned_with_hashes_and_nothing_says_where_to_download(file, names) -> None:
    text = (ROOT / file).read_text()

    pins = re.findall(r"^([\w.-]+)==\S+ \\\n    --hash=sha256:[0-9a-f]{64}", text, re.MULTILINE)
    other = [line for line in text.splitlines() if not re.match(r"[\w.-]+==|    --hash=|\s*#|$", line)]

    assert {name.replace(".", "-") for name in names} <= set(pins)
    assert other == []


def test_what_the_package_imports_is_declared() -> None:
    graph = grimp.build_graph("hdmonitor", include_external_packages=True, cache_dir=None)
    distributions = packages_distributions()

    imported = {
        name_of(distribution)
        for module in graph.modules
        if graph.is_module_squashed(module)
        for distribution in distributions.get(module, [])
    }

    assert imported <= RUNTIME


def test_the_modules_that_decide_are_all_held_to_importing_nothing_that_acts() -> None:
    decide = [layer for layer in CONTRACTS["layers"]["layers"] if "monitor" in layer or "rules" in layer]
    decide += CONTRACTS["layers"]["layers"][-1:]
    modules = {f"hdmonitor.{name}" for layer in decide for name in re.findall(r"\w+", layer)}

    assert modules == set(CONTRACTS["forbidden"]["source_modules"])


def test_no_dependency_is_missing_from_what_those_modules_must_not_import() -> None:
    top_level = {
        module
        for module, distributions in packages_distributions().items()
        if {name_of(name) for name in distributions} & RUNTIME and not module.startswith("_")
    }

    assert top_level <= set(CONTRACTS["forbidden"]["forbidden_modules"])


def test_the_package_finds_its_data() -> None:
    package = resources.files("hdmonitor")

    assert (package / "py.typed").is_file()
    assert (package / "schema/0001_journal.sql").is_file()
    assert (package / "rules/catalogue/storage.yaml").is_file()


def test_the_wheel_holds_every_file_of_the_package_and_nothing_else(tmp_path) -> None:
    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])

    with ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert packed == {
        path.relative_to(ROOT).as_posix() for path in files() if path.is_relative_to(ROOT / "hdmonitor")
    } | {"hdmonitor/example/site.yaml"}


def test_a_changed_rule_is_announced_under_limits_and_rules() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    announced = set(re.findall(r"^- `([\w-]+)` version (\w+): \S", changelog, re.MULTILINE))

    catalogue = {
        (rule["id"], rule["version"])
        for file in (ROOT / "hdmonitor/rules/catalogue").glob("*.yaml")
        for rule in YAML(typ="safe").load(file)
    }

    assert catalogue - announced == set()


def test_links_between_pages_lead_somewhere() -> None:
    dead = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in files()
        if page.suffix == ".md"
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text())
        if not (page.parent / target).exists()
    ]

    assert dead == []


def test_an_exception_from_a_check_says_why() -> None:
    silent = re.compile(r"#\s*noqa(: [A-Z0-9, ]+)?\s*$", re.MULTILINE)

    unexplained = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in files()
        if path.suffix == ".py"
        for match in silent.finditer(path.read_text())
    ]

    assert unexplained == []


def test_nothing_in_the_repository_belongs_to_one_machine_or_says_where_to_download() -> None:
    forbidden = re.compile(
        "|".join(
            [
                r"(?<![\w.])/(home|Users)/\w",  # somebody's files
                r"(?<![\w.])/ro" + "ot/",
                r"--(extra-)?index" + "-url|--find" + "-links",
                "python" + "hosted|" + r"pypi\.(org|python)",
            ]
        )
    )

    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in files()
        for match in forbidden.finditer(path.read_text(errors="replace"))
    ]

    assert found == []
