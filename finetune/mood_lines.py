"""Lines of our own for the mood head: how people tell a recommender what their day was like.

GoEmotions is Reddit: there, nobody says "rough week" before asking for a film. These lines were
written for training; the ones in `simpatico.eval.mood_lines` were written apart and only check.
"""

LINES: tuple[tuple[str, str], ...] = tuple(
    (labels, line)
    for labels, lines in (
        ("sadness", """
absolutely shattered after this week
exhausted after a double shift
so tired I could cry
tired and sad
I'm knackered
mentally exhausted
it's been one of those days
rough day at the office
rough couple of days
tough month
hard week, nothing left in me
awful morning, worse afternoon
been better
I feel empty
I feel like crying
she dumped me by text
got dumped on a sunday
just went through a breakup
my marriage is over
we're getting divorced
nobody calls me anymore
feeling lonely since the move
miserable
a bit sad
😢
😭 😭
😞
💔
I'm feeling really down tonight
feeling low
pretty blue lately
my heart is heavy
I've been crying all evening
she left me yesterday
he broke up with me
we split up after six years
my boyfriend dumped me
I feel so lonely in this flat
it's been a gloomy, empty weekend
having a hard time at the moment
long awful day
what a terrible week
this month has been brutal
everything went wrong today
had a shitty day
not doing so well
not great, to be honest
I miss my old friends
I'm homesick
I'm worn out
so drained
completely burnt out
I'm wiped, ten hours on my feet
running on empty
I've got no energy left
dead tired after the night shift
everyone is away and I'm by myself again
feeling under the weather, and sorry for myself
nobody remembered my birthday
I feel hopeless
kind of depressed these days
heartbroken
"""),
        ("grief,sadness", """
my dog died this morning
we buried my grandfather yesterday
my mum passed away last month
lost my best friend in March
coming home from a funeral
it's the anniversary of my father's death
we had to put our cat to sleep
still mourning my sister
"""),
        ("nervousness", """
anxious again, can't sleep
my anxiety is through the roof
insomnia again
it's 3 am and I'm wide awake
nervous about tomorrow
stressful day
work is stressing me out
too much on my plate
😰
I'm anxious
so stressed out
stressed about work
my exam is tomorrow and I can't calm down
I have a job interview in the morning
my mind won't stop racing
lying awake again, worrying
can't sleep
restless and on edge
I'm tense about the results
overwhelmed by everything
worried about my mother's operation
big presentation on Monday, butterflies in my stomach
I keep overthinking everything
"""),
        ("fear", """
😱
scared
I'm scared of being alone tonight
terrified about the scan
I had a panic attack
there were noises outside and I'm frightened
I'm afraid I'll lose my job
"""),
        ("anger", """
I'm mad
really pissed off today
my landlord makes my blood boil
😡
🤬
I'm furious with my boss
so angry right now
my flatmate makes me livid
I want to scream
fuming after that meeting
I got ripped off and I'm raging
"""),
        ("annoyance", """
bored
I'm kind of bored
nothing to do, bored
irritated by everyone today
😒
the neighbours won't stop drilling
my train was late again, typical
fed up
I've had it with this week
the kids are driving me up the wall
stuck in traffic for two hours
frustrated with everything
bored out of my mind
so bored at home
"""),
        ("disappointment,sadness", """
I didn't get the job
my team lost the final
failed my driving test again
they cancelled our holiday
my date never showed up
I was rejected by the university
the party was called off
"""),
        ("remorse,sadness", """
I said something horrible to my best friend
I feel guilty about yelling at the kids
I ruined our anniversary
I shouldn't have lied to her
"""),
        ("embarrassment", """
I made a fool of myself at the party
I called my teacher mum in front of everyone
I could sink into the ground
"""),
        ("joy", """
feeling great
feeling happy
I'm happy today
in a good mood
what a beautiful evening, I'm content
😀 😀
😊
I'm in a great mood
feeling good today
what a lovely day
life is good
such a happy weekend
I'm over the moon
sunny and carefree
everything is going right for once
best day in ages
finally some time for myself, bliss
"""),
        ("excitement,joy", """
got the job
I got hired
they offered me the job today
I got accepted
we got the keys to our new home
🎉 🎉
birthday today
it's my birthday
we're celebrating tonight
so excited for the weekend
I got the promotion
I got in
we're having a baby
we won
she said yes
I passed my exam
just bought our first house
my holiday starts tomorrow
first day of vacation
I'm pumped
can't wait for tonight
"""),
        ("pride,joy", """
my daughter graduated today
I ran my first marathon
finished my thesis at last
my son scored the winning goal
"""),
        ("relief", """
finally done with work for the week
what a relief
the scan came back clear
exams are finally over
phew, the deadline is behind us
thank goodness it's friday
the week is finally over
"""),
        ("love,joy", """
❤️
😍
I think I'm falling in love
our anniversary is tonight and I adore her
head over heels
I'm so in love with him
"""),
        ("gratitude", """
thanks
thank you
cheers, much appreciated
thank you so much, that helped
thanks a lot for listening
I'm grateful for my friends today
"""),
        ("optimism", """
tomorrow will be better
fresh start, new city, I'm hopeful
things are looking up
"""),
        ("caring", """
my friend is going through a divorce and I want to be there for her
my grandma is ill and I'm looking after her
"""),
        ("confusion", """
I don't know what I feel
I have no idea what I want
my head is all over the place
"""),
        ("surprise", """
I did not see that coming
you won't believe who turned up today
"""),
        ("amusement", """
😂 😂
hahaha
haha that made my day
lol you're funny
"""),
        ("neutral", """
what is it about
who is in it
is it long
which one is shorter
why that one
not that one
something else
the second one please
ok
ok, let me see
no
tell me more
just me and a friend
it's for my nephew
we have a projector
ignore that
I said older
with subtitles is fine
hello
hi there
good evening
it's tuesday
we are four people
the two of us, on the sofa
I have two hours
it's raining
I'm on a plane
it's late
home alone tonight
my flatmate and I
I usually watch on my laptop
on the train
I saw it years ago
I've watched that
the first one
any year will do
just finished dinner
with my parents
I work in an office
older than that
no subtitles
lazy sunday
friday evening
"""),
    )
    for line in lines.strip().splitlines()
)  # fmt: skip
"""(labels parted by ",", line)."""
