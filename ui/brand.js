// The head of the page. Its value says which language the page is in, and names what gradio can't
// name: { "#id": [label, title] }.
// What gradio says in English alone when the server is away stands in `lost`: [title, words].
const name = () => {
  const { lang, names } = props.value;
  document.documentElement.lang = lang;
  for (const [place, [label, title]] of Object.entries(names)) {
    const one = document.querySelector(place);
    if (!one) return requestAnimationFrame(name);
    one.setAttribute("aria-label", label);
    one.title = title;
  }
};
name();
watch("value", name);

const LOST = "Connection to the server was lost";
new MutationObserver(() => {
  for (const text of document.querySelectorAll("[data-testid=toast-text]")) {
    if (!text.textContent.startsWith(LOST)) continue;
    const [title, words] = props.value.lost;
    text.textContent = words;
    const name = text.closest("[data-testid=toast-body]").querySelector(".toast-title").firstChild;
    name.nodeValue = `${title} `;
  }
}).observe(document.body, { childList: true, subtree: true });
