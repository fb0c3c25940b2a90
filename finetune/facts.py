"""Facts read from the lead of an encyclopedia article about a film.

Only names, numbers and words of our own vocabulary come out; never a sentence.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from simpatico.text import clean, fold

_CAPITAL = r"(?:Mc|Mac|O['’]|D['’]|d['’]|L['’])?[A-ZÀ-ÖØ-Þ][\w'’\-]*"
_INITIALS = r"(?:[A-Z]\.){1,3}"
_NAME = (
    rf"(?:{_INITIALS}|{_CAPITAL})(?: (?:{_INITIALS}|{_CAPITAL}"
    rf"|(?:de|del|della|di|du|von|van|der|den|la|le|ter|bin|al)(?= {_CAPITAL})))*(?:,? [JS]r\.)?"
)
_DIRECTED = re.compile(
    rf"\b[Dd]irected(?:,? (?:and )?(?:co-)?(?:written|produced|edited|scored|narrated))*"
    rf"(?:,? and (?:co-)?\w+)? by (?:brothers |siblings |filmmakers? |director )?({_NAME}"
    rf"(?:,? (?:and|&) {_NAME}| {_NAME})?)"
)
_NOT_A_NAME = {
    "Academy", "Oscar", "Disney", "The", "His", "Her", "Its", "It", "He", "She", "In", "Film",
    "American", "British", "Pixar", "Hollywood", "Walt", "Directed", "Produced", "Written",
}  # fmt: skip

GENRES: Mapping[str, tuple[str, ...]] = {
    "Animated": ("Animation",),
    "Animation": ("Animation",),
    "Sport": ("Sports",),
    "Suspense": ("Thriller",),
    "Historical": ("History",),
    "Legal": ("Legal",),
    "Performance": (),
    "Live Action": (),
    "Slasher": ("Slasher", "Horror"),
    "Superhero": ("Superhero", "Action"),
    "Martial Arts": ("Martial Arts", "Action"),
    "Noir": ("Noir", "Crime"),
    "Found Footage": ("Found Footage", "Horror"),
}
"""Genres of the source that are renamed, dropped, or imply another; the rest stay."""

_STATED: tuple[tuple[str, str], ...] = (
    ("Comedy", r"comed(?:y|ies)|comedic|dramedy|mockumentary|parody|spoof"),
    ("Romance", r"romantic|romance"),
    ("Drama", r"drama|dramedy|melodrama|tragicomedy|docudrama"),
    ("Horror", r"horror|slasher"),
    ("Slasher", r"slasher"),
    ("Thriller", r"thriller"),
    ("Science Fiction", r"science[- ]fiction|sci-fi|space opera|cyberpunk"),
    ("Fantasy", r"fantasy"),
    ("Action", r"action"),
    ("Adventure", r"adventure|swashbuckler"),
    ("Crime", r"crime|gangster|heist|noir|neo-noir"),
    ("Noir", r"(?:film|neo-)[ -]?noir|noir"),
    ("Mystery", r"mystery"),
    ("Musical", r"musical"),
    ("War", r"war"),
    ("Western", r"western"),
    ("Animation", r"(?:computer-|stop-motion )?animated|anime|stop-motion|animation"),
    ("Documentary", r"documentary|concert film"),
    ("Biography", r"biographical|biopic|biography"),
    ("History", r"historical|period drama|costume drama"),
    ("Sports", r"sports?"),
    ("Family", r"family|children's"),
    ("Supernatural", r"supernatural"),
    ("Superhero", r"superhero"),
    ("Spy", r"spy|espionage"),
    ("Teen", r"teen"),
    ("Satire", r"satir(?:e|ical)|black comedy"),
    ("Political", r"political"),
    ("Martial Arts", r"martial arts"),
    ("Disaster", r"disaster"),
    ("Legal", r"legal|courtroom"),
    ("Dance", r"dance"),
    ("Erotic", r"erotic"),
)
_STATED_RE = tuple((genre, re.compile(rf"\b(?:{words})\b", re.I)) for genre, words in _STATED)
_LEAD = re.compile(
    r"\b(?:is|was) (?:an?|the)\b[^.]{0,160}?\b(?:film|movie|picture|serial|feature)s?\b"
    r"|\b(?:is|was) (?:an?|the)\b[^.]{0,100}?\b(?:musical|western|documentary|comedy|drama"
    r"|thriller|biopic|mockumentary)\b",
    re.I,
)

_LANGUAGES = (
    "Arabic", "Bengali", "Cantonese", "Chinese", "Czech", "Danish", "Dutch", "English", "Filipino",
    "Finnish", "French", "German", "Greek", "Hebrew", "Hindi", "Hungarian", "Icelandic", "Irish",
    "Italian", "Japanese", "Korean", "Latin", "Malay", "Mandarin", "Norwegian", "Persian",
    "Polish", "Portuguese", "Punjabi", "Russian", "Spanish", "Swedish", "Tamil", "Telugu", "Thai",
    "Turkish", "Urdu", "Vietnamese", "Yiddish",
)  # fmt: skip
_LANGUAGE = re.compile(
    rf"\b({'|'.join(_LANGUAGES)})[- ]language\b|\b(?:[Dd]ialogue|[Ss]poken|[Ff]ilmed) (?:is )?"
    rf"(?:entirely |mostly |primarily )?in ({'|'.join(_LANGUAGES)})\b"
)
_ENGLISH_SPEAKING = re.compile(r"\b(American|British|English|Australian|Irish|Scottish)\b")
_MINUTES = re.compile(
    r"(?:running time|runtime|runs|run time|length)\D{0,25}?(\d{2,3})[- ]minutes?\b"
    r"|\b(\d{2,3})[- ]minutes? (?:long|in length)\b",
    re.I,
)
_ASIDE = re.compile(
    r"premier|festival|box office|critic|academy award|golden globe|emmy|oscar|releas|distribut"
    r"|\bfilmed\b|\bshot (?:in|on|at)\b|nominat|award|soundtrack|\bdvd\b|blu-ray|budget|gross"
    r"|copyright|public domain|starring role",
    re.I,
)
_SENTENCE = re.compile(r"(?<=[.!?])[\"”]?\s+(?=[\"“A-Z])")
_JUNK_CAST = re.compile(
    r"^(and|the|of|or|with|cast|cast:|director|writer|screenplay|\W*)$|[()]\s*$|^\(|nominee|writer"
    r"|screenplay|director|producer|\?|:",
    re.I,
)
_CAPTION = re.compile(
    r"^\d{4} |\[|\b(?:[Nn]arrated by|[Vv]oices? of|[Ff]ootage of|[Ii]nterviews with)\b"
    r"|(?<![\w'’-])[a-zß-öø-ÿ]{4,}(?![\w.-])"  # "punk subculture"; but "Bong Joon-ho", "will.i.am"
    r"|\b(?:and|between|by|for|in|of|on|or|with|within)$"
    r"|^(?:Action|Holocaust|MotoGP|Skateboarding|narrator|Narrator)$"
)
"""What a documentary is about or made of, where the source's list has a name."""
_PARTICLES = {"da", "de", "del", "den", "der", "di", "du", "el", "la", "le", "van", "von"}
_LOWER_CASE_NAMES = {"will.i.am"}
_SHARED_SURNAME = re.compile(rf"({_CAPITAL}) and ({_CAPITAL}) ({_CAPITAL})")
_ENDS_IN_ARTICLE = re.compile(r"(.*\S), (The|A|An)")
_NOT_THE_TITLE = re.compile(
    r"\.mw-parser-output.*\}| \((?:film|[^()]* release)\)$|\s*\[\w+\]$| aka .*$", re.S
)
_VOICES = re.compile(
    r"\s*\((?:voices?|voice of|narrator|as .*?|cameo|uncredited|singing voice|host)[^)]*\)", re.I
)


