// The list of conversations: a link opens without a reload, a pencil renames in place, a bin asks before it deletes.
const idOf = (node) => node.closest("li").dataset.id;

element.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  const button = event.target.closest("button");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    trigger("open", { id: idOf(link) });
  } else if (button?.matches(".rename")) rename(button.closest("li"));
  else if (button?.matches(".delete")) confirmDeletion(button.closest("li"));
});

function rename(line) {
  const link = line.querySelector("a");
  const input = Object.assign(document.createElement("input"), { value: link.textContent, maxLength: 80 });
  input.setAttribute("aria-label", props.words.rename);
  line.classList.add("renaming");
  line.append(input);
  input.select();
  const end = (title) => {
    if (!line.classList.contains("renaming")) return; // taking the input away blurs it, which ends it once more
    line.classList.remove("renaming");
    input.remove();
    link.focus();
    if (title && title !== link.textContent) trigger("rename", { id: line.dataset.id, title });
  };
  input.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter") end(input.value.trim());
    if (event.key === "Escape") end("");
  });
  input.addEventListener("blur", () => end(input.value.trim()));
}

function confirmDeletion(line) {
  const dialog = document.createElement("dialog");
  const say = (tag, text, name = "") => dialog.appendChild(Object.assign(document.createElement(tag), { textContent: text, className: name }));
  dialog.setAttribute("aria-label", props.words.question);
  say("h2", props.words.question);
  say("p", `“${line.querySelector("a").textContent}”`);
  say("p", props.words.warning);
  say("button", props.words.cancel).addEventListener("click", () => dialog.close());
  say("button", props.words.delete, "danger").addEventListener("click", () => {
    trigger("remove", { id: line.dataset.id });
    dialog.close();
  });
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("keydown", (event) => event.stopPropagation());
  document.body.append(dialog);
  dialog.showModal();
}
