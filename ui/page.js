// Runs once when the conversation's element is there; gradio passes `element`, `trigger`, `watch`.
// Gradio patches the markup in place after each update, so listeners sit on the element itself.
const unfolded = new Set();
let pressed = null;
let nExchanges = element.querySelectorAll(".exchange").length;

element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-act]");
  if (!button) return;
  pressed = button;
  const { act, text, mood, kind, item, list } = button.dataset;
  if (act === "say") trigger("submit", { text });
  if (act === "mood") trigger("select", { mood });
  if (act === "stop") trigger("stop", {});
  if (act === "again") trigger("retry", {});
  if (act === "event" && button.getAttribute("aria-pressed") !== "true") {
    trigger("click", { kind, item, list });
  }
});

// Patching takes the `open` attribute away: remember what the person unfolded.
element.addEventListener(
  "click",
  (event) => {
    const fold = event.target.closest("summary")?.parentElement;
    if (!fold?.id) return;
    if (fold.open) unfolded.delete(fold.id);
    else unfolded.add(fold.id);
  },
  true,
);
element.addEventListener("keydown", (event) => {
  const fold = event.key === "Escape" ? event.target.closest("details.mood-fix[open]") : null;
  if (!fold) return;
  fold.open = false;
  unfolded.delete(fold.id);
  fold.querySelector("summary").focus();
});

watch("value", () => {
  const exchanges = element.querySelectorAll(".exchange");
  if (exchanges.length !== nExchanges) {
    if (exchanges.length < nExchanges) unfolded.clear();
    nExchanges = exchanges.length;
    for (const id of [...unfolded]) if (id.endsWith("-mood")) unfolded.delete(id);
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    exchanges[exchanges.length - 1]?.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
  }
  for (const fold of element.querySelectorAll("details[id]")) {
    const open = unfolded.has(fold.id);
    if (fold.open !== open) fold.open = open;
  }
  // A pressed button may be gone now (stop, try again): do not leave the keyboard nowhere.
  if (pressed && !pressed.isConnected && document.activeElement === document.body) {
    pressed = null;
    document.querySelector("#message textarea")?.focus({ preventScroll: true });
  }
});

// The settings: a panel that its button opens. Other components may not be there yet.
const wire = () => {
  const settings = document.querySelector("#settings");
  const drawer = document.querySelector("#drawer");
  if (!settings || !drawer) return requestAnimationFrame(wire);
  const show = (open) => {
    drawer.classList.toggle("open", open);
    settings.setAttribute("aria-expanded", String(open));
  };
  settings.setAttribute("aria-controls", "drawer");
  show(false);
  settings.addEventListener("click", () => show(!drawer.classList.contains("open")));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !drawer.classList.contains("open")) return;
    show(false);
    settings.focus();
  });
  document.addEventListener("pointerdown", (event) => {
    if (!event.target.closest("#drawer, #settings")) show(false);
  });
};
wire();
