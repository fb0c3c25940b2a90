"""The sheet with the person's conversations."""

from simpatico.ui.strings.both import Both, Table


class HistoryStrings(Table):
    """Texts of the list of conversations."""

    cut_off = Both(
        "I was interrupted before I could answer this.", "我还没来得及回答这一条就被打断了。"
    )
    temporary_name = Both("A temporary chat.", "临时对话。")
    temporary_words = Both(
        "I know nothing of you here, and nothing of it is kept: it is gone when you start over, "
        "open another conversation or close this tab.",
        "在这里我对你一无所知，什么也不会保存：重新开始、打开别的对话或关闭标签页后，它就没有了。",
    )
    forgotten = Both(
        "The server was started anew, so what we said in this temporary chat is forgotten. It is "
        "still temporary.",
        "服务器重新启动了，这段临时对话里说过的已经忘掉。它仍然是临时的。",
    )
    revised = Both("That’s not how I feel.", "不是这样的心情。")
    gone = Both("That conversation is not there any more.", "那段对话已经不在了。")
    failed = Both("That didn’t work just now. Please try it again.", "刚才没成功，请再试一次。")
    new_chat = Both("New chat", "新对话")
    temporary_chat = Both("Temporary chat", "临时对话")
    nothing_yet = Both(
        "Nothing yet. What you say will be listed here.", "还没有。你说过的会列在这里。"
    )
    today = Both("Today", "今天")
    yesterday = Both("Yesterday", "昨天")
    this_week = Both("This week", "本周")
    earlier = Both("Earlier", "更早")
    rename = Both("Rename", "重命名")
    download = Both("Download", "下载")
    delete = Both("Delete", "删除")
    save_name = Both("Save", "保存")
    cancel = Both("Cancel", "取消")
    keep_it = Both("Keep it", "保留")
    delete_question = Both("Delete this conversation?", "删除这段对话？")
    delete_words = Both(
        "What was said in it goes for good. What you liked or saved in it stays on your page, "
        "where you can take it back.",
        "对话内容会永久删除。你在其中喜欢或收藏的会留在你的页面上，你可以在那里撤回。",
    )
    close = Both("Close", "关闭")
    you = Both("You:", "你：")


WEEKDAYS: tuple[Both, ...] = (
    Both("Monday", "星期一"),
    Both("Tuesday", "星期二"),
    Both("Wednesday", "星期三"),
    Both("Thursday", "星期四"),
    Both("Friday", "星期五"),
    Both("Saturday", "星期六"),
    Both("Sunday", "星期日"),
)
