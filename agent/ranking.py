"""A dialogue ranked for, with nothing of it kept: what the API's recommendations are."""

from collections.abc import Sequence

from simpatico.agent.mind import Mind, with_chosen_mood
from simpatico.agent.safety import care_reply, is_crisis
from simpatico.agent.showing import Files, looked_at
from simpatico.agent.turn import MAX_CHARS
from simpatico.domain import Profile, Recommendation, Turn, TurnOptions, UserState, Value
from simpatico.language import language_of
from simpatico.text import clean


class Ranking(Value):
    """The stateless answer: what was understood and what fits, best first.

    `let_go` are the fields of `Constraints` that not all recommendations meet. `care` is what to
    show instead when the newest words are of crisis; then nothing is recommended.
    """

    state: UserState
    recommendations: tuple[Recommendation, ...]
    let_go: tuple[str, ...] = ()
    degraded: tuple[str, ...] = ()
    care: str = ""


async def rank_for(
    mind: Mind,
    turns: Sequence[Turn],
    *,
    profile: Profile,
    options: TurnOptions,
    k: int,
    files: Files,
) -> Ranking:
    """Read a dialogue, oldest turn first, and rank for it; see `Simpatico.recommend`."""
    turns = [
        turn.model_copy(update={"text": clean(turn.text, max_chars=MAX_CHARS)}) for turn in turns
    ]
    understanding, _ = await mind.replay(turns)
    newest = next((turn.text for turn in reversed(turns) if turn.role == "user"), "")
    if is_crisis(newest):
        care = care_reply(language_of(newest) or "en")
        return Ranking(state=understanding.state, recommendations=(), care=care)
    state = with_chosen_mood(understanding.state, options.mood)
    if k == 0:
        return Ranking(state=state, recommendations=(), degraded=understanding.degraded)
    looked = await looked_at(mind.index, files, options.weights)
    chosen, let_go, degraded = await mind.choose_many(
        state, profile, options, k=k, shown=looked.query
    )
    return Ranking(
        state=state,
        recommendations=chosen,
        let_go=let_go,
        degraded=understanding.degraded + looked.degraded + degraded,
    )
