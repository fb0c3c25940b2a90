"""A picture given on the page, and what looks like it: the real encoder on real photographs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import Open, Site, Visit
from PIL import Image
from playwright.sync_api import expect
from sklearn.datasets import load_sample_images
from tiny import started, tiny

from simpatico.agent.build import look_at_media
from simpatico.domain import Item, Media
from simpatico.errors import ModelError
from simpatico.modelstore import ModelStore
from simpatico.retrieval.catalog import Catalogs
from simpatico.settings import load_settings

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.model]
pytest_plugins = ("browsing",)
PLACES = {"temple": [(60, 40), (300, 60), (200, 160)], "flower": [(220, 30), (330, 90), (160, 150)]}
"""Left and top of what is cut out of each photograph for the catalogue."""
TOLD = {
    "temple": "Lighthouses, harbours and storms at sea.",
    "flower": "Bread and butter on a kitchen table.",
}
"""Something else than what is to be seen."""
GIVEN = {"flower": (270, 110), "temple": (130, 90)}
"""Likewise of what is shown, of which the catalogue has none."""


def cut(kind: str, left: int, top: int) -> Image.Image:
    temple, flower = load_sample_images().images
    whole = Image.fromarray(temple if kind == "temple" else flower)
    return whole.crop((left, top, left + 240, top + 240))


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home, cache = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("cache")
    name = "efficientnet-lite0"
    try:
        (cache / name).symlink_to(ModelStore(load_settings().cache).path(name))
    except ModelError as error:
        pytest.skip(f"no weights: {error}")
    items: list[Item] = []
    for kind, places in PLACES.items():
        for n, place in enumerate(places):
            file = home / "media" / "photos" / f"{kind}-{n}.jpg"
            file.parent.mkdir(parents=True, exist_ok=True)
            cut(kind, *place).save(file)
            picture = Media(kind="image", uri=f"photos/{file.name}")
            items.append(
                Item(
                    id=file.stem,
                    kind="poster",
                    title=f"Print {len(items) + 1}",
                    text=TOLD[kind],
                    media=(picture,),
                )
            )
    Catalogs(home).upsert("photos", items)
    settings = tiny(home, cache=cache, catalog="photos")
    look_at_media(settings, progress=lambda what, done, of: None)
    site = Site(lambda: started(settings), settings=settings)
    yield site
    site.close()


def found_by(tab: Visit, n: int, kind: str, folder: Path) -> list[str]:
    """What of each card is on its picture, when the n-th message comes with one of a kind."""
    given = folder / f"{kind}.png"
    cut(kind, *GIVEN[kind]).transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(given)
    with tab.page.expect_file_chooser() as asked:
        tab.page.get_by_role("button", name="Picture: find").click()
    asked.value.set_files(given)
    tab.wait_for(n)
    ids = tab.newest(".card").evaluate_all("all => all.map((one) => one.dataset.item)")
    return [item.partition("-")[0] for item in ids]


def test_a_picture_finds_what_looks_like_it(visit: Open, photos: Site, tmp_path: Path) -> None:
    tab = visit(photos)
    for n, kind in enumerate(GIVEN, start=1):
        assert found_by(tab, n, kind, tmp_path)[:3] == [kind] * 3
        expect(tab.newest(".asked")).to_contain_text("Find things that look like this")
        expect(tab.newest(".pictured")).to_have_text("with your picture")
        tab.newest(".why summary").first.click()
        expect(tab.newest(".why-body").first).to_contain_text("Its picture looks like yours")
        expect(tab.newest("img.poster").first).to_have_js_property("naturalWidth", 240)


def test_a_slider_says_whether_words_or_the_picture_count(
    visit: Open, photos: Site, tmp_path: Path
) -> None:
    tab = visit(photos)
    tab.until(lambda: bool(tab.kept()))  # their settings have come

    def ask(n: int, key: str, words: str) -> list[str]:
        tab.page.locator("#settings").click()
        tab.page.get_by_role("slider", name="With a picture").focus()
        tab.page.keyboard.press(key)
        tab.page.keyboard.press("Escape")
        tab.page.get_by_label("Your message").fill(words)
        return found_by(tab, n, "flower", tmp_path)

    for n, (key, temples) in enumerate({"Home": 3, "End": 1}.items(), start=1):
        assert ask(n, key, "lighthouses and storms at sea").count("temple") == temples  # of four
        expect(tab.newest(".asked")).to_contain_text("lighthouses and storms at sea")
    assert ask(3, "Home", "")[0] == "flower"  # without words the picture is all there is
    tab.newest(".why summary").first.click()
    expect(tab.newest(".why-body").first).to_contain_text("Its picture looks like yours")
