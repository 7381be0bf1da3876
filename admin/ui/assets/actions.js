// A click on an element with data-event sends that event with the element's data; with a question, it asks first.
element.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-event]");
  if (!button || !events.includes(button.dataset.event)) return;
  const data = { ...button.dataset };
  const found = events.includes("weigh") && curation.weighs(data.event) ? curation.weigh(data, (sent) => trigger("weigh", sent)) : null;
  let asks = data;
  if (found && !data.question) {
    const { lost, ...dialog } = await found;
    asks = lost.length ? { question: dialog.heading, warning: "", action: "OK", ...dialog } : data;
  }
  const text = asks.question ? await curation.ask(asks, found) : "";
  if (asks.question && !text) return;
  trigger(data.event, { ...data, text });
  if (data.event === "remove") document.dispatchEvent(new CustomEvent("deleted", { detail: data.ids }));
});

// The list is drawn anew while it is looked at: whoever was on a button stays there.
let held = null;
const keyOf = (node) => ["event", "id", "ids", "sort", "stage", "name", "page", "begin", "ordinal", "number", "drop"].map((name) => node.dataset[name]).join();
element.addEventListener("focusin", ({ target }) => { held = target.dataset?.event || target.dataset?.begin ? keyOf(target) : null; });
element.addEventListener("focusout", ({ relatedTarget }) => { if (relatedTarget) held = null; });
watch("value", () => {
  if (held === null || document.activeElement !== document.body) return;
  [...element.querySelectorAll("button")].find((button) => keyOf(button) === held)?.focus({ preventScroll: true });
});
