// What concerns the admin page as a whole: asking before something is lost, and the way to the chat on this host.
const curation = (() => {
  const make = (parent, tag, text, name = "") =>
    parent.appendChild(Object.assign(document.createElement(tag), { textContent: text, className: name }));

  // Resolves to the text typed (or "yes", or "other", where nothing is to be typed), or to "" when the person thought better of it.
  // `found` is a promise of what would be lost: it is shown before the person can confirm.
  const ask = ({ question, warning, action, other, field, danger, longest = 63, cancel = "Cancel" }, found) => new Promise((answer) => {
    const dialog = document.createElement("dialog");
    const form = dialog.appendChild(document.createElement("form"));
    dialog.setAttribute("aria-label", question);
    make(form, "h2", question);
    make(form, "p", warning);
    const losses = found && make(form, "div", "Checking the labelled questions…", "losses");
    losses?.setAttribute("role", "status");
    const input = field ? Object.assign(make(form, "input", ""), { maxLength: longest, required: true }) : null;
    input?.setAttribute("aria-label", field);
    make(form, "button", cancel).addEventListener("click", () => dialog.close());
    form.lastChild.type = "button";
    make(form, "button", action, danger ? "danger" : "go");
    if (other) make(form, "button", other, "danger").value = "other";
    const confirms = [...form.querySelectorAll("button:not([type=button])")];
    for (const button of confirms) button.disabled = Boolean(found);
    found?.then(({ heading, lost }) => {
      losses.textContent = "";
      if (heading && lost.length) make(losses, "p", heading);
      const list = lost.length ? make(losses, heading ? "ul" : "p", heading ? "" : lost.join(" ")) : null;
      if (heading) for (const question of lost) make(list, "li", question);
      for (const button of confirms) button.disabled = false;
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      dialog.close(input ? input.value.trim() : event.submitter?.value || "yes");
    });
    dialog.addEventListener("close", () => { answer(dialog.returnValue); dialog.remove(); });
    dialog.addEventListener("keydown", (event) => event.stopPropagation());
    document.body.append(dialog);
    dialog.showModal();
    input?.focus();
  });

  // Asks the server what a change would break. Each is known by a number, as answers may overtake one another.
  const waiting = new Map();
  let asked = 0;
  const weighs = (name) => ["publish", "rollback", "remove"].includes(name);
  const weigh = ({ event, id = "", ids = "", number = "" }, send) => new Promise((answer) => {
    asked += 1;
    waiting.set(String(asked), answer);
    send({ act: event, id, ids, number, asked });
  });
  const weighed = (found) => {
    for (const known of found.asked ? [found.asked] : [...waiting.keys()]) {
      waiting.get(known)?.(found);
      waiting.delete(known);
    }
  };

  // A chunk to be written anew or split: resolves to what to send, or to null when the person thought better of it.
  const write = ({ question, warning, field, save, split, unsaved, option, cancel = "Cancel" }, said) => new Promise((answer) => {
    const dialog = Object.assign(document.createElement("dialog"), { className: "wide" });
    const form = dialog.appendChild(document.createElement("form"));
    dialog.setAttribute("aria-label", question);
    make(form, "h2", question);
    make(form, "p", warning);
    const text = Object.assign(make(form, "textarea", ""), { value: said, required: true, rows: 12 });
    text.setAttribute("aria-label", field);
    const label = make(form, "label", "", "option");
    const draft = Object.assign(make(label, "input", ""), { type: "checkbox" });
    make(label, "span", option);
    const done = (sent) => { answer(sent && { ...sent, draft: draft.checked }); answer = () => {}; dialog.close(); };
    const button = (shown, name, type) => Object.assign(make(form, "button", shown, name), { type });
    button(cancel, "", "button").addEventListener("click", () => done(null));
    const cut = button(split, "", "button");
    cut.addEventListener("click", () => done({ event: "split", at: Array.from(text.value.slice(0, text.selectionStart)).length }));
    button(save, "go", "submit");
    text.addEventListener("input", () => { cut.disabled = text.value !== said; cut.title = cut.disabled ? unsaved : ""; });
    text.addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit(); });
    form.addEventListener("submit", (event) => { event.preventDefault(); done({ event: "rewrite", text: text.value }); });
    dialog.addEventListener("close", () => { done(null); dialog.remove(); });
    dialog.addEventListener("keydown", (event) => event.stopPropagation());
    document.body.append(dialog);
    dialog.showModal();
    text.focus();
    text.setSelectionRange(0, 0);
  });

  document.addEventListener("click", ({ target }) => {
    const link = target.closest("#bar a.chat");
    if (link) link.hostname = location.hostname;
  }, true);

  return { ask, write, weighs, weigh, weighed };
})();
