"""Words that the phrases of our own turns are filled with. Data only; lists are parted by " | "."""

KINDS: dict[str, tuple[str, str, str]] = {
    "film": (
        "a film | a movie | a flick | something to watch",
        "film | movie",
        "films | movies",
    ),
    "show": ("a series | a show | a tv show", "series | show", "series | shows"),
    "book": ("a book | a novel | something to read", "book | novel | read", "books | novels"),
    "music": ("an album | some music | a playlist", "album | song | record", "songs | records"),
    "game": ("a game | a video game | something to play", "game", "games"),
}
"""What can be asked for: "a film", "film", "films"."""

GENRES: dict[str, tuple[str, str]] = {
    "Comedy": ("a comedy", "comedies"),
    "Romance": ("a romance | a love story", "romances | love stories"),
    "Drama": ("a drama", "dramas"),
    "Horror": ("a horror | a ghost story", "horror | slashers | ghost stories"),
    "Thriller": ("a thriller", "thrillers"),
    "Mystery": ("a mystery | a whodunnit", "mysteries | whodunnits"),
    "Crime": ("a crime story | a gangster story | a heist", "crime | mafia stuff | heists"),
    "Action": ("action | an action thing", "action"),
    "Adventure": ("an adventure", "adventures"),
    "Science Fiction": ("sci-fi | scifi | science fiction", "sci-fi | science fiction"),
    "Fantasy": ("fantasy | a fairy tale", "fantasy | fairy tales"),
    "Western": ("a western", "westerns | cowboys"),
    "War": ("a war story", "war stories | war stuff"),
    "Musical": ("a musical", "musicals"),
    "Animated": ("an anime | a cartoon | animation", "anime | cartoons | animation"),
    "Family": ("family stuff | a disney one", "disney | family stuff"),
    "Documentary": ("a documentary | a docu", "documentaries | docs"),
    "Biography": ("a biopic | a biography", "biopics | biographies"),
    "Historical": ("a period piece | a costume drama", "costume dramas | period pieces"),
    "Sports": ("a sports story | a boxing one", "sports | sports stories"),
    "Superhero": ("a superhero thing | a marvel one", "superheroes | marvel | superhero stuff"),
}
"""How each genre is asked for and how it is turned down."""

TONES: dict[str, str] = {
    "warm": "warm | cosy | heartwarming | wholesome",
    "funny": "funny | silly | hilarious | goofy",
    "uplifting": "uplifting | cheerful | hopeful | inspiring",
    "gentle": "gentle | calm | quiet | soothing | mellow",
    "romantic": "romantic | lovey-dovey | swoony",
    "touching": "touching | moving | poignant | emotional",
    "sad": "sad | depressing | tragic | weepy",
    "dark": "dark | grim | bleak | gritty",
    "tense": "tense | suspenseful | gripping | stressful",
    "scary": "scary | creepy | spooky | frightening",
    "violent": "violent | gory | bloody | brutal",
    "exciting": "exciting | action-packed | fast-paced",
    "epic": "epic | grand | sweeping",
    "dreamy": "dreamy | surreal | atmospheric",
    "thoughtful": "thoughtful | deep | philosophical | clever",
    "quirky": "quirky | weird | strange | offbeat",
    "nostalgic": "nostalgic | old-fashioned",
    "kids": "kiddie | childish",
}

NEEDLESS_TONES = ("romantic", "touching", "dark", "epic", "dreamy", "quirky", "nostalgic")
"""Tones that can be asked for without telling a need."""

# What a need does not go with: wishes for, wishes against.
UNLIKELY: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    need: (frozenset(wants.split(",")), frozenset(avoids.split(",")))
    for need, wants, avoids in (
        ("cheer_up", "sad,dark,scary,violent,Horror,War", "warm,funny,uplifting,gentle"),
        ("calm_down", "scary,tense,violent,exciting,Horror,Thriller,Action,War", "gentle,warm"),
        ("thrill", "gentle,kids,warm,Family,Musical", "tense,scary,exciting,Thriller,Horror"),
        ("cry_it_out", "funny,kids,Superhero,Comedy", "sad,touching,Drama"),
        ("think", "kids,Superhero,Family", "thoughtful,Drama"),
        ("laugh", "sad,scary,tense,Horror,War", "funny,Comedy,warm,uplifting"),
        ("connect", "violent,kids", "warm,Family"),
        ("focus", "scary,tense,violent,sad,Horror", "gentle"),
        ("escape", "", "epic,dreamy,Fantasy,Adventure"),
        ("celebrate", "sad,dark,scary,violent,tense,Horror,War", "uplifting,funny,warm,exciting"),
    )
}

