"""The voice in Chinese: every ready-made phrase, by situation. Data only.

As in `agent.phrases`, feelings are guesses, and a phrase claims nothing about an item.
"""

FEELINGS: dict[str, tuple[str, ...]] = {
    "low": ("听起来你心里有点沉。", "感觉最近不太容易。", "听上去这段时间挺难的。"),
    "tense": ("听起来脑子里装了很多事。", "感觉你有点紧绷。", "听上去你需要喘口气。"),
    "cross": ("听起来真让人恼火。", "感觉有什么事惹到你了。"),
    "bright": ("听起来心情不错。", "感觉有好事发生。"),
    "tender": ("听起来很温馨。", "感觉有个人对你很重要。"),
    "curious": ("听起来你很好奇。", "感觉你想发现点新东西。"),
}

OFFERS: dict[str, tuple[str, ...]] = {
    "cheer_up": ("给你找了{these}，希望能让你开心一点。", "想换换心情的话，可以试试这{these}。"),
    "calm_down": ("给你找了{these}，慢慢放松下来。", "想静一静的话，可以试试这{these}。"),
    "thrill": ("给你找了{these}，让心跳快一点。", "想要刺激的话，可以从这{these}开始。"),
    "cry_it_out": ("给你找了{these}，可以好好哭一场。", "想释放一下的话，可以试试这{these}。"),
    "think": ("给你找了{these}，看完值得想一想。", "想动动脑子的话，可以试试这{these}。"),
    "laugh": ("给你找了{these}，一起笑一笑。", "想笑的话，可以试试这{these}。"),
    "connect": ("给你找了{these}，适合感受人与人的亲近。", "想要点陪伴的话，可以试试这{these}。"),
    "focus": ("给你找了{these}，可以沉进去。", "想投入一会儿的话，可以试试这{these}。"),
    "escape": ("给你找了{these}，带你离开一会儿。", "想去别处走走的话，可以试试这{these}。"),
    "celebrate": ("给你找了{these}，让好心情继续。", "值得庆祝！可以试试这{these}。"),
    "unknown": ("给你找了{these}，也许适合你。", "照你说的，可以试试这{these}。"),
}

IN_MIND = "挑的时候我想着{titles}。"
KEPT = "我是按这些条件找的：{wishes}。"
LEFT_OUT = "按你说的，避开了{wishes}。"
WHY = "推荐理由"
FEW = "合适的我只找到这些。"
TWEAKS: dict[str, str] = {
    "lighter": "更轻松的",
    "funnier": "更搞笑的",
    "calmer": "更安静的",
    "warmer": "更温暖的",
    "stranger": "更奇特的",
    "more exciting": "更刺激的",
    "older": "更老的",
    "newer": "更新的",
}
"""The directions of `agent.phrases.TWEAKS`."""
CLOSINGS: tuple[str, ...] = (
    "要不要换成{a}，或者{b}？",
    "如果还差一点，我可以找{a}，或者{b}。",
)
OPEN_END = "还缺什么，告诉我，我再找。"

QUESTIONS: dict[str, tuple[str, ...]] = {
    "low": ("想要能提起精神的、安静歇一歇的，还是可以好好哭一场的？",),
    "tense": ("想要平静的、好笑的，还是紧张到忘掉一切的？",),
    "cross": ("想一笑了之、看点热闹的发泄一下，还是来点轻柔的？",),
    "bright": ("要接着开心、来点冒险，还是来点浪漫的？",),
    "tender": ("想要浪漫的、讲家人的，还是好笑的？",),
    "curious": ("想要奇特的、引人深思的，还是另一个年代的？",),
    "": (
        "现在什么最合适：好笑的、平静的，还是紧张刺激的？",
        "想去哪里：温暖好笑的、紧张的，还是遥远的地方？",
    ),
}
ANCHOR = "也可以直接说一部你喜欢的。"
WHICH_KIND = "好的。有没有偏好的类型，或者以前喜欢的，我可以从那里开始？"
NOT_HERE = "我这里没有{titles}。你喜欢它的什么：故事、人物，还是氛围？"
WHICH_TWO = "不确定你指的是哪几部，说两部给我好吗？"

