"""The one place where settings become adapters."""

import asyncio
import logging
import os
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from types import MappingProxyType

import numpy as np
from opentelemetry.trace import Tracer

from simpatico import calibration
from simpatico.adapters import TASKS, Adapter, changes_output, chosen, gguf_of
from simpatico.agent.cipher import ciphers_of
from simpatico.agent.engine import LlamaServer
from simpatico.agent.eventlog import SqliteLog
from simpatico.agent.evidence import name_words
from simpatico.agent.explainer import Explainer
from simpatico.agent.ground import house_words
from simpatico.agent.hearing import Ears
from simpatico.agent.llm import Flavour, OpenAILLM
from simpatico.agent.memory import SqliteMemory
from simpatico.agent.mind import Mind
from simpatico.agent.nodes import Nodes
from simpatico.agent.ordinary import OrdinaryWords
from simpatico.agent.people import learn_likes
from simpatico.agent.read.adapter_reader import ADAPTER as READER
from simpatico.agent.read.adapter_reader import AdapterReader
from simpatico.agent.read.encoder_reader import EncoderReader
from simpatico.agent.read.llm_reader import LLMReader
from simpatico.agent.read.rules_reader import RulesReader
from simpatico.agent.read.words import Vocabulary
from simpatico.agent.roles import READING_ENCODER, Roles, roles_of, weights_wanted
from simpatico.agent.service import Probe, Simpatico
from simpatico.agent.stores import EVENTS_FILE, SESSIONS_FILE, THREADS_FILE
from simpatico.agent.threads import Threads
from simpatico.agent.tracing import NO_TRACER
from simpatico.agent.volatile import VolatileLog, VolatileMemory
from simpatico.agent.whisper import HOW, MODEL, Whisper
from simpatico.agent.zh.feeling import ENCODER as CHINESE_ENCODER
from simpatico.agent.zh.feeling import Feelings
from simpatico.agent.zh.reader import ChineseReader
from simpatico.calibration import Calibration, read_calibration
from simpatico.errors import ModelError, StoreError
from simpatico.modelstore import ModelStore
from simpatico.protocols import LLM, Encoder, EventLog, Memory, ProgressCallback, Ranker, Reader
from simpatico.retrieval.build import root_of
from simpatico.retrieval.careful import CarefulRanker
from simpatico.retrieval.catalog import names_in
from simpatico.retrieval.encoders import text_encoder
from simpatico.retrieval.encoders.minilm import vocabulary
from simpatico.retrieval.index import Index, Proposer
from simpatico.retrieval.media_index import MediaReport, build_media, media_stale
from simpatico.retrieval.mixed import ProposerOfSome, RankerByKind
from simpatico.retrieval.modal import Medium
from simpatico.retrieval.rank import LinearRanker
from simpatico.retrieval.senses import Senses
from simpatico.retrieval.versions import Served, Versions
from simpatico.retrieval.words import common_words
from simpatico.settings import RetrievalSettings, Settings

MAX_EARS = 4  # threads: more gain little

log = logging.getLogger(__name__)


def prepare(settings: Settings, *, progress: ProgressCallback) -> None:
    """Fetch weights and build the index, as far as they are missing or stale."""
    _fetch_weights(settings, roles_of(settings), progress)
    _opened(settings, _encoder(settings), progress).close()


def build_index(settings: Settings, *, progress: ProgressCallback) -> int:
    """Build the index of the settings' catalogue anew; gives the number of items."""
    _fetch_weights(settings, roles_of(settings), progress)
    return _build(settings, _encoder(settings), progress)


def look_at_media(
    settings: Settings,
    *,
    bridges: Mapping[Medium, Path] = MappingProxyType({}),
    learnt: Mapping[Medium, Path | None] = MappingProxyType({}),
    again: bool = False,
    progress: ProgressCallback,
) -> MediaReport:
    """Look at the pictures and sounds of the settings' catalogue; its index is built if missing.

    Args:
        settings: name the catalogue and the encoders.
        bridges: to be kept with the index and used from now on, by kind of media.
        learnt: see `build_media`.
        again: fetch again what is at addresses.
        progress: told as it goes on.

    Raises:
        DataError: no such catalogue.
        ModelError: an encoder cannot be had, or a bridge is one between others.
        StoreError: the disk refuses, or another process is at it.
    """
    _fetch_weights(settings, roles_of(settings), progress)
    encoder = _encoder(settings)
    index = _opened(settings, encoder, progress, with_media=False)
    try:
        senses = _senses(settings, encoder)
        return _look(settings, index, senses, progress, bridges, learnt, again=again)
    finally:
        index.close()