ERAS: dict[str, str] = {
    "1930s": "30s | thirties | 1930s",
    "1940s": "40s | forties | 1940s",
    "1950s": "50s | fifties | 1950s",
    "1960s": "60s | sixties | 1960s",
    "1970s": "70s | seventies | 1970s",
    "1980s": "80s | eighties | 1980s",
    "1990s": "90s | nineties | 1990s",
    "2000s": "2000s | noughties",
    "2010s": "2010s",
}

TOPICS = (
    "space | the sea | chess | a road trip | cooking | dragons | robots | a lighthouse | bees | "
    "mountains | a heist | twins | circus people | old houses | football | ballet | trains | "
    "wolves | dogs | a cat | horses | witches | pirates | monks | teachers | nurses | immigrants "
    "| sisters | brothers | grandparents | a wedding | a long journey | time travel | memory | "
    "artificial intelligence | climate | painters | jazz musicians | spies | detectives | lawyers "
    "| farm life | small towns | summer camp | school days | first love | second chances | "
    "revenge | survival | submarines | chefs | dancers | vampires | samurai | knights | queens | "
    "ghosts | music | baking | gardening | motorbikes | the moon | dinosaurs | whales | "
    "journalists"
)
PLACES = (
    "Paris | Japan | Ireland | the desert | New York | India | Iceland | Mexico | Rome | Berlin | "
    "the jungle | Scotland | Brazil | Korea | Texas | Nigeria | Vienna | the arctic | London"
)

ASKS = (
    "{g} | {g} please | {g} from the {d} | any good {gs}? | got any {gs}? | recommend {a} | "
    "recommend me {a} | suggest {a} about {topic} | looking for {a} about {topic} | "
    "{a} set in {place} | {g} set in {place} | {g} with {topic} | {gs} about {topic} | "
    "what should I watch | what's good? | what {n} would you recommend | show me {gs} | "
    "I want {g} | I want {a} with {topic} | in the mood for {g} | something {tone} | "
    "a {tone} {n} | {tone} {ns} from the {d} | {ns} about {topic} | stories of {topic} | "
    "best {gs} of the {d} | {gs} before {y} | {g} after {y} | {g} older than {y} | "
    "surprise me | anything really | something like {x} | {ns} like {x} | more like {x} please | "
    "I loved {x}, what next | similar to {x} | what do people watch after {x} | "
    "{tone}, set in {place} | {topic}? | {topic} and {gs} | a {n} I haven't heard of | "
    "new {ns}? | a black coat for work | green linen trousers, size 12 | running shoes, wide | "
    "a present for a man of 50 | short {ns} only | a {n} in french | hidden gems in {gs} | "
    "the best {n} about {topic} | {x} but {tone} | anything newer than {x} @named | wool socks"
)
"""Plain requests, which tell no need."""

