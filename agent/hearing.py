"""A voice that is sent: decoded within limits, its words written down, and kept nowhere.

Nothing is read from it but the words: no mood, no age, not who speaks.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Final, TypeVar

from simpatico.domain import Spoken
from simpatico.errors import ModelError, SimpaticoError
from simpatico.protocols import Listener
from simpatico.retrieval.media import MAX_BYTES
from simpatico.retrieval.sound import SoundLimits, decode_sound

Found = TypeVar("Found")

log = logging.getLogger(__name__)

SPEECH: Final = SoundLimits(max_seconds=120, max_bytes=MAX_BYTES)
"""What a voice that is sent may be."""
MAX_WAITING: Final = 8
"""With the one that is being heard."""


class TooBusy(SimpaticoError):
    """As many voices wait to be heard as may."""


class Ears:
    """Hears one voice at a time, in a thread of its own; others wait.

    Args:
        load: makes the listener, when it is first wanted, and again after it could not. Raises
            `ModelError`, whose message tells people what to do.
    """

    def __init__(self, load: Callable[[], Listener]) -> None:
        self._load = load
        self._listener: Listener | None = None
        self._waiting = 0
        self._turn = asyncio.Lock()
        self._closed = False
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ears")

    async def ready(self) -> None:
        """Make the listener if it is not there yet.

        Raises:
            ModelError: it cannot be had; the message says what to run.
            TooBusy: as many wait as may.
        """
        await self._in_turn(self._opened)

    async def hear(self, sound: bytes, *, language: str = "") -> Spoken:
        """The words of a sound file; none where nobody speaks.

        Args:
            sound: a file as `decode_sound` takes it, of up to 120 s and 20 MB.
            language: two letters; empty: it is told by the sound.

        Raises:
            DataError: it is no sound, is damaged, or is beyond the limits.
            ModelError: as `ready`.
            TooBusy: as `ready`.
            UnknownLanguage: one that the listener does not know.
        """

        def listen() -> Spoken:
            listener = self._opened()
            return listener.listen(decode_sound(sound, limits=SPEECH), language=language)

        return await self._in_turn(listen)

    def close(self) -> None:
        """Let go of the thread; what waits is not heard any more."""
        self._closed = True
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _in_turn(self, work: Callable[[], Found]) -> Found:
        if self._waiting >= MAX_WAITING:
            raise TooBusy(f"{MAX_WAITING} voices wait to be heard, no more at once")
        with ExitStack() as place:
            self._waiting += 1
            place.callback(self._leave)
            await self._turn.acquire()  # not in the thread's queue: that keeps what was cancelled
            place.callback(self._turn.release)
            if self._closed:
                raise ModelError("nothing is heard any more")
            doing = asyncio.get_running_loop().run_in_executor(self._thread, work)
            until_done = place.pop_all()

        def over(done: "asyncio.Future[Found]") -> None:
            until_done.close()
            if not done.cancelled():
                done.exception()  # who left does not ask for it, and asyncio would log it

        doing.add_done_callback(over)
        await asyncio.wait({doing})  # whoever is cancelled here leaves; a thread goes on to its end
        return doing.result()

    def _leave(self) -> None:
        self._waiting -= 1

    def _opened(self) -> Listener:
        if self._listener is None:
            try:
                self._listener = self._load()
            except ModelError as error:
                log.info("no voice is heard: %s", error)
                raise
        return self._listener
