"""Embeddings and items, as OpenAI's client and plain requests ask for them."""

import base64
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest
from openai import BadRequestError, NotFoundError, OpenAI

from simpatico.agent.api.app import create_app
from simpatico.agent.api.loopback import Loopback
from simpatico.agent.api.scripted import ScriptedService
from simpatico.agent.api.token_words import MODEL, words_of
from simpatico.domain import Item, Media, Recommendation, Reply, UserState
from simpatico.errors import ModelError
from simpatico.modelstore import ModelStore
from simpatico.settings import Settings

ITEMS = tuple(
    Item(id=name, title=name, media=(Media(kind="image", uri="/home/ann/poster.png"),))
    for name in ("up", "coco", "a/b c", "heat")
)
REPLY = Reply(
    text="Here.",
    route="recommend",
    state=UserState(),
    recommendations=tuple(Recommendation(item=item, p_accept=0.5) for item in ITEMS),
)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with no models at all."""
    settings = Settings(cache=tmp_path_factory.mktemp("cache"))
    with Loopback(create_app(ScriptedService(REPLY), settings=settings)) as server:
        yield server.url


@pytest.fixture(scope="module")
def tokens_url() -> Iterator[str]:
    """One with those that there are."""
    try:
        ModelStore(Settings().cache).path(MODEL)
    except ModelError as error:
        pytest.skip(f"needs the weights: {error}")
    with Loopback(create_app(ScriptedService(REPLY), settings=Settings())) as server:
        yield server.url


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{url}/v1", api_key="EMPTY", max_retries=0) as made:
        yield made


def ask(method: str, url: str, **more: Any) -> httpx.Response:
    with httpx.Client(verify=False, trust_env=False) as http:
        return http.request(method, url, **more)


def test_the_client_decodes_what_it_asked_for_in_base64(client: OpenAI) -> None:
    made = client.embeddings.create(model="simpatico", input=["a", "bb", "ccc"])
    assert [each.index for each in made.data] == [0, 1, 2]
    wanted = [[np.cos(n), np.sin(n)] for n in (1, 2, 3)]
    np.testing.assert_allclose([each.embedding for each in made.data], wanted, atol=1e-6)
    assert (made.usage.prompt_tokens, made.usage.total_tokens) == (3, 3)


def test_numbers_and_base64_are_the_same_vector(url: str) -> None:
    bodies = [
        ask("POST", f"{url}/v1/embeddings", json={"input": "hello", "encoding_format": how}).json()
        for how in ("float", "base64")
    ]
    plain, packed = (body["data"][0]["embedding"] for body in bodies)
    decoded = np.frombuffer(base64.b64decode(packed), dtype="<f4")
    np.testing.assert_array_equal(np.array(plain, dtype=np.float32), decoded)


def test_more_texts_than_a_batch_keep_their_order(client: OpenAI) -> None:
    texts = ["x" * n for n in range(1, 80)]
    made = client.embeddings.create(model="simpatico", input=texts, encoding_format="float")
    found = [each.embedding[0] for each in made.data]
    np.testing.assert_allclose(found, np.cos(np.arange(1, 80)), atol=1e-5)


def test_numbers_of_tokens_are_the_words_they_stand_for(tokens_url: str) -> None:
    """As tiktoken has them: LangChain sends such lists unless told otherwise."""
    said = {"hello world": [15339, 1917], "tiktoken is great!": [83, 1609, 5963, 374, 2294, 0]}

    def vectors(given: Any) -> Any:
        answer = ask("POST", f"{tokens_url}/v1/embeddings", json={"input": given})
        assert answer.status_code == 200, answer.text
        return [each["embedding"] for each in answer.json()["data"]]

    assert vectors(list(said.values())) == vectors(list(said))
    assert vectors([15339, 1917]) == vectors("hello world")
    assert words_of(said["tiktoken is great!"], Settings().cache) == "tiktoken is great!"
    wrong: list[tuple[Any, str]] = [
        ([[1, 2], [100_256]], "wanted tokens of cl100k_base, 0 to 100,255; got 100256"),
        ([-1], "got -1"),
        ([[1] * 8193], "1 to 8,192 tokens"),
    ]
    for given, says in wrong:
        answer = ask("POST", f"{tokens_url}/v1/embeddings", json={"input": given})
        assert answer.status_code == 400 and says in answer.json()["error"]["message"]


def test_numbers_of_tokens_without_their_vocabulary_are_refused_with_what_to_do(url: str) -> None:
    answer = ask("POST", f"{url}/v1/embeddings", json={"input": [[15339, 1917]]})
    assert answer.status_code == 400
    assert "simpatico model fetch cl100k" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "given", [[1, "a"], [[1, 2], "a"], [[]], [[True]], [], "", ["a", ""], ["a", None], {}]
)
def test_what_is_no_text_is_refused_with_what_was_wanted(client: OpenAI, given: Any) -> None:
    with pytest.raises(BadRequestError, match="wanted"):
        client.embeddings.create(model="simpatico", input=given)


def test_other_widths_and_other_models_are_refused(client: OpenAI) -> None:
    assert client.embeddings.create(model="simpatico", input="a", dimensions=2)
    with pytest.raises(BadRequestError, match="2 numbers"):
        client.embeddings.create(model="simpatico", input="a", dimensions=256)
    with pytest.raises(NotFoundError):
        client.embeddings.create(model="text-embedding-3-small", input="a")


def test_pages_of_items_give_each_once_in_the_order_of_ids(url: str) -> None:
    seen: list[str] = []
    after = ""
    while True:
        page = ask("GET", f"{url}/v1/items", params={"after": after, "limit": 3}).json()
        seen += [item["id"] for item in page["data"]]
        if not page["has_more"]:
            break
        after = page["last_id"]
    assert seen == ["a/b c", "coco", "heat", "up"]


def test_an_item_is_found_by_any_id_and_tells_no_path(url: str) -> None:
    found = ask("GET", f"{url}/v1/items/a%2Fb%20c")
    assert found.json()["id"] == "a/b c"
    assert "/home/ann" not in found.text
    assert ask("GET", f"{url}/v1/items/nothing").status_code == 404


@pytest.mark.parametrize("limit", ["0", "201", "many"])
def test_a_page_of_another_size_is_refused(url: str, limit: str) -> None:
    answer = ask("GET", f"{url}/v1/items", params={"limit": limit})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "limit")
