"""The page in Chinese, in a real browser on the real service with a small catalogue."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import Open, Site
from playwright.sync_api import expect
from tiny import FILMS, started, tiny, tiny_home

pytestmark = [pytest.mark.browser, pytest.mark.slow]
pytest_plugins = ("browsing",)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    settings = tiny(tiny_home(tmp_path_factory.mktemp("home")))
    site = Site(lambda: started(settings), settings=settings)
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


def english(sheet: Any, *allowed: str) -> set[str]:
    """Latin words of a sheet, read or only heard, but for what nobody translates."""
    texts = sheet.evaluate(
        """one => [one.innerText, ...[...one.querySelectorAll("*")].flatMap((part) =>
          ["aria-label", "title", "placeholder"].map((name) => part.getAttribute(name) ?? ""))]"""
    )
    titles = " ".join(film.title for film in FILMS)
    return {*re.findall("[A-Za-z]{2,}", " ".join(texts))} - {*titles.split(), *allowed}


def test_the_sheets_are_chinese_to_the_last_word_and_axe_finds_nothing_in_them(
    visit: Open, small: Site
) -> None:
    tab = visit(small, locale="zh-CN", reduced_motion="reduce", width=360, color_scheme="dark")
    box = tab.page.get_by_label("你的消息")
    box.fill("有点难过，想看一部80年代以前的日本恐怖片，不要喜剧")
    box.press("Enter")
    tab.wait_for(1)
    chips = tab.newest(".chip").all_inner_texts()
    assert {"恐怖", "不要喜剧", "1979 年及以前", "日语的"} <= set(chips)
    box.fill("给我个惊喜")
    box.press("Enter")
    tab.wait_for(2)
    for act in ("喜欢", "收藏", "看过"):
        tab.newest(".card").first.get_by_role("button", name=act, exact=True).click()
    tab.newest(".star").nth(3).click()
    expect(tab.newest(".star.lit")).to_have_count(4)
    tab.page.get_by_role("button", name="我的", exact=True).click()
    sheet = tab.page.get_by_role("dialog", name="我的")
    expect(sheet.locator("h3")).to_contain_text(
        [
            "由你决定",
            "你喜欢",
            "收藏",
            "看过",
            "对话里还记着的要求",
            "你的心情",
            "你做过的",
            "你的数据",
        ]
    )
    sheet.locator("summary").click()
    for name in ("全部下载", "全部删除", "关闭"):
        expect(sheet.get_by_role("button", name=name, exact=True)).to_be_visible()
    for name in ("参考你对我的了解", "记住我的心情"):
        expect(sheet.get_by_role("switch", name=name)).to_be_visible()
    assert english(sheet) == set()
    assert Axe().run(tab.page).response["violations"] == []
    assert tab.fits()
    sheet.get_by_role("button", name="全部删除").click()
    question = tab.page.locator("dialog.question")
    expect(question).to_contain_text("删除我对你的全部了解？")
    assert english(question) == set()
    question.get_by_role("button", name="保留").click()
    sheet.get_by_role("button", name="关闭").click()

    tab.page.get_by_role("link", name="运行状况").click()
    sheet = tab.page.get_by_role("dialog", name="运行状况")
    expect(sheet.get_by_role("heading", level=3)).to_have_text(
        ["访问量", "用时", "心情", "反馈", "覆盖率", "部件与索引", "模型"]
    )
    expect(sheet.locator("tbody th")).to_contain_text(["第一个词", "整个回答", "理解"])
    sheet.get_by_role("button", name="检查索引").click()
    expect(sheet).to_contain_text("试了 3 件：0 件用自己的向量找不到")
    models = sheet.locator("dd").all_inner_texts()
    names = re.findall("[A-Za-z]{2,}", " ".join(models))
    assert english(sheet, "ms", "metrics", "Simpatico", *names) == set()
    assert Axe().run(tab.page).response["violations"] == []
    assert tab.fits()


def test_a_genre_is_never_shown_until_it_is_asked_for_by_name(visit: Open, small: Site) -> None:
    tab = visit(small, locale="zh-CN")
    before = tab.kept()
    tab.page.locator("#settings").click()
    never = tab.page.get_by_role("group", name="这些不要")
    expect(never.get_by_role("checkbox")).to_have_count(3)
    never.get_by_label("恐怖").check()
    tab.until(lambda: tab.kept() != before)
    tab.page.reload()
    expect(tab.page.locator("#settings")).to_have_attribute("aria-expanded", "false")
    tab.page.locator("#settings").click()
    expect(never.get_by_label("恐怖")).to_be_checked()
    tab.page.keyboard.press("Escape")
    box = tab.page.get_by_label("你的消息")
    for n, (words, shown) in enumerate({"给我个惊喜": False, "想看一部恐怖片": True}.items(), 1):
        box.fill(words)
        box.press("Enter")
        tab.wait_for(n)
        assert tab.titles() and ("Dark Lake" in tab.titles()) is shown


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
    box.fill("我不想活了")
    box.press("Enter")
    tab.wait_for(4)
    expect(tab.newest(".care")).to_contain_text("12356")
    expect(tab.newest(":is(.card, .mood, .chip, .follow, .tools)")).to_have_count(0)
    assert Axe().run(tab.page).response["violations"] == []
