"""What people do with cards and messages, in a real browser on the real service."""

import pytest
from browsing import Open, Site
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.model]
pytest_plugins = ("browsing",)
OPENING = "rough week, I need something warm and funny, nothing with kids"


def test_stars_are_given_changed_and_count(visit: Open, site: Site) -> None:
    tab = visit(site)
    tab.say(OPENING)
    poor, good = tab.titles()[:2]
    first, second = tab.newest(".stars").nth(0), tab.newest(".stars").nth(1)
    first.get_by_role("button", name="5 of 5 stars").click()
    expect(first.locator(".lit")).to_have_count(5)
    first.get_by_role("button", name="1 of 5 stars").click()
    expect(first.locator(".lit")).to_have_count(1)
    expect(tab.newest(".noted").first).to_have_text("Noted: 1 of 5 stars.")
    assert len(tab.titles()) == 4  # two and two
    neighbours = [tab.newest(".card-foot").nth(n).bounding_box() for n in (0, 1)]
    assert neighbours[0]["y"] == neighbours[1]["y"]  # though only one of them was pressed
    second.get_by_role("button", name="5 of 5 stars").click()
    expect(second.get_by_role("button", name="5 of 5 stars")).to_have_attribute(
        "aria-pressed", "true"
    )
    tab.say("something else please")
    assert not {poor, good} & set(tab.titles())
    scores = " ".join(tab.newest(".bar-name").all_text_contents())
    assert "what you liked" in scores and "what you disliked" in scores


def test_more_like_one_card_is_about_that_one(visit: Open, site: Site) -> None:
    tab = visit(site)
    tab.say("a clever thriller that keeps me guessing")
    title = tab.titles()[1]
    tab.page.get_by_label("Your message").fill("half a thought")
    tab.newest(".card").nth(1).get_by_role("button", name="More like this").click()
    tab.wait_for(2)
    expect(tab.newest(".asked")).to_contain_text(f"More like {title}")
    assert f"you like {title}" in tab.newest(".chip").all_inner_texts()
    assert tab.titles() and title not in tab.titles()
    expect(tab.page.get_by_label("Your message")).to_have_value("half a thought")


def test_a_message_is_taken_back_with_what_it_meant(visit: Open, site: Site) -> None:
    tab = visit(site)
    tab.say(OPENING)
    tab.say("older than 1990, and I loved Heat")
    assert "until 1989" in tab.newest(".chip").all_inner_texts()
    tab.page.get_by_role("button", name="Take back").click()
    expect(tab.page.locator(".exchange")).to_have_count(1)
    expect(tab.page.get_by_label("Your message")).to_have_value("older than 1990, and I loved Heat")
    tab.say("something else please")
    heard = tab.newest(".chip").all_inner_texts()
    assert "warm" in heard and "until 1989" not in heard and "you like Heat" not in heard
    for left in (1, 0):
        tab.page.get_by_role("button", name="Take back").click()
        expect(tab.page.locator(".exchange")).to_have_count(left)
    expect(tab.page.locator(".empty")).to_be_visible()


def test_a_chosen_mood_is_taken_back_and_tried_again(visit: Open, site: Site) -> None:
    tab = visit(site)
    tab.say("I feel so sad and lonely tonight, what should I watch?")
    tab.newest(".mood-fix summary").click()
    tab.page.get_by_role("group", name="How do you feel?").get_by_text("cheerful").click()
    tab.wait_for(2)
    shown = tab.titles()
    tab.page.get_by_role("button", name="Try again").click()
    expect(tab.newest(".card h3").first).not_to_have_text(shown[0])
    expect(tab.newest(".mood-says")).to_contain_text("You told me: cheerful")
    expect(tab.page.locator(".exchange")).to_have_count(2)
    tab.page.get_by_role("button", name="Take back").click()
    expect(tab.page.locator(".exchange")).to_have_count(1)
    expect(tab.newest(".mood-says")).to_contain_text("is that right?")


def test_a_double_press_is_one(visit: Open, site: Site) -> None:
    tab = visit(site)
    asked = tab.page.locator(".asked span:not(.sr-only)")
    tab.page.get_by_role("button", name="Wide awake").dblclick()
    tab.wait_for(1)
    box = tab.page.get_by_label("Your message")
    box.fill("a western")
    box.press("Enter")
    box.press("Enter")
    tab.wait_for(2)
    box.fill("a comedy")
    tab.page.get_by_role("button", name="Send").dblclick()
    tab.wait_for(3)
    tab.page.get_by_role("button", name="Take back").dblclick()
    expect(asked).to_have_count(2)
    tab.say("a musical")  # whatever was sent before it has come by now
    assert asked.all_inner_texts()[1:] == ["a western", "a musical"]
    box.fill("a war film")
    tab.page.keyboard.down("Enter")
    for _ in range(3):
        tab.page.keyboard.down("Enter")  # held
    tab.page.keyboard.up("Enter")
    tab.wait_for(4)


def test_a_message_is_changed_and_its_answer_with_it(visit: Open, site: Site) -> None:
    tab = visit(site)
    tab.say("a western from the 50s")
    box = tab.page.get_by_label("Your message")
    tab.page.get_by_role("button", name="Edit").click()
    expect(box).to_have_value("a western from the 50s")
    expect(box).to_be_focused()
    box.press("Escape")
    expect(tab.page.locator("#note")).to_have_text("")
    expect(box).to_have_value("")
    tab.page.get_by_role("button", name="Edit").click()
    expect(box).to_have_value("a western from the 50s")
    box.fill("a comedy from the 80s")
    box.press("Enter")
    expect(tab.newest(".asked")).to_have_text("You said: a comedy from the 80s")
    tab.wait_for(1)
    heard = tab.newest(".chip").all_inner_texts()
    assert "the 80s" in heard and "western" not in heard


def test_an_answer_is_copied_as_plain_text(visit: Open, site: Site) -> None:
    tab = visit(site, permissions=["clipboard-read", "clipboard-write"])
    tab.say(OPENING)
    tab.page.get_by_role("button", name="Copy").click()
    expect(tab.page.get_by_role("button", name="Copied")).to_be_visible()
    copied = tab.page.evaluate("navigator.clipboard.readText()")
    assert all(title in copied for title in tab.titles()) and "**" not in copied


def test_the_little_known_is_favoured_when_asked_for_and_that_is_kept(
    visit: Open, site: Site
) -> None:
    def popularity() -> float:
        tab.say("epic fantasy")
        ids = tab.newest(".card").evaluate_all("all => all.map(one => one.dataset.item)")
        found = [site.service.catalog.get(each).popularity for each in ids]
        return float(sum(found) / len(found))

    tab = visit(site)
    usual = popularity()
    tab.page.locator("#settings").click()
    slider = tab.page.get_by_role("slider", name="Little or well known")
    slider.focus()
    weighing = tab.page.get_by_role("slider", name="With a picture")
    expect(weighing).to_have_count(0)  # of these films no picture can be searched
    before = tab.kept()
    tab.page.keyboard.press("Home")
    tab.page.keyboard.press("Escape")
    assert popularity() < usual / 2
    tab.until(lambda: tab.kept() != before)
    tab.page.reload()
    expect(tab.page.locator("#settings")).to_have_attribute("aria-expanded", "false")
    tab.page.locator("#settings").click()
    expect(tab.page.get_by_role("slider", name="Little or well known")).to_have_value("0")
