"""The sheet about the person: what is known of them."""

from simpatico.domain import EventKind
from simpatico.ui.strings.both import Both, Table


class ProfileStrings(Table):
    """Texts of the sheet about the person."""

    you_name = Both("You", "我的")
    you_intro = Both(
        "What I know of you, on this server. Take back what is wrong; it counts from your next "
        "message on. No other browser is shown it.",
        "这台服务器上我对你的了解。不对的可以撤回，从你的下一条消息起生效。别的浏览器看不到。",
    )
    you_wait = Both("One moment …", "请稍等……")
    you_stranger = Both(
        "You are in a temporary chat, where nothing of this is used.",
        "你正在临时对话中，这里的内容都不会用到。",
    )
    you_nothing = Both(
        "I don’t know anything about you yet. What you like, save or tell me will be listed here.",
        "我还不了解你。你喜欢、收藏或告诉我的会列在这里。",
    )
    you_decide = Both("You decide", "由你决定")
    you_personal_info = Both(
        "Off: only the conversation itself counts, no list is noted and nothing is learned from "
        "what you say. Buttons that you press are noted, for when it is on again.",
        "关掉后只看对话本身，不记录给你看过的列表，也不从你说的话里学习。你按过的按钮会记下，等再打开时用。",
    )
    you_reading = Both("Guess my mood", "猜我的心情")
    you_reading_info = Both(
        "Off: no mood is read from what you say, in any conversation. One that you choose yourself "
        "still counts.",
        "关掉后在任何对话里都不从你的话里猜心情；你自己选的心情仍然算数。",
    )
    you_moods = Both("Remember my moods", "记住我的心情")
    you_moods_info = Both(
        "Off: a mood is guessed for the moment and not kept with you. On: the last one of each "
        "conversation is kept with it. Turning it off removes them all.",
        "关着时只当场猜测心情，不随你保存。打开后每段对话最后一次的心情会随它保存；再关掉就全部删除。",
    )
    you_liked = Both("You like", "你喜欢")
    you_disliked = Both("Not for you", "不适合你")
    you_saved = Both("Saved", "收藏")
    you_seen = Both("Seen", "看过")
    you_take_back = Both("Take back", "撤回")
    you_more = Both("Show {n} more", "再显示 {n} 条")
    you_gone = Both("{id} (no longer in the catalogue)", "{id}（目录里已经没有了）")
    you_tastes = Both("What your likes have in common", "你喜欢的有什么共同点")
    you_tastes_info = Both(
        "Worked out anew from the titles above, for you to see; it is not stored.",
        "每次根据上面的作品重新算出来给你看，不会保存。",
    )
    you_taste = Both("{name}: {n} of {of}", "{name}：{of} 部里有 {n} 部")
    you_decade = Both("the {n}s", "{n}年代")
    you_talks = Both("What your conversations go on with", "对话里还记着的要求")
    you_talks_info = Both(
        "A wish that you take away no longer counts there.", "拿掉的要求在那段对话里就不再算数。"
    )
    you_set_aside = Both("titles set aside: {n}", "放在一边的作品：{n}")
    you_kept_moods = Both("Your moods", "你的心情")
    you_no_moods = Both("None is kept.", "没有保存。")
    you_mood = Both("{name}, {sure:.0%} sure", "{name}，把握 {sure:.0%}")
    you_events = Both("What you did", "你做过的")
    you_events_info = Both(
        "The newest first. What is withdrawn no longer counts.", "最新的在前。撤销的就不再算数。"
    )
    you_withdraw = Both("Withdraw", "撤销")
    you_data = Both("Your data", "你的数据")
    you_counts = Both(
        "Conversations: {talks}. Things you did: {events}. Lists shown: {lists}.",
        "对话：{talks}。你做过的：{events}。看过的列表：{lists}。",
    )
    you_download = Both("Download everything", "全部下载")
    you_erase = Both("Erase everything", "全部删除")
    you_erase_question = Both("Erase everything I know of you?", "删除我对你的全部了解？")
    you_erase_words = Both(
        "Your conversations, what you liked, saved, rated and saw, the lists you were shown and "
        "your decisions go for good. This cannot be undone.",
        "你的对话，你喜欢、收藏、评分和看过的，给你看过的列表，还有你的决定，都会永久删除，无法恢复。",
    )
    you_erase_yes = Both("Erase", "删除")
    you_erased = Both("All that I knew of you is gone.", "我对你的了解已全部删除。")


DONE: dict[EventKind, Both] = {
    "click": Both("opened", "打开过"),
    "like": Both("liked", "喜欢"),
    "dislike": Both("not for you", "不适合"),
    "save": Both("saved", "收藏"),
    "rate": Both("rated", "评分"),
    "seen": Both("seen", "看过"),
    "skip": Both("passed over", "略过"),
    "accept": Both("taken", "选了"),
    "buy": Both("bought", "买了"),
}
"""What was done, by the kind of event."""
