"""Runs every check with one client, in whatever environment has it; prints what came as JSON.

`python run.py CLIENT URL KEY`: CLIENT is one of `CLIENTS`, KEY one that the server takes.
"""

import importlib
import json
import sys
import traceback

from checks import CHECKS, Client, NotOffered, title

CLIENTS = {
    "openai": "with_openai.OpenAI",
    "openai-async": "with_openai.AsyncOpenAI",
    "curl": "with_curl.Curl",
    "gradio": "with_gradio.Gradio",
    "langchain": "with_langchain.LangChain",
    "litellm": "with_litellm.LiteLLM",
    "openwebui": "with_openwebui.OpenWebUI",
}
"""The clients and where they are."""

YES, NOT_OFFERED = "yes", "not offered"
KEY = "sesame-that-opens-the-whole-night-long"
"""What the server of the tests asks for."""


def results(client: Client) -> dict[str, str]:
    """What came of each check: `YES`, `NOT_OFFERED`, or what went wrong."""
    found = {}
    for check in CHECKS:
        try:
            check(client)
        except NotOffered:
            found[title(check)] = NOT_OFFERED
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            found[title(check)] = f"{type(error).__name__}: {str(error)[:500]} ({place.line})"
        else:
            found[title(check)] = YES
    return found


def open_client(name: str, url: str, key: str) -> Client:
    """A client by its name. Imports its library."""
    module, _, inner = CLIENTS[name].partition(".")
    made = getattr(importlib.import_module(module), inner)(url, key)
    assert isinstance(made, Client)
    return made


if __name__ == "__main__":
    client = open_client(*sys.argv[1:4])
    found = results(client)
    client.close()
    print(json.dumps({"version": client.version(), "results": found}))
