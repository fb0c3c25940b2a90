// Runs once when the conversation's element is there; gradio passes `element`, `trigger`, `watch`.
// Gradio patches the markup in place after each update, so listeners sit on the element itself.
const unfolded = new Set();
let pressed = null;
let nExchanges = element.querySelectorAll(".exchange").length;

element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-act]");
  if (!button || event.detail > 1) return;
  pressed = button;
  const { act, text, mood, kind, item, list, stars } = button.dataset;
  if (act === "say") trigger("submit", { text });
  if (act === "mood") trigger("select", { mood });
  if (act === "stop") trigger("stop", {});
  if (act === "again") trigger("retry", {});
  if (act === "undo") trigger("undo", {});
  if (act === "edit") edit();
  if (act === "like") trigger("submit", { like: item });
  if (act === "copy") copy(button, text);
  if (act === "event" && button.getAttribute("aria-pressed") !== "true") {
    trigger("click", stars ? { kind, item, list, stars } : { kind, item, list });
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

// The words of an answer, as plain text. Outside https and localhost there is no clipboard to ask.
const copy = async (button, text) => {
  try {
    if (navigator.clipboard) await navigator.clipboard.writeText(text);
    else copyBySelecting(text);
  } catch {
    copyBySelecting(text);
  }
  const words = button.querySelector("span");
  const before = words.textContent;
  words.textContent = button.dataset.done;
  setTimeout(() => (words.textContent = before), 2000);
};
const copyBySelecting = (text) => {
  const box = document.createElement("textarea");
  box.value = text;
  document.body.append(box);
  box.select();
  document.execCommand("copy");
  box.remove();
};

// Changing one's newest message: it comes back into the box. Escape or a button leaves it as it was.
const box = () => document.querySelector("#message textarea");
const edit = () => {
  trigger("edit", {});
  box()?.focus();
};
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-cancel-edit]")) return;
  trigger("clear", {});
  box()?.focus();
});
document.addEventListener("keydown", (event) => {
  const editing = document.querySelector("[data-cancel-edit]");
  if (event.key === "Escape" && editing && event.target === box()) editing.click();
});

// A double press is one: the second click, a key that is held, Enter once more before the box is
// emptied would send the same message again, or take two back.
const TWICE_MS = 700;
let entered = -TWICE_MS;
document.addEventListener("input", (event) => {
  if (event.target === box()) entered = -TWICE_MS;
});
document.addEventListener("click", () => {
  entered = -TWICE_MS; // what was pressed in between, such as Edit, makes it another message
});
document.addEventListener(
  "keydown",
  (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    const writing = event.target === box();
    const soon = writing && event.timeStamp - entered < TWICE_MS;
    if (soon || (event.repeat && (writing || element.contains(event.target)))) {
      event.preventDefault();
      event.stopImmediatePropagation();
    } else if (writing) entered = event.timeStamp;
  },
  true,
);
document.addEventListener(
  "click",
  (event) => {
    if (event.detail > 1 && event.target.closest("#send")) event.stopImmediatePropagation();
  },
  true,
);

// What was not sent yet outlives a loading anew, which gradio does by itself after the server was
// away. Of a temporary chat nothing is kept.
const DRAFT = "simpatico-draft";
window.addEventListener("pagehide", () => {
  const text = box()?.value ?? "";
  if (!text.trim() || element.querySelector(".temporary")) return;
  sessionStorage.setItem(DRAFT, text);
});
const putBack = () => {
  if (!box()) return requestAnimationFrame(putBack);
  const draft = sessionStorage.getItem(DRAFT);
  sessionStorage.removeItem(DRAFT);
  if (!draft || box().value) return;
  box().value = draft;
  box().dispatchEvent(new Event("input", { bubbles: true }));
};
putBack();

// The settings: a panel that its button opens. Other components may not be there yet, and what the
// person set before comes from the server: until then the controls stand as for anybody, and what
// was changed on them would be lost. A press of the button is remembered so long.
const wire = () => {
  const settings = document.querySelector("#settings");
  const drawer = document.querySelector("#drawer");
  if (!settings || !drawer) return requestAnimationFrame(wire);
  const arrived = () => "arrived" in document.documentElement.dataset;
  let wanted = false;
  const show = (open) => {
    wanted = open;
    if (!arrived()) return;
    drawer.classList.toggle("open", open);
    settings.setAttribute("aria-expanded", String(open));
  };
  const begin = () => (arrived() ? show(wanted) : requestAnimationFrame(begin));
  settings.setAttribute("aria-controls", "drawer");
  begin();
  settings.addEventListener("click", () => show(!wanted));
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

// A picture to find things by. It is made small here, so that little is sent and nothing of what a
// camera writes beside the pixels; the server keeps none of it.
const SIDE = 512;
const shrink = async (file) => {
  const image = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, SIDE / Math.max(image.width, image.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(image.width * scale));
  canvas.height = Math.max(1, Math.round(image.height * scale));
  const pen = canvas.getContext("2d");
  pen.fillStyle = "white";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/jpeg", 0.92);
};
const wirePicture = () => {
  const button = document.querySelector("#picture");
  if (!button) return requestAnimationFrame(wirePicture);
  const chooser = document.createElement("input");
  chooser.type = "file";
  chooser.id = "picture-file";
  chooser.accept = "image/jpeg,image/png,image/webp,image/gif";
  chooser.hidden = true;
  button.after(chooser);
  button.addEventListener("click", () => chooser.click());
  chooser.addEventListener("change", async () => {
    const [file] = chooser.files;
    chooser.value = "";
    if (!file) return;
    const text = document.querySelector("#message textarea")?.value ?? "";
    const image = file.size > 20_000_000 ? "" : await shrink(file).catch(() => "");
    trigger("upload", { text, image });
  });
};
wirePicture();
