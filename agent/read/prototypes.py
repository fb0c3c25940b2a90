"""Needs and intents by likeness to example sentences, where no rule speaks."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from simpatico.protocols import Encoder

NEEDS: dict[str, tuple[str, ...]] = {
    "cheer_up": (
        "I need something to cheer me up",
        "please lift my spirits",
        "I want to feel better after a bad day",
        "something that will put a smile on my face",
        "pick me up, I feel low",
        "a feel-good film to brighten my evening",
    ),
    "calm_down": (
        "I want to relax and unwind",
        "something soothing before bed",
        "help me calm my nerves",
        "something slow and peaceful so I can switch off",
        "I am stressed and need to wind down",
        "nothing stressful, just gentle",
    ),
    "thrill": (
        "I want to be on the edge of my seat",
        "get my heart racing",
        "something that scares me senseless",
        "give me an adrenaline rush",
        "I want suspense and twists",
    ),
    "cry_it_out": (
        "I need a good cry",
        "something that makes me sob",
        "let me cry my eyes out",
        "I want a tearjerker to let it all out",
        "a film to weep with",
    ),
    "think": (
        "something to think about",
        "a film that makes me question everything",
        "I want to be challenged intellectually",
        "something deep that stays with me for days",
        "I want to learn something new",
    ),
    "laugh": (
        "make me laugh",
        "I want to laugh until it hurts",
        "something hilarious",
        "I need a laugh tonight",
        "something silly with jokes",
    ),
    "connect": (
        "something to watch together with my partner",
        "a film for date night",
        "family movie night for all of us",
        "friends are coming over, what do we watch",
        "I feel lonely and want to feel close to people",
        "something about friendship to feel less alone",
    ),
    "focus": (
        "background while I work",
        "something to have on while I study",
        "music to concentrate to",
        "I need to focus on my writing",
        "something that does not distract me",
    ),
    "escape": (
        "take me to another world",
        "I want to forget about everything",
        "something to get lost in",
        "help me escape reality for two hours",
        "take my mind off things",
    ),
    "celebrate": (
        "we are celebrating tonight",
        "I got the job and want to celebrate",
        "it is my birthday, something festive",
        "party time, something to match my great mood",
        "we just got engaged, what do we watch",
    ),
    "unknown": (
        "a western from the sixties",
        "films with a famous actor",
        "something like that film",
        "recommend me a movie",
        "it has been a rough week",
        "I am so sad today",
        "I just got dumped",
        "I am exhausted",
        "I loved that film",
        "hello there",
        "why did you choose this one",
        "I can't sleep",
        "what a horrible day at work",
        "I am angry at my boss",
    ),
}

INTENTS: dict[str, tuple[str, ...]] = {
    "seek": (
        "recommend me a film for tonight",
        "what should I watch",
        "I am looking for a movie about space",
        "it has been a rough week",
        "I feel sad and lonely",
        "got a promotion today",
        "my girlfriend left me",
        "I usually enjoy films about music",
        "do you know any good ones",
    ),
    "refine": (
        "make it a little darker",
        "could it be shorter",
        "but not so sad",
        "more romantic, please",
        "older films only",
        "with a happy ending instead",
    ),
    "reject": (
        "I do not want to watch that",
        "those do not appeal to me",
        "not what I had in mind",
        "show me others",
        "that looks boring",
    ),
    "accept": (
        "that is exactly what I need",
        "I will watch it tonight",
        "great idea, thank you",
        "let us go with this",
        "I will add it to my list",
    ),
    "seen": (
        "I have already watched that one",
        "I know this film already",
        "saw it last year in the cinema",
    ),
    "ask_why": (
        "why did you pick this for me",
        "what makes you think I would like it",
        "what is the reason for that suggestion",
    ),
    "ask_about": (
        "what is it about",
        "who plays in this film",
        "how long does it run",
        "is it suitable for children",
        "tell me more about the second film",
    ),
    "compare": (
        "which of the two is better",
        "how do these two differ",
        "which one is funnier",
    ),
    "feedback": (
        "I watched it and it was wonderful",
        "that film bored me to death",
        "your last suggestion was great",
        "it was too slow for my taste",
    ),
    "smalltalk": (
        "hi, how are you doing",
        "thank you so much",
        "you are funny",
        "are you a robot",
        "nice weather today",
        "tell me a joke",
    ),
    "goodbye": (
        "bye for now",
        "good night, talk to you tomorrow",
        "that is all, thanks",
    ),
}


class Prototypes:
    """The nearest of a few labelled sentences decides, if it is near and no other label is.

    Args:
        examples: sentences by label; "unknown" may be one of the labels.
        near: least cosine to count at all.
        margin: how much nearer than the best of any other label.
    """

    def __init__(
        self,
        encoder: Encoder[str],
        examples: Mapping[str, Sequence[str]],
        *,
        near: float,
        margin: float,
    ) -> None:
        self._labels = tuple(examples)
        lines = [line for lines in examples.values() for line in lines]
        self._owner = np.repeat(np.arange(len(examples)), [len(v) for v in examples.values()])
        self._vectors = encoder.encode(lines)  # (n_lines, dim)
        self._near = near
        self._margin = margin

    def nearest(self, vector: NDArray[np.float32]) -> tuple[str, float]:
        """The label of one unit vector (dim,) and its cosine; "unknown" when unclear."""
        cosine = self._vectors @ vector  # (n_lines,)
        best = np.array([_top(cosine[self._owner == i]) for i in range(len(self._labels))])
        order = np.argsort(-best, kind="stable")
        first, second = int(order[0]), int(order[1])
        if best[first] < self._near or best[first] - best[second] < self._margin:
            return "unknown", 0.0
        return self._labels[first], float(min(1.0, max(0.0, best[first])))


def _top(cosine: NDArray[np.float32]) -> float:
    """The mean of the two nearest: one chance likeness is not enough."""
    return float(np.sort(cosine)[-2:].mean())
