// The open document: a chunk that is picked is marked in the text and can be changed; Escape closes, and the focus goes back.
let opener = null;
let shown = "";
let picked = null; // the chunk that was picked, by document, version and place; it stays so while the page is drawn anew
const places = new Map(); // how far down each part of the page was

const text = () => element.querySelector(".text");
const letters = () => Array.from(text().textContent); // offsets count characters, JavaScript's strings do not
const keyOfChunk = (chunk) => [element.querySelector("article").dataset.id, chunk.dataset.ordinal].join();

function mark(chunk) {
  const begin = Number(chunk.dataset.begin), end = Number(chunk.dataset.end), all = letters();
  const span = document.createElement("mark");
  span.textContent = all.slice(begin, end).join("");
  text().replaceChildren(all.slice(0, begin).join(""), span, all.slice(end).join(""));
  element.querySelectorAll(".chunk").forEach((each) => each.removeAttribute("aria-current"));
  chunk.setAttribute("aria-current", "true");
  picked = keyOfChunk(chunk);
  return span;
}

async function change(button) {
  const { begin, end } = button.closest("li").querySelector(".chunk").dataset;
  const said = letters().slice(Number(begin), Number(end)).join("");
  const { id, number, ordinal, ...labels } = button.dataset;
  const sent = await curation.write(labels, said);
  if (sent && !(sent.event === "rewrite" && sent.text === said)) trigger(sent.event, { id, number, ordinal, ...sent });
}

const shut = () => { trigger("shut", {}); props.value = ""; opener?.focus(); };

document.addEventListener("click", ({ target }) => { if (target.closest('[data-event="open"]')) opener = target; }, true);
document.addEventListener("keydown", ({ key }) => { if (key === "Escape" && element.querySelector("article")) shut(); });
element.addEventListener("click", ({ target }) => {
  const chunk = target.closest(".chunk");
  if (chunk) text().scrollTop = mark(chunk).offsetTop - 40;
  else if (target.closest(".edit")) change(target.closest(".edit"));
  else if (target.closest(".close")) shut();
});
element.addEventListener("scroll", ({ target }) => places.set(target.className || target.tagName, target.scrollTop), true);
watch("value", () => {
  const article = element.querySelector("article");
  const again = article && article.dataset.id === shown;
  const asked = element.querySelector(".chunk[aria-current]");
  const chosen = asked ?? [...element.querySelectorAll(".chunk")].find((chunk) => keyOfChunk(chunk) === picked);
  if (chosen) {
    const span = mark(chosen);
    if (!again) text().scrollTop = span.offsetTop - 40;
  }
  if (asked && !again) {
    asked.scrollIntoView({ block: "nearest" });
    text().scrollIntoView({ block: "nearest" });
  }
  if (again) element.querySelectorAll(".scroll, .text, ol").forEach((part) => { part.scrollTop = places.get(part.className || part.tagName) ?? 0; });
  else places.clear();
  if (article && !again) article.querySelector(".close").focus({ preventScroll: true });
  shown = article?.dataset.id ?? "";
});
