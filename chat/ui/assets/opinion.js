// The thumbs under an answer: one press is a rating; a bad one may say why. What is kept comes back with the thread.
const send = (button, rating, said = {}) => trigger("rate", {
  id: [...button.classList].find((name) => name.startsWith("of-")).slice("of-".length), rating: String(rating),
  reasons: (said.reasons ?? []).join("|"), comment: said.comment ?? "", correction: said.correction ?? "",
});
const press = (button, pressed) => {
  for (const each of button.parentElement.querySelectorAll(".rate")) each.classList.toggle("pressed", pressed && each === button);
};
const saidOf = (button) => {
  const said = button.closest(".footing").querySelector(".opinion");
  const text = (name) => said?.querySelector(`.${name}`)?.textContent ?? "";
  const reasons = said?.querySelector(".reasons")?.title.split("|") ?? [];
  return { reasons, comment: text("comment"), correction: text("correction") };
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("#chat .rate");
  if (!button) return;
  const pressed = button.classList.contains("pressed");
  if (button.matches(".good")) {
    press(button, !pressed);
    send(button, pressed ? 0 : 1);
    return;
  }
  const said = pressed ? saidOf(button) : { reasons: [], comment: "", correction: "" };
  if (!pressed) send(button, -1);
  press(button, true);
  ask(button, said);
});

function ask(button, said) {
  const { words, reasons } = props;
  const dialog = document.createElement("dialog");
  const make = (tag, fields, parent = dialog) => parent.appendChild(Object.assign(document.createElement(tag), fields));
  const text = (label, value, rows) => {
    const field = make("label", { textContent: label, className: "field" });
    return make("textarea", { value: value ?? "", rows, maxLength: 20000 }, field);
  };
  dialog.className = "why";
  dialog.setAttribute("aria-label", words.title);
  make("h2", { textContent: words.title });
  make("p", { textContent: words.kept });
  const boxes = Object.entries(reasons).map(([reason, label]) => {
    const line = make("label", { className: "reason" });
    const box = make("input", { type: "checkbox", value: reason, checked: said.reasons.includes(reason) }, line);
    make("span", { textContent: label }, line);
    return box;
  });
  const correction = text(words.correction, said.correction, 3);
  const comment = text(words.comment, said.comment, 1);
  comment.maxLength = 2000;
  make("button", { textContent: words.keep, className: "primary" }).addEventListener("click", () => {
    const ticked = boxes.filter((box) => box.checked).map((box) => box.value);
    send(button, -1, { reasons: ticked, comment: comment.value, correction: correction.value });
    dialog.close();
  });
  make("button", { textContent: words.later }).addEventListener("click", () => dialog.close());
  make("button", { textContent: words.back }).addEventListener("click", () => {
    press(button, false);
    send(button, 0);
    dialog.close();
  });
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("keydown", (event) => event.stopPropagation());
  document.body.append(dialog);
  dialog.showModal();
}
