"""The page around the conversation: its head, its settings, its examples, its notices."""

from simpatico.ui.strings.both import Both, Table


class PageStrings(Table):
    """Texts of the page itself."""

    tagline = Both(
        "Tell me how you are. I’ll find something to go with it.",
        "说说你现在的心情，我来找点合适的。",
    )
    footer = Both(
        "Runs on your machine. It keeps what you say in a conversation and the buttons you press, "
        "in files of its own, so that it can do better next time; your moods only if you want it "
        "to. Moods are guesses, and it can be wrong about what you would like, too.",
        "在你自己的电脑上运行。对话内容和你按过的按钮会保存在它自己的文件里，好让下次做得更好；"
        "你的心情只有你愿意时才保存。心情只是猜测，你会喜欢什么，它也可能猜错。",
    )
    conversations = Both("Conversations", "对话")
    start_over = Both("Start over", "重新开始")
    settings = Both("Settings", "设置")
    send = Both("Send", "发送")
    picture = Both("Picture", "图片")
    picture_label = Both("Picture: find things that look like one", "图片：找看起来相似的")
    picture_title = Both(
        "Find things that look like a picture. It is not kept, and sent to nobody else.",
        "找和图片看起来相似的。图片不会保存，也不会发给别人。",
    )
    your_message = Both("Your message", "你的消息")
    placeholder = Both("How are you tonight?", "今晚过得怎么样？")

    adventurous = Both("Safe or adventurous", "稳妥还是冒险")
    adventurous_info = Both(
        "Left: known and close to your wishes. Right: varied and new.",
        "左：熟悉的、贴近你心意的。右：多样的、新鲜的。",
    )
    popular = Both("Little or well known", "冷门还是热门")
    popular_info = Both(
        "Left: what few have heard of. Right: what many know.",
        "左：少有人知道的。右：很多人知道的。",
    )
    pictured = Both("With a picture: words or picture", "附图片时：看文字还是图片")
    pictured_info = Both(
        "Left: what your words ask for. Right: what looks like your picture.",
        "左：按你说的找。右：找和图片看起来相似的。",
    )
    never = Both("Never these", "这些不要")
    never_info = Both("Left out, unless you ask for one by name.", "不会出现，除非你点名要。")
    personal = Both("Use what you know about me", "参考你对我的了解")
    personal_info = Both(
        "What you liked, disliked and saw before. Off: only this conversation.",
        "你以前喜欢、不喜欢和看过的。关掉后只看这次对话。",
    )
    posters = Both("Show posters", "显示海报")
    posters_info = Both(
        "They come from upload.wikimedia.org, which then sees your address and which posters you "
        "load. Nothing else on this page comes from the network.",
        "海报来自 upload.wikimedia.org，它会看到你的网络地址和你加载了哪些海报。"
        "除此之外，本页没有任何内容来自网络。",
    )
    language_name = Both("Language · 语言", "语言 · Language")
    language_info = Both(
        "Of this page. Answers come in the language you write in.",
        "本页的语言。回答会跟随你说话的语言。",
    )
    language_auto = Both("As my browser", "跟随浏览器")

    empty_head = Both("How are you, tonight?", "今晚，你还好吗？")
    empty_words = Both(
        "Say it in your own words: how you feel, what you’re in the mood for, what you’d rather "
        "not see.",
        "用你自己的话说：你的感受，想看点什么，不想看到什么。",
    )
    by_mood = Both("By mood", "按心情")
    by_occasion = Both("By occasion", "按场合")

    away = Both("The server is away", "服务器不在")
    away_words = Both(
        "I’m trying to reach it again; then this page loads anew. What you said is kept, unless "
        "this chat is temporary.",
        "正在重新连接，连上后页面会重新加载。除非是临时对话，你说过的都保存着。",
    )
    write_first = Both(
        "Write a word or two first, or pick one of the examples.",
        "先写一两句话，或者选一个例子。",
    )
    too_long = Both(
        "That is {n:,} characters, more than I can take in at once. Could you say it in {most:,}? "
        "Your text is still in the box.",
        "这有 {n:,} 个字符，一次读不下。能在 {most:,} 个以内说完吗？你写的还在输入框里。",
    )
    not_noted = Both(
        "I couldn’t note that down. Please press it again.", "没能记下来，请再按一次。"
    )
    cannot_take_back = Both(
        "I can’t take that back any more. You can start over, or say it anew.",
        "这一条已经撤不回了。你可以重新开始，或者再说一遍。",
    )
    editing = Both(
        "Change your message and send it: it takes the place of the one above and of its answer.",
        "修改后发送：它会替换上面那条消息和对它的回答。",
    )
    leave_it = Both("Leave it as it was", "保持原样")
    like_this = Both("Find things that look like this", "找和这张图看起来相似的")
    no_picture = Both(
        "I couldn’t open that as a picture. A JPEG, PNG, WebP or GIF of up to 20 MB works.",
        "这个文件没法当作图片打开。可以用 20 MB 以内的 JPEG、PNG、WebP 或 GIF。",
    )
    more_like_it = Both("More like {title}", "多来点像《{title}》这样的")


