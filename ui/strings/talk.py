"""The conversation: how far an answer is, what can be done with it, what went wrong."""

from simpatico.ui.strings.both import Both, Table


class TalkStrings(Table):
    """Texts of messages and answers."""

    step_understanding = Both("Understanding", "理解")
    step_looking = Both("Looking", "寻找")
    step_ranking = Both("Ranking", "排序")
    step_writing = Both("Writing", "撰写")
    progress = Both("Progress", "进度")
    stop = Both("Stop", "停止")
    exchange_label = Both("One message and its answer", "一条消息和它的回答")
    you_said = Both("You said: ", "你说：")
    answerer = Both("Simpatico:", "Simpatico：")
    with_your_picture = Both("with your picture", "附上了你的图片")
    recommendations = Both("Recommendations", "推荐")
    stopped = Both("Stopped, as you asked.", "已按你的要求停止。")
    nothing_fits = Both(
        "Nothing in my catalogue fits all of that. Letting one wish go usually helps.",
        "我的目录里没有完全符合的。放宽一个要求通常会有帮助。",
    )
    simpler_mode = Both("Running in a simpler mode.", "正在以简化方式运行。")
    you_could_say = Both("You could say", "你可以说")
    edit = Both("Edit", "修改")
    copy = Both("Copy", "复制")
    copied = Both("Copied", "已复制")
    again = Both("Try again", "再试一次")
    undo = Both("Take back", "撤回")
    this_answer = Both("This answer", "这个回答")

    understood_label = Both("What I understood", "我理解到的")
    not_this = Both("not {name}", "不要{name}")
    no_genre = Both("no {name}", "不要{name}")
    with_person = Both("with {name}", "有 {name}")
    without_person = Both("without {name}", "没有 {name}")
    in_language = Both("in {name}", "{name}的")
    not_in_language = Both("not in {name}", "不要{name}的")
    at_most = Both("at most {n} minutes", "最多 {n} 分钟")
    you_like = Both("you like {title}", "你喜欢 {title}")
    not_title = Both("not {title}", "不要 {title}")
    seen_title = Both("seen {title}", "看过 {title}")
    unknown_title = Both("I don’t know “{title}”", "我不认识“{title}”")
    the_decade = Both("the {n}s", "{n}年代")
    years_between = Both("{first} to {last}", "{first} 到 {last} 年")
    years_from = Both("from {n}", "{n} 年起")
    years_until = Both("until {n}", "{n} 年及以前")

    other_browser = Both(
        "This conversation belongs to another browser. Please start a new one.",
        "这段对话属于另一个浏览器。请开始新的对话。",
    )
    not_stored = Both(
        "I couldn’t keep your message, so I haven’t answered it. The disk may be full; once there "
        "is room, try again.",
        "没能保存你的消息，所以还没有回答。磁盘可能满了；腾出空间后再试一次。",
    )
    too_many = Both(
        "That is more at once than I can answer. Please try again in {s} s.",
        "一下子太多了，我答不过来。请 {s} 秒后再试。",
    )
    too_slow = Both(
        "That took too long and I gave up. Please try again in a moment.",
        "花的时间太长，我放弃了。请稍后再试。",
    )
    not_ready = Both(
        "Something I need isn’t ready. Please try again; “simpatico doctor” says what.",
        "我需要的东西还没准备好。请再试一次；“simpatico doctor”会说明是什么。",
    )
    broken = Both(
        "Something went wrong on my side, sorry. Please try again.",
        "抱歉，我这边出了点问题。请再试一次。",
    )
