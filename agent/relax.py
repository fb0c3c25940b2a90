"""When nothing fits every wish: which wish to let go of, in which order, and how to say so."""

from collections.abc import Iterable, Iterator

from simpatico.domain import Constraints, UserState

# From the least to the most missed: a person who said "with Bill Murray" would sooner hear of
# another year than of another actor. What they do not want is never let go of.
_ORDER: tuple[tuple[tuple[str, ...], str], ...] = (
    (("max_minutes",), "the length"),
    (("languages",), "the language"),
    (("year_from", "year_to"), "the years"),
    (("people",), "the people you named"),
    (("genres",), "the genre"),
    (("kinds",), "the kind"),
)


def relaxations(constraints: Constraints, *, of: str = "") -> Iterator[tuple[Constraints, str]]:
    """Yield weaker and weaker constraints, each with a note of all that was let go of so far.

    First each wish alone is dropped, then they go together. `not_` fields and `exclude_ids` stay.

    Args:
        constraints: what holds.
        of: the kind that is looked for beside others ("music"); then it stays, and the notes
            speak of it alone.
    """
    nothing = Constraints(kinds=constraints.kinds) if of else Constraints()
    held = [
        (fields, name)
        for fields, name in _ORDER
        if any(getattr(constraints, field) != getattr(nothing, field) for field in fields)
    ]

    def without(dropped: list[tuple[tuple[str, ...], str]]) -> tuple[Constraints, str]:
        update = {field: getattr(nothing, field) for fields, _ in dropped for field in fields}
        names = [name for _, name in dropped]
        said = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
        note = f"Nothing fits everything at once, so I let go of {said}."
        if of:
            note = f"No {of} fits everything at once, so there I let go of {said}."
        return constraints.model_copy(update=update), note

    for one in held:
        yield without([one])
    for count in range(2, len(held) + 1):
        yield without(held[:count])


def changed(asked: Constraints, weaker: Constraints) -> tuple[str, ...]:
    """The fields that differ."""
    fields = Constraints.model_fields
    return tuple(one for one in fields if getattr(asked, one) != getattr(weaker, one))


def without_wishes(state: UserState, fields: Iterable[str]) -> UserState:
    """The state without these wishes: what is claimed of a list that not all of it meets."""
    nothing = Constraints()
    update = {field: getattr(nothing, field) for field in fields}
    constraints = state.constraints.model_copy(update=update)
    return state.model_copy(update={"constraints": constraints})
