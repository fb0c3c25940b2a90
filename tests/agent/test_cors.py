"""Pages of other sites: preflights as browsers send them; test_cors_browser.py has a real one."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from pydantic import SecretStr, ValidationError

from simpatico.agent.api.app import create_app
from simpatico.agent.api.loopback import Loopback
from simpatico.agent.api.scripted import ScriptedService
from simpatico.domain import Reply, UserState
from simpatico.settings import Settings

SHOP = "https://shop.example.org"
REPLY = Reply(text="Here you are.", route="talk", state=UserState())
SAID = {"messages": [{"role": "user", "content": "hello"}]}


def serving(*origins: str, key: str = "") -> Loopback:
    settings = Settings(cors_origins=origins, api_key=SecretStr(key))
    return Loopback(create_app(ScriptedService(REPLY), settings=settings))


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(SHOP, key="k-1") as server:
        yield server.url


def ask(method: str, url: str, **more: Any) -> httpx.Response:
    with httpx.Client(verify=False, trust_env=False) as client:
        return client.request(method, url, **more)


def preflight(url: str, origin: str, *, path: str = "/v1/chat/completions") -> httpx.Response:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,x-stainless-lang",
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "cors",
    }
    return ask("OPTIONS", url + path, headers=headers)


def test_a_preflight_of_a_named_origin_is_answered_without_a_key(url: str) -> None:
    answer = preflight(url, SHOP)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == SHOP
    assert "POST" in answer.headers["access-control-allow-methods"]
    allowed = answer.headers["access-control-allow-headers"]
    assert "authorization" in allowed and "x-stainless-lang" in allowed
    assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example.org",
        "http://shop.example.org",
        "https://shop.example.org:8443",
        "https://shop.example.org.evil.net",
        "https://xshop.example.org",
        "null",
        "*",
    ],
)
def test_a_preflight_of_any_other_origin_is_refused(url: str, origin: str) -> None:
    answer = preflight(url, origin)
    assert answer.status_code == 400
    assert "access-control-allow-origin" not in answer.headers


def test_a_post_across_sites_is_let_in_for_the_named_origin_alone(url: str) -> None:
    sent = {"Authorization": "Bearer k-1", "Sec-Fetch-Site": "cross-site"}
    chat = f"{url}/v1/chat/completions"
    mine = ask("POST", chat, json=SAID, headers={**sent, "Origin": SHOP})
    assert mine.status_code == 200
    assert mine.headers["access-control-allow-origin"] == SHOP
    assert "x-request-id" in mine.headers["access-control-expose-headers"]
    others = ask("POST", chat, json=SAID, headers={**sent, "Origin": "https://evil.example.org"})
    assert others.status_code == 403
    assert "access-control-allow-origin" not in others.headers


def test_a_page_can_read_why_it_was_refused(url: str) -> None:
    answer = ask("POST", f"{url}/v1/chat/completions", json=SAID, headers={"Origin": SHOP})
    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == SHOP


def test_no_answer_allows_credentials(url: str) -> None:
    get = ask("GET", f"{url}/v1/models", headers={"Origin": SHOP, "Authorization": "Bearer k-1"})
    assert get.headers["access-control-allow-origin"] == SHOP
    for answer in (preflight(url, SHOP), get):
        assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("path", ["/metrics", "/ready", "/openapi.json"])
def test_only_the_api_is_open_to_it(url: str, path: str) -> None:
    answer = ask("GET", url + path, headers={"Origin": SHOP, "Authorization": "Bearer k-1"})
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers


def test_by_default_no_page_may() -> None:
    with serving() as server:
        assert "access-control-allow-origin" not in preflight(server.url, SHOP).headers
        get = ask("GET", f"{server.url}/v1/models", headers={"Origin": SHOP})
        assert "access-control-allow-origin" not in get.headers


@pytest.mark.parametrize(
    "origin",
    ["*", "null", "shop.example.org", "https://Shop.example.org", "https://a.b/", "https://*.b.c"]
    + ["https://a.b:443", "http://a.b:80", "https://u@a.b", "ftp://a.b", "https://a.b/x", ""],
)
def test_an_origin_that_no_browser_sends_is_an_error(origin: str) -> None:
    with pytest.raises(ValidationError, match="wanted origins"):
        Settings(cors_origins=(origin,))


@pytest.mark.parametrize(
    "origin", ["http://localhost:3000", "https://a.b:8443", "http://[::1]:8080"]
)
def test_an_origin_as_browsers_send_it_is_taken(origin: str) -> None:
    assert Settings(cors_origins=(origin,)).cors_origins == (origin,)
