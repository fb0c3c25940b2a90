from pathlib import Path

import pytest

from simpatico.errors import SettingsError
from simpatico.settings import load_settings


def test_the_environment_is_read_at_every_depth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMPATICO_PORT", "8123")
    monkeypatch.setenv("SIMPATICO_LLM__URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("SIMPATICO_RETRIEVAL__K", "3")
    settings = load_settings(home=Path("/somewhere"))
    assert (settings.port, settings.llm.url, settings.retrieval.k) == (
        8123,
        "http://127.0.0.1:9/v1",
        3,
    )
    assert settings.home == Path("/somewhere")


@pytest.mark.parametrize("name", ["SIMPATICO_PROT", "SIMPATICO_LLM_URL", "SIMPATICO_LLM__ULR"])
def test_a_name_that_is_no_setting_is_an_error(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "x")
    with pytest.raises(SettingsError, match=name):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SIMPATICO_PORT", "99999"),
        ("SIMPATICO_READER", "psychic"),
        ("SIMPATICO_RETRIEVAL__DIVERSITY", "1.5"),
        ("SIMPATICO_LLM__TIMEOUT_S", "0"),
    ],
)
def test_a_value_that_cannot_work_is_an_error_that_names_it(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        load_settings()


def test_secrets_do_not_print(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMPATICO_LLM__KEY", "sk-hush")
    settings = load_settings()
    assert settings.llm.key.get_secret_value() == "sk-hush"
    assert "sk-hush" not in repr(settings) + settings.model_dump_json()
