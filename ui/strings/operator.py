"""The operator's sheet: how it runs."""

from simpatico.ui.strings.both import Both, Table


class OperatorStrings(Table):
    """Texts of the operator's sheet."""

    op_name = Both("How it runs", "运行状况")
    op_intro = Both(
        "Since this server started, at {when}. Nobody’s words or names are here.",
        "自服务器启动以来（{when}）。这里没有任何人的话或名字。",
    )
    op_wait = Both("One moment …", "请稍等……")
    op_refresh = Both("Refresh", "刷新")
    op_key = Both("Operator’s key", "管理员密钥")
    op_key_info = Both(
        "This is for whoever runs the server: a key with the scope admin, made by “simpatico key "
        "add”. It is forgotten when this sheet is closed.",
        "这里给服务器的管理员使用：需要一个有 admin 权限的密钥，用“simpatico key add”创建。"
        "关闭这一页后就会忘掉它。",
    )
    op_open = Both("Open", "打开")
    op_no_key_yet = Both(
        "There is no key yet. “simpatico key add operator --scope admin” makes one.",
        "还没有密钥。用“simpatico key add operator --scope admin”创建一个。",
    )
    op_wrong = Both("That is no key of this server.", "这不是本服务器的密钥。")
    op_may_not = Both(
        "This key may not do that: it takes the scope admin, and no tenant.",
        "这个密钥没有权限：需要 admin 权限，而且不属于某个租户。",
    )
    op_too_many = Both("Too many tries. Wait {s} s.", "尝试太多次，请等 {s} 秒。")
    op_failed = Both(
        "That could not be read just now. Please try it again.", "刚才没读到，请再试。"
    )

    op_traffic = Both("Traffic", "访问量")
    op_turns = Both("turns answered", "已回答")
    op_running = Both("running now", "进行中")
    op_failures = Both("without an answer", "没有回答")
    op_degraded = Both("with a part on its fallback", "有部件以后备方式运行")
    op_by_route = Both("What was done", "做了什么")
    op_by_door = Both("Where", "从哪里来")
    op_by_code = Both("Why there was no answer", "没有回答的原因")
    op_by_hour = Both("Turns by hour", "每小时的回答数")
    op_hour = Both("{hour}: {n}", "{hour}：{n} 次")
    op_nothing = Both("Nothing yet.", "还没有。")

    op_latency = Both("Latency", "用时")
    op_latency_info = Both(
        "Interpolated within the buckets of the histograms that /metrics gives.",
        "按 /metrics 给出的直方图区间插值。",
    )
    op_stage = Both("Stage", "阶段")
    op_count = Both("Count", "次数")
    op_half = Both("p50", "p50（一半）")
    op_most = Both("p95", "p95（绝大多数）")
    op_whole = Both("a whole turn", "整个回答")
    op_first_word = Both("first word", "第一个词")

    op_moods = Both("Moods", "心情")
    op_moods_info = Both(
        "Of turns in the last 24 hours, counted in memory by the hour and never by person. Fewer "
        "than {few} in an hour are not told apart.",
        "最近 24 小时的回答，只在内存里按小时计数，从不按人。一小时内少于 {few} 次的不再细分。",
    )
    op_pleasant = Both("pleasant", "愉快")
    op_plain = Both("neither", "一般")
    op_unpleasant = Both("unpleasant", "不愉快")
    op_too_few = Both("Too few to tell.", "太少，不显示。")
    op_mood_hour = Both(
        "{hour}: {good} pleasant, {plain} neither, {bad} unpleasant",
        "{hour}：愉快 {good}，一般 {plain}，不愉快 {bad}",
    )

    op_feedback = Both("Feedback", "反馈")
    op_rate = Both("for each recommending turn", "平均每次推荐")
    op_refused = Both("refused", "被拒绝")
    op_coverage = Both("Coverage", "覆盖率")
    op_covered = Both(
        "{shown:,} of {all:,} items were shown to somebody: {share:.1%}.",
        "{all:,} 件里有 {shown:,} 件给人看过：{share:.1%}。",
    )
    op_covered_info = Both(
        "From the lists that are kept; lists of people without personalisation are not.",
        "根据保存的列表；关掉个性化的人的列表不保存。",
    )

    op_health = Both("Parts and index", "部件与索引")
    op_check = Both("Check the index", "检查索引")
    op_checked = Both(
        "{n} items tried, {lost} not found by their own vector, {missing} missing, {strange} too "
        "many.",
        "试了 {n} 件：{lost} 件用自己的向量找不到，缺 {missing} 件，多 {strange} 件。",
    )
    op_mend = Both(
        "“simpatico index audit --repair” mends it.", "用“simpatico index audit --repair”修复。"
    )
    op_models = Both("Models", "模型")
    op_version = Both("Simpatico", "Simpatico（版本）")
    op_catalog = Both("catalogue", "目录")
    op_encoder = Both("encoder", "编码器")
    op_reader = Both("reader", "阅读")
    op_llm = Both("language model", "语言模型")
    op_adapter = Both("{task} adapter", "{task} 适配器")
    op_none = Both("none", "没有")
    op_ranker_at_work = Both("ranker", "排序器")
    op_rankers = Both("Versions of the ranker of {catalog}", "{catalog} 的排序器版本")
    op_now = Both("served now", "正在使用")
    op_next = Both("served from the next start on", "下次启动后使用")
    op_was = Both("was served", "用过")
    op_back = Both("Roll back to {version}", "回退到 {version}")
    op_back_question = Both("Roll the ranker back?", "回退排序器？")
    op_back_words = Both(
        "From the next start on {version} orders the items of {catalog}, which it did before.",
        "下次启动后由以前用过的 {version} 给 {catalog} 排序。",
    )
    op_back_yes = Both("Roll back", "回退")
    op_rolled_back = Both(
        "{version} is served from the next start on.", "下次启动后使用 {version}。"
    )


TERMS: dict[str, Both] = {
    "page": Both("page", "页面"),
    "api": Both("api", "接口"),
    "recommend": Both("recommend", "推荐"),
    "clarify": Both("clarify", "追问"),
    "explain": Both("explain", "解释"),
    "acknowledge": Both("acknowledge", "记下"),
    "talk": Both("talk", "闲聊"),
    "care": Both("care", "关怀"),
    "read": Both("read", "理解"),
    "retrieve": Both("retrieve", "寻找"),
    "rank": Both("rank", "排序"),
    "answer": Both("answer", "回答"),
    "like": Both("like", "喜欢"),
    "dislike": Both("dislike", "不喜欢"),
    "save": Both("save", "收藏"),
    "rate": Both("rate", "评分"),
    "seen": Both("seen", "看过"),
    "click": Both("click", "打开"),
    "skip": Both("skip", "略过"),
    "accept": Both("accept", "选择"),
    "buy": Both("buy", "购买"),
    "stopped": Both("stopped", "被停止"),
    "index": Both("index", "索引"),
    "events": Both("events", "反馈记录"),
    "conversations": Both("conversations", "对话记录"),
    "llm": Both("llm", "语言模型"),
    "ranker": Both("ranker", "排序器"),
    "ok": Both("ok", "正常"),
    "degraded": Both("degraded", "后备"),
    "down": Both("down", "停用"),
}
"""What the series of /metrics and the parts call things, by that name; error codes stay codes."""
