// What is known of the person. What is said lies in the markup; see profile.py.
const DOES = ["look", "decide", "unlearn", "withdraw", "want", "take", "erase", "leave"];
let shown = "";
const look = (name = "look", data = {}) => trigger(name, { ...data, n: shown });
const close = sheet(element, { id: "you", opener: "#you", opened: () => look() });
const status = document.createElement("p");
status.className = "you-said";
status.setAttribute("role", "status");
element.closest("dialog").append(status);

// Other tabs of this person show what was changed in this one.
const tabs = new BroadcastChannel("simpatico-you");
tabs.onmessage = ({ data }) => look(data === "erased" ? "leave" : "look");

let open = false; // the list of what they did
let at = null; // where the keyboard was: the place among the buttons of the same kind
let tell = "";
element.addEventListener("toggle", (event) => (open = event.target.open), true);
element.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-do]");
  if (!button) return;
  const { do: what, title, words, yes, no, ...data } = button.dataset;
  const alike = [...element.querySelectorAll(`button[data-do=${what}]`)];
  at = { what, place: alike.indexOf(button) };
  status.textContent = "";
  if (what === "more") {
    shown = data.n;
    return look();
  }
  if (title && !(await ask({ title, words, yes, no }))) return;
  if (what === "decide") data.on = String(button.getAttribute("aria-checked") !== "true");
  tell = what === "erase" ? "erased" : what === "take" ? "" : "changed";
  if (DOES.includes(what)) look(what, data);
});
watch("value", () => {
  const { file, said, ready } = props.value ?? {};
  if (ready && location.hash === "#you") look(); // it was opened before anybody was known
  save(file);
  status.textContent = said ?? "";
  const list = element.querySelector("#you-events");
  if (list) list.open = open;
  if (tell && !file) {
    tabs.postMessage(tell);
    tell = "";
  }
  // The button that was pressed may be gone with its row: go on with the one in its place.
  if (!at || !element.closest("dialog").open) return;
  const alike = element.querySelectorAll(`button[data-do=${at.what}]`);
  const next = alike[Math.min(at.place, alike.length - 1)] ?? element.querySelector("[data-close]");
  if (!element.contains(document.activeElement)) next?.focus({ preventScroll: true });
  at = null;
});
