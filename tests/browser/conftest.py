"""One browser for the tests of a module, if this machine has one."""

import pytest
from browser.looking import chromium, found


@pytest.fixture(scope="module")
def browser():
    if found() is None:
        pytest.skip("no Chromium on PATH; on Debian: sudo apt-get install chromium")
    with chromium() as browser:
        yield browser
