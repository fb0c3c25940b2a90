"""A recommendation's card."""

from simpatico.agent.phrases import EXPLORED
from simpatico.ui.strings.both import Both, Table


class CardStrings(Table):
    """Texts of a card."""

    like = Both("Like", "喜欢")
    dislike = Both("Not for me", "不适合我")
    save = Both("Save", "收藏")
    seen = Both("Seen it", "看过")
    heard = Both("Heard it", "听过")
    noted_like = Both("Noted: more like this.", "记下了：多来点这样的。")
    noted_dislike = Both("Noted: I won’t show it again.", "记下了：不再给你看它。")
    noted_save = Both("Saved for later.", "已收藏。")
    noted_seen = Both("Noted: you’ve seen it.", "记下了：你看过。")
    noted_heard = Both("Noted: you’ve heard it.", "记下了：你听过。")
    noted_stars = Both("Noted: {n} of 5 stars.", "记下了：{n} 星（满分 5 星）。")
    stars = Both("{n} of 5 stars", "{n} 星（满分 5 星）")
    rate = Both("Rate {title}", "给 {title} 评分")
    match = Both("match", "匹配")
    match_title = Both("My estimate that you would pick it", "我估计你会选它的可能性")
    tone_label = Both("Tone", "氛围")
    fits_label = Both("Why it fits", "为什么合适")
    more_like_this = Both("More like this", "多来点这样的")
    why = Both("Why this one?", "为什么选它？")
    speaks_for = Both("What speaks for it", "推荐理由")
    scored_well = Both("It simply scored well overall.", "它只是总分较高。")
    by_chance = Both(EXPLORED, "它排在最后是随机抽的，从次好的里面选出，好让我学习。")
    score = Both("How the score came about", "分数是怎么来的")
    poster_of = Both("Poster of {title}", "{title} 的海报")
    cover_of = Both("Cover of {title}", "{title} 的封面")
    play = Both("Play {title}", "播放 {title}")
