"""The page in a real browser, on the real service with the embedded default (no language model).

What it stands on is in browsing.py: no request may leave loopback.
"""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from browsing import HOSTILE, Open, Scripted, Site
from gradio.queueing import Queue
from gradio.server_messages import ProcessCompletedMessage
from PIL import Image
from playwright.sync_api import Browser, expect

from simpatico.domain import Weights
from simpatico.settings import LimitSettings, Settings

pytestmark = [pytest.mark.browser, pytest.mark.slow]
pytest_plugins = ("browsing",)
OPENING = "rough week, I need something warm and funny, nothing with kids"


@pytest.mark.model
def test_ten_turns_are_followed_and_what_was_rejected_stays_away(visit: Open, site: Site) -> None:
    tab = visit(site)
    gone: list[str] = []

    tab.say(OPENING)
    assert 3 <= len(tab.titles()) <= 5
    heard = tab.newest(".chip").all_inner_texts()
    assert {"warm", "funny", "not kids"} <= set(heard)
    gone.append(tab.titles()[0])

    tab.say("not that one")
    assert tab.titles() and not set(gone) & set(tab.titles())
    gone.append(tab.titles()[1])

    tab.say("seen the second one")
    assert tab.titles() and not set(gone) & set(tab.titles())

    tab.say("something less sad")
    assert "not sad" in tab.newest(".chip").all_inner_texts()
    assert tab.titles() and not set(gone) & set(tab.titles())

    tab.say("older than 1990")
    years = [int(facts[:4]) for facts in tab.newest(".facts").all_inner_texts()]
    assert years and max(years) < 1990
    first = tab.titles()[0]

    tab.say("why the first one?")
    assert first in tab.newest(".answer").inner_text()
    assert tab.titles() == []

    tab.say("surprise me")
    assert tab.titles() and not set(gone) & set(tab.titles())
    liked, disliked = tab.titles()[:2]
    tab.newest(".card").nth(0).get_by_role("button", name="Like", exact=True).click()
    tab.newest(".card").nth(1).get_by_role("button", name="Not for me").click()
    expect(tab.newest(".act[aria-pressed=true]")).to_have_count(2)
    expect(tab.newest(".noted").nth(0)).to_have_text("Noted: more like this.")
    gone += [liked, disliked]

    tab.say("something else please")
    assert tab.titles() and not set(gone) & set(tab.titles())
    scores = " ".join(tab.newest(".bar-name").all_text_contents())
    assert "what you liked" in scores or "what you disliked" in scores

    tab.say("something from the 80s")
    assert "the 80s" in tab.newest(".chip").all_inner_texts()
    assert not set(gone) & set(tab.titles())

    tab.say("thanks, goodnight")
    assert tab.titles() == []
    assert tab.newest(".answer").inner_text()
    assert tab.page.locator(".problem").count() == 0


@pytest.mark.model
def test_a_wrong_mood_is_corrected_and_recommended_for_anew(visit: Open, site: Site) -> None:
    tab = visit(site)
    tab.say("I feel so sad and lonely tonight, what should I watch?")
    expect(tab.newest(".mood-says")).to_contain_text("is that right?")
    expect(tab.newest(".sure")).to_have_text(re.compile(r"\d+% sure"))
    tab.newest(".mood-fix summary").click()
    tab.page.get_by_role("group", name="How do you feel?").get_by_text("cheerful").click()
    tab.wait_for(2)
    expect(tab.newest(".mood-says")).to_contain_text("You told me: cheerful")
    assert tab.titles()
    tab.newest(".mood-fix summary").click()
    tab.page.get_by_role("button", name="Don’t read my mood").click()
    tab.wait_for(3)
    expect(tab.newest(".mood-says")).to_contain_text("not reading your mood")


@pytest.mark.model
def test_an_example_can_be_chosen_with_the_keyboard_alone(visit: Open, site: Site) -> None:
    tab = visit(site, reduced_motion="reduce")
    tab.page.get_by_role("button", name="Wide awake").focus()
    tab.page.keyboard.press("Enter")
    tab.wait_for(1)
    assert tab.titles()
    like = tab.newest(".act-like").first
    like.focus()
    outline = like.evaluate("one => getComputedStyle(one).outlineStyle")
    tab.page.keyboard.press("Space")
    expect(like).to_have_attribute("aria-pressed", "true")
    why = tab.newest(".why summary").first
    why.focus()
    tab.page.keyboard.press("Enter")
    expect(tab.newest(".why-body").first).to_be_visible()
    assert outline != "none"


