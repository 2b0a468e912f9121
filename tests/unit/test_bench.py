"""The benches can be loaded, and what they do with their figures is right; nothing is timed here."""

import importlib
import json
import sys
from pathlib import Path

import pytest

from hdmonitor.model import Point

BENCH = Path(__file__).parents[2] / "bench"
SCRIPTS = sorted(file.stem for file in BENCH.glob("*.py"))


@pytest.fixture
def bench(monkeypatch):
    """Load a script of the folder; nothing of it stays."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(BENCH))
    yield importlib.import_module
    for name in set(sys.modules) - before:
        if name in SCRIPTS:
            del sys.modules[name]


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_can_be_loaded(bench, script):
    assert bench(script).__doc__


def test_a_spread_has_least_middle_and_most(bench):
    spread = bench("figures").spread

    assert spread([3.0, 1.0, 2.0]).row(1) == ["1.0", "2.0", "3.0"]
    assert spread([4.0, 1.0, 2.0, 3.0]).middle == 2.5
    assert spread([12_345.6]).row() == ["12,346", "12,346", "12,346"]


def test_ratios_are_taken_run_by_run(bench):
    ratios = bench("figures").ratios

    assert ratios([1.0, 4.0], [2.0, 2.0]) == [0.5, 2.0]
    with pytest.raises(ValueError, match="longer"):
        ratios([1.0], [1.0, 2.0])


@pytest.mark.parametrize(
    ("share", "expected"), [(0.0, 1.0), (0.5, 50.0), (0.501, 51.0), (0.99, 99.0), (1.0, 100.0)]
)
def test_a_percentile_is_a_value_that_was_measured(bench, share, expected):
    percentile = bench("figures").percentile

    assert percentile([float(number) for number in range(100, 0, -1)], share) == expected


def test_a_table_is_markdown_with_its_columns_in_line(bench):
    table = bench("figures").table

    assert table(["rate", "least"], [["ours", "1"], ["of another", "1,000"]]) == (
        "| rate       | least |\n| ---------- | ----: |\n| ours       |     1 |\n| of another | 1,000 |"
    )


def test_a_verdict_names_its_target_and_meets_it_at_the_edge(bench):
    verdict = bench("figures").verdict

    assert verdict(0.5, 0.5, at_least=True) == "at least 0.5: met"
    assert verdict(0.49, 0.5, at_least=True) == "at least 0.5: NOT met"
    assert verdict(3, 3, at_least=False) == "at most 3: met"
    assert verdict(3.01, 3, at_least=False) == "at most 3: NOT met"


def test_the_fleet_has_three_points_for_each_device_and_its_messages_are_inside(bench):
    fleet = bench("fleet")

    site = fleet.fleet(4, probes=2)

    assert len(site.points) == 4 * 3 + 2
    assert set(site.devices) == {"bench/0", "bench/1", "bench/2", "bench/3", "alarm/0", "alarm/1"}
    assert all(point.rules for point in site.points.values())
    assert [topic for topic, _ in fleet.payloads(4, 6)] == [
        b"bench/0",
        b"bench/1",
        b"bench/2",
        b"bench/3",
        b"bench/0",
        b"bench/1",
    ]
    for _, payload in fleet.payloads(4, 500):
        said = json.loads(payload)
        assert 2 <= said["temperature"] <= 8
        assert said["humidity"] < 60
        assert said["contact"] is True


def test_the_broker_as_shipped_is_what_deploy_has_but_for_who_may_connect(bench, tmp_path):
    lines = bench("rig").shipped(tmp_path).splitlines()

    assert "autosave_interval 20" in lines
    assert "max_queued_messages 200000" in lines
    assert not [line for line in lines if line.startswith(("listener", "password_file", "allow_anonymous"))]


def test_the_site_of_the_benches_shares_what_the_loader_shares(bench, tmp_path):
    fleet = bench("fleet")
    file = tmp_path / "site.yaml"
    file.write_text(fleet.site_text(2))
    loaded, problems = fleet.load_site(file)
    assert loaded is not None, problems

    for kind in ("temperature", "door", "humidity"):
        shared = [
            {
                name
                for name in Point.__slots__
                if getattr(site.points[f"{kind}-0"], name) is getattr(site.points[f"{kind}-1"], name)
            }
            for site in (loaded, fleet.fleet(2))
        ]
        # The site that is read has one room, and the name of its hygrometer is that of the room.
        assert shared[0] - {"room", "name"} == shared[1]
        assert {"rules", "exposures", "every", "valid_for", "family", "field", "unit"} <= shared[1]
