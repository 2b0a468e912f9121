"""Whatever a story says, its results are XML."""

from xml.etree import ElementTree as ET

import pytest

from hdmonitor.reports.junit import junit
from hdmonitor.trials import Played


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("below <2> & 'cold'", "below <2> & 'cold'"),
        ("a bell \x07 and half a sign \ud800", "a bell \\x07 and half a sign \\xd800"),
        ("25 °C, 冷", "25 °C, 冷"),
    ],
)  # fmt: skip
def test_words_that_xml_cannot_hold_are_written_out(tmp_path, text, read):
    document = junit([Played(tmp_path / "story.yaml", None, (text,))])

    assert ET.fromstring(document)[0][0][0].text == read