@pytest.mark.model
def test_a_button_pressed_before_gradio_says_done_stays_pressed(
    visit: Open, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = Queue.send_message

    def late(queue: Queue, event: Any, message: Any) -> None:
        if isinstance(message, ProcessCompletedMessage):
            site.loop.call_later(1.0, send, queue, event, message)
        else:
            send(queue, event, message)

    monkeypatch.setattr(Queue, "send_message", late)
    tab = visit(site)
    tab.say(OPENING)
    tab.newest(".act-like").first.click()
    expect(tab.newest(".act-like").first).to_have_attribute("aria-pressed", "true")
    tab.page.wait_for_timeout(1500)
    expect(tab.newest(".act-like").first).to_have_attribute("aria-pressed", "true")


@pytest.mark.model
def test_the_page_fits_a_small_phone_and_the_dark(visit: Open, site: Site) -> None:
    tab = visit(site, width=360, height=740, color_scheme="dark")
    assert tab.fits()
    tab.say(OPENING)
    tab.newest(".why summary").first.click()
    tab.newest(".mood-fix summary").first.click()
    assert tab.fits()
    tab.page.locator("#settings").click()
    expect(tab.page.locator("#drawer")).to_be_visible()
    assert tab.fits()
    paper = tab.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == "rgb(23, 17, 13)"


@pytest.mark.model
def test_text_and_controls_have_enough_contrast_by_day_and_night(visit: Open, site: Site) -> None:
    for scheme in ("light", "dark"):
        tab = visit(site, color_scheme=scheme, reduced_motion="reduce")
        tab.say(OPENING)
        tab.newest(".act-like").first.click()
        expect(tab.newest(".noted").first).to_have_text("Noted: more like this.")
        assert tab.page.evaluate(_FAINT) == []


_FAINT = """() => {
  const parse = (text) => {
    const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
    return { rgb: [r, g, b], a };
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92
      : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const { rgb, a } = parse(getComputedStyle(one).backgroundColor);
      if (a === 1) return rgb;
    }
    return [255, 255, 255];
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const words = walker.currentNode.textContent.trim();
    if (!words || !element.checkVisibility() || element.closest(".tile, .sr-only, script, style")) {
      continue;
    }
    const pair = [light(parse(getComputedStyle(element).color).rgb), light(ground(element))];
    const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    if (ratio < 4.5) faint.push(`${words.slice(0, 30)}: ${ratio.toFixed(2)}`);
  }
  return faint;
}"""


def test_a_person_and_their_settings_stay_when_the_page_is_opened_again(
    visit: Open, scripted: Site
) -> None:
    tab = visit(scripted)
    tab.page.locator("#settings").click()
    tab.until(lambda: bool(tab.kept()))  # who they are, first of all
    before = tab.kept()
    decided = scripted.service.desk.decided
    n = len(decided)
    tab.page.get_by_label("Use what you know about me").uncheck()
    tab.until(lambda: len(decided) == n + 1)
    tab.page.reload()
    expect(tab.page.locator("#settings")).to_have_attribute("aria-expanded", "false")
    expect(tab.page.get_by_label("Use what you know about me")).not_to_be_checked()
    assert before and tab.kept()


def test_posters_are_asked_for_only_when_wanted_and_only_from_one_place(
    visit: Open, scripted: Site
) -> None:
    tab = visit(scripted)
    tab.page.route("https://**", lambda route: route.abort())
    tab.say("cards")
    expect(tab.newest(".tile")).to_be_visible()
    assert tab.newest("img").count() == 0
    tab.page.locator("#settings").click()
    with tab.page.expect_request("https://upload.wikimedia.org/none.jpg") as asked:
        tab.page.get_by_label("Show posters").check()
    assert "referer" not in asked.value.all_headers()
    tab.page.wait_for_timeout(300)
    # It did not load: what is seen is the tile below it.
    expect(tab.newest("img.poster")).to_have_js_property("naturalWidth", 0)
    tab.page.get_by_label("Show posters").uncheck()
    expect(tab.newest("img")).to_have_count(0)
    assert {request.url for request in tab.remote} == {"https://upload.wikimedia.org/none.jpg"}
    tab.remote.clear()
    tab.errors[:] = [error for error in tab.errors if "Failed to load resource" not in error]


def test_hostile_titles_and_messages_are_only_text(visit: Open, scripted: Site) -> None:
    tab = visit(scripted)
    tab.say("cards")
    assert tab.titles() == [HOSTILE]
    tab.say(HOSTILE)
    expect(tab.newest(".asked")).to_contain_text(HOSTILE)
    assert tab.page.locator(".exchange img").count() == 0


def test_accidents_are_told_kindly_and_can_be_tried_again(visit: Open, scripted: Site) -> None:
    tab = visit(scripted)
    scripted.service.taken_back.clear()
    for text, words in (("break", "went wrong on my side"), ("full", "couldn’t keep your message")):
        tab.say(text)
        expect(tab.newest(".problem")).to_contain_text(words)
    n, asked = tab.page.locator(".exchange").count(), scripted.service.asked
    tab.page.get_by_role("button", name="Try again").click()
    tab.until(lambda: asked[-2:] == ["full", "full"])
    tab.wait_for(n)
    assert scripted.service.taken_back == ["full"]
    tab.say("full")  # what is kept, if anything, would be of the one before
    tab.page.get_by_role("button", name="Try again").click()
    tab.until(lambda: asked[-4:] == ["full"] * 4)
    tab.wait_for(n + 1)
    assert scripted.service.taken_back == ["full"]
    assert "secret" not in tab.page.inner_text("body")
    tab.say("degraded")
    expect(tab.newest(".degraded")).to_contain_text("the language model is not there")
    tab.say("nothing")
    expect(tab.newest(".nothing")).to_be_visible()


def test_who_asks_too_much_is_told_when_to_try_again_but_help_does_not_wait(visit: Open) -> None:
    async def make() -> Scripted:
        return Scripted()

    site = Site(make, settings=Settings(limits=LimitSettings(per_person=1)))
    tab = visit(site)
    tab.say("cards")
    later = re.compile(r"more at once than I can answer\. Please try again in \d+ s")
    notice, box = tab.page.locator(".notice"), tab.page.get_by_label("Your message")
    box.fill("cards")
    box.press("Enter")
    expect(notice).to_have_text(later)
    expect(box).to_have_value("cards")  # nothing of it is lost, nor of what was answered
    tab.page.get_by_role("button", name="Edit").click()
    box.press("Enter")
    expect(notice).to_have_text(later)
    tab.page.get_by_role("button", name="Try again").click()
    expect(notice).to_have_text(later)
    assert tab.titles() == [HOSTILE] and site.service.taken_back == []
    tab.say("I want to kill myself")
    assert site.service.asked == ["cards", "I want to kill myself"]
    tab.page.close()
    site.close()


def test_sliders_and_switches_go_along_with_what_is_said(visit: Open, scripted: Site) -> None:
    tab = visit(scripted)
    tab.page.locator("#settings").click()
    tab.page.get_by_role("slider", name="Safe or adventurous").focus()
    tab.page.keyboard.press("End")
    tab.page.get_by_role("slider", name="Little or well known").focus()
    tab.page.keyboard.press("Home")
    tab.page.get_by_role("slider", name="With a picture").focus()
    tab.page.keyboard.press("End")
    tab.page.get_by_label("Use what you know about me").uncheck()
    tab.page.keyboard.press("Escape")
    tab.say("cards")
    options = scripted.service.options[-1]
    assert (options.adventurous, options.popular, options.personal) == (1, 0, False)
    assert options.weights == Weights(text=0, image=2)


def test_a_turn_can_be_stopped_and_a_new_conversation_begun(visit: Open, scripted: Site) -> None:
    tab = visit(scripted)
    box = tab.page.get_by_label("Your message")
    box.fill("wait")
    box.press("Enter")
    expect(tab.newest(".answer")).to_contain_text("So far")
    tab.page.get_by_role("button", name="Stop").click()
    tab.wait_for(1)
    expect(tab.newest()).to_contain_text("Stopped, as you asked.")
    expect(tab.newest(".answer")).to_contain_text("So far")
    tab.page.get_by_role("button", name="Start over").click()
    expect(tab.page.locator(".empty")).to_be_visible()


def test_a_picture_is_made_small_and_sent_with_the_words(
    visit: Open, scripted: Site, tmp_path: Path
) -> None:
    tab = visit(scripted)
    box = tab.page.get_by_label("Your message")
    chooser = tab.page.locator("#picture-file")
    picture = tmp_path / "large.png"
    Image.new("RGB", (1600, 800), "teal").save(picture)
    box.fill("in this colour")
    chooser.set_input_files(picture)
    tab.wait_for(1)
    expect(tab.newest(".asked")).to_contain_text("in this colour")
    expect(tab.newest(".pictured")).to_have_text("with your picture")
    expect(tab.newest(".answer").first).to_contain_text("JPEG of 512 x 256.")
    expect(box).to_have_value("")
    with tab.page.expect_file_chooser() as asked:
        tab.page.get_by_role("button", name="Picture: find").click()
    asked.value.set_files(picture)
    tab.wait_for(2)
    expect(tab.newest(".asked")).to_contain_text("Find things that look like this")


def test_what_is_no_picture_is_handed_back(visit: Open, scripted: Site, tmp_path: Path) -> None:
    tab = visit(scripted)
    (tmp_path / "words.png").write_text("no picture")
    tab.page.locator("#picture-file").set_input_files(tmp_path / "words.png")
    expect(tab.page.locator("#note")).to_contain_text("couldn’t open that as a picture")
    box = tab.page.get_by_label("Your message")
    box.fill("no picture")
    picture = tmp_path / "small.png"
    Image.new("RGB", (8, 8)).save(picture)
    tab.page.locator("#picture-file").set_input_files(picture)
    expect(tab.newest()).to_contain_text("couldn’t open that as a picture")


def test_turns_of_the_page_are_counted(visit: Open, scripted: Site) -> None:
    def count(series: str) -> float:
        lines = scripted.metrics.text().decode().splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(series))

    answered = 'simpatico_turns_total{door="page",route="recommend"}'
    failed = 'simpatico_turns_failed_total{code="internal_error",door="page"}'
    stopped = 'simpatico_turns_failed_total{code="stopped",door="page"}'
    before = {series: count(series) for series in (answered, failed, stopped)}
    tab = visit(scripted)
    tab.say("cards")
    tab.say("break")
    tab.page.get_by_label("Your message").fill("wait")
    tab.page.get_by_label("Your message").press("Enter")
    expect(tab.newest()).to_contain_text("So far", timeout=10_000)
    assert count("simpatico_turns_running") == 1
    tab.page.get_by_role("button", name="Stop").click()
    tab.wait_for(3)
    assert {series: count(series) - n for series, n in before.items()} == {
        answered: 1,
        failed: 1,
        stopped: 1,
    }
    assert count("simpatico_turns_running") == 0