def open_index(settings: Settings) -> Index:
    """Open the index as it is. Raises `StoreError` when it is missing or stale."""
    return _open(settings, _encoder(settings))


async def build(
    settings: Settings, *, progress: ProgressCallback, tracer: Tracer = NO_TRACER
) -> Simpatico:
    """Open everything a running Simpatico needs; what is missing is fetched and built first.

    Its turns are traced with `tracer`.
    """
    async with AsyncExitStack() as stack:
        settings.home.mkdir(parents=True, exist_ok=True)
        ciphers = ciphers_of(settings.privacy)  # a wrong key is told before anything is built
        memory = SqliteMemory(settings.home / SESSIONS_FILE, ciphers=ciphers)
        stack.callback(memory.close)
        threads = await Threads.open(settings.home / THREADS_FILE, ciphers)
        stack.push_async_callback(threads.close)
        events = SqliteLog(settings.home / EVENTS_FILE)
        stack.callback(events.close)
        roles = await asyncio.to_thread(roles_of, settings)
        await asyncio.to_thread(_fetch_weights, settings, roles, progress)
        encoder = await asyncio.to_thread(_encoder, settings)
        index = await asyncio.to_thread(_opened, settings, encoder, progress)
        stack.callback(index.close)
        await asyncio.to_thread(learn_likes, index, events)

        reading = await asyncio.to_thread(_reading_encoder, settings, encoder)
        vocabulary = Vocabulary.of(index.catalog.items)
        fallback = EncoderReader(reading, index.titles, vocabulary=vocabulary)
        probes: dict[str, Probe] = {
            "index": lambda: _probe_index(index),
            "events": lambda: _probe_events(events),
            "conversations": lambda: _probe_conversations(memory, threads),
        }
        llm: LLM | None = None
        if roles:
            llm = await _language_model(settings, roles, stack)
            probes["llm"] = lambda: _probe_llm(llm)
        reader: Reader = fallback
        if llm is not None and roles.reads:
            reader = await asyncio.to_thread(_llm_reader, settings, roles, llm, fallback)
        served = await asyncio.to_thread(_served, settings, index, encoder)
        ranker = await asyncio.to_thread(_ranker, index, served)
        if served:
            probes["ranker"] = lambda: _probe_ranker(served, ranker)
        mind = Mind(
            index=index,
            reader=reader,
            fallback=fallback,
            ranker=ranker,
            settings=settings.retrieval,
            plain=RulesReader(fallback.rules),
            chinese=_chinese_reader(settings, fallback),
        )
        explainer: Explainer | None = None
        ordinary: OrdinaryWords | None = None
        if llm is not None and (roles.explains or roles.rephrases):
            ordinary = await asyncio.to_thread(ordinary_words, settings)
        if llm is not None and roles.explains:
            names = await asyncio.to_thread(name_words, index.catalog.items)
            explainer = Explainer(llm, names=names, ordinary=ordinary)

        def nodes(log: EventLog) -> Nodes:
            return Nodes(
                mind=mind,
                events=log,
                llm=llm if roles.rephrases else None,
                explainer=explainer,
                ordinary=ordinary,
                keep_moods=settings.privacy.keep_moods,
            )

        volatile, fleeting = VolatileLog(), await Threads.in_memory()
        stack.push_async_callback(fleeting.close)
        temporary = Simpatico(
            mind=mind,
            nodes=nodes(volatile),
            events=volatile,
            memory=VolatileMemory(),
            threads=fleeting,
            probes={},
            turn_timeout_s=settings.turn_timeout_s,
            closing=AsyncExitStack(),
            tracer=tracer,
        )
        ears = Ears(lambda: listener(settings))
        stack.callback(ears.close)
        return Simpatico(
            mind=mind,
            nodes=nodes(events),
            events=events,
            memory=memory,
            threads=threads,
            probes=probes,
            turn_timeout_s=settings.turn_timeout_s,
            closing=stack.pop_all(),
            tracer=tracer,
            temporary=temporary,
            ears=ears,
        )


def listener(settings: Settings) -> Whisper:
    """What hears. Raises `ModelError` where its weights or its engine are not there or unfit.

    Callers read its message: where the files lie is for the log alone.
    """
    threads = min(MAX_EARS, max(1, (os.cpu_count() or 1) - 1))
    try:
        return Whisper(ModelStore(settings.cache).path(MODEL), threads=threads)
    except ModelError as error:
        log.warning("%s", error)
        raise ModelError(HOW) from error


