"""How people tell a feeling, and how they answer a list of suggestions. Data only.

Phrases are parted by " | ". What a follow-up means stands behind it:

- @liked, @disliked, @seen, @named: the stance on each title, in order;
- +funny, -funny: a wish for it, against it; +tone, -genre, +era, +before, +after, +topic, +place:
  for what stands in that slot;
- !laugh: the need; ~gratitude: the mood.

{t} and {u} are titles of the list, {x} is another; {y} a year, {d} a decade, {g} "a comedy", {gs}
"comedies".
"""

FEELINGS: dict[str, str] = {
    "sadness": """
rough week | been a hard month | I feel like rubbish | everything hurts a bit | I've been low since
the weekend | he ghosted me | she moved out today | feeling pretty blue | it's lonely here at night
| my best friend moved abroad | I feel invisible | shit day | can't get out of bed | I haven't
smiled in ages | knackered and gloomy
""",
    "grief": """
my dad passed away in the spring | lost my nan on friday | our cat died last night | the house
feels empty without him | it would have been her birthday today | we scattered the ashes this
morning | still can't believe she's gone | miscarried last month
""",
    "disappointment": """
they turned me down again | didn't get in | my holiday fell through | another failed interview | he
forgot our plans | the concert got cancelled | my raise was refused | the house we wanted went to
someone else
""",
    "anger": """
my boss is an idiot and I'm livid | I could punch a wall | my ex is spreading lies about me |
somebody keyed my car | I'm so mad at my sister | got blamed for someone else's mistake, I'm raging
| they lied to my face
""",
    "annoyance": """
my flatmate ate my leftovers again | the wifi was down all day | so bored | meetings, meetings,
meetings | the upstairs neighbours are tap dancing | three hours on hold with the bank | everything
is getting on my nerves | grumpy today | stuck at home with a broken boiler
""",
    "nervousness": """
big exam coming up | so stressed I can't eat | I start a new job on monday and I'm freaking out |
got surgery next week | my stomach is in knots | can't sleep again | too much going on at once |
waiting for the results | court date on thursday | my anxiety is bad today
""",
    "fear": """
I'm scared of what the doctor will say | there was a break-in next door | I keep having nightmares
| I'm afraid I messed it all up | the storm outside is frightening
""",
    "joy": """
such a good day | I'm in a lovely mood | the sun came out and so did I | had the best weekend |
feeling fab | everything is clicking lately | woke up happy | we spent the day at the beach and it
was bliss
""",
    "excitement": """
I can't wait for saturday | flying to japan next week!! | my favourite band is touring again | so
hyped right now | the puppy arrives tomorrow! | counting the hours until the trip
""",
    "pride": """
I finally stood up to my boss | my little girl read her first book | I cooked for twelve and it
worked | I fixed the car all by myself | my students got top marks
""",
    "relief": """
the biopsy was nothing | the tax thing is over at last | phew, the moving van is gone | they found
my wallet | mum's out of hospital | the deadline's been moved
""",
    "love": """
I'm smitten | my girlfriend is the best thing in my life | crushing so hard on someone at work |
ten years with him and still butterflies
""",
    "gratitude": """
so thankful for my neighbours | a stranger helped me today and I'm touched | grateful to be home
""",
    "optimism": """
new chapter starts now | I think this year will be kinder | feeling hopeful about the move | I have
a good feeling about tomorrow
""",
    "caring": """
my friend is in a bad place and I'm looking out for her | nursing my sick kid | dad's frail and I'm
minding him | worried for my little brother, he's struggling
""",
    "confusion": """
don't know what to make of my life | not sure how I feel, honestly | half my brain says stay, half
says go | I can't tell if we're dating or not
""",
    "surprise": """
my ex just called out of nowhere | well that was unexpected, I'm moving to Spain | I had no idea
they'd planned it | my boss cried in front of me, what
""",
    "realization": """
just realised I'm turning into my mother | it hit me that I haven't had a day off since may | turns
out I never liked my job
""",
    "remorse": """
I snapped at my mum and feel awful | I forgot my best friend's birthday | I shouldn't have sent
that text | it was my fault and I can't undo it
""",
    "embarrassment": """
I fell over in front of the whole office | sent the love letter to the wrong person | my card got
declined on a date | my mic was on the whole meeting
""",
    "disgust": """
found a cockroach in my soup | the flat below stinks and it makes me sick | what that politician
said turned my stomach
""",
    "admiration": """
my gran is incredible, 90 and still swimming | met a nurse today who's a real hero | my sister is
so brave
""",
    "amusement": """
lol my cat fell in the bath | still laughing about what my kid said | haha my boss called the
client mum
""",
    "desire": """
I'd kill for a week by the sea | I so want to fall in love again | craving something I can't name
""",
    "curiosity": """
been reading about black holes all day | always wondered how people lived back then | I got curious
about opera
""",
    "approval": """
we agreed on the flat, works for me | the new boss is alright
""",
    "disapproval": """
what they did to our park is wrong | I don't like how my brother treats his wife
""",
    "neutral": """
it's raining | on a train until midnight | got two hours | it's sunday | home from work | just me
this evening | I'm 62 by the way | my telly is small | we have a projector now | on my lunch break
| kids are asleep | on the bus | finished dinner | it's my night to choose | waiting for the
laundry
""",
}
"""By mood of `simpatico.domain.MOODS`. None of them says what the person wants."""

