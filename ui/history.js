// The person's conversations. What is said to them lies in the markup; see history.py.
const KEY = "simpatico-talk"; // which conversation this tab shows, for when it is loaded again
const close = sheet(element, {
  id: "conversations",
  opener: "#past",
  opened: () => trigger("list_again", {}),
});
element.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-do]");
  if (!button) return;
  const { do: what, session, ...say } = button.dataset;
  if (what === "new") {
    close();
    document.querySelector("#fresh").click();
  }
  if (what === "temporary") {
    close();
    trigger("leave_no_trace", {});
  }
  if (what === "open") {
    close();
    trigger("open_one", { session });
  }
  if (what === "take") trigger("take_one", { session });
  if (what === "rename") {
    const title = await ask(say);
    if (title !== null) trigger("name_one", { session, title });
  }
  if (what === "forget" && (await ask(say))) {
    trigger("forget_one", { session });
    deleted.postMessage(session);
  }
});
// What another tab of this person deleted is not shown on here.
const deleted = new BroadcastChannel("simpatico-deleted");
deleted.onmessage = ({ data }) => trigger("gone_one", { session: data });
let first = true;
watch("value", () => {
  const { session, file } = props.value ?? {};
  save(file);
  if (session === undefined) return;
  const before = first ? sessionStorage.getItem(KEY) : null;
  first = false;
  if (before && before !== session) return trigger("open_one", { session: before, again: "yes" });
  if (session) sessionStorage.setItem(KEY, session);
  else sessionStorage.removeItem(KEY);
});
