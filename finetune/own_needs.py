"""How people say what a film, a record, a book should do for them. Data only.

Written for training; the lines of `simpatico.eval.need_lines` were written apart from these and
only check. Phrases are parted by " | "; one that tells a mood begins with it, in brackets. {a} is
"a film" or the like, {n} "film", {ns} "films".
"""

NEED_PHRASES: dict[str, str] = {
    "cheer_up": """
cheer me up | cheer me up please | need cheering up | could you cheer me up a little? | I need {a}
to cheer me up | pick me up, would you | need a pick-me-up | some kind of pick me up | {a} that
leaves me smiling | {a} that'll put a smile on my face | something that makes the day look brighter
| brighten my evening | brighten up my day, would you | make this day less grim | lift my mood |
got anything to lift my spirits? | some {n} that lifts the spirits | something uplifting |
uplifting stuff only | want {a} with a happy ending so I believe in happy endings again | restore
my faith in people | restore my faith in humanity pls | a feel-good {n} | feel good {ns} wanted |
gimme a feelgood {n} | I want to feel better afterwards | I want to feel better than I do now |
something warm and funny | {a} that is warm, funny and kind | something heartwarming |
heartwarming, the fluffier the better | something sweet to get me out of this slump | get me out of
my slump | need some joy in here | inject some joy into my evening | a little ray of sunshine in
{n} form | sunshine in a bottle, basically | need a mental hug | the {n} equivalent of a hug |
comfort {n} | a comfort watch for a bad day | something comforting, like soup | hot chocolate for
the soul | I could use some good vibes | good vibes only | only nice things happening to nice
people | people being kind to each other, please | wholesome {n} needed asap | whoelsome stuff |
turn my mood around | how do I get out of this bad mood? {a} maybe | my mood needs fixing | fix my
mood | something cheerful | anything cheerful and silly and kind | happy {ns} | something happy,
the world is gloomy enough | make me feel like things will be ok | tell me it'll all work out, with
{a} | I want hope | need something hopeful | leave me hopeful | something to make me like life
again | {a} to sweeten a sour day | gloom begone | a bit of colour in my life | the kids could use
cheering up | my friend is down and I'd like to lift her up with {a} | give my flatmate something
to smile about | a bright yellow coat kind of {n} | clothes that make me happy when I look in the
mirror | a jolly {n}, nothing fancy | whatever makes you grin like an idiot | I want to walk away
humming | [sadness disappointment] today flattened me, un-flatten me | [sadness] down in the dumps,
help me climb out | [sadness] been moody for days and I'd like it to stop | [disappointment] life
gave me lemons again, where's my lemonade | [optimism] I refuse to end this day grumpy, send {a} |
a silly patterned shirt so I smile at the mirror | a scarf in a colour that fights november
""",
    "calm_down": """
calm me down | something calming | I need to calm down | help me unwind | I just want to unwind |
{a} to unwind with | {a} to relax to | I want to relax | need something relaxing | something slow
and quiet | quiet and slow please | a gentle {n} | gentle stuff, no drama | nothing loud | nothing
stressful | nothing intense, I beg you | low stakes only | {a} with no stakes whatsoever | where
nothing bad happens and nobody raises their voice | soothing {ns} | something soothing before bed |
{a} for bedtime | something to doze off to | help me drift off | want to fall asleep to it | put me
to sleep, nicely | I need sleep, so something soft | {a} that slows my breathing | slow my heart
rate down | bring my pulse down | quiet my head | make my head shut up | turn the volume of my
thoughts down | I need peace | peace and quiet in {n} form | {a} like a walk in the woods | rain on
the window kind of {n} | tea and blanket {n} | something mellow | mellow tunes for the evening |
chill music | chill af {n} | just wanna chill | wanna chill out w {a} | de-stress me | {a} to
destress with | to decompress after work | time to decompress | let me exhale | I need to exhale |
ease me into the night | easy viewing, low volume | easy on the nerves | my nerves need a rest |
soft voices, soft light, soft everything | a lullaby for adults | somthing peaceful | piano that
floats in and out | a cosy game where I plant turnips | pottery, baking, gardens, that sort of calm
| I'd like to feel my jaw relax | something that feels like slow breathing | tranquil, ideally |
cool my temper | help me get off the ceiling | simmer me down | comfy clothes for slowing down | a
meditative {n} | meditation vibes | [nervousness] can't stop doomscrolling | [nervousness] I keep
refreshing the news, get me to stop and breathe | [nervousness] on edge all day and I need to come
off it | [nervousness] wound up tight, unwind me | [nervousness fear] keep myself from spiralling
tonight, something steady | [annoyance anger] seething, need to cool down | [nervousness] my mind
is racing and I need it to idle | [nervousness] wide awake at two, send me something drowsy
""",
    "thrill": """
thrill me | I want to be thrilled | get my heart racing | make my heart pound | give me an
adrenaline rush | adrenaline please | adrenalin, now | I want to be on the edge of my seat |
edge-of-your-seat {n} | keep me on edge | something gripping | gripping from the first minute | a
gripping {n} | {a} I can't put down or pause | keep me guessing until the end | twists I don't see
coming | plot twists, loads of them | a nail-biter | nailbiter please | scare me | scare me silly |
scare the pants off me | scare me so badly I leave the lights on | something scary | smth scary for
tonight | properly scary, not cheesy | {a} that gives me nightmares | I want jump scares |
jumpscares galore | creep me out | something creepy | I want to feel my hair stand up | send
shivers down my spine | chills, actual chills | terrify me | I feel like being terrified | suspense
that hurts | so much suspense I sweat | {a} that keeps me awake | tense as hell | something tense |
something intense, hit me hard | action-packed {n} | non stop action | stuff exploding, people
running | fast paced {n}, no breathers | chases, fights, close calls | someone hunted through a
city at night | blood pumping, that's the goal | get my blood pumping | wake me up with {a} | shake
me awake | I need a jolt | a shock to the system | something dangerous | dangerous liaisons,
dangerous roads, whatever, danger | {a} with real peril | survival against the odds, teeth clenched
| a roller coaster of a {n} | white knuckles | hold-your-breath stuff | I want to shout at the
screen | I want to be gripping the armrest | make me jump | exciting {ns} only | somthing really
exciting | the most intense {n} you know | boss fights that make my hands sweat | a horror game to
play in the dark | music for sprinting | [excitement] I'm pumped, keep the pulse up there |
[annoyance] everything's so dull, shock me | [annoyance] my week was one long yawn, get me excited
| [annoyance] too quiet around here, raise the stakes | a biker jacket to feel dangerous in |
trainers that make me want to race the bus
""",
    "cry_it_out": """
I need a good cry | need a cry | I want to cry | make me cry | make me cry please | make me weep |
I want to weep like a child | a proper tearjerker | tear jerker of a {n} | tearjerkers | a weepie |
I'd like to sob | {a} to sob to | sobbing is the aim | I want to cry my eyes out | let me cry it
out | crying it out is the plan | want to ugly cry | ugly crying, that's the mission | let it all
out | {a} to help me let it out | the tears are stuck, get them out | I need to get the tears out |
I need the waterworks | turn on the waterworks | bring tissues, you know what I mean | box of
tissues {n} | the kind of {n} you need a hanky for | break my heart | heartbreak on purpose | I
want to have my heart broken by {a} | wreck me | wreck me emotionally | emotionally ruin me |
emotional damage please | {a} that'll tear me apart | tear me to bits | sad {ns} because I want to
be sad right now | the saddest {n} ever | as sad as it gets | sad sad sad, I'm ready | something
sad to match how I feel | let me be sad properly | permission to bawl | I want to bawl | bawl my
eyes out for two hours | {a} to grieve with | I need to grieve a bit | let me mourn with {a} |
something that understands loss | catharsis | cathartic crying | a cathartic {n}, the wet kind |
need to release some tears | songs for crying in the car | a song that makes everyone cry | a
playlist for a broken heart | a book to cry over in bed | I havent cried in years, change that | I
feel cried-in, finish the job | happy tears or sad tears, just tears | {a} that ends in tears |
moved to tears, that's what I'd like | move me to tears | I want a lump in my throat | something
poignant so I can finally cry | no pep talk, just let me cry | don't cheer me up, let me weep |
don't try to make me laugh, I need the tears | I want it to hurt | hurt me | my pillow is ready to
be soaked | crying weather, crying {n} | [sadness grief] he's gone and I want to cry about it |
[sadness] I want to be miserable with style, a real weepie | [sadness] heavy heart, want it to
overflow
""",
    "think": """
make me think | something to think about | {a} that makes me think | I want to think | give me
something to chew on | something to chew over | food for thought | brain food | thought-provoking
{ns} | thought provoking, please | challenge me | challenge my views | {a} to challenge what I
believe | change my mind about something | change the way I see the world | I want my mind expanded
| expand my mind | {a} with ideas in it | ideas over explosions | big questions please | the big
questions: death, god, love, why | philosophical {n} | something philosophical | something deep |
deep stuff only | deep, not depressing | {a} with depth | a layered {n} with symbolism and stuff |
symbolism I can pick apart | complex characters, complex questions | something clever | clever {ns}
that trust the audience | smart {n} | a smart {n} for a smart person | an intelligent {n} |
cerebral | cerebral stuff | mind-bending | mindbending {n} | bend my mind a little | blow my mind |
mess with my head | make me question reality | I want to question everything | {a} you have to
figure out | a riddle of a {n} | a puzzle to solve | something I'll be thinking about next week |
stays with you for days | {a} that haunts my thoughts for weeks | something worth discussing | {a}
we can debate afterwards | something to analyse | I want to learn something | teach me something |
I want to come out knowing more | {a} that explains how people tick | something about how society
works | science that makes you feel small | questions without answers | existential {n} |
existential stuff, bring it on | in a reflective mood, {a} to go with it | {a} to reflect with |
meaningful {ns} | something with meaning | substance over style | nothing shallow | not in the mood
for fluff, give me meat | engage my brain | my brain wants a workout | exercise for the mind |
lyrics that say something | a game with hard choices | [curiosity] been wondering what makes us us,
{a} on that? | [curiosity] I'm curious about everything tonight, feed me | [curiosity] who are we
when nobody's watching? that kind of {n} | [confusion realization] trying to make sense of my life,
{a} might help | a t-shirt that starts arguments about philosophy
""",
    "laugh": """
make me laugh | make me laugh pls | I need a laugh | need a good laugh | could do with a laugh | I
want to laugh | I want to laugh so hard I cry | laugh till it hurts | {a} to laugh at | something
funny | smth funny pls | sth funny | really funny {ns} | funny. that's it. funny | properly
hilarious | hilarious stuff | lol-worthy {n} | crack me up | crack us up | get me giggling | I want
giggles | a giggle would be nice | a right old chuckle | belly laughs | give me belly laughs | I
want to laugh out loud | laugh-out-loud {n} | laughing is all I want tonight | something stupid and
funny | stupid funny | so dumb it's funny | silly {ns} | silly stuff, pratfalls, wigs | complete
silliness | slapstick till I drop | jokes, lots of jokes | a joke a minute | gags, one after
another | the funniest {n} you know | whats the funniest thing ever made | have me in stitches |
split my sides | I want to snort with laughter | I want to laugh at somebody else's bad luck |
whatever got you laughing for real | dry humour, very dry | deadpan, british, mean | dark humour so
I can laugh at the mess | satire with bite, I want to cackle | a spoof | {a} that doesn't take
itself seriously | absurd humour, the weirder | banter | goofy {n} | I just wanna laugh tbh | wanna
lol | haven't laughed all week, fix it | when did I last laugh? help | make my stomach hurt | tears
from laughing, not the other kind | nothing sad, I'm here for laughs | no crying, make me laugh |
don't be serious with me, be funny | a standup special | a comedian who'll make me choke | a comic
novel | a party game that makes everybody howl | songs with jokes in them | a ridiculous hat | make
my mum laugh | something to make my kids giggle | laughter is the best medicine, prescribe me some
| prescribe me a dose of laughs | humour me | comedy that lands | we need some laughs in this house
| [sadness] if I don't laugh I'll cry, so let me laugh | [amusement] haha I'm on a roll, more
laughs please | [annoyance] so grumpy that only something funny will do
""",
    "connect": """
date night | date tonight | got a date tonight | it's date night, {a} please | {a} for a first date
| something romantic to share with my girlfriend | {a} to enjoy with my boyfriend | {a} for me and
my wife | {a} for my husband and me | just us two | {a} for both of us | we're two on a sofa, under
one blanket | movie night with friends | friends are coming over | my friends are over in an hour |
{a} for a group of mates | family night | {a} for the whole family | grandparents, parents,
toddlers, all in one room | {a} my kids and I can share | something with my daughter, she's eight |
quality time with my son | {a} to bond over with my stepdad | want to bond with my sister | bring
us closer | help me and my dad have something in common | {a} to share with mum on her visit | my
parents are visiting | my inlaws are here and we've run out of talk | girls night | a night in with
the girls | boys night in | roomie night | a game for game night with the neighbours | co-op game
for me and my brother | a two player game for me and my partner | a quiz for our flat | I want to
feel less alone | make me feel less lonely | {a} that keeps me company | keep me company | I'd like
some company | something about friendship so it's less lonely here | {a} as good as having friends
| found family stories, I need one | I want to feel close to someone | I miss people | {a} to
remind me of my people | {a} about belonging | I want to belong somewhere for an evening | want to
feel connected | long distance night with my boyfriend, same {n} on both ends | watch party with my
cousins | what can we all agree on, five of us | one that'll please everybody at the table | music
for a dinner party | dinner with friends, need a soundtrack | singalong songs for a road trip with
my pals | a book for our book club | book club pick | a book to read aloud to my kid | {a} to talk
about with my nan | me and my crush are hanging out, what {n} | something to hold hands during |
cuddle {n} | netflix and cuddle | snuggle time with bae | she's coming over, what {n} do I pick |
what do I wear on a date | outfit for meeting the friends of my girlfriend | {a} for a mother and a
grown-up son | just me and grandma tonight | my kid and I have a rainy saturday together | teens
and adults in one room, help | [love] I adore him and it's our evening in | [love caring] want to
show my partner I care, {a} for us | [sadness] nobody around, I'd like to feel some warmth from
people | [caring] my friend is having a rough time and she's sleeping over | [sadness] new in town,
I want to feel part of something | matching pyjamas for me and my sister
""",
    "focus": """
help me focus | I need to focus | {a} to focus to | focus music | something for concentrating |
music to concentrate to | need to concentrate | background noise | {a} for the background |
background music while I work | something to have on while I work | on in the background while
coding | coding music | code all night soundtrack | music for studying | study playlist | study
beats | beats to study to | study session ahead | finals week, need study music | music for
homework | writing a paper, need something playing | I'm writing and need quiet music | music for
writing | something wordless | no lyrics, I'm working | instrumentals only, I've got a deadline | a
deadline looms, zone me in | get me in the zone | in the zone music | flow music | get me into flow
| deep focus | keep me concentrated | keep me on task | keep my attention on my work | something
that won't distract me | not distracting | nothing that steals my attention | {a} I don't have to
pay attention to | half-watch material | something to half watch while folding laundry | while I'm
cooking | {a} to cook to | {a} for while I clean the house | cleaning day soundtrack | {a} to iron
shirts by | {a} for knitting | {a} to knit along to | drawing all day, need {a} running | {a} on
the side while I paint | work from home background | office background, low key | wfh noise | drown
out my colleagues | block out the noise so I can read | reading soundtrack, no words | something
steady for long hours at the desk | a podcast-like thing for admin work | monotonous in a good way
so I can work | I've got to cram for a test, sound please | cramming tonight | help me study |
homework buddy {n} | my thesis wont write itself, music? | brown noise or something like it |
ambient to work by | ambient while reading | rhythm to grind through emails with | productivity
music | {a} to be productive with | {a} to keep going during chores | an old show I can ignore
while sorting photos | [annoyance] I can't concentrate for five minutes, help | [nervousness] exam
soon and my attention is all over the place, help me stay put | [annoyance] my head keeps wandering
off from my work | [optimism] big work day ahead, get me focused | comfy clothes for long library
days so I can study
""",
    "escape": """
escape | I need an escape | I want to escape for a while | escapism please | pure escapism | help
me escape reality | take me away | take me somewhere else | far from here, please | get me out of
here | get me out of my head | I want out of my own life for an evening | {a} to disappear into | I
want to disappear into {a} | {a} to get lost in | lose myself in {a} | let me get lost | another
world | another world, any world | {a} set in a different world | worlds with two moons | a world
that isn't this one | somewhere that isn't here | anywhere else | anywhere far, I don't mind |
transport me | whisk me off | carry me off to sea | send me to the desert, the moon, wherever |
take my mind off things | take my mind off work | get my mind off my ex | keep my mind off tomorrow
| distract me | I need a distraction | distraction needed | I want to forget everything | make me
forget today | forget about the bills for two hours | forget the real world | let me forget her | I
don't want to think | don't want to think about anything | no thinking, just somewhere else |
switch my brain off | turn my brain off | brain off {n} | mindless fun | mindless stuff | immersive
{n} | something immersive | so immersive I forget to eat | pull me under | swallow me whole, {n} |
magic, quests, taverns | elves and dragons and none of my problems | sun, islands, no phones |
holiday in my living room | armchair travel | I can't travel so bring the world to me | send me
back in time | back to the age of sail | to a century without email | a big fat fantasy I won't
come out of | open world with horses | let me live another life | someone else's life for a change
| be somebody else for a bit | daydream fuel | a daydream of a {n} | unplug me | log me out of
reality | reality is overrated | far from the news | no real-world problems | nothing realistic,
nothing about now | [sadness grief] my head is full of the funeral, take it elsewhere | [fear
nervousness] results come friday, keep me from thinking about them | [annoyance] sick of these four
walls | [nervousness] can't stop doomscrolling, pull me into some other place | [desire] I'd give
anything to be on an island | [anger] I hate this town, get me out of it for the night | a costume
to be someone other than myself in
""",
    "celebrate": """
[excitement joy] promotion came through!! | [excitement joy] I got the job, let's celebrate |
[excitement joy] got the job!!! | [joy excitement] we're celebrating | let's celebrate | {a} to
celebrate with | celebrating tonight | celebration time | a celebratory {n} | something festive |
festive stuff | festive {ns} for the holidays | party time | party mode on | party music | party
playlist | {a} for a party | house party soundtrack | birthday {n} | {a} for my birthday | [joy
excitement] it's my birthday | [joy] birthday girl here | [joy excitement] I'm 30 today | [love
joy] it's our anniversary | [love joy] anniversary tonight, make it special | [excitement joy love]
we got engaged! | [excitement joy love] I'm getting married | wedding songs | first dance ideas |
bachelorette party | stag night soundtrack | [joy pride] I passed! | [joy pride relief] passed my
exams | [joy relief] exams are over, time to party | [pride joy] just graduated | [pride joy]
graduated today, whoop | [joy excitement] we did it!! | [excitement joy] WE WON | [excitement] our
team won the league | champions, baby | victory lap {n} | {a} for a victory lap | [relief joy] the
scan is clear, time to celebrate | [joy excitement] it's a girl! | [excitement joy] we bought a
house | [joy excitement] sold my first painting | [joy pride] my book deal is signed | [pride joy]
first marathon done, where's my reward | {a} as a reward | {a} as a treat for finishing | I deserve
a treat | treat yourself {n} | treating myself tonight | [pride] I smashed that interview | [pride
excitement] closed the biggest deal of my career | [joy] last day of school | [joy excitement]
summer starts now | [joy excitement] holidays start today, woo | [excitement joy] visa approved!!!
| [joy] in a party mood | [joy] in such a good mood, {a} to match | [joy excitement] best day ever,
keep the high going | [excitement] feeling on top of the world, {a} to match | champagne {n} |
confetti and fireworks | something big and joyful to toast with | to toast my sister's success |
raise a glass {n} | christmas party songs | new years party | halloween party outfit | an outfit
for my graduation party | a dress to dance in all night at my birthday | we're popping the bubbly |
dancing on tables kind of {n} | mark the occasion with {a} | make today special | it's a special
day | [pride joy] one year clean today | [gratitude joy] donor match found, we want to celebrate |
[joy pride] my kid made the team | shoes for our wedding party
""",
}
"""By need of `simpatico.domain.NEEDS`."""