FOLLOW_UPS: dict[str, str] = {
    "refine": """
something less {tone} -tone | something more {tone} +tone | less {tone} please -tone | more {tone}
please +tone | bit less {tone}? -tone | can it be more {tone} +tone | make it {tone} +tone | could
you make it {tone}? +tone | too {tone} -tone | these are all too {tone} -tone | a bit too {tone}
for me tonight -tone | not so {tone} -tone | nothing {tone} please -tone | ok but nothing too
{tone} -tone | {tone}, but not {tone2} +tone -tone2 | less {tone}, more {tone2} -tone +tone2 |
good, only {tone2} instead of {tone} +tone2 -tone | older than {y} +before | before {y} please
+before | made before {y} +before | newer than {y} +after | after {y} only +after | anything after
{y}? +after | from the {d} rather +era | {d} if possible +era | stuff from the {d} +era | do you
have {gs} from the {d} +genre +era | {g} instead +genre | maybe {g} +genre | actually, {g} +genre |
no {gs} -genre | same but without the {gs} -genre | can we skip the {gs} -genre | more {gs} +genre
| I meant {gs} +genre | {gs}, not {gs2} +genre -genre2 | the same but {tone} +tone | like these but
{tone} and {tone2} +tone +tone2 | shorter | something shorter please | longer is fine | with
subtitles is ok | something with {topic} +topic | about {topic} maybe +topic | can it have {topic}
in it +topic | and set in {place}? +place | ideally {place} +place | more like {t} @liked | {t} is
close, but {tone} @named +tone | {t} was nice, anything like it? @liked | like {t} but less {tone}
@liked -tone | like {t}, only more {tone} @liked +tone | closer to {x} please @liked | not {t},
something {tone} @named +tone | make it something that would make me laugh !laugh | actually I want
to cry !cry_it_out | ok but calmer, I want to wind down !calm_down +gentle | forget that, I'd
rather be scared tonight !thrill | hm, I'd rather something to think about !think | change of plan,
my girlfriend's joining !connect | wait, it's for while I work !focus | actually take me somewhere
far away !escape | I'd prefer something to cheer me up !cheer_up | oh and it's for a birthday party
!celebrate | lighter? +gentle | darker +dark | funnier pls +funny | scarier +scary | weirder
+quirky | warmer maybe +warm | a sadder one +sad | with kids watching, so nothing {tone} -tone
!connect | no kids stuff -kids | nothing for children please -kids | no violence -violent | without
blood please -violent
""",
    "reject": """
nah | nah, next | nope | no | no thanks | no thank you, others? | not these | none of these | none
of them really | not feeling it | not feeling any of those | meh ~disapproval | meh, try again
~disapproval | not for me | not my thing ~disapproval | not my cup of tea | something else |
something else please | anything else? | other ones? | got others? | show me others | more | more
options | another one | another | different ones please | skip | pass | these look boring
~annoyance | they all look terrible ~disapproval | those are awful suggestions ~disapproval | not
{t} @named | not {t}, what else @named | anything but {t} @named | no {t} please @named | {t}
doesn't appeal @named | {t} looks dull @named | I'm not in the mood for {t} @named | not {t} or {u}
@named @named | can't stand {t} @disliked ~disapproval | hated {t}, next @disliked | ugh, {t} is so
overrated @disliked ~annoyance | you keep giving me {t} @named ~annoyance | not the first one | not
the second | the third one isn't for me | the last two are out | drop the first | don't like the
look of them | I don't fancy any | doesn't grab me | hmm no | nooo | try harder lol ~amusement |
wrong direction | far off what I meant
""",
    "accept": """
the first one sounds good | the first one | I'll take the second | second one it is | third one
please | the last one, yes | let's go with {t} @named | let's do {t} @named | I'll try {t} @named |
{t} it is @named | {t} sounds perfect @named ~approval | {t} sounds great, thanks @named ~gratitude
| ok {t} @named | going with {t} @named | {t}! of course @named ~excitement | yes {t} @named |
putting {t} on right now @named | ordering {t} @named | perfect ~approval | perfect, thank you
~gratitude | sold | deal | yes please | sounds good ~approval | sounds lovely ~approval | great
pick ~admiration | nice, I'll go with that ~approval | that's the one | ok let's try that | I'm in
| works for me ~approval | ooh yes ~excitement | adding it to my list | I'll save that one | that
one please | yep that | good call, tonight then ~approval | you convinced me | alright, first it is
| exactly what I wanted ~joy
""",
    "seen": """
seen it | seen it already | already seen | seen them all | seen both | I've seen those | seen {t}
@seen | already seen {t} @seen | seen {t} twice @seen | I know {t} already @seen | watched {t} last
week @seen | {t} I've seen @seen | {t} and {u} I know already @seen @seen | seen {t} and {u}, what
else @seen @seen | I've done {t} @seen | finished {t} ages ago @seen | saw {t} at the cinema @seen
| loved {t}, seen it five times though @liked | seen the first one | seen the second, not the rest
| know the last one | been there, seen that | saw that one with my ex | I've read that | heard that
album to death | I've seen everything on there | watched that yesterday | already own it | yeah I
know them
""",
    "ask_why": """
why | why? | why that one | why those | why the second one? | why the first? | why the last one
though | why {t}? @named | why {t} @named | why did you pick {t} @named | how come {t} @named
~curiosity | what made you think of {t}? @named ~curiosity | {t}? why @named ~surprise | {t},
seriously? why @named ~surprise | what has {t} to do with what I said @named ~confusion | how does
{t} fit @named | why not {x}? @named | explain the second pick | explain yourself lol ~amusement |
what's your reasoning | how did you come up with these ~curiosity | why would I like that | why do
you think that suits me | on what basis | what makes you say so | because of what I said earlier? |
reason?
""",
    "ask_about": """
what's it about | what is the first one about | what's {t} about @named | what's {t} about? @named
| tell me about {t} @named | tell me more about {t} @named | more about the second please | who's
in it | who's in {t} @named | who made {t} @named | who directed the first one | how long is it |
how long is {t}? @named | is {t} scary? @named | is {t} any good @named | is {t} ok for kids @named
| is it sad | is the second one violent | does the dog die in {t} @named ~nervousness | does it end
well | when did {t} come out @named | how old is that one | is {t} on netflix @named | where can I
watch it | is it in english | what genre is {t} @named | is {t} like {x}? @named @named | is it a
series or a film | how many pages | have you got a trailer | what's the third one | what sort of
music is that | never heard of {t}, what is it @named ~curiosity | is {t} part of a series @named |
does it have subtitles | what year is it from
""",
    "compare": """
which is funnier | which one is better | which of these is the saddest | which is the shortest |
which one's the scariest | {t} or {u}? @named @named | {t} vs {u} @named @named | is {t} better
than {u} @named @named | which is lighter, {t} or {u} @named @named | {t} or {u}, you choose @named
@named | what's the difference between {t} and {u} @named @named | first or second? | the second or
the third? | which would you take | if you had to choose one | compare the first two | how do they
differ | which is closer to {x} @liked | is the first one darker than the second | which is the
more {tone} one ~neutral | which one is best for a small screen | your favourite of the three?
""",
    "feedback": """
loved it ~joy | loved {t} @liked ~love | loved {t}, thanks for that @liked ~gratitude | {t} was
brilliant @liked ~admiration | {t} was great @liked ~admiration | watched {t} yesterday and it was
wonderful @liked ~joy | {t} was so boring @disliked ~annoyance | {t} was awful @disliked
~disapproval | hated {t} @disliked ~disapproval | I hated {t}, to be honest @disliked ~disapproval
| didn't like {t} @disliked ~disapproval | {t} was a letdown @disliked ~disappointment | couldn't
finish {t} @disliked ~disappointment | fell asleep during {t} @disliked | {t} made me cry like a
baby @liked ~sadness | {t} had me howling with laughter @liked ~amusement | it was good ~approval |
it was ok | that was terrible ~disapproval | that one was perfect ~admiration | we enjoyed it very
much ~joy | not bad, your last tip ~approval | your tip was spot on ~admiration | good suggestion
yesterday ~approval | bad suggestion, that last one ~disapproval | my wife loved {t} @liked ~joy |
the ending of {t} shocked me @named ~surprise | liked {t}, not so much {u} @liked @disliked | {t}
yes, {u} no @liked @disliked | {t} scared me too much @disliked ~fear | {x} is my favourite ever
@liked ~love | I love {x} @liked ~love | I can't stand {x} @disliked ~disapproval | you got me
right ~admiration | you read me wrong ~disapproval
""",
    "smalltalk": """
hi | hello | hey | hey there | hiya | good evening | morning! | how are you | how's it going |
what's up | who are you | are you a bot? | are you human | what can you do | how do you work
~curiosity | what's your name | do you like films yourself ~curiosity | thanks ~gratitude | thanks!
~gratitude | thank you so much ~gratitude | ty ~gratitude | cheers mate ~gratitude | lol ~amusement
| haha ~amusement | hahaha you're funny ~amusement | you're sweet ~admiration | you're the best
~admiration | tell me a joke ~amusement | nice weather today | do you sleep ~curiosity | wow you're
quick ~surprise | good bot ~admiration | are you listening to me | can you see my photos
~nervousness | is this free
""",
    "goodbye": """
bye | bye! | byeee | goodbye | good night | night night | thanks, bye ~gratitude | thanks, bye!
~gratitude | ok bye | see you | see ya | cya | later | gotta go | gotta run, thanks ~gratitude |
that's all for today | that's it, thank you ~gratitude | I'm off to bed | off to watch it, bye |
have a nice evening | have a good one | talk tomorrow | take care | I'm done, ciao | ok thanks,
good night ~gratitude | enough for tonight | signing off
""",
    "unknown": """
hm | hmm | ok | uh | ... | asdf | ? | wait | one sec | let me think | brb | idk | dunno | eh | 42 |
sorry wrong chat ~embarrassment | the the | what ~confusion | huh ~confusion | ok so | test
""",
}
"""By intent of `simpatico.domain.INTENTS`."""

