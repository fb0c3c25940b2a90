"""Settings: read once at the edge (`ui/`, `eval/run.py`), passed down as values.

Every field can be set in the environment: `SIMPATICO_LLM__URL`, `SIMPATICO_HOME`, ...
A `SIMPATICO_*` name that is no field is an error, because a typo must not be silent.
"""

import os
import re
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from simpatico.errors import SettingsError

PREFIX = "SIMPATICO_"
DEFAULT_CATALOG = "movies"
MIN_SECRET = 32
"""Characters from which on nobody guesses a secret, if it was made by chance."""

_ORIGIN = re.compile(
    r"(http://(?!.*:80$)|https://(?!.*:443$))"
    r"([a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:]+\])(:[1-9][0-9]{0,4})?"
)


class LLMSettings(BaseModel):
    """Which language model, and how patiently.

    With no `url`, the model named is fetched from the model store and served on this machine.
    `enabled=false` runs on templates and the encoder reader alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = True
    url: str = Field(
        default="", description="OpenAI-compatible base, e.g. http://127.0.0.1:8000/v1"
    )
    model: str = "smollm2-135m-instruct"
    key: SecretStr = SecretStr("")
    flavour: Literal["openai", "vllm", "llamacpp"] = Field(
        default="openai", description="what serves `url`: how it is told to constrain an answer"
    )
    adapters: tuple[str, ...] = Field(
        default=(),
        description='LoRA adapters that `url` serves, e.g. ["reader"]; for llamacpp in the order'
        " in which it loaded them. The embedded model takes those that ship or were added",
    )
    timeout_s: float = Field(default=20.0, gt=0)
    threads: int = Field(default=0, ge=0, description="for the embedded engine; 0: cores - 1")
    context: int = Field(default=4096, ge=512)
    rephrase: Literal["auto", "always", "never"] = Field(
        default="auto",
        description="let the model rephrase replies; auto: only a model named by `url`",
    )

    @model_validator(mode="after")
    def _adapters_have_a_server(self) -> "LLMSettings":
        if self.adapters and (not self.url or self.flavour == "openai"):
            raise ValueError("adapters are those of a `url` with the flavour vllm or llamacpp")
        return self


class RetrievalSettings(BaseModel):
    """How many candidates, and how much variety."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoder: str = Field(
        default="minilm", description="minilm, hash, or a sentence-transformers name or folder"
    )
    image_encoder: str = Field(
        default="auto",
        description="of pictures. auto: efficientnet-lite0; or a CLIP's or SigLIP's hub name or"
        " folder; empty: pictures are not looked at",
    )
    audio_encoder: str = Field(
        default="auto",
        description="of sounds. auto: musicnn; or a CLAP's hub name or folder; empty: sounds are"
        " not listened to",
    )
    media_hosts: tuple[str, ...] = Field(
        default=(),
        description='what pictures and sounds may be fetched from, e.g. ["images.example.org"];'
        " none: nothing is fetched",
    )
    ranker: Literal["auto", "linear", "fusion"] = Field(
        default="auto",
        description="auto: the catalogue's trained ranker if it has one for this encoder, else"
        " linear; fusion: refuse to start without",
    )
    n_candidates: int = Field(default=200, ge=10, le=2000)
    k: int = Field(default=4, ge=1, le=20, description="recommendations in a reply")
    diversity: float = Field(default=0.25, ge=0, le=1, description="0: by score, 1: by variety")
    novelty: float = Field(default=0.1, ge=0, le=1, description="how much the unknown is favoured")
    explore: float = Field(
        default=0.0,
        ge=0,
        le=0.2,
        description="share of lists whose last item is drawn from the next best, its chance logged",
    )


