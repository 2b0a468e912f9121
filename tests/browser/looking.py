"""The machine's own Chromium, held by Playwright: nothing is downloaded, nothing outside is asked for."""

import shutil
from contextlib import contextmanager
from itertools import product
from typing import NamedTuple

from axe_core_python.base import AXE_SCRIPT
from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PHONE, DESK = (360, 740), (1280, 800)
WITHIN = 20_000  # milliseconds; the machine may be busy


def found():
    """Return the browser of this machine, None when it has none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Screen(NamedTuple):
    """What somebody sees a page on."""

    size: tuple[int, int] = DESK
    dark: bool = False
    scripts: bool = True

    def __str__(self):
        words = f"{self.size[0]}-{'dark' if self.dark else 'light'}"
        return words if self.scripts else f"{words}-without-scripts"


ON_A_DESK = Screen()
EVERY_SCREEN = [Screen(*each) for each in product((PHONE, DESK), (False, True), (True, False))]


@contextmanager
def chromium():
    """Give the browser."""
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=found(), args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@contextmanager
def shown(browser, url, screen=ON_A_DESK, **more):
    """Give `url` as somebody sees it on that screen; a script that fails is an error."""
    context = browser.new_context(
        viewport={"width": screen.size[0], "height": screen.size[1]},
        color_scheme="dark" if screen.dark else "light",
        java_script_enabled=screen.scripts,
        **more,
    )
    context.set_default_timeout(WITHIN)
    page, wrong = context.new_page(), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(url, wait_until="load")
    yield page
    context.close()
    assert wrong == []


def evaluate(page, expression):
    """Return the value of an expression in the page, whether or not the page may run scripts."""
    console = page.context.new_cdp_session(page)
    asked = {"expression": expression, "returnByValue": True, "awaitPromise": True}
    answer = console.send("Runtime.evaluate", asked)
    console.detach()
    assert "exceptionDetails" not in answer, answer["exceptionDetails"]
    return answer["result"].get("value")


def violations(browser, url, screen=ON_A_DESK, **more):
    """Return what axe-core has against a page: rule and element, one line each.

    axe is a script itself, so of a page without scripts only those of the page are kept away.
    """
    with shown(browser, "about:blank", screen._replace(scripts=True), **more) as page:
        if not screen.scripts:
            page.route("**/*.js", lambda route: route.abort())
        page.goto(url, wait_until="load")
        evaluate(page, AXE_SCRIPT)
        found = evaluate(page, "axe.run()")
    return [
        f"{each['id']} ({each['impact']}): {node['html'][:160]} {node['failureSummary'][:200]}"
        for each in found["violations"]
        for node in each["nodes"]
    ]
