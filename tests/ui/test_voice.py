"""Speaking on the page: a real browser whose microphone is a file, real words out of Whisper.

No request may leave loopback (browsing.py).
"""

import re
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import soundfile
from axe_playwright_python.sync_playwright import Axe
from browsing import CHROMIUM, Scripted, Site, Visit
from playwright.sync_api import Browser, expect, sync_playwright

from simpatico.agent.build import listener
from simpatico.agent.hearing import Ears
from simpatico.agent.whisper import HOW
from simpatico.domain import Spoken
from simpatico.errors import ModelError
from simpatico.retrieval.sound import RATE_HZ, decode_sound
from simpatico.settings import load_settings

pytestmark = [pytest.mark.browser, pytest.mark.slow]
pytest_plugins = ("browsing",)
SAID = "i need something warm and funny nothing with kids"
VOICE = Path(__file__).parents[1] / "agent" / "rough-week.ogg"


class Hearing(Scripted):
    """Hears with the ears it is given, and answers from its script."""

    def __init__(self, ears: Ears) -> None:
        super().__init__()
        self._ears = ears
        self.n_bytes: list[int] = []

    async def ready_to_hear(self) -> None:
        await self._ears.ready()

    async def hear(self, sound: bytes) -> Spoken:
        self.n_bytes.append(len(sound))
        return await self._ears.hear(sound)


@pytest.fixture(scope="module")
def hearing() -> Iterator[Site]:
    settings = load_settings()
    try:
        whisper = listener(settings)
    except ModelError as error:
        pytest.skip(f"needs the weights: {error}")

    async def make() -> Hearing:
        return Hearing(Ears(lambda: whisper))

    site = Site(make)
    yield site
    site.close()


@pytest.fixture(scope="module")
def deaf() -> Iterator[Site]:
    def load() -> Any:
        raise ModelError(HOW)

    async def make() -> Hearing:
        return Hearing(Ears(load))

    site = Site(make)
    yield site
    site.close()


@pytest.fixture(scope="module")
def speaking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser into whose microphone the clip is played, again and again."""
    if CHROMIUM is None:
        pytest.skip("needs chromium: apt-get install chromium")
    clip = tmp_path_factory.mktemp("clip") / "voice.wav"
    soundfile.write(clip, decode_sound(VOICE.read_bytes()), RATE_HZ, subtype="PCM_16")
    flags = [
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--use-fake-device-for-media-stream",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[*flags, f"--use-file-for-fake-audio-capture={clip}%noloop"],
        )
        yield browser
        browser.close()


def heard(text: str) -> str:
    return re.sub(r"[^a-z ]", "", text.lower())


def test_what_is_said_comes_into_the_box_by_keyboard_alone(
    speaking: Browser, hearing: Site
) -> None:
    context = speaking.new_context(
        viewport={"width": 360, "height": 740}, permissions=["microphone"], reduced_motion="reduce"
    )
    tab = Visit(context, hearing.url)
    box, button = tab.page.get_by_label("Your message"), tab.page.locator("#speak")
    expect(button).to_have_accessible_name("Speak: write down what I say")
    box.fill("Hello.")
    button.focus()
    tab.page.keyboard.press("Enter")
    expect(tab.page.locator("#voice p")).to_contain_text("I’m listening", timeout=20_000)
    expect(button).to_have_accessible_name("Stop listening")
    violations = Axe().run(tab.page).response["violations"]
    assert [one["id"] for one in violations] == []
    tab.page.wait_for_timeout(4_500)
    tab.page.keyboard.press("Enter")
    expect(tab.page.locator("#voice p")).to_contain_text("Correct it", timeout=40_000)
    # the beginning may be lost while the microphone opens
    assert heard(box.input_value()).startswith("hello ")
    assert heard(box.input_value()).endswith(SAID)
    expect(box).to_be_focused()
    expect(button).to_have_accessible_name("Speak: write down what I say")
    assert tab.page.locator(".exchange").count() == 0 and tab.fits()
    assert 32_000 * 4 < hearing.service.n_bytes[-1] < 32_000 * 30
    tab.page.keyboard.press("Enter")
    tab.wait_for(1)
    assert SAID in heard(hearing.service.asked[-1])
    n = len(hearing.service.n_bytes)
    button.click()
    expect(button).to_have_accessible_name("Stop listening")
    tab.page.keyboard.press("Escape")
    expect(button).to_have_accessible_name("Speak: write down what I say")
    assert len(hearing.service.n_bytes) == n
    expect(box).to_have_value("")
    assert tab.errors == [] and tab.remote == []
    context.close()


def test_without_a_model_or_leave_the_page_says_what_to_do(
    speaking: Browser, deaf: Site, hearing: Site
) -> None:
    context = speaking.new_context()
    tab = Visit(context, deaf.url)
    tab.page.locator("#speak").click()
    expect(tab.page.locator("#voice p")).to_contain_text("simpatico model fetch whisper-base")
    expect(tab.page.locator("#speak")).to_have_attribute("data-state", "ready")
    tab = Visit(context, hearing.url)
    tab.page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = () =>"
        " Promise.reject(new DOMException('', 'NotAllowedError')); }"
    )
    tab.page.locator("#speak").click()
    expect(tab.page.locator("#voice p")).to_contain_text("doesn’t let this page")
    context.close()


def test_a_browser_that_cannot_record_lets_go_of_the_microphone(
    speaking: Browser, hearing: Site
) -> None:
    context = speaking.new_context(permissions=["microphone"])
    tab = Visit(context, hearing.url)
    tab.page.evaluate(
        """() => {
          const media = navigator.mediaDevices, get = media.getUserMedia.bind(media);
          media.getUserMedia = async (wanted) => (window.given = await get(wanted));
          window.MediaRecorder = class {
            constructor() { throw new DOMException('', 'NotSupportedError'); }
          };
        }"""
    )
    tab.page.locator("#speak").click()
    expect(tab.page.locator("#voice p")).to_contain_text("didn’t work", timeout=20_000)
    expect(tab.page.locator("#speak")).to_have_attribute("data-state", "ready")
    states = "() => window.given.getTracks().map((track) => track.readyState)"
    assert tab.page.evaluate(states) == ["ended"]
    context.close()


def long_body(url: str, length: int) -> int:
    """The status for a body of a length that is told and never sent."""
    to = urlsplit(url)
    with closing(HTTPConnection(str(to.hostname), to.port, timeout=30)) as line:
        line.putrequest("POST", to.path)
        line.putheader("Content-Type", "audio/wav")
        line.putheader("Content-Length", str(length))
        line.endheaders()
        return line.getresponse().status


def test_nothing_but_a_voice_is_taken(hearing: Site, speaking: Browser) -> None:
    context = speaking.new_context()
    post = context.request.post
    url = f"{hearing.url}voice"
    sent = {"Content-Type": "audio/wav"}
    assert post(url, data=b"x", headers={"Content-Type": "text/plain"}).status == 415
    assert post(url, data=b"no sound", headers=sent).status == 400
    assert long_body(url, 4_100_000) == 413
    assert post(url, data=b"x", headers={**sent, "Sec-Fetch-Site": "cross-site"}).status == 403
    context.close()
