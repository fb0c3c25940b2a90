"""Lines of our own that check how a need is read. Nothing is trained or tuned on `LINES`.

A need is what the person would like the recommendation to do for them; a low mood, a genre, a name
or a year alone names none ("unknown"). Where two are heard, the label is the one that decides what
to look for: "don't make me think, take me far away" is escape. One author wrote and labelled
them; a second annotator, who saw the texts shuffled and without labels, labelled `LINES` again.
"""

from collections.abc import Mapping


def _lines(blocks: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (line, need) for need, block in blocks.items() for line in block.strip().splitlines()
    )


LINES: tuple[tuple[str, str], ...] = _lines(
    {
        "cheer_up": """
Flat as a pancake today, got anything with a bit of sunshine in it?
My sister's stuck in hospital and grumpy as hell. What do I put on her tablet so she grins again?
i'd like to end this tuesday in a better mood than i started it
Grey sky, grey office, grey me. Colour me in, please
feelgood album for the drive home, it's been a pig of a shift
pls lift me out of this funk
Something jolly. I am sick of moping about.
got rejected again lol. need one of those films where everything turns out fine
The winter is dragging me under and a cosy happy book would be very welcome.
what do you watch when you want to believe people are nice after all
could do w a serotonin boost
my team got relegated. undo the damage
Not crying, no drama, I just want to come out the other end smiling
put the spring back in my step, will you?
Anything that would perk up a very fed-up mother of three
hug me with a movie
i always rewatch paddington when life's rubbish but i know it by heart now, next best thing?
Need sth to shake off the blues... preferably with a dog in it
I've been a misery all week according to my wife. Recommend something that fixes that
comfort food but a tv series
exam flop. mood: below sea level. raise it
A dress that makes me feel less like a wet sock, please. Bright ones.
Sunday scaries hitting. I'd love something wholesome where it all ends well
dad's been so low since he retired, can you think of a movie that would bring him round a bit
songs for turning a frown upside down
Honestly just want to feel good about the world for two hours
I've been sulking since breakfast, coax me out of it
""",
        "calm_down": """
Brain's going at 200 mph. Slow it to walking pace?
what can i put on that will knock me out by eleven
My therapist says fewer screens, more quiet. So what is quiet enough for the one screen I get?
no explosions, no shouting, no plot even. just birds and rivers
heart still pounding from that near miss on the motorway. bring me back down to earth
after twelve hours in A&E i need to come down gently
sth soft to fall asleep to, my usual podcast isn't working anymore
I want the film version of a warm bath
jittery. too much coffee, too much news. soothe me
A slow novel for bedtime, the kind where somebody makes jam
Kids are finally in bed and my nerves are shot; peaceful please
can you find a game with zero pressure, like gardening or fishing or tidying shelves
Something that would lower my blood pressure, doctor's orders
exam in the morning, shaking a bit. What would steady me?
lo-fi, rain, whatever, just get these shoulders away from my ears
Flying terrifies me. What should I have in my headphones at take-off to keep from panicking?
nothing that spikes my anxiety, i'm hanging by a thread
Looking to decompress after a row with my brother
wind-down music, about half an hour, no singing
my mind keeps replaying the meeting. lull me
unclench my jaw with something mellow
I'd like to just breathe for a while. Landscapes, maybe?
Insomnia club here, 3:40am. Got a sleepy one?
serene. that's the whole brief
Loose soft clothes for a weekend of doing nothing and unwinding
Baby won't settle and neither will I, so a tranquil record for both of us
i get so wound up on sundays... a mild little story with no baddies would do me good
""",
        "thrill": """
I want to be chewing my nails by minute ten
bored stiff, jolt me
which book would make me miss my stop because i HAVE to know who did it
ok hit me with the scariest thing you've got
Palms sweating, lights off, phone in the other room. That kind of film.
need smth that makes me scream into a pillow (the fun way)
A heist where everything goes wrong and I forget to breathe
give us a proper white-knuckle ride for saturday
My life is spreadsheets. I crave danger, from the safety of the couch
Looking for a game that gets my pulse up to 150
something so tense i have to pause it and walk around
i like to be terrified before halloween, who doesn't
no slow burns pls, i want car chases and stuff blowing up
Songs that feel like driving too fast at night
Surprise twists every ten minutes or I'm turning it off
freak me out
I haven't been properly frightened by a movie since I was twelve. Fix that
edge of the sofa stuff, cat and mouse, you know the type
want goosebumps n a racing heart, dont care what genre
A page turner I'll regret starting at 11pm
Too comfy lately. Rattle me.
wild ride please, the more breathless the better
Serial killer thing that'll have us checking the locks
after a dull month I'm itching for an adrenaline kick
Make it hard for me to sit still
do you have anything that'll leave me shaking when the credits roll
We did the rollercoasters today and want that same rush from the telly tonight
""",
        "cry_it_out": """
I've been holding it together for weeks and would like to fall apart now, thanks
tissues bought, wine poured, destroy me
Which movie is guaranteed to make a grown man bawl?
my eyes need a wash lol
Haven't shed a tear since the funeral and I think I should. Help?
songs to weep to in the shower
rip my heart out please
something to open the floodgates, it's all stuck in my chest
I don't want cheering up. I want to wallow properly
A novel that'll have me sniffling on the tram
give me the saddest dog story you know, i need the release
She's gone and I'm numb. I want to feel it, all of it, and sob till I'm empty.
break me. gently or not
good old fashioned weeper for me and my mum's hanky
Time for my yearly howl on the sofa
I'd happily ruin my mascara tonight
need 2 cry but cant get started, help me along
what did you lot sob hardest at? i want that
I'm not OK and pretending is exhausting. Let me blub in peace with some old romance
not a comedy, don't you dare. tears only
Film that hits the lump-in-your-throat spot until it overflows
i laugh at everything when i'm sad and i'd rather actually cry this time
Breakup record, the kind you play on the floor in the dark with a wet face
I need an emotional purge. Hospitals, goodbyes, train platforms, all of it
wanna be absolutely wrecked by the ending
It's been a year today without him. I'd like to let the tears come.
sob story me
""",
        "think": """
I want to argue with my flatmate about the ending for a week
Which documentary would change how I see money?
feed my brain, it's been on netflix trash for a month
got anything that makes you sit in silence after
A novel I'd need to underline
smth with big ideas, free will, consciousness, that kinda thing
My head's rusty. Puzzle me.
i don't care if it's slow as long as it's about something
Recommend a film our philosophy club could chew over
I would like to understand the world a bit better than I did this morning
no popcorn stuff today, i want substance
one of those stories you only get on the second watch
what game has an actual moral dilemma in it
Something that'll prove me wrong about something
teach me about a place i couldn't find on the map
I've a long flight and a hungry mind
looking for a movie that asks questions n doesnt answer them
Lyrics worth reading. Who should I listen to?
I'm done with feel-good. Unsettle my opinions instead.
wanna feel smarter when it's over
Turning forty and wondering what it's all for. Is there a book about that which isn't rubbish?
Mental workout, please, nothing dumbed down
intellectually meaty but under two hours?
that feeling when primer ended and you had to draw a diagram. more of that
Give me a perspective I've never come across
i keep pondering whether machines can suffer, got a good film on it
a film to mull over on a long walk afterwards
""",
        "laugh": """
my cheeks should hurt by the end
What's the silliest thing you have?
im so done with serious films. clowns, farts, whatever, i just want to giggle
Tickle my funny bone
need a comedy that is ACTUALLY funny for once
Quick, a funny book for the dentist's waiting room
we want to be wheezing before the pizza arrives
my ex is getting married so i need jokes, many
Stand-up special that won't make my nan walk out but will make her cackle
no tears tonight, only snorting
something daft
Which sitcom had you in stitches?
Make me spit out my tea.
chuckles wanted, brain not required
i lost my job on monday and haven't had a laugh since, sort me out
dumb humour pls, the dumber the better
Is there a game so ridiculous you can't help laughing at it?
A t-shirt that gets a laugh at the office
I'd rather laugh about death than cry about it tonight
Monty python sort of nonsense
ROFL material only
Been grumpy since 6am. A farce might do it, I can't stay cross when I'm laughing
something to crack up a very stern father-in-law
comedy songs, the ruder the better
I need to hear myself laugh again
got hiccups from laughing at the last one you gave me, give me another of those
witty rather than slapstick, but I do want people on the train to stare at me for cackling
""",
        "connect": """
Third date and she's coming to mine. What do we put on?
What can a grandpa and a nine-year-old both enjoy?
i moved cities and know literally noone. something to make me feel i've got people around me
My teenager only grunts at me. Is there a series we could do as a pair?
long distance gf and i wanna press play at the same time tonight
board game for six people who don't know each other
Sunday lunch with the in-laws, need a record no one will argue with
it's just me and the cat, again. i miss company, give me a story full of friends
A book my sister and I could read at the same time and ring each other about
mum's visiting and we've not been talking much. a film to break the ice
couch co-op for me n my little bro
Whole clan in one cabin, ages 4 to 81, one telly
husband and i hardly see each other these days. pick something to snuggle up to
the lads are round at eight, what's on
Nobody here speaks my language. I'd love to hear about friends who stick together.
What would you show someone you're secretly in love with?
What to wear when meeting his parents?
Sleepover! five eleven-year-olds! help!
reading group wants something that gets everyone chatting
my best mate just got dumped and is coming over so i want something for the two of us
Songs everybody at the office can sing along to, even the shy ones
I feel like a lodger in my own family. A cartoon we'd all sit through, adults included?
cooking for her tonight. music that says i like you without saying it
lonely in a hotel room. voices, warmth, friendship, that's what i'm after
Cuddle-up material for a rainy afternoon with my fiancé
how do i get my roommates off their phones and onto one couch
something to watch with dad before he goes back to sea
""",
        "focus": """
got 40 pages of thesis to write by morning, give me sounds without words
What can run on the second monitor while I do the invoices?
deep work album pls
Need to drown out the open-plan office
exam revision in progress, what do i put in my ears
Ironing mountain ahead. A show I can follow with half an eye.
instrumental stuff, nothing that makes me stop typing
my adhd needs a beat to latch on to when i code
Ambient for reading Kant. No lyrics or I'm lost
cooking for 12, want something burbling along in the kitchen
Four hours of sewing tonight; recommend something I needn't look at
help me lock in
what's good for doing taxes to
steady techno for data entry
I keep drifting off at my desk. Music that keeps my head on the page?
white noise but prettier
painting the hallway this wkend, pick me a familiar sitcom i dont have to watch
pomodoro soundtrack
Something to paint miniatures by, unobtrusive
the drilling next door is killing my concentration, save my essay
soundtrack for a study marathon, film scores ok, songs not
i process spreadsheets all night shift and need something going so i stay on task
Not for listening, really. For working.
A game's music that got you through uni assignments?
want to get in the zone and stay there til 5
nothing catchy!! i'm proofreading
Baroque, maybe? I memorise better with it.
""",
        "escape": """
anywhere but this kitchen
can't afford a holiday, so send me on one
dragons, maps at the front of the book, eight hundred pages. I want to vanish
i need to not be me for a couple hours
The news is unbearable. Give me a planet without it.
get my head out of this divorce
Big lush fantasy world i can live in till spring
don't make me think. just take me far away
Waiting for biopsy results. I need my attention stolen.
open world game to dissolve into
stuck in bed w/ a broken leg, sail me round the world
I want to wake up two hours later and not remember I have a mortgage
something totally unlike real life
my in-laws are here until thursday. teleport me
Music that sounds like another planet
turn off the world pls
No politics, no pandemics, nothing I could read in a newspaper. Castles.
i keep checking if he's texted. keep my mind off the phone
time travel me out of 2026
A saga so absorbing that I forget to be sad
escapist trash, and i mean that lovingly
Lighthouse keepers, desert caravans, deep sea... transport me somewhere
boss, bills, boiler. Zero of those in the film please
brain off, spaceship on
It's February in Leeds. I want Italy, 1960, sunshine, scooters.
disappear into a different century
can't stand being in my own head rn, lend me someone else's
""",
        "celebrate": """
DIVORCE FINAL. popping corks. what's the soundtrack
She said YES!!! film for two very giddy people
Last chemo today. Party for one on the sofa and I want something glorious
paid off my student loan after 11 yrs, what should i treat myself to
My daughter turns seven on Saturday, twelve guests, unicorn cake. Movie?
we won the cup!!!!
Handed in the dissertation an hour ago. Tonight I'm queen of the world
songs for my nan's 90th
new year's eve at ours, need bangers till midnight
friday, payday, sun's out, LETS GO
got my citizenship today. something big and proud to mark it
what do champions watch? asking for me, i'm the champion
The house sale went through. Time for something with champagne in it.
ten years sober this week. I'd like a film that feels like a toast
Eid's tomorrow and the cousins are all here, something festive?
hen do playlist!!
passed. first. try. what are we playing
Wear something sparkly tonight? Promotion drinks
Our silver wedding. Which old musical does it justice?
my novel got accepted and i can't sit still, match my energy
just beat my 10k time so i've earned a reward, gimme something fun
Bonfire in the garden, friends, first night of summer. What do we blast?
The baby's here! Quiet house, huge joy, what do we watch to mark the day
i'm buzzing, keep it going
graduation weekend, folks in town, something triumphant
It's Diwali and I want colour, dancing, the lot
Bought my own flat today, dancing round empty rooms. Crank something up for me!
""",
        "unknown": """
dog died on sunday
i can't stop crying
What a week.
anything by the Coens
A french film from the sixties, black and white
work is killing me
How long is the second one?
is the sequel any good
I've seen nearly everything by Hitchcock
size 40, green, cotton
She left. Took the dog too.
books set in Lagos
I'm so happy today
feeling pretty alone these days
Jazz piano trios, 1950s or so
seen it, hated it
under 90 minutes, please, and not dubbed
hm, why did that one come up
my exam's on monday
whatever's new
something along the lines of Chinatown
Do you do video games as well?
I'm furious with my brother
a western, colour rather than b/w
didn't sleep at all
not that one, the other one
hello from a rainy Glasgow
Any Studio Ghibli I might have missed?
the one with the talking raccoon
I have the house to myself until ten
""",
    }
)
"""For scoring, once."""