class LimitSettings(BaseModel):
    """How much may be asked for: by callers of the API, and in turns of the page."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    per_key: int = Field(default=0, ge=0, description="calls a minute with one key; 0: any number")
    per_person: int = Field(
        default=0,
        ge=0,
        description="calls a minute about one named person, turns on the page among them; 0: any"
        " number",
    )
    at_once: int = Field(
        default=64, ge=1, description="turns, rankings and the like that run at the same time"
    )


class PrivacySettings(BaseModel):
    """What is kept of people, and how."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: SecretStr = Field(
        default=SecretStr(""),
        description="encrypts what is said where it is stored; several, parted by commas: the first"
        " is to be used, the others may still open what they encrypted. Empty: not encrypted",
    )
    key_file: Path | None = Field(
        default=None, description="a file with the key in it, or several, one a line"
    )
    keep_moods: bool = Field(
        default=False,
        description="store how people feel beside what they want, for those who do not say whether",
    )
    conversations_days: int = Field(
        default=0, ge=0, description="days after its last use that a conversation is kept; 0: ever"
    )
    lists_days: int = Field(default=0, ge=0, description="the same of lists that were shown")
    events_days: int = Field(default=0, ge=0, description="the same of what people did")

    @model_validator(mode="after")
    def _one_place_for_keys(self) -> "PrivacySettings":
        if self.key.get_secret_value() and self.key_file is not None:
            raise ValueError("give a key or a key_file, not both")
        return self


class Settings(BaseSettings):
    """All settings of a running Simpatico."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    home: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("simpatico")),
        description="catalogues, indexes and databases",
    )
    cache: Path = Field(
        default_factory=lambda: Path(platformdirs.user_cache_dir("simpatico")),
        description="model weights, which can be fetched again",
    )
    catalog: str = Field(
        default=DEFAULT_CATALOG,
        description='what is recommended from; several as one, parted by commas: "movies,music"',
    )
    reader: Literal["auto", "llm", "encoder"] = Field(
        default="auto",
        description="auto, llm: the model's reader adapter if it has one; else the encoder, or the"
        " model as it is",
    )
    host: str = "127.0.0.1"
    port: int = Field(default=7860, ge=1, le=65535)
    api_key: SecretStr = Field(
        default=SecretStr(""),
        description="empty: the API asks for none, unless `simpatico key add` made one. 32"
        " characters of chance or more: a shorter one can be guessed",
    )
    forward_secret: SecretStr = Field(
        default=SecretStr(""),
        description="what Open WebUI signs people's names with, 32 characters or more; keys made"
        " with --forwards name people by that signature alone. Empty: without one",
    )
    cors_origins: tuple[str, ...] = Field(
        default=(),
        description="other sites whose pages may call the API, as browsers name them, e.g."
        ' ["https://shop.example.org"]; none: no page may',
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["text", "json"] = Field(
        default="text", description="json: one object a line, to standard error"
    )
    turn_timeout_s: float = Field(default=60.0, gt=0)
    llm: LLMSettings = LLMSettings()
    retrieval: RetrievalSettings = RetrievalSettings()
    limits: LimitSettings = LimitSettings()
    privacy: PrivacySettings = PrivacySettings()

    @field_validator("forward_secret")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if 0 < len(value.get_secret_value()) < MIN_SECRET:
            raise ValueError(f"wanted {MIN_SECRET} characters or more")
        return value

    @field_validator("cors_origins")
    @classmethod
    def _exact_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(
                    "wanted origins as browsers send them: http:// or https://, a name in lower"
                    f" case, a port unless it is the usual one, no path; got {origin[:100]!r}"
                )
        return value


def load_settings(**overrides: Any) -> Settings:
    """Read the environment; `overrides` win over it.

    Raises:
        SettingsError: for an unknown `SIMPATICO_*` name or a value that cannot work.
    """
    known = _names(Settings, PREFIX)
    if strange := sorted(
        name for name in os.environ if name.startswith(PREFIX) and name.upper() not in known
    ):
        raise SettingsError(f"unknown setting {', '.join(strange)}; known: {', '.join(known)}")
    try:
        return Settings(**overrides)
    except ValidationError as error:
        wrong = "; ".join(
            f"{PREFIX}{'__'.join(str(part) for part in item['loc']).upper()}: {item['msg']}"
            for item in error.errors()
        )
        raise SettingsError(f"settings that cannot work: {wrong}") from error


def _names(model: type[BaseModel], prefix: str) -> list[str]:
    names = []
    for name, field in model.model_fields.items():
        nested = field.annotation
        if isinstance(nested, type) and issubclass(nested, BaseModel):
            names += _names(nested, f"{prefix}{name.upper()}__")
        else:
            names.append(prefix + name.upper())
    return names
