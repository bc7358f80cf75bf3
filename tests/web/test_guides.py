"""`/guides/`: pages for people at a phone system, without a key, without the network, and without a secret."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from urllib.parse import urljoin

import pytest
from flask.testing import FlaskClient

from gateway import guides


class Seen(HTMLParser):
    """Tags with what they load or lead to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.mark.parametrize("name", guides.names())
def test_a_guide_is_a_page_that_loads_nothing(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/guides/{name}")
    assert answer.status_code == 200 and answer.content_type == "text/html; charset=utf-8"
    tags = Seen(answer.text).tags
    assert not [tag for tag, _ in tags if tag in ("script", "img", "link", "iframe", "object", "form")]
    assert not [attrs for _, attrs in tags if {"src", "style", "onclick"} & set(attrs)]
    for target in (attrs["href"] or "" for tag, attrs in tags if tag == "a"):
        if not target.startswith("https://"):
            assert client.get(urljoin(f"/guides/{name}", target)).status_code == 200, target


def test_the_only_style_that_may_run_is_that_of_the_page(client: FlaskClient) -> None:
    answer = client.get("/guides/")
    style = re.search(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert style is not None
    allowed = b64encode(sha256(style[1].encode()).digest()).decode()
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'") and f"style-src 'sha256-{allowed}'" in policy
    assert "frame-ancestors 'none'" in policy and answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_list_leads_to_every_guide(client: FlaskClient) -> None:
    targets = [attrs["href"] for tag, attrs in Seen(client.get("/guides/").text).tags if tag == "a"]
    assert targets == guides.names()


def test_a_page_shows_the_address_that_was_asked_for(client: FlaskClient) -> None:
    shown = client.get("/guides/3cx", headers={"Host": "192.0.2.20:8080"}).text
    assert "http://192.0.2.20:8080/compat/3cx" in shown
    proxied = client.get("/guides/3cx.md", headers={"Host": "sms.example.net", "X-Forwarded-Proto": "https"})
    assert proxied.content_type == "text/markdown; charset=utf-8"
    assert "`https://sms.example.net/compat/3cx`" in proxied.text


@pytest.mark.parametrize("host", ["<b>x</b>", "x`y", "a b", 'x"y', "[x](http://y)", "x_y", "a" * 300])
def test_a_host_that_is_none_is_shown_nowhere(client: FlaskClient, host: str) -> None:
    answer = client.get("/guides/3cx", headers={"Host": host})
    assert answer.status_code == 400 or (host not in answer.text and "simrack.example.net/compat/3cx" in answer.text)


def test_markdown_is_never_markup(client: FlaskClient) -> None:
    from gateway.web.guides import _MARKDOWN

    assert "<script>" not in _MARKDOWN.render("<script>alert(1)</script> [x](javascript:alert(1)) <b onclick=x>")


def test_a_file_is_plain_text(client: FlaskClient) -> None:
    answer = client.get("/guides/files/kannel.conf", headers={"Host": "192.0.2.20:8080"})
    assert answer.content_type == "text/plain; charset=utf-8"
    assert "send-url = http://192.0.2.20:8080/cgi-bin/sendsms" in answer.text and '"{key}"' in answer.text


@pytest.mark.parametrize("path", ["/guides/nothing", "/guides/nothing.md", "/guides/files/nothing.md", "/guides/__init__.py"])
def test_what_there_is_not_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404
