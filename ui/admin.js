// How it runs, for the operator. The key is held while the sheet is open and kept nowhere.
const DOES = ["look", "check", "back"];
let key = "";
let tried = "";
let at = "";
const does = (what, data = {}) => trigger(what, { ...data, key: tried || key });
const close = sheet(element, { id: "admin", opened: () => does("look") });
element.closest("dialog").addEventListener("close", () => {
  key = tried = "";
  trigger("leave", {});
});
element.addEventListener("submit", (event) => {
  event.preventDefault();
  tried = event.target.querySelector("input").value;
  does("look");
});
element.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-do]");
  if (!button) return;
  const { do: what, title, words, yes, no, ...data } = button.dataset;
  if (title && !(await ask({ title, words, yes, no }))) return;
  at = what;
  if (DOES.includes(what)) does(what, data);
});
watch("value", () => {
  const { locked, id } = props.value ?? {};
  const dialog = element.closest("dialog");
  if (dialog.open && !id) return does("look"); // the page's language came after the sheet was opened
  if (!locked && tried) key = tried;
  tried = "";
  if (!dialog.open) return;
  const input = element.querySelector("input");
  if (locked && input) {
    input.value = "";
    input.focus();
  } else if (!element.contains(document.activeElement)) {
    const next = at && element.querySelector(`button[data-do=${at}]`);
    (next || element.querySelector("[data-close]"))?.focus({ preventScroll: true });
  }
});