@dataclass(frozen=True)
class Keywords:
    """A fixed vocabulary of subjects and settings, each with the words that betray it."""

    patterns: tuple[tuple[str, re.Pattern[str], bool], ...]

    @classmethod
    def parse(cls, lines: Iterable[str]) -> "Keywords":
        """Read `keyword<TAB>pattern` lines under a header.

        A pattern led by `=` matches as written, one led by `~` in any case. Any other matches in
        any case too, but not a capitalised word in mid-sentence: that is somebody's name.
        """
        patterns = []
        for line in list(lines)[1:]:
            keyword, pattern = line.rstrip("\n").split("\t")
            mark = pattern[0] if pattern[0] in "=~" else ""
            flags = re.NOFLAG if mark == "=" else re.IGNORECASE
            words = re.compile(rf"(?<!\w)(?:{pattern.removeprefix(mark)})(?!\w)", flags)
            patterns.append((keyword, words, not mark))
        return cls(tuple(patterns))

    def find(self, lead: str, *, at_most: int = 20) -> tuple[str, ...]:
        """Keywords of a film, in the order of first mention.

        Sentences about the making, the release and prizes are passed over: a film shown at a
        festival in Chicago is not set there.
        """
        story = [part for part in _SENTENCE.split(lead) if not _ASIDE.search(part)]
        text = "\n".join(story)
        found = []
        for keyword, pattern, common in self.patterns:
            for match in pattern.finditer(text):
                start = match.start()
                if common and text[start].isupper() and start and text[start - 1] != "\n":
                    continue
                found.append((start, keyword))
                break
        return tuple(keyword for _, keyword in sorted(found)[:at_most])