MOOD_EXAMPLES: tuple[tuple[Both, Both], ...] = (
    (
        Both("After a rough week", "累了一周"),
        Both(
            "Rough week. I need something warm and funny, nothing with kids",
            "这周太累了，想看点温暖又搞笑的，不要儿童片",
        ),
    ),
    (
        Both("Can’t switch off", "静不下来"),
        Both(
            "My head won’t stop. Something quiet and gentle to calm down with",
            "脑子停不下来，想看点安静舒缓的，放松一下",
        ),
    ),
    (
        Both("A good cry", "想哭一场"),
        Both(
            "I feel sad and I want to let it out. Make me cry", "心里难过，想好好哭一场，来点催泪的"
        ),
    ),
    (
        Both("Wide awake", "精神正好"),
        Both(
            "Friday night and I’m buzzing: a clever thriller that keeps me guessing",
            "周五晚上特别兴奋，想看一部烧脑的惊悚片",
        ),
    ),
    (
        Both("Far away", "想去远方"),
        Both(
            "I’d like to be somewhere else entirely, something epic and beautiful",
            "想逃离现实，看点宏大又美的",
        ),
    ),
    (
        Both("Nostalgic", "怀旧"),
        Both(
            "Something from the 80s that feels like being twelve again",
            "怀念小时候，想看一部80年代温暖的冒险片",
        ),
    ),
)
"""What one might say first: how one is, and the words."""

OCCASION_EXAMPLES: tuple[tuple[Both, Both], ...] = (
    (
        Both("A first date", "第一次约会"),
        Both(
            "First date on the sofa, something romantic that isn’t cheesy",
            "第一次约会，窝在沙发上看，要浪漫但不肉麻的",
        ),
    ),
    (
        Both("With the children", "和孩子一起"),
        Both(
            "Family evening: an animated adventure for the children that isn’t scary",
            "一家人一起看，给孩子选一部不吓人的动画冒险片",
        ),
    ),
    (
        Both("Friends are coming", "朋友来家里"),
        Both(
            "Friends are coming over: a light comedy we can all laugh at",
            "朋友要来家里，想看一部轻松搞笑的喜剧，大家一起笑",
        ),
    ),
    (
        Both("Something to talk about", "看完好聊天"),
        Both(
            "Something thought-provoking that we can talk about all the way home",
            "想看一部引人深思、看完可以聊很久的电影",
        ),
    ),
)
"""What one might say first: what it is for, and the words."""

SURPRISE: tuple[Both, Both] = (Both("Surprise me", "给我个惊喜"), Both("Surprise me", "给我个惊喜"))

FOLLOW_UPS: tuple[tuple[Both, Both], ...] = (
    (Both("Something lighter", "轻松一点"), Both("Something less sad", "不要那么悲伤的")),
    (Both("Something older", "老一点的"), Both("Something older than 1990", "1990年以前的")),
    SURPRISE,
    (
        Both("Why the first one?", "为什么选第一部？"),
        Both("Why the first one?", "为什么选第一部？"),
    ),
)
"""What one might say next: the button, and the words."""
