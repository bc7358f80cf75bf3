"""A guide in a real browser, on a phone: nothing runs over the edge, links lead on, nothing is fetched from elsewhere."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from gateway import guides
from gateway.settings import HttpSettings
from gateway.web.app import create_app
from gateway.web.server import Server
from tests.web.conftest import Gateway

playwright = pytest.importorskip("playwright.sync_api", reason="playwright not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="chromium not installed (Debian package chromium)")]


@pytest.fixture
def phone(gateway: Gateway) -> Iterator[Any]:
    """A browser page of 375 by 667, and where the gateway is."""
    server = Server(create_app(gateway.doors()), HttpSettings("127.0.0.1:0", threads=2))
    server.start()
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 375, "height": 667}, base_url=server.address)
        yield page
        browser.close()
    server.stop()


def test_every_guide_fits_a_phone_and_its_links_lead_on(phone: Any) -> None:
    asked: list[str] = []
    faults: list[str] = []
    phone.on("request", lambda request: asked.append(request.url))
    phone.on("console", lambda message: faults.append(message.text))
    for name in guides.names():
        phone.goto("/guides/")
        phone.get_by_role("link", name=guides.title(guides.page(name) or ""), exact=True).click()
        phone.wait_for_load_state()
        assert phone.url.endswith(f"/guides/{name}")
        assert phone.evaluate("document.documentElement.scrollWidth") <= 375, name
        assert phone.locator("h1").inner_text() == guides.title(guides.page(name) or "")
    home = phone.evaluate("location.origin")
    assert all(url.startswith(f"{home}/guides/") or url == f"{home}/favicon.ico" for url in asked), asked
    assert not [fault for fault in faults if "Content Security Policy" in fault], faults


def test_a_guide_is_dark_for_who_wants_it_dark(phone: Any) -> None:
    seen = {}
    for scheme in ("light", "dark"):
        phone.emulate_media(color_scheme=scheme)
        phone.goto("/guides/3cx")
        seen[scheme] = phone.evaluate("getComputedStyle(document.body).backgroundColor")
    assert seen == {"light": "rgb(255, 255, 255)", "dark": "rgb(22, 22, 22)"}
