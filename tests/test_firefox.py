"""The site in Firefox, by Playwright, which speaks WebDriver BiDi with the system's own."""

import pytest
from conftest import is_foreign
from other_browsers import Reading, need


@pytest.fixture(scope="module")
def open_page(playwright):
    browser = playwright.firefox.launch(executable_path=need("Firefox"), channel="moz-firefox")

    def open_page(url):
        for context in browser.contexts:
            context.close()
        page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        page.problems = []
        page.on("pageerror", lambda error: page.problems.append(f"error: {error}"))
        page.on("console", lambda said: page.problems.append(said.text) if said.type == "error" else None)
        page.on("request", lambda asked: page.problems.append(asked.url) if is_foreign(asked.url) else None)
        page.goto(url, wait_until="load")
        return page

    yield open_page
    browser.close()


class TestFirefox(Reading):
    """The facts of Reading."""
