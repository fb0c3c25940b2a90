"""No message, however odd, holds the reader up: a search that tries every way would never end."""

import subprocess
import sys

import pytest

READ = """
import sys
from simpatico.agent.read.understand import Rules
from simpatico.retrieval.titles import TitleIndex
Rules(TitleIndex([])).understand(sys.argv[1])
"""


@pytest.mark.parametrize(
    "text",
    [
        "can't sleep, my head won't stop" + "," * 52 + " an animated film for my niece",
        "no horror" + ", and" * 1000 + " a war film!",
        "nothing" + " to the" * 1000 + " sad, gore or",
    ],
)
def test_a_row_of_commas_or_small_words_is_read_to_its_end(text: str) -> None:
    # In a process of its own: a search of regular expressions cannot be interrupted.
    subprocess.run([sys.executable, "-c", READ, text], check=True, timeout=60)
