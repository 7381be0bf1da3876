// Share or keep a conversation: a link for those who may sign in here, which can be taken back, and files of one's own.
let dialog = null;

document.addEventListener("click", (event) => {
  if (event.target.closest("#bar .share")) open();
});
watch("value", () => {
  if (!dialog || !props.value) return;
  const link = dialog.querySelector("input");
  const shared = props.value !== "none";
  link.value = shared ? `${location.origin}/shared/${props.value}` : "";
  for (const each of dialog.querySelectorAll(".when-shared")) each.hidden = !shared;
  dialog.querySelector(".publish").hidden = shared;
  dialog.querySelector("[role=status]").textContent = shared ? "" : props.words.taken;
  if (shared) link.select();
});

function open() {
  const { words } = props;
  const conversation = new URLSearchParams(location.search).get("c");
  if (!conversation) return;
  props.value = "";
  dialog = document.createElement("dialog");
  const make = (tag, fields, parent = dialog) => parent.appendChild(Object.assign(document.createElement(tag), fields));
  const button = (text, does, className = "") => make("button", { textContent: text, className }).addEventListener("click", does);
  dialog.className = "why sharing";
  dialog.setAttribute("aria-label", words.title);
  make("h2", { textContent: words.title });
  make("p", { textContent: words.hint });
  const link = make("input", { readOnly: true, hidden: true, className: "when-shared" });
  link.setAttribute("aria-label", words.link);
  make("p", {}).setAttribute("role", "status");
  button(words.publish, () => trigger("publish", {}), "publish primary");
  button(words.copy, () => { link.select(); document.execCommand("copy"); }, "when-shared primary");
  button(words.revoke, () => trigger("revoke", {}), "when-shared");
  for (const each of dialog.querySelectorAll(".when-shared")) each.hidden = true;
  make("h2", { textContent: words.keep });
  const files = make("p", { className: "files" });
  for (const [name, kind] of [["Markdown", "md"], ["JSON", "json"]])
    make("a", { textContent: name, href: `/conversations/${conversation}.${kind}`, download: "" }, files);
  button(words.close, () => dialog.close());
  dialog.addEventListener("close", () => { dialog.remove(); dialog = null; });
  dialog.addEventListener("keydown", (event) => event.stopPropagation());
  document.body.append(dialog);
  dialog.showModal();
  trigger("look", {});
}