def test_care_comes_without_cards_moods_or_further_offers(visit: Open, scripted: Site) -> None:
    tab = visit(scripted)
    tab.say("care")
    expect(tab.newest(".care")).to_contain_text("Please talk to somebody.")
    assert tab.newest(".card, .mood, .chip, .follow").count() == 0


def test_empty_and_endless_messages_are_handed_back(visit: Open, scripted: Site) -> None:
    tab = visit(scripted)
    box = tab.page.get_by_label("Your message")
    box.press("Enter")
    expect(tab.page.locator(".notice")).to_contain_text("Write a word or two")
    box.fill("x" * 10_000)
    box.press("Enter")
    expect(tab.page.locator(".notice")).to_contain_text("10,000 characters")
    assert len(box.input_value()) == 10_000
    assert tab.page.locator(".exchange").count() == 0


def test_while_it_works_the_page_says_so_to_everybody(visit: Open, scripted: Site) -> None:
    tab = visit(scripted)
    box = tab.page.get_by_label("Your message")
    box.fill("wait")
    box.press("Enter")
    reply = tab.newest(".reply")
    expect(reply).to_have_attribute("aria-busy", "true")
    expect(reply).to_have_attribute("aria-live", "polite")
    expect(tab.newest(".steps .now")).to_have_text("Writing")
    expect(tab.newest(".steps li")).to_have_count(4)
    box.fill("care")
    box.press("Enter")  # a new message ends the one before
    tab.wait_for(2)
    expect(tab.page.locator(".exchange").first).to_contain_text("Stopped")


def test_the_servers_own_tools_are_shut(scripted: Site, browser: Browser) -> None:
    context = browser.new_context()
    for path in ("monitoring", "gradio_api/runs", "gradio_api/vibe-code"):
        answer = context.request.get(f"{scripted.url}{path}")
        assert answer.status >= 400 or "simpatico" not in answer.text().lower(), path
    home = context.request.get(scripted.url)
    assert "default-src 'self'" in home.headers["content-security-policy"]
    context.close()


@pytest.mark.parametrize("path", ["upload", "upload/", "upload?upload_id=x", "process_recording"])
def test_nobody_leaves_files_on_this_disk(scripted: Site, path: str) -> None:
    with httpx.Client(trust_env=False, verify=False) as client:
        sent = client.post(
            f"{scripted.url}gradio_api/{path}", files={"files": ("x.txt", b"x"), "file": b"x"}
        )
    assert sent.status_code == 404
    assert sent.json()["error"]["code"] == "not_found"
