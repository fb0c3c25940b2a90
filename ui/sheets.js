// A sheet lies above the page until it is closed, has an address (#its-id), so that Back closes it,
// and keeps the keyboard inside. What gradio draws goes on being drawn where it was moved to.
const sheet = (element, { id, opener, opened }) => {
  const dialog = document.createElement("dialog");
  dialog.id = `sheet-${id}`;
  dialog.className = "sheet";
  const block = element.closest(".block") ?? element;
  block.replaceWith(dialog);
  dialog.append(block);
  const here = () => location.hash === `#${id}`;
  const follow = () => {
    const title = element.querySelector("h2");
    if (title) dialog.setAttribute("aria-label", title.textContent);
    if (here() && !dialog.open) {
      if (document.activeElement !== document.body) from ??= document.activeElement;
      dialog.showModal();
      opened();
    } else if (!here() && dialog.open) {
      dialog.close();
    }
  };
  const close = () => {
    if (here()) history.replaceState(null, "", location.pathname + location.search);
    if (dialog.open) dialog.close();
  };
  let from = null;
  dialog.addEventListener("close", () => {
    close();
    from?.focus({ preventScroll: true });
    from = null;
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("[data-close]")) close();
  });
  window.addEventListener("hashchange", follow);
  const wire = () => {
    const button = document.querySelector(opener);
    if (!button) return requestAnimationFrame(wire);
    button.addEventListener("click", () => {
      from = button;
      location.hash = id;
    });
    button.setAttribute("aria-haspopup", "dialog");
    follow();
  };
  if (opener) wire();
  else follow();
  return close;
};

// A question above everything; gives what was typed, or true, or null for no.
const ask = ({ title, words, yes, no, value }) =>
  new Promise((resolve) => {
    const make = (tag, text = "", more = {}) =>
      Object.assign(document.createElement(tag), { textContent: text, ...more });
    const dialog = make("dialog", "", { className: "question" });
    const form = make("form", "", { method: "dialog" });
    const input = value === undefined ? null : make("input", "", { value, maxLength: 80 });
    const name = make("h2", title);
    dialog.setAttribute("aria-label", title);
    input?.setAttribute("aria-label", title);
    const row = make("div", "", { className: "question-row" });
    row.append(
      make("button", no, { type: "button", onclick: () => dialog.close("no") }),
      make("button", yes, { value: "yes", className: input ? "go" : "go grave" }),
    );
    form.append(name);
    if (words) form.append(make("p", words));
    if (input) form.append(input);
    form.append(row);
    dialog.append(form);
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes" ? (input ? input.value : true) : null);
    });
    document.querySelector(".gradio-container").append(dialog);
    dialog.showModal();
    input?.select();
  });

// A file that the server hands over inside a value: saved once.
let handed = "";
const save = (file) => {
  if (!file || file.id === handed) return;
  handed = file.id;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([file.text], { type: file.type }));
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
};