NOTED: dict[str, str] = {
    "accepted": "选得好，祝你享受{titles}！",
    "disliked": "记下了，以后不再推荐{titles}。",
    "rejected": "好的，这次先不要{titles}。",
    "seen": "你看过{titles}，以后就不提了。",
    "heard": "你听过{titles}，以后就不提了。",
    "liked": "记下了，你喜欢{titles}，这有助于我挑选。",
}
NOTED_ANYTHING = "记下了。"

BECAUSE = "推荐{title}的理由：{reasons}。"
NO_REASON = "推荐{title}没有特别的理由，只是总分较高。"
COUNTED = "分数里最重要的是：{parts}。"
AGAINST = "对它不利的是：{part}。"
EXPLORED = "它排在最后是随机抽的，从次好的里面选出，好让我学习。"
LIKELY = "它得分很高，不过这只是估计。"
MAYBE = "这是估计，不是保证。"
LONG_SHOT = "把握不大，我很可能猜错。"
SHARED = "它们都是{genres}。"

REASON_TONES = "它给人的感觉是{tones}"
REASON_MOOD = "它的氛围适合你说的"
REASON_FACTS = "它是{facts}"
REASON_LIKED = "和 {titles} 接近"
REASON_LIKED_SOME = "和你喜欢或提到的接近"
REASONS: dict[str, str] = {
    "behaviour": "在类似的对话里有人提到它",
    "media": "和你给我看的相近",
}
"""By the kind of a reason, where its own words are not told."""

EMPTY = "目录还是空的，没有东西可以推荐。"
NOTHING_NEW = "没有新的可以推荐：合适的你都看过或者不要了。要不要换个方向找？"
NOTHING_FITS = "在 {n} 个里没有找到全部符合的：{wishes}。要不要放宽一个要求？"

THANKS: tuple[str, ...] = ("不客气，想再看的时候我在。", "很高兴能帮上忙，随时再来。")
ENJOY: tuple[str, ...] = ("好，看完告诉我怎么样。", "好好享受，看完说说感想。")
GOODBYES: tuple[str, ...] = ("再见，好好享受。", "保重，想看新的随时再来。")
HELLOS: tuple[str, ...] = (
    "你好！现在心情怎么样，想看点什么？",
    "嗨！说说今天过得怎么样，我来找点合适的。",
)
WHO = (
    "我是 Simpatico，一个程序：听你说感受和想要什么，从目录里挑可能合适的。"
    "心情我可能猜错，直接纠正我就好。想看点什么？"
)
SMALLTALK: tuple[str, ...] = (
    "聊聊也好，不过我更擅长推荐。现在想看点什么？",
    "我在听。告诉我你的感受或喜好，我就能推荐。",
)

FIELDS: dict[str, str] = {
    "the people you named": "人物", "the years": "年代", "the length": "时长",
    "the language": "语言", "the genre": "类型", "the kind": "种类", "titles": "作品",
}  # fmt: skip
"""What a note says was let go of, and what it calls things of many kinds."""

NOTES: tuple[tuple[str, str], ...] = (
    (r"I don't have “(?P<title>.+)” here\. I went by the rest of what you said\.",
     "我这里没有“{title}”，所以按你说的其他内容来找。"),
    (r"Nothing fits everything at once, so I let go of (?P<what>.+)\.",
     "没有全部符合的，所以我放宽了{what}。"),
    (r"No (?P<of>.+) fits everything at once, so there I let go of (?P<what>.+)\.",
     "{of}里没有全部符合的，所以那里我放宽了{what}。"),
    (r"I have no (?P<lacking>.+) here, only (?P<has>.+)\.", "这里没有{lacking}，只有{has}。"),
    (r"I have no (?P<lacking>.+) here\.", "这里没有{lacking}。"),
    (r"I found no (?P<lacking>.+) that would fit\.", "没有找到合适的{lacking}。"),
    (r"I do not know the lengths of most (?P<what>.+) here, "
     r"so I could not keep to (?P<n>\d+) minutes\.",
     "这里大多数{what}没有标明时长，所以没能做到不超过 {n} 分钟。"),
)  # fmt: skip
"""Sentences of admission as they are made, and what they are in Chinese."""

