// What is done with a message: put a question in other words, ask again, go on elsewhere, turn to another version.
const idOf = (button) => [...button.classList].find((name) => name.startsWith("of-"))?.slice("of-".length);

document.addEventListener("click", (event) => {
  const button = event.target.closest("#chat :is(.edit, .again, .branch, .turn)");
  const id = button && idOf(button);
  if (!id) return;
  if (button.matches(".edit")) edit(id, button.closest(".message-row").querySelector(".asked").textContent);
  else if (button.matches(".again")) trigger("resend", { id, text: "" });
  else if (button.matches(".branch")) trigger("fork", { id });
  else trigger("turn", { id });
});

function edit(id, text) {
  const { words } = props;
  const dialog = document.createElement("dialog");
  const make = (tag, fields) => dialog.appendChild(Object.assign(document.createElement(tag), fields));
  dialog.className = "why";
  dialog.setAttribute("aria-label", words.title);
  make("h2", { textContent: words.title });
  make("p", { textContent: words.hint });
  const field = make("label", { className: "field" });
  const box = Object.assign(document.createElement("textarea"), { value: text, rows: 5, maxLength: 20000 });
  box.setAttribute("aria-label", words.question);
  field.append(box);
  const send = () => {
    if (!box.value.trim()) return;
    trigger("resend", { id, text: box.value });
    dialog.close();
  };
  make("button", { textContent: words.send, className: "primary" }).addEventListener("click", send);
  make("button", { textContent: words.cancel }).addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send();
  });
  document.body.append(dialog);
  dialog.showModal();
  box.setSelectionRange(text.length, text.length);
}
