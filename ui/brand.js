// The head of the page. Its value says which language the page is in, and names what gradio can't
// name: { "#id": [label, title] }.
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
