"""How soon after sending is there a stage, and a first word? With the embedded model.

    python benchmarks/bench_first_word.py            # the API and the page in Chromium
    python benchmarks/bench_first_word.py --no-page --turns 40

`simpatico serve` runs in a home of its own, as set by default. Each turn is somebody new with a
message of their own, one at a time. Over the API a stream opens with the first stage; on the page
both are taken when they stand in the document, from the key that sends.
"""

import argparse
import asyncio
import os
import platform
import random
import shutil
from collections.abc import Sequence
from typing import NamedTuple

import httpx
import numpy as np
from playwright.async_api import Browser, async_playwright
from served import message, served, turn

from simpatico.settings import load_settings

N_WARM_UP = 2
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
_WATCH = """() => {
    window.told = {};
    const note = (name, found) => {
        if (found && !(name in window.told)) window.told[name] = performance.now();
    };
    addEventListener("keydown", event => note("sent", event.key === "Enter"), true);
    new MutationObserver(() => {
        note("stage", document.querySelector(".exchange.newest .steps"));
        note("word", document.querySelector(".exchange.newest .answer")?.textContent.trim());
        note("whole", document.querySelector(".exchange.newest:not(.running)"));
    }).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""


class Seen(NamedTuple):
    """Seconds from sending to the first stage, the first word and the end."""

    stage: float
    word: float
    whole: float


async def through_api(url: str, messages: Sequence[str]) -> list[Seen]:
    """Ask the API, streamed; a turn that failed or was degraded ends the benchmark."""
    found = []
    async with httpx.AsyncClient(timeout=120, trust_env=False) as http:
        for number, text in enumerate(messages):
            one = await turn(http, url, text, f"person-{number}")
            if one.problem or one.degraded:
                raise SystemExit(f"a turn failed: {one.problem or 'degraded'}")
            found.append(Seen(one.opened, one.first, one.whole))
    return found


async def through_page(browser: Browser, url: str, messages: Sequence[str]) -> list[Seen]:
    """Say it on the page, each time in a browser that has never been there."""
    found = []
    for text in messages:
        context = await browser.new_context()
        page = await context.new_page()
        await page.goto(url)
        await page.locator(".empty").wait_for()
        await page.evaluate(_WATCH)
        box = page.get_by_label("Your message")
        await box.fill(text)
        await box.press("Enter")
        await page.wait_for_function("'whole' in window.told", timeout=120_000)
        told = await page.evaluate("window.told")
        found.append(Seen(*((told[at] - told["sent"]) / 1000 for at in Seen._fields)))
        await context.close()
    return found


def report(door: str, found: Sequence[Seen]) -> None:
    """Print a row for each time, without the turns of warming up."""
    counted = np.array(found[N_WARM_UP:]) * 1000
    for name, values in zip(("first stage", "first word", "whole"), counted.T, strict=True):
        p50, p95 = np.percentile(values, [50, 95])
        print(f"| {door} | {name} | {len(values)} | {p50:.0f} | {p95:.0f} | {values.max():.0f} |")


async def measure(options: argparse.Namespace) -> None:
    rng = random.Random(options.seed)
    messages = [message(rng) for _ in range(N_WARM_UP + options.turns)]
    print("\n| through | until | n | median ms | p95 | longest |\n|---|---|---|---|---|---|")
    async with served(load_settings(), {}) as server:
        report("API", await through_api(server.url, messages))
        if options.no_page:
            return
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
            )
            report("page", await through_page(browser, server.url, messages))
            await browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="time to the first stage and the first word")
    parser.add_argument("--turns", type=int, default=30, help="through each door")
    parser.add_argument("--no-page", action="store_true", help="the API alone, without a browser")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python"
        f" {platform.python_version()}, seed {options.seed}, {load_settings().llm.model},"
        " one turn at a time"
    )
    asyncio.run(measure(options))
    print(f"\nload at the end {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
