// What the checks say takes its place beside the example that it is about, in whichever order the two arrive.
const place = () => {
  const found = element.querySelector("[data-of]");
  const article = document.querySelector("#review article");
  if (!found || article?.dataset.id !== found.dataset.of) return;
  article.querySelector(".room")?.replaceChildren(...found.cloneNode(true).childNodes);
};
watch("value", place);
document.addEventListener("article", place);
