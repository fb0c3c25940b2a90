import numpy as np
import pytest

from simpatico.errors import ModelError
from simpatico.modelstore import ModelStore
from simpatico.retrieval.bridge import PictureLabels, SoundLabels
from simpatico.retrieval.encoders import audio_encoder, image_encoder
from simpatico.retrieval.encoders.hash import HashEncoder
from simpatico.retrieval.senses import N_SAID, SAID_OF, Senses
from simpatico.settings import RetrievalSettings, load_settings

TEXTS = HashEncoder(64)


def senses(**settings: str) -> Senses:
    models = ModelStore(load_settings().cache)
    for name in ("efficientnet-lite0", "musicnn"):
        try:
            models.path(name)
        except ModelError as error:
            pytest.skip(f"no weights: {error}")
    return Senses(RetrievalSettings.model_validate(settings), models, TEXTS)


def pictures() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (40, 60, 3), dtype=np.uint8) for _ in range(2)]


def sounds() -> list[np.ndarray]:
    time = np.arange(4 * 16_000) / 16_000
    rng = np.random.default_rng(0)
    tone = 0.3 * np.sin(2 * np.pi * 220 * time)
    return [tone.astype(np.float32), rng.uniform(-0.9, 0.9, len(time)).astype(np.float32)]


@pytest.mark.model
def test_one_look_gives_the_vector_and_the_names_of_a_picture() -> None:
    sense = senses().of("image")
    eyes = image_encoder("efficientnet-lite0", ModelStore(load_settings().cache))
    rows = sense.kept.encode(pictures())
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(sense.own(rows), eyes.encode(pictures()), atol=1e-5)
    labels = PictureLabels(eyes, TEXTS)  # type: ignore[arg-type]
    named = sense.named(rows)
    assert named is not None and sense.named_by == labels.name
    np.testing.assert_allclose(named, labels.encode(pictures()), atol=1e-3)
    assert sense.said(rows) == [(), ()] and sense.words("a cat") is None


@pytest.mark.model
def test_one_hearing_gives_the_vector_the_tags_and_words_for_a_sound() -> None:
    sense = senses().of("audio")
    ears = audio_encoder("musicnn", ModelStore(load_settings().cache))
    rows = sense.kept.encode(sounds())
    np.testing.assert_allclose(sense.own(rows), ears.encode(sounds()), atol=1e-5)
    labels = SoundLabels(ears, TEXTS)  # type: ignore[arg-type]
    named = sense.named(rows)
    assert named is not None and sense.named_by == labels.name
    np.testing.assert_allclose(named, labels.encode(sounds()), atol=1e-3)
    tone, noise = sense.said(rows)
    assert len(tone) <= N_SAID and len(noise) <= N_SAID
    assert {*tone, *noise} <= set(SAID_OF.values()) and not {*tone} & {*noise}
    both = np.concatenate([rows, np.full_like(rows[:1], np.nan)])
    assert sense.said(both) == [tone, noise, ()]
    later = sense.named(both)
    assert later is not None and np.isnan(later[2]).all() and np.isfinite(later[:2]).all()


def test_names_are_told_without_loading_anything() -> None:
    nowhere = ModelStore(load_settings().cache / "nowhere")
    auto = Senses(RetrievalSettings(), nowhere, TEXTS)
    assert (auto.name("image"), auto.name("audio")) == ("efficientnet-lite0", "musicnn-msd")
    hub = Senses(RetrievalSettings(image_encoder="org/clip", audio_encoder=""), nowhere, TEXTS)
    assert (hub.name("image"), hub.name("audio")) == ("hub:org/clip", "")
    with pytest.raises(ModelError, match="the settings have none"):
        hub.of("audio")
    with pytest.raises(ModelError, match="has not been fetched"):
        auto.of("image")


@pytest.mark.model
def test_the_names_are_those_of_the_encoders() -> None:
    found = senses()
    assert found.of("image").name == found.name("image")
    assert found.of("audio").name == found.name("audio")
    assert found.of("audio") is found.of("audio")
