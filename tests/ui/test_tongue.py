"""The page in Chinese, in a real browser on the real service with a small catalogue."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import Open, Site
from playwright.sync_api import expect
from tiny import started, tiny, tiny_home

pytestmark = [pytest.mark.browser, pytest.mark.slow]
pytest_plugins = ("browsing",)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    settings = tiny(tiny_home(tmp_path_factory.mktemp("home")))
    site = Site(lambda: started(settings))
    yield site
    site.close()


def test_a_chinese_browser_gets_a_chinese_page_that_axe_finds_nothing_in(
    visit: Open, small: Site
) -> None:
    tab = visit(small, locale="zh-CN", reduced_motion="reduce", width=360)
    expect(tab.page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(tab.page.locator(".empty h2")).to_have_text("今晚，你还好吗？")
    expect(tab.page.get_by_label("你的消息")).to_be_visible()
    expect(tab.page.locator("#picture")).to_have_attribute("aria-label", "图片：找看起来相似的")
    tab.page.locator("#settings").click()
    expect(tab.page.locator("#drawer")).to_contain_text("稳妥还是冒险")
    assert Axe().run(tab.page).response["violations"] == []
    assert tab.fits()


def test_the_language_is_switched_and_stays_switched(visit: Open, small: Site) -> None:
    tab = visit(small)
    expect(tab.page.locator("html")).to_have_attribute("lang", "en")
    tab.say("a comedy")
    kept = tab.kept()
    tab.page.locator("#settings").click()
    tab.page.locator("#language").get_by_label("中文").check()
    expect(tab.page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(tab.page.locator("#send")).to_have_text("发送")
    expect(tab.newest(".act-like").first).to_have_text("喜欢")
    expect(tab.newest(".facts").first).to_contain_text("喜剧")
    expect(tab.newest(".card h3").first).to_have_text("The Marmalade Bear")
    tab.until(lambda: tab.kept() != kept)
    tab.page.locator("#settings").click()
    tab.page.locator("#past").click()
    expect(tab.page.get_by_role("dialog", name="对话")).to_contain_text("今天")
    tab.page.get_by_role("button", name="关闭").click()
    tab.page.reload()
    expect(tab.page.locator("#send")).to_have_text("发送")
    tab.page.locator("#settings").click()
    tab.page.locator("#language").get_by_label("English").check()
    expect(tab.page.locator("#send")).to_have_text("Send")
    expect(tab.page.locator("html")).to_have_attribute("lang", "en")


def test_a_chinese_turn_is_answered_in_chinese_whatever_the_page_speaks(
    visit: Open, small: Site
) -> None:
    tab = visit(small, locale="zh-CN", reduced_motion="reduce")
    box = tab.page.get_by_label("你的消息")
    box.fill("想看一部恐怖片")
    box.press("Enter")
    tab.wait_for(1)
    assert tab.titles()[0] == "Dark Lake"
    expect(tab.newest(".answer").first).to_contain_text(re.compile(r"部电影"))
    expect(tab.newest(".chips")).to_contain_text("恐怖")
    tab.newest(".follow").get_by_text("给我个惊喜").click()
    tab.wait_for(2)
    assert tab.titles()
    box.fill("a comedy please")
    box.press("Enter")
    tab.wait_for(3)
    expect(tab.newest(".answer").first).not_to_contain_text(re.compile(r"[\u4e00-\u9fff]"))
    expect(tab.newest(".act-like").first).to_have_text("喜欢")
    assert Axe().run(tab.page).response["violations"] == []
