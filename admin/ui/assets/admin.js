// What concerns the admin page as a whole: asking before something is lost, and the way to the chat on this host.
const curation = (() => {
  const make = (parent, tag, text, name = "") =>
    parent.appendChild(Object.assign(document.createElement(tag), { textContent: text, className: name }));

  // Resolves to the text typed (or "yes", where nothing is to be typed), or to "" when the person thought better of it.
  const ask = ({ question, warning, action, field, danger, cancel = "Cancel" }) => new Promise((answer) => {
    const dialog = document.createElement("dialog");
    const form = dialog.appendChild(document.createElement("form"));
    dialog.setAttribute("aria-label", question);
    make(form, "h2", question);
    make(form, "p", warning);
    const input = field ? Object.assign(make(form, "input", ""), { maxLength: 63, required: true }) : null;
    input?.setAttribute("aria-label", field);
    make(form, "button", cancel).addEventListener("click", () => dialog.close());
    form.lastChild.type = "button";
    make(form, "button", action, danger ? "danger" : "go");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      dialog.close(input ? input.value.trim() : "yes");
    });
    dialog.addEventListener("close", () => { answer(dialog.returnValue); dialog.remove(); });
    dialog.addEventListener("keydown", (event) => event.stopPropagation());
    document.body.append(dialog);
    dialog.showModal();
    input?.focus();
  });

  document.addEventListener("click", ({ target }) => {
    const link = target.closest("#bar a.chat");
    if (link) link.hostname = location.hostname;
  }, true);

  return { ask };
})();