LABELS: dict[str, str] = {
    "The language model did not answer; a simpler reader took its place.":
        "语言模型没有回应，改用了更简单的阅读方式。",
    "The language model did not answer; these words are from templates.":
        "语言模型没有回应，这些话来自模板。",
    "Feelings could not be read; only plain wishes and titles were.":
        "没能读出心情，只读了明确的要求和片名。",
    "The trained ranker does not work; these are ordered by simpler rules.":
        "训练过的排序不能用，这些按更简单的规则排序。",
    "Search is not working; these are well-known titles that fit.":
        "搜索不能用，这些是符合要求的知名作品。",
    "What you liked before could not be read.": "没能读到你以前喜欢的。",
    "Your feedback counts for this conversation, but could not be stored.":
        "你的反馈在这次对话里有效，但没能保存。",
    "This list could not be stored.": "这份清单没能保存。",
}  # fmt: skip
"""What is said of a part that did not work; one that is not here stays in English."""

STAGES: dict[str, str] = {
    "read": "在听",
    "retrieve": "在 {n:,} 个里寻找",
    "rank": "在权衡 {n} 个候选",
    "explain": "在组织语言",
}

TELLS: dict[str, str] = {
    "length": "{title}片长 {fact} 分钟。",
    "director": "{title}的导演是 {fact}。",
    "cast": "{title}的演员有 {fact}。",
    "language": "{title}的语言是{fact}。有没有字幕，我不清楚。",
    "year": "{title}是 {fact} 年的。",
}
UNTOLD: dict[str, str] = {
    "length": "{title}：片长我不知道。",
    "director": "{title}：导演是谁我不知道。",
    "cast": "{title}：演员是谁我不知道。",
    "language": "{title}：是什么语言我不知道。",
    "year": "{title}：是哪一年的我不知道。",
    "prizes": "{title}：得过什么奖我不知道。",
    "true": "{title}：是不是真人真事我不知道。",
    "where": "{title}：在哪里能看我不知道。",
    "ending": "{title}：结局我不知道，我只知道下面这些。",
    "rating": "{title}：我没有评分，好不好看说不准。",
    "tone": "{title}：它给人什么感觉我不知道。",
}
HAS_TONE: dict[str, str] = {
    "much": "{title}，我看是{tone}的。",
    "little": "{title}，我看有一点{tone}。",
    "none": "{title}，我看不算{tone}。",
}
MADE_FOR: dict[str, str] = {
    "much": "{title}，我看是适合孩子的。",
    "little": "{title}，孩子也许可以看，但不是专给孩子拍的。",
    "none": "{title}，我看不是给孩子看的。",
}
MOST = "{title}，我看是其中最{tone}的。"
FIRST_BY: dict[str, str] = {"newest": "{title}是其中最新的。", "oldest": "{title}是其中最老的。"}
LENGTHS_UNTOLD = "它们的片长我不全知道，所以说不准哪个更短。"
"""As in `agent.phrases`: answers to questions about items."""

KNOWN = "到现在我知道这些：{known}。"
KNOWN_NOTHING = "还什么都不知道。说说你喜欢什么，或者今天过得怎么样。"
KNOWN_WORDS = "除了你刚才要的，还什么都不知道。说说你喜欢什么，或者今天过得怎么样。"
KNOWN_NEEDS: dict[str, str] = {
    "cheer_up": "开心起来",
    "calm_down": "平静下来",
    "thrill": "来点刺激",
    "cry_it_out": "好好哭一场",
    "think": "看点值得思考的",
    "laugh": "笑一笑",
    "connect": "感受亲近",
    "focus": "看点让人投入的",
    "escape": "逃离一会儿",
    "celebrate": "庆祝一下",
}
KNOWN_PARTS: dict[str, str] = {
    "kept": "你想要{}",
    "tones": "你想要{}的感觉",
    "need": "你想{}",
    "left_out": "你不要{}",
    "liked": "你喜欢{}",
    "disliked": "你不喜欢{}",
    "seen": "你看过{}",
}
KNOWN_END = "心情只是从你的话里猜的。在我自己的页面上，我对你的了解都可以查看、收回和删除。"
STORED = (
    "保留的对话存在我运行的服务器上，好接着聊；临时对话什么都不存。"
    "在我自己的页面上，我对你的了解都可以查看、收回和删除。"
)
SORRY: tuple[str, ...] = (
    "抱歉，没帮上忙。说一部你真正喜欢的，或者要避开什么，我再试一次。",
    "是我没猜对。缺的是什么：更轻松的、更带劲的，还是换个类型？",
)
NOT_FOR_ME = "这个我答不了：我只知道目录里的东西。"