async def _language_model(settings: Settings, roles: Roles, stack: AsyncExitStack) -> LLM:
    given = settings.llm
    url, key = given.url, given.key.get_secret_value()
    adapters = roles.adapters
    if not url:
        server = await asyncio.to_thread(_engine, settings, adapters)
        stack.callback(server.stop)  # before it starts: this may be cancelled meanwhile
        url, key = await asyncio.to_thread(server.start)
    flavour: Flavour = given.flavour if given.url else "llamacpp"
    llm = OpenAILLM(
        url, given.model, key, given.timeout_s, flavour=flavour, adapters=tuple(adapters)
    )
    stack.push_async_callback(llm.aclose)
    for task in TASKS:
        # One on a server is not ours to refuse: its first answer shows whether it is at work.
        if not given.url and task in adapters and not await changes_output(llm, task):
            raise ModelError(
                f"the {task} adapter changes nothing of what {given.model} says: choose another "
                "with `simpatico model use`"
            )
    return llm


def _served(settings: Settings, index: Index, encoder: Encoder[str]) -> Served | None:
    """The trained ranker of the catalogue, in the version that is in use; None: the linear one's.

    Of catalogues used together it is the first that one of them has.

    Raises:
        ModelError: a trained one is insisted on, and there is none; or it is damaged.
    """
    wanted, name = settings.retrieval.ranker, index.catalog.name
    if wanted == "linear" or not index.catalog.items:
        return None
    found = (Versions(settings.home, each).served() for each in names_in(name))
    served = next((each for each in found if each is not None), None)
    if served is None or served.model.card.encoder != encoder.name:
        if wanted == "fusion":
            has = f"one for {served.model.card.encoder}" if served else "none"
            raise ModelError(
                f"wanted a trained ranker of catalogue {name!r} for {encoder.name}, got {has}"
            )
        return None
    return served


def _ranker(index: Index, served: Served | None) -> Ranker:
    """The linear ranker, with what a trained one knows better of the kinds that it learnt of."""
    if served is None:
        return LinearRanker(index)
    items = index.catalog.items
    learnt = {item.kind for item in items if served.model.place(item.id) >= 0}
    rows = [row for row, item in enumerate(items) if item.kind in learnt or not learnt]
    scorer = served.model.of([items[row] for row in rows], index)
    plain = LinearRanker(index)
    ranker: Ranker = LinearRanker(
        index, learned=scorer, version=served.name, certainty=served.certainty
    )
    proposer: Proposer = scorer
    if len(rows) < len(items):
        ranker = RankerByKind(index.catalog, dict.fromkeys(learnt, ranker), plain)
        proposer = ProposerOfSome(scorer, np.array(rows))
    careful = CarefulRanker(ranker, proposer, plain)
    index.propose_with(careful)
    return careful


def _engine(settings: Settings, adapters: Mapping[str, Adapter | None]) -> LlamaServer:
    given = settings.llm
    weights = next(ModelStore(settings.cache).path(given.model).glob("*.gguf"))
    files = [gguf_of(adapter, weights, settings.cache) for adapter in adapters.values() if adapter]
    return LlamaServer(weights, context=given.context, threads=given.threads, adapters=files)


def _llm_reader(settings: Settings, roles: Roles, llm: LLM, fallback: EncoderReader) -> Reader:
    """The reader that asks the model: with its adapter if it has one."""
    if READER not in roles.adapters:
        return LLMReader(llm, rules=fallback.rules)
    # One on a server is measured by the card of its twin here.
    adapter = roles.adapters[READER] or chosen("reader", settings.llm.model, settings.home)
    if adapter is None:
        log.warning(
            "no calibration is known for the reader adapter of %s: moods are read with thresholds"
            " that nobody measured",
            settings.llm.model,
        )
        return AdapterReader(llm, fallback.rules, Calibration())
    found = read_calibration(adapter.folder / calibration.FILE)
    return AdapterReader(llm, fallback.rules, found, fallback.moods)


def _chinese_reader(settings: Settings, fallback: EncoderReader) -> ChineseReader:
    """The reader of Chinese. Its encoder is opened by the first Chinese message, if it is there."""

    def encoder() -> Encoder[str]:
        from simpatico.retrieval.encoders.e5 import MultilingualE5

        return MultilingualE5(ModelStore(settings.cache).path(CHINESE_ENCODER))

    try:
        feelings = Feelings(encoder)
    except ModelError as error:
        log.warning("Chinese is read by rules alone: %s", error)
        return ChineseReader(fallback.rules, None)
    return ChineseReader(fallback.rules, feelings)