def slug_of(href: str) -> str:
    """The article's name in its address, percent-decoded: "King%27s_Row" -> "King's_Row"."""
    return unquote(href).split("#")[0]


def genres_of(listed: Iterable[str], lead: str) -> tuple[str, ...]:
    """Genres as people type them: those listed by the source, then those the lead states."""
    found: list[str] = []
    for genre in listed:
        found += GENRES.get(genre, (genre,))
    if match := _LEAD.search(lead[:400]):
        stated = match[0]
        found += [genre for genre, pattern in _STATED_RE if pattern.search(stated)]
    return tuple(dict.fromkeys(found))


def title_of(title: str) -> str:
    """The title as people write it: "Goonies, The" -> "The Goonies".

    Style sheets that came along with a fraction, a second title after "aka" and the name of a
    release go.
    """
    plain = clean(_NOT_THE_TITLE.sub("", title), max_chars=300)
    if match := _ENDS_IN_ARTICLE.fullmatch(plain):
        return f"{match[2]} {match[1]}"
    return plain


def cast_of(names: Iterable[str], *, at_most: int = 8) -> tuple[str, ...]:
    """Performers without "(voices)", role notes, captions and fragments of broken lists."""
    kept: list[str] = []
    for name in names:
        plain = clean(_VOICES.sub("", name), max_chars=80).strip(" ,;.–-") if name else ""
        if name.rstrip().endswith((" Jr.", " Sr.", ", Jr.", ", Sr.", "Jr", ".")):
            plain = clean(_VOICES.sub("", name), max_chars=80).strip(" ,;–-")
        plain = plain.replace(", Jr.", " Jr.").replace(", Sr.", " Sr.")
        plain = plain.removeprefix("and ").removesuffix(" The")
        if match := _SHARED_SURNAME.fullmatch(plain):  # "Cole and Dylan Sprouse"
            kept += [f"{match[1]} {match[3]}", f"{match[2]} {match[3]}"]
        elif len(plain) > 1 and _is_name(plain):
            kept.append(plain)
    return distinct(kept)[:at_most]


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """Each person once, as first written: "J. J. Abrams" and "J.J. Abrams" are one."""
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(fold(name) or name, name)
    return tuple(first.values())


def directors_of(lead: str) -> tuple[str, ...]:
    """Directors, when the lead states them cleanly; else empty."""
    match = _DIRECTED.search(lead)
    if not match:
        return ()
    names = [part.strip(" ,") for part in re.split(r",? (?:and|&) ", match[1])]
    names = [re.sub(r"(?:['’]s?)$", "", name) for name in names]
    if len(names) == 2 and " " not in names[0] and " " in names[1]:
        names[0] = f"{names[0]} {names[1].split(' ', 1)[1]}"  # "Joel and Ethan Coen"
    good = [
        name
        for name in names
        if (" " in name or name in {"McG", "Tarsem", "Kinka"})
        and name.split()[0] not in _NOT_A_NAME
        and len(name.split()) <= 5
    ]
    return tuple(dict.fromkeys(good)) if len(good) == len(names) else tuple(good[:1])


def language_of(lead: str) -> str:
    """The language stated; English where the first sentence names an English-speaking country.

    Empty when neither is so.
    """
    if match := _LANGUAGE.search(lead):
        return next(group for group in match.groups() if group)
    first = _SENTENCE.split(lead)[0]
    if "silent" in first.lower():
        return ""
    return "English" if _ENGLISH_SPEAKING.search(first) else ""


def minutes_of(lead: str) -> int | None:
    """The running time in minutes, when stated and believable."""
    for match in _MINUTES.finditer(lead):
        minutes = int(next(group for group in match.groups() if group))
        if 40 <= minutes <= 400:
            return minutes
    return None


def _is_name(plain: str) -> bool:
    if plain in _LOWER_CASE_NAMES:
        return True
    if plain in {"Jr.", "Sr.", "II"} or _JUNK_CAST.search(plain) or _CAPTION.search(plain):
        return False
    starts_small = plain[0].islower() and plain.split()[0] not in _PARTICLES
    return any(char.isupper() for char in plain) and not (starts_small and " " in plain)
