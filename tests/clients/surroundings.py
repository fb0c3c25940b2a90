"""A real server for real clients, and the surroundings in which they run."""

import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from run import KEY

from simpatico.agent.api.app import create_app
from simpatico.agent.api.loopback import Loopback
from simpatico.agent.api.token_words import MODEL as TOKENS
from simpatico.agent.build import build
from simpatico.agent.service import Simpatico
from simpatico.agent.whisper import MODEL as WHISPER
from simpatico.errors import ModelError
from simpatico.modelstore import ModelStore
from simpatico.settings import load_settings

_FETCHED_FROM = "https://openaipublic.blob.core.windows.net/encodings/cl100k_base.tiktoken"


@pytest.fixture(scope="session")
def served_url(built_home: Path) -> Iterator[str]:
    """A whole Simpatico without a language model, behind a key."""
    settings = load_settings(home=built_home, llm={"enabled": False}, api_key=SecretStr(KEY))
    try:
        ModelStore(settings.cache).path(WHISPER)
    except ModelError as error:
        pytest.skip(f"needs the weights: {error}")

    async def make() -> Simpatico:
        return await build(settings, progress=lambda what, done, of: None)

    with Loopback(create_app(make, settings=settings)) as server, httpx.Client(timeout=60) as http:
        while http.get(f"{server.url}/ready").json()["status"] == "starting":
            time.sleep(0.1)
        yield server.url


@pytest.fixture(scope="session")
def quiet_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which nothing is looked up outside, and no proxy stands between.

    What tiktoken would fetch lies where it keeps what it has fetched.
    """
    kept_by_tiktoken = tmp_path_factory.mktemp("tiktoken")
    vocabulary = ModelStore(load_settings().cache).path(TOKENS) / "cl100k_base.tiktoken"
    name = hashlib.sha1(_FETCHED_FROM.encode(), usedforsecurity=False).hexdigest()
    shutil.copy(vocabulary, kept_by_tiktoken / name)
    told = {
        "TIKTOKEN_CACHE_DIR": str(kept_by_tiktoken),
        "GRADIO_ANALYTICS_ENABLED": "False",
        "HF_HUB_OFFLINE": "1",
        "LANGSMITH_TRACING": "false",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "NO_PROXY": "*",
    }
    kept = ("HOME", "LANG", "PATH", "TMPDIR")
    return {**{name: os.environ[name] for name in kept if name in os.environ}, **told}