DEV: tuple[tuple[str, str], ...] = _lines(
    {
        "cheer_up": """
today was rubbish, make it a bit less rubbish
Sweet and sunny, no deaths, no divorces
I need a win. Even a fictional one, some underdog who makes it
Any record that makes washing up feel like a musical?
boyfriend's got flu and is feeling sorry for himself, what'll brighten him up
want to feel fuzzy inside
three job rejections in one day, restore my faith pls
Something bright and bouncy for a gloomy commute
a jumper that says life is good, because it doesn't feel like it
""",
        "calm_down": """
hands won't stop trembling, give me something slow
A documentary with a soft voice and lots of sea
too wired to sleep, too tired to read
gentle. gentle. gentle.
My blood is boiling after that phone call and I need to cool off
cozy farming sort of game, no timers
meditative stuff, strings maybe
What helps a ten-year-old settle after a nightmare?
I overthink at night. Nothing gripping then, the opposite
""",
        "thrill": """
i dare you to scare me
fast, loud and dangerous
Need a detective story so good that I skip dinner
boring weekend so far, get my blood moving
what film made you hide behind a cushion
sharks, storms, submarines, anything where they might not make it
I want to gasp out loud
Horror game for someone who doesn't get scared easily
the sort of ending that knocks you sideways
""",
        "cry_it_out": """
hit me where it hurts
I want mascara everywhere by the second act
what's a book that made you cry in public
it's been bottled up since march and it has to come out somewhere
sad songs. the really sad ones. don't ask
Give me Up's first ten minutes but two hours long
my therapist says i should let myself cry so here we are
devastate me
A death-bed-and-violins kind of picture, hankies at the ready
""",
        "think": """
What would Socrates watch?
sci fi with an idea in it rather than lasers
haven't used my brain since graduation
Looking for a series that treats me like an adult
i wanna read smth that rearranges my head
History that explains why things are as they are now
a movie for people who like to interpret things
ok but what does it MEAN, i want one of those
Nourish my curiosity about time
""",
        "laugh": """
my sides need splitting
Funniest thing from the nineties?
tears of laughter only tbh
been at a funeral all day and we all want a good giggle now
puns. give me puns
A game night game that ends in everyone howling with laughter
cringe comedy, the more awkward the better lol
any humour for a hospital bed? stitches in my belly so not TOO funny
something goofy, i'm in a silly mood
""",
        "connect": """
me, him, one blanket
My kids are 6, 9 and 14 and have never agreed on a film
haven't seen my college friends in five years, they land tonight
what do couples who've run out of conversation watch
two player, not competitive, she hates losing
Music to have on when friends drop by for wine
I'm in a new country and evenings are long, I'd like company from a book
double date on friday and i have nothing to wear
Gran's dementia is bad but she lights up at old songs, which could we sing with her
""",
        "focus": """
studying for the bar, need noise
something to have going while i knit
no vocals, no surprises, eight hours
What plays well behind a spreadsheet?
cant focus w/o sound but lyrics distract me
I write crime novels in cafes, what should be in my headphones
Undemanding show for when I'm doing the laundry
flow state music for designers
homework time for two noisy boys, anything that gets them to concentrate?
""",
        "escape": """
Put me on a boat to nowhere
i want hobbits and no emails
this heatwave is unbearable, take me to the arctic
A thick book, another era, goodbye reality
let me be a space pirate for the evening
avoiding my own thoughts, assist
no relationships, no jobs, no modern life at all
Stuck at an airport for nine hours, make them disappear
switch me off for a bit
""",
        "celebrate": """
GOT THE KEYS!!
my best friend beat cancer and we're going dancing after, something for pre-drinks
exam results: straight As. you may now congratulate me with a film
Retirement day! 41 years at the post office
Christmas Eve and everyone's finally home
the divorce cake has been cut, play something loud
Finished the marathon in one piece, feet up, what's the victory film
it's our first anniversary next week, what should we see
turning 30 at midnight so hit me with your biggest party record
""",
        "unknown": """
nobody came to my party
something by a woman director
Got any Korean stuff?
ugh
That's the third time you've shown me this
I had soup
tomorrow's the funeral
Is it on anywhere with subtitles?
the actor from the lighthouse film, the younger one
everything annoys me today
""",
    }
)
"""May be looked at while a reader is built."""

SECOND_LABELS: Mapping[str, str] = {"white noise but prettier": "calm_down"}
"""What the second annotator said where they differed from `LINES`. Both know the same conventions,
so the agreement says that labels follow from them, not that every reader would choose these."""
