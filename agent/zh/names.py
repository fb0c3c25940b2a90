"""What is written in English, in Chinese: genres, tones, kinds, languages. Data only."""

GENRES: dict[str, str] = {
    "action": "动作",
    "adventure": "冒险",
    "animated": "动画",
    "animation": "动画",
    "background music": "背景音乐",
    "biography": "传记",
    "comedy": "喜剧",
    "crime": "犯罪",
    "dance": "舞蹈",
    "disaster": "灾难",
    "documentary": "纪录片",
    "drama": "剧情",
    "erotic": "情色",
    "family": "家庭",
    "fantasy": "奇幻",
    "found footage": "伪纪录",
    "game music": "游戏音乐",
    "historical": "历史",
    "history": "历史",
    "horror": "恐怖",
    "independent": "独立电影",
    "legal": "法庭",
    "martial arts": "武侠",
    "music": "音乐",
    "musical": "歌舞",
    "mystery": "悬疑",
    "noir": "黑色电影",
    "political": "政治",
    "romance": "爱情",
    "romantic comedy": "浪漫喜剧",
    "satire": "讽刺",
    "science fiction": "科幻",
    "short": "短片",
    "silent": "默片",
    "slasher": "血腥恐怖",
    "sports": "体育",
    "spy": "谍战",
    "superhero": "超级英雄",
    "supernatural": "灵异",
    "teen": "青春",
    "thriller": "惊悚",
    "war": "战争",
    "western": "西部",
}
"""By the English name in lower case."""

TONES: dict[str, str] = {
    "warm": "温暖",
    "funny": "搞笑",
    "uplifting": "振奋",
    "gentle": "轻柔",
    "romantic": "浪漫",
    "touching": "感人",
    "sad": "悲伤",
    "dark": "阴暗",
    "tense": "紧张",
    "scary": "吓人",
    "violent": "暴力",
    "exciting": "刺激",
    "epic": "宏大",
    "dreamy": "梦幻",
    "thoughtful": "引人深思",
    "quirky": "古怪",
    "nostalgic": "怀旧",
    "kids": "适合孩子",
}

KINDS: dict[str, tuple[str, str]] = {
    "film": ("部", "电影"),
    "music": ("首", "音乐"),
    "book": ("本", "书"),
    "series": ("部", "剧集"),
    "game": ("款", "游戏"),
    "podcast": ("档", "播客"),
}
"""The measure word that one is counted with, and what it is called."""

LANGUAGES: dict[str, str] = {
    **{"English": "英语", "French": "法语", "German": "德语", "Spanish": "西班牙语"},
    **{"Italian": "意大利语", "Portuguese": "葡萄牙语", "Japanese": "日语", "Korean": "韩语"},
    **{"Chinese": "中文", "Mandarin": "普通话", "Cantonese": "粤语", "Hindi": "印地语"},
    **{"Russian": "俄语", "Swedish": "瑞典语", "Danish": "丹麦语", "Norwegian": "挪威语"},
    **{"Finnish": "芬兰语", "Dutch": "荷兰语", "Polish": "波兰语", "Czech": "捷克语"},
    **{"Greek": "希腊语", "Turkish": "土耳其语", "Arabic": "阿拉伯语", "Persian": "波斯语"},
    **{"Hebrew": "希伯来语", "Thai": "泰语", "Vietnamese": "越南语", "Hungarian": "匈牙利语"},
    **{"Romanian": "罗马尼亚语", "Icelandic": "冰岛语", "Tamil": "泰米尔语"},
    **{"Telugu": "泰卢固语", "Bengali": "孟加拉语"},
}
"""Languages that the rules for wishes know, by their English name."""

PARTS: dict[str, str] = {
    "tone": "它的氛围",
    "match": "它的介绍和你的话有多接近",
    "words": "和你的话相同的词",
    "wishes": "你提出的要求",
    "known": "它的知名度",
    "liked": "和你喜欢或提到的有多接近",
    "unlike": "和你不喜欢的有多接近",
    "shown": "以前给你看过",
    "together": "别人同时喜欢或提到的",
    "talked": "在类似对话中出现的情况",
    "looks": "它的图片给人的感觉",
    "sounds": "它听起来的感觉",
    "about": "和你给我看的有多接近",
}
"""What a ranker calls the terms of its score; `agent.phrases.PARTS` has them in English."""


def genre(name: str) -> str:
    """A genre in Chinese; one we have no word for stays as the catalogue writes it."""
    return GENRES.get(name.casefold(), name)


def tone(name: str) -> str:
    """A tone in Chinese."""
    return TONES.get(name, name)


def kind(name: str) -> str:
    """A kind of item in Chinese; one we have no word for stays as it is."""
    return KINDS[name][1] if name in KINDS else name