# Stances as in `own_phrases`.
TAILS = (
    "preferably {g} +genre | ideally {g} +genre | {g} maybe +genre | {g} if you have one +genre | "
    "could be {g} +genre | something {tone} +tone | {tone} if possible +tone | and {tone} +tone | "
    "a bit {tone} +tone | no {gs} -genre | no {gs} please -genre | but no {gs} -genre | "
    "anything but {gs} -genre | I'm tired of {gs} -genre | nothing too {tone} -tone | "
    "not {tone} -tone | but nothing {tone} -tone | and please not {tone} -tone | "
    "nothing {tone} or {tone2} -tone -tone2 | without anything {tone} -tone | "
    "nothing with kids -kids | no blood -violent | no gore please -violent | "
    "from the {d} +era | {d} would be great +era | older than {y} +before | before {y} +before | "
    "after {y} +after | newer than {y} +after | not older than {y} +after | "
    "about {topic} +topic | with {topic} +topic | {topic} would be nice +topic | "
    "set in {place} +place | {place} maybe +place | loved {x} @liked | I loved {x} @liked | "
    "I loved {x} and {u} @liked @liked | {x} is my favourite @liked | something like {x} @liked | "
    "like {x} @liked | in the spirit of {x} @liked | big fan of {x} @liked | hated {x} @disliked | "
    "I couldn't get through {x} @disliked | {x} bored me @disliked | not like {x} @disliked | "
    "didn't like {x} @disliked | already seen {x} @seen | seen {x} already @seen | "
    "I know {x} @seen | just finished {x} @seen | but not {x} @named | not {x} again @named | "
    "someone mentioned {x} @named | liked {x}, hated {u} @liked @disliked | "
    "seen {x} and {u} @seen @seen | I liked {x} but not {u} @liked @disliked"
)
"""What follows a request, with its meaning."""

OPENINGS = (
    "I'd start with these. | Here are a few that could suit you. | To unwind, I'd try these. | "
    "That sounds heavy. Here are three. | You seem in good spirits. I'd try these three. | Here "
    "are four films. I left out horror, as you asked. | For something to chew on, try these. | "
    "Sounds like there's a lot going on. Maybe one of these. | Laughing sounds like a good plan. "
    "| It sounds as if it's been a hard stretch. I looked only at comedies. | Here is what I "
    "found."
)
PREMISES = (
    "Two strangers share a train and a secret. | A boy hides a fox in the attic. | "
    "A tired cop takes one last case. | Friends meet again after a long silence. | "
    "A cook bets all she has on one night. | The crew wakes far from home. | "
    "A widow learns to swim. | An old band goes on tour again. | A clerk finds a map. | "
    "Three sisters sell the house they grew up in. | A village waits for the rain."
)
QUESTIONS = (
    "What would do you good: something to laugh at, something calm, or something tense? | "
    "Where should it take you: somewhere warm and funny, or somewhere far away? | "
    "Hello! How are you feeling, and what would do you good? | "
    "That sounds heavy. Would you like something to lift you up, or something quiet? | "
    "What are you in the mood for?"
)
"""What the assistant says before."""

INVENTED = (
    "Lantern | Orchard | Harbour | Winter | Glass | Paper | Crow | Salt | Velvet | Copper",
    "Keepers | Daughter | Road | Garden | Machine | Song | Letters | Parade | Island | Affair",
)
"""Two halves of titles that do not exist."""

SAID: dict[str, str] = {
    "warm": r"warm|heart-?warming|cosy|wholesome|comforting|hug",
    "funny": r"funny|funniest|hilarious|(?<!scare me )silly|goofy",
    "uplifting": r"uplifting|feel-? ?good|hopeful|cheerful|jolly|happy (?:{ns}|ending)",
    "gentle": (
        r"gentle|calming|calm(?= \{n|$)|soothing|relaxing|quiet(?! (?:my|around))|mellow|chill|"
        r"peaceful|tranquil"
    ),
    "romantic": r"romantic",
    "touching": r"poignant",
    "sad": r"sad|saddest|tear-?jerkers?|weepie",
    "tense": r"suspense|gripping(?! the)|nail-?biter|tense|intense|edge-of-your-seat",
    "scary": r"scary|creepy|jump ?scares?|nightmares",
    "exciting": r"exciting|action-packed|non stop action|fast paced",
    "thoughtful": (
        r"deep(?! focus)|clever|smart|philosophical|intelligent|cerebral|thought[- ]provoking|"
        r"mind-?bending|meaningful|reflective"
    ),
    "quirky": r"absurd",
    "Horror": r"horror",
    "Comedy": r"comedy|slapstick|satire|spoof",
    "Fantasy": r"fantasy|elves|dragons",
}
"""Patterns of wishes that stand in the phrases for needs."""
