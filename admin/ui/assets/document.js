// The open document: a chunk that is picked is marked in the text; Escape closes, and the focus goes back.
let opener = null;
let shown = "";

const text = () => element.querySelector(".text");

function mark(chunk) {
  const begin = Number(chunk.dataset.begin), end = Number(chunk.dataset.end);
  const letters = Array.from(text().textContent); // offsets count characters, JavaScript's strings do not
  const span = document.createElement("mark");
  span.textContent = letters.slice(begin, end).join("");
  text().replaceChildren(letters.slice(0, begin).join(""), span, letters.slice(end).join(""));
  text().scrollTop = span.offsetTop - 40;
  element.querySelectorAll(".chunk").forEach((each) => each.toggleAttribute("aria-current", each === chunk));
  chunk.setAttribute("aria-current", "true");
}

const shut = () => { trigger("shut", {}); props.value = ""; opener?.focus(); };

document.addEventListener("click", ({ target }) => { if (target.closest('[data-event="open"]')) opener = target; }, true);
document.addEventListener("keydown", ({ key }) => { if (key === "Escape" && element.querySelector("article")) shut(); });
element.addEventListener("click", ({ target }) => {
  const chunk = target.closest(".chunk");
  if (chunk) mark(chunk);
  else if (target.closest(".close")) shut();
});
watch("value", () => {
  const article = element.querySelector("article");
  const chosen = element.querySelector(".chunk[aria-current]");
  if (chosen) {
    mark(chosen);
    chosen.scrollIntoView({ block: "nearest" });
    text().scrollIntoView({ block: "nearest" });
  }
  if (article && article.dataset.id !== shown) article.querySelector(".close").focus({ preventScroll: true });
  shown = article?.dataset.id ?? "";
});