def _fetch_weights(settings: Settings, roles: Roles, progress: ProgressCallback) -> None:
    store = ModelStore(settings.cache)
    for name in weights_wanted(settings, roles):
        store.fetch(name, progress=progress)


def _encoder(settings: Settings) -> Encoder[str]:
    return text_encoder(settings.retrieval, ModelStore(settings.cache))


def _reading_encoder(settings: Settings, encoder: Encoder[str]) -> Encoder[str]:
    """The encoder the reader needs, whatever searches; one and the same where it can be."""
    if settings.retrieval.encoder == READING_ENCODER:
        return encoder
    return text_encoder(RetrievalSettings(encoder=READING_ENCODER), ModelStore(settings.cache))


def ordinary_words(settings: Settings) -> OrdinaryWords:
    """The words that a language model's replies may use without evidence.

    Raises:
        ModelError: the reading encoder, whose vocabulary it is, is missing.
    """
    known = vocabulary(ModelStore(settings.cache).path(READING_ENCODER))
    return OrdinaryWords(known | common_words() | house_words())


def _senses(settings: Settings, encoder: Encoder[str]) -> Senses:
    return Senses(settings.retrieval, ModelStore(settings.cache), encoder)


def _open(settings: Settings, encoder: Encoder[str]) -> Index:
    senses = _senses(settings, encoder)
    return Index.open(settings.home, settings.catalog, encoder, senses=senses)


def _opened(
    settings: Settings,
    encoder: Encoder[str],
    progress: ProgressCallback,
    *,
    with_media: bool = True,
) -> Index:
    """The index, built first where it is missing or stale; its media too, once looked at."""
    try:
        index = _open(settings, encoder)
    except StoreError as error:
        log.info("building the index: %s", error)
        index = Index.build(settings.home, settings.catalog, encoder, progress=progress)
        index.close()
        index = _open(settings, encoder)
    root = root_of(settings.home, index.catalog.name)
    if not with_media or not media_stale(root, index.catalog):
        return index
    try:
        report = _look(settings, index, _senses(settings, encoder), progress)
    except (ModelError, StoreError) as error:  # another process may be at it
        log.warning("pictures and sounds are as they were: %s", error)
        return index
    if report.problems:
        n, one = len(report.problems), report.problems[0]
        log.warning("%d pictures or sounds cannot be searched: %s: %s", n, one.item_id, one.why)
    index.close()
    return _open(settings, encoder)


def _look(
    settings: Settings,
    index: Index,
    senses: Senses,
    progress: ProgressCallback,
    bridges: Mapping[Medium, Path] = MappingProxyType({}),
    learnt: Mapping[Medium, Path | None] = MappingProxyType({}),
    *,
    again: bool = False,
) -> MediaReport:
    return build_media(
        root_of(settings.home, index.catalog.name),
        index.catalog,
        index.store,
        senses,
        media=settings.home / "media",
        keep=settings.cache / "media-vectors",
        hosts=frozenset(settings.retrieval.media_hosts),
        bridges=bridges,
        learnt=learnt,
        again=again,
        progress=progress,
    )


def _build(settings: Settings, encoder: Encoder[str], progress: ProgressCallback) -> int:
    Index.build(settings.home, settings.catalog, encoder, progress=progress).close()
    index = _opened(settings, encoder, progress)
    try:
        return len(index.catalog)
    finally:
        index.close()


async def _probe_index(index: Index) -> str:
    if len(index.catalog) == 0:
        return f"degraded: the catalogue {index.catalog.name!r} is empty"
    try:
        await asyncio.to_thread(index.similar, index.catalog.items[0].id, 1)
    except (StoreError, KeyError) as error:
        return f"degraded: search does not work: {error}"
    return "ok"


async def _probe_events(events: EventLog) -> str:
    try:
        await asyncio.to_thread(events.profile, "nobody")
    except StoreError as error:
        return f"down: {error}"
    return "ok"


async def _probe_conversations(memory: Memory, threads: Threads) -> str:
    try:
        await asyncio.to_thread(memory.sessions, "nobody")
        await threads.check()
    except StoreError as error:
        return f"down: {error}"
    return "ok"


async def _probe_ranker(served: Served, ranker: Ranker) -> str:
    if isinstance(ranker, CarefulRanker) and ranker.trouble:
        return f"degraded: {ranker.trouble}"
    return f"degraded: the shipped one is served: {served.fault}" if served.fault else "ok"


async def _probe_llm(llm: LLM) -> str:
    return "ok" if await llm.ready() else "degraded: the language model does not answer"