TITLES: dict[str, str] = {
    "film": """
Heat | Alien | Jaws | Up | Her | Casablanca | The Matrix | Amélie | Paddington 2 | Spirited Away |
My Neighbor Totoro | Parasite | Get Out | Inception | Interstellar | The Godfather | Pulp Fiction |
Fargo | The Big Lebowski | Groundhog Day | When Harry Met Sally | Notting Hill | Pride & Prejudice
| The Notebook | Titanic | La La Land | Whiplash | Moonlight | Lady Bird | Little Women | Frozen |
Coco | Inside Out | Toy Story | Finding Nemo | Shrek | Mad Max: Fury Road | Die Hard | Gladiator |
Jurassic Park | Back to the Future | E.T. | Blade Runner | 2001: A Space Odyssey | Arrival | The
Thing | The Shining | Psycho | Vertigo | Rear Window | Some Like It Hot | Singin' in the Rain |
Mamma Mia! | Bridesmaids | Airplane! | Hot Fuzz | Knives Out | The Grand Budapest Hotel | Forrest
Gump | The Green Mile | Schindler's List | Manchester by the Sea | Seven Samurai | The Good, the
Bad and the Ugly | Unforgiven | Roman Holiday | Before Sunrise | Lost in Translation | The Princess
Bride | Dune
""",
    "show": """
Breaking Bad | The Office | Friends | Fawlty Towers | Twin Peaks | Ted Lasso | Fleabag | Stranger
Things | Planet Earth | Gilmore Girls | The Great British Bake Off | Derry Girls
""",
    "book": """
Emma | Middlemarch | The Hobbit | Beloved | 1984 | The Kite Runner | Gone Girl | Normal People |
Piranesi | Project Hail Mary | The Secret History | The Remains of the Day | Catch-22 | Klara and
the Sun | Small Things Like These
""",
    "music": """
Kind of Blue | Rumours | Blue | OK Computer | Abbey Road | Thriller | Back to Black | Lemonade |
Graceland | In Rainbows | The Köln Concert | Random Access Memories | Purple Rain | Folklore
""",
    "game": """
Stardew Valley | Hades | The Witcher 3 | Portal 2 | Tetris | Celeste | Hollow Knight | Minecraft |
Disco Elysium | Journey
""",
}
"""Titles that people name, by kind."""
