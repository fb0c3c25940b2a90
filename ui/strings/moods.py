"""Moods in the words people use."""

from simpatico.domain import NeedName
from simpatico.ui.strings.both import Both, Table


class MoodStrings(Table):
    """Texts of the mood's chip."""

    maybe = Both("Maybe you’re {feels} — is that right?", "也许你{feels}——对吗？")
    seems = Both("You seem {feels} — is that right?", "感觉你{feels}——对吗？")
    worn_out = Both("a bit worn out", "有点疲惫")
    sure = Both("{share:.0%} sure", "把握 {share:.0%}")
    not_reading = Both("I’m not reading your mood.", "我没有在猜你的心情。")
    you_told = Both("You told me: <b>{word}</b>.", "你告诉我：<b>{word}</b>。")
    not_how_i_feel = Both("That’s not how I feel", "不是这样")
    change = Both("Change", "更改")
    guess_again = Both("Guess from my words again", "再从我的话里猜")
    do_not_read = Both("Don’t read my mood", "别猜我的心情")
    how_do_you_feel = Both("How do you feel?", "你感觉怎么样？")
    i_feel_these = Both("I feel …", "我觉得……")
    ask_guess_again = Both("Guess from my words again.", "再从我的话里猜一猜。")
    ask_do_not_read = Both("Please don’t read my mood.", "请别猜我的心情。")
    ask_i_feel = Both("I feel {word}.", "我觉得{word}。")


FEELS: dict[str, Both] = {
    "admiration": Both("full of admiration", "满心佩服"),
    "amusement": Both("in a playful mood", "心情挺逗趣"),
    "anger": Both("angry", "在生气"),
    "annoyance": Both("a bit annoyed", "有点烦"),
    "approval": Both("content", "挺满意"),
    "caring": Both("tender", "心里柔软"),
    "confusion": Both("a little lost", "有点迷茫"),
    "curiosity": Both("curious", "很好奇"),
    "desire": Both("full of longing", "满心渴望"),
    "disappointment": Both("let down", "有点失望"),
    "disapproval": Both("fed up", "受够了"),
    "disgust": Both("put off", "很反感"),
    "embarrassment": Both("embarrassed", "有点尴尬"),
    "excitement": Both("excited", "很兴奋"),
    "fear": Both("scared", "有点害怕"),
    "gratitude": Both("grateful", "心怀感激"),
    "grief": Both("heavy-hearted", "心情沉重"),
    "joy": Both("cheerful", "很开心"),
    "love": Both("in love with the world", "心里满是爱"),
    "nervousness": Both("on edge", "有点紧绷"),
    "optimism": Both("hopeful", "充满希望"),
    "pride": Both("proud", "挺自豪"),
    "realization": Both("thoughtful", "若有所思"),
    "relief": Both("relieved", "松了口气"),
    "remorse": Both("sorry about something", "心里过意不去"),
    "sadness": Both("a bit down", "有点低落"),
    "surprise": Both("surprised", "很惊讶"),
}
"""How somebody with a mood is, by its label."""

PICKS: dict[str, Both] = {
    "joy": Both("cheerful", "开心"),
    "excitement": Both("excited", "兴奋"),
    "amusement": Both("playful", "想玩闹"),
    "love": Both("loving", "充满爱意"),
    "gratitude": Both("grateful", "感激"),
    "optimism": Both("hopeful", "有希望"),
    "curiosity": Both("curious", "好奇"),
    "relief": Both("relieved", "松了口气"),
    "neutral": Both("nothing special", "没什么特别"),
    "sadness": Both("down", "低落"),
    "disappointment": Both("let down", "失望"),
    "grief": Both("grieving", "悲痛"),
    "nervousness": Both("stressed", "压力大"),
    "fear": Both("scared", "害怕"),
    "annoyance": Both("annoyed", "烦躁"),
    "anger": Both("angry", "生气"),
}
"""The words on the buttons by which people say how they feel, by the mood's label."""

NEEDS: dict[NeedName, Both] = {
    "cheer_up": Both("to cheer you up", "让你开心起来"),
    "calm_down": Both("to calm down", "平静下来"),
    "thrill": Both("a thrill", "来点刺激"),
    "cry_it_out": Both("a good cry", "好好哭一场"),
    "think": Both("something to think about", "值得思考的"),
    "laugh": Both("a laugh", "笑一笑"),
    "connect": Both("to feel close", "感受亲近"),
    "focus": Both("something absorbing", "让人投入的"),
    "escape": Both("to get away", "逃离一会儿"),
    "celebrate": Both("to celebrate", "庆祝一下"),
}
"""What somebody wants it to do for them."""
