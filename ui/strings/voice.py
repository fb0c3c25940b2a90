"""Speaking instead of typing: its button, and what is said while and after somebody speaks."""

from typing import Final

from simpatico.ui.strings.both import Both, Table


class VoiceStrings(Table):
    """Texts of the button that writes down what is said."""

    speak = Both("Speak", "说话")
    speak_label = Both("Speak: write down what I say", "说话：把我说的写下来")
    speak_title = Both(
        "What you say is written into the box, for you to correct and send. Only the words count, "
        "not the sound of your voice; it is not kept, and sent to nobody else.",
        "你说的话会写进输入框，改好再发。只看文字，不听语气；声音不会保存，也不会发给别人。",
    )
    stop_label = Both("Stop listening", "停止收音")
    preparing = Both("One moment…", "稍等……")
    listening = Both(
        "I’m listening. Press Stop when you are done, or Escape to leave it.",
        "正在听。说完请按“停止”，按 Esc 则作废。",
    )
    writing = Both("Writing down what you said…", "正在把你说的写下来……")
    understood_so = Both(
        "That is what I understood. Correct it if need be, then send it.",
        "我听到的是这些。需要的话改一改，再发送。",
    )
    nothing_heard = Both(
        "I heard no words. Is the right microphone on?", "没有听到话。麦克风选对了、打开了吗？"
    )
    long_enough = Both("A minute is as much as I take in at once.", "一次最多听一分钟。")
    no_microphone = Both("I found no microphone.", "没有找到麦克风。")
    not_allowed = Both(
        "Your browser doesn’t let this page use the microphone. Its address bar can change that.",
        "浏览器不允许本页使用麦克风。可以在地址栏里更改。",
    )
    not_secure = Both(
        "Browsers lend a microphone only to pages on https or on this very machine.",
        "浏览器只把麦克风借给 https 网页或本机网页。",
    )
    missing = Both(
        "Nothing here can hear yet. Two commands change that: "
        "pip install 'simpatico[voice]' and simpatico model fetch whisper-base",
        "这里还听不到声音。运行这两条命令即可："
        "pip install 'simpatico[voice]' 和 simpatico model fetch whisper-base",
    )
    busy = Both(
        "Too many are speaking just now. Please try again.", "现在说话的人太多，请再试一次。"
    )
    not_heard = Both("That didn’t work, sorry. Please try again.", "没有成功，抱歉，请再试一次。")


SPOKEN: Final = (
    *("stop", "stop_label", "speak_label", "preparing", "listening", "writing", "understood_so"),
    *("nothing_heard", "long_enough", "no_microphone", "not_allowed", "not_secure"),
    *("missing", "busy", "not_heard"),
)
"""What voice.js says by itself."""
