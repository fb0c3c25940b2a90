"""The one place where settings become adapters."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import AsyncExitStack

from simpatico import calibration
from simpatico.adapters import TASKS, Adapter, changes_output, chosen, gguf_of
from simpatico.agent.engine import LlamaServer
from simpatico.agent.evidence import name_words
from simpatico.agent.explainer import Explainer
from simpatico.agent.llm import Flavour, OpenAILLM
from simpatico.agent.memory import SqliteLog, SqliteMemory
from simpatico.agent.mind import Mind
from simpatico.agent.nodes import Nodes
from simpatico.agent.read.adapter_reader import ADAPTER as READER
from simpatico.agent.read.adapter_reader import AdapterReader
from simpatico.agent.read.encoder_reader import EncoderReader
from simpatico.agent.read.llm_reader import LLMReader
from simpatico.agent.read.words import Vocabulary
from simpatico.agent.roles import READING_ENCODER, Roles, roles_of, weights_wanted
from simpatico.agent.service import Probe, Simpatico
from simpatico.agent.threads import Threads
from simpatico.calibration import Calibration, read_calibration
from simpatico.errors import ModelError, StoreError
from simpatico.modelstore import ModelStore
from simpatico.protocols import LLM, Encoder, EventLog, ProgressCallback, Reader
from simpatico.retrieval.encoders import text_encoder
from simpatico.retrieval.fusion import FusionModel, shipped_ranker
from simpatico.retrieval.index import Index
from simpatico.retrieval.rank import LinearRanker
from simpatico.settings import RetrievalSettings, Settings

log = logging.getLogger(__name__)


def prepare(settings: Settings, *, progress: ProgressCallback) -> None:
    """Fetch weights and build the index, as far as they are missing or stale."""
    _fetch_weights(settings, roles_of(settings), progress)
    _opened(settings, _encoder(settings), progress).close()


def build_index(settings: Settings, *, progress: ProgressCallback) -> int:
    """Build the index of the settings' catalogue anew; gives the number of items."""
    _fetch_weights(settings, roles_of(settings), progress)
    return _build(settings, _encoder(settings), progress)


def open_index(settings: Settings) -> Index:
    """Open the index as it is. Raises `StoreError` when it is missing or stale."""
    return _open(settings, _encoder(settings))


async def build(settings: Settings, *, progress: ProgressCallback) -> Simpatico:
    """Open everything a running Simpatico needs; what is missing is fetched and built first."""
    async with AsyncExitStack() as stack:
        roles = await asyncio.to_thread(roles_of, settings)
        await asyncio.to_thread(_fetch_weights, settings, roles, progress)
        encoder = await asyncio.to_thread(_encoder, settings)
        index = await asyncio.to_thread(_opened, settings, encoder, progress)
        stack.callback(index.close)

        settings.home.mkdir(parents=True, exist_ok=True)
        events = SqliteLog(settings.home / "events.sqlite")
        stack.callback(events.close)
        await asyncio.to_thread(_learn_likes, index, events)
        memory = SqliteMemory(settings.home / "sessions.sqlite")
        stack.callback(memory.close)
        threads = await Threads.open(settings.home / "threads.sqlite")
        stack.push_async_callback(threads.close)

        reading = await asyncio.to_thread(_reading_encoder, settings, encoder)
        vocabulary = Vocabulary.of(index.catalog.items)
        fallback = EncoderReader(reading, index.titles, vocabulary=vocabulary)
        probes: dict[str, Probe] = {
            "index": lambda: _probe_index(index),
            "events": lambda: _probe_events(events),
        }
        llm: LLM | None = None
        if roles:
            llm = await _language_model(settings, roles, stack)
            probes["llm"] = lambda: _probe_llm(llm)
        reader: Reader = fallback
        if llm is not None and roles.reads:
            reader = await asyncio.to_thread(_llm_reader, settings, roles, llm, fallback)
        mind = Mind(
            index=index,
            reader=reader,
            fallback=fallback,
            ranker=await asyncio.to_thread(_ranker, settings, index, encoder),
            settings=settings.retrieval,
        )
        explainer: Explainer | None = None
        if llm is not None and roles.explains:
            names = await asyncio.to_thread(name_words, index.catalog.items)
            explainer = Explainer(llm, names=names)
        nodes = Nodes(
            mind=mind,
            events=events,
            llm=llm if roles.rephrases else None,
            explainer=explainer,
        )
        return Simpatico(
            mind=mind,
            nodes=nodes,
            events=events,
            memory=memory,
            threads=threads,
            probes=probes,
            turn_timeout_s=settings.turn_timeout_s,
            closing=stack.pop_all(),
        )


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


def _ranker(settings: Settings, index: Index, encoder: Encoder[str]) -> LinearRanker:
    """The linear ranker, with what a trained one knows better where the catalogue has one.

    Raises:
        ModelError: a trained one is insisted on, and there is none; or it is damaged.
    """
    wanted, name = settings.retrieval.ranker, index.catalog.name
    if wanted == "linear" or not index.catalog.items:
        return LinearRanker(index)
    folder = shipped_ranker(name)
    model = FusionModel(folder) if folder else None
    if model is None or model.card.encoder != encoder.name:
        if wanted == "fusion":
            has = f"one for {model.card.encoder}" if model else "none"
            raise ModelError(
                f"wanted a trained ranker of catalogue {name!r} for {encoder.name}, got {has}"
            )
        return LinearRanker(index)
    scorer = model.of(index.catalog.items, index)
    index.propose_with(scorer)
    return LinearRanker(index, learned=scorer)


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


def _fetch_weights(settings: Settings, roles: Roles, progress: ProgressCallback) -> None:
    store = ModelStore(settings.cache)
    for name in weights_wanted(settings, roles):
        store.fetch(name, progress=progress)


def _encoder(settings: Settings) -> Encoder[str]:
    return text_encoder(settings.retrieval, ModelStore(settings.cache))


def _learn_likes(index: Index, events: EventLog) -> None:
    """Count what the people of this installation liked together; without it search still works."""
    try:
        index.learn([events.profile(user).liked for user in events.users()])
    except StoreError as error:
        log.warning("likes of this installation not counted: %s", error)


def _reading_encoder(settings: Settings, encoder: Encoder[str]) -> Encoder[str]:
    """The encoder the reader needs, whatever searches; one and the same where it can be."""
    if settings.retrieval.encoder == READING_ENCODER:
        return encoder
    return text_encoder(RetrievalSettings(encoder=READING_ENCODER), ModelStore(settings.cache))


def _open(settings: Settings, encoder: Encoder[str]) -> Index:
    return Index.open(settings.home, settings.catalog, encoder)


def _opened(settings: Settings, encoder: Encoder[str], progress: ProgressCallback) -> Index:
    """The index, built first where it is missing or stale."""
    try:
        return _open(settings, encoder)
    except StoreError as error:
        log.info("building the index: %s", error)
        return Index.build(settings.home, settings.catalog, encoder, progress=progress)


def _build(settings: Settings, encoder: Encoder[str], progress: ProgressCallback) -> int:
    index = Index.build(settings.home, settings.catalog, encoder, progress=progress)
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


async def _probe_llm(llm: LLM) -> str:
    return "ok" if await llm.ready() else "degraded: the language model does not answer"
