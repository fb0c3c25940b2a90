import asyncio

from simpatico.agent.presence import Presence


def test_whoever_is_alone_waits_for_those_inside_and_keeps_others_out() -> None:
    async def run() -> list[str]:
        presence, order = Presence(), list[str]()

        async def turn(name: str, *, first: bool = False) -> None:
            async with presence.shared("ann"):
                order.append(f"{name} in")
                if first:
                    await asyncio.sleep(0.05)
                order.append(f"{name} out")

        async def erase() -> None:
            async with presence.alone("ann"):
                order.append("erase")

        tasks = [asyncio.create_task(turn("one", first=True))]
        await asyncio.sleep(0.01)
        tasks.append(asyncio.create_task(erase()))
        await asyncio.sleep(0.01)
        tasks.append(asyncio.create_task(turn("two")))
        await asyncio.gather(*tasks)
        return order

    assert asyncio.run(run()) == ["one in", "one out", "erase", "two in", "two out"]


def test_other_people_are_not_kept_waiting() -> None:
    async def run() -> bool:
        presence = Presence()
        async with presence.alone("ann"), asyncio.timeout(1), presence.shared("ben"):
            return True

    assert asyncio.run(run())


def test_who_gives_up_waiting_leaves_nothing_behind() -> None:
    async def run() -> bool:
        presence = Presence()
        async with presence.shared("ann"):
            waiting = asyncio.create_task(_alone(presence))
            await asyncio.sleep(0.01)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        async with asyncio.timeout(1), presence.alone("ann"):
            return True

    async def _alone(presence: Presence) -> None:
        async with presence.alone("ann"):
            pass

    assert asyncio.run(run())
