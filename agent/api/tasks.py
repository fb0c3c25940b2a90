"""Housekeeping prompts of chat clients, answered without recommending anything.

Open WebUI asks the very model a person talks with to name the chat, tag it, suggest what to ask
next, choose tools and find an emoji for a face; LibreChat asks for a title. Taken for a person's
words they would be recommended for and land in the profile. The wording is that of the clients'
default templates.
"""

import json
import re
from collections.abc import Sequence
from typing import Literal

from simpatico.agent.api.schemas import Message
from simpatico.agent.safety import is_crisis
from simpatico.language import language_of
from simpatico.text import clean

Task = Literal[
    "title",
    "tags",
    "follow_ups",
    "queries",
    "prompt",
    "text",
    "plain_title",
    "emoji",
    "tools",
    "other",
]

_KEYS: tuple[Task, ...] = ("title", "tags", "follow_ups", "queries", "prompt", "text")
_OUTPUT_KEY = re.compile(r'\{\s*"(\w+)"\s*:')
_PLAIN_TITLE = re.compile(
    r"(provide|generate|write) a concise\b.{0,60}\btitle\b.{0,80}\bconversation", re.I | re.S
)
_EMOJI = re.compile(
    r"Your task is to reflect the speaker's likely facial expression .{0,300}Message: ```", re.S
)
_TOOLS = re.compile(r"Available Tools: .{0,200000}\bJSON object\b", re.S)
_FIRST_LINE = re.compile(r"(?:^|\n)\s*(?:user|human)\s*:\s*(.+)", re.I)
_TITLE_WORDS = 6
_TITLE_CHARS = 16  # of what is written without spaces
_CLAUSES = re.compile(r".{4,}(?=[，。；：！？、])")
_UNTITLED = "Something to enjoy"
_UNNAMED = "A conversation"
_LOOKED_AT = 20_000
_FOLLOW_UPS = ("Why these?", "Something lighter, please", "Surprise me")


def task_of(messages: Sequence[Message]) -> Task | None:
    """Which housekeeping task the last message is; None when a person is speaking.

    Two marks of a template must come together, so that somebody who merely begins with
    "### Task:" is still heard.
    """
    text = messages[-1].text.strip()
    if text.startswith("### Task:") and ("### Output" in text or "<chat_history>" in text):
        wanted = _OUTPUT_KEY.search(text)
        return next((key for key in _KEYS if wanted and wanted[1] == key), "other")
    if _PLAIN_TITLE.search(text):
        return "plain_title"
    if _EMOJI.match(text):
        return "emoji"
    first = messages[0]
    if text.startswith("Query:") and first.role == "system" and _TOOLS.match(first.text):
        return "tools"
    return None


def answer(task: Task, messages: Sequence[Message]) -> str:
    """A short answer in the form the task asks for.

    About words of crisis nothing is offered, and no face is made.
    """
    care = _is_about_crisis(messages)
    title = _UNNAMED if care else _title(messages)
    if task == "plain_title":
        return title
    if task == "emoji":
        return "💬"
    if task == "tools":
        return json.dumps({"tool_calls": []})
    if task == "title":
        return json.dumps({"title": title}, ensure_ascii=False)
    if task == "tags":
        return json.dumps({"tags": [] if care else ["Recommendations"]})
    if task == "follow_ups":
        return json.dumps({"follow_ups": [] if care else _FOLLOW_UPS})
    if task == "queries":
        return json.dumps({"queries": []})
    return json.dumps({} if task == "other" else {task: ""})


def _is_about_crisis(messages: Sequence[Message]) -> bool:
    """Whether a line of what the client sends along speaks of it; the newest are looked at."""
    text = "\n".join(message.text for message in messages)[-_LOOKED_AT:]
    return any(is_crisis(line) for line in text.splitlines())


def _title(messages: Sequence[Message]) -> str:
    """The first words the person wrote, from the history in the prompt or the dialogue itself."""
    prompt = messages[-1].text
    history = prompt.rpartition("<chat_history>")[2] if "<chat_history>" in prompt else prompt
    if found := _FIRST_LINE.search(history):
        said = found[1]
    else:
        said = next((m.text for m in messages[:-1] if m.role == "user"), "")
    title = " ".join(clean(said, max_chars=200).split()[:_TITLE_WORDS])
    if language_of(title) == "zh" and len(title) > _TITLE_CHARS:
        title = title[:_TITLE_CHARS]
        title = whole[0] if (whole := _CLAUSES.match(title)) else title
    return title.strip(" .,;:!?\"'，。；：！？、") or _UNTITLED
