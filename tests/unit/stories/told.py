"""A file of stories on the example site, as short as it can be."""

from functools import cache
from pathlib import Path

from hdmonitor.site import load_site

load = cache(load_site)  # the example site is read once
SITE = Path(__file__).parents[3] / "config" / "site.yaml"

STORY = """scenario: A refrigerator
covers: [659-3]
site: {site}
start: "2026-03-02T08:00:00-05:00"
every: "1m"

cases:
  - name: It gets warm
    given:
      hd-fridge-1.temperature: |
        5m   5.0 degC
        {given}
    when: |

      {when}
    then: |
      0m00s  hd-fridge-1.temperature unknown -> normal
      {then}
"""


def written(folder, *, given="1m 5.0 degC", when="3m restart", then=""):
    """Write the file with a line of your own in line 12, 15 or 18."""
    file = folder / "story.yaml"
    file.write_text(STORY.format(site=SITE, given=given, when=when, then=then), encoding="utf-8")
    return file
