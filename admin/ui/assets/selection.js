// Documents that are ticked stay so while the list is drawn anew, filtered or turned over.
const ticked = new Map();
const boxes = () => [...element.querySelectorAll("tbody input")];

function showSelection() {
  for (const box of boxes()) box.checked = ticked.has(box.value);
  const all = element.querySelector("thead input");
  if (all) all.checked = boxes().length > 0 && boxes().every((box) => box.checked);
  const bulk = element.querySelector(".bulk");
  if (!bulk) return;
  bulk.hidden = ticked.size === 0;
  bulk.querySelector("b").textContent = ticked.size;
  const [only] = ticked.values();
  for (const act of bulk.querySelectorAll("[data-event]")) {
    act.dataset.ids = [...ticked.keys()].join();
    const { one, many } = act.dataset;
    if (one) act.dataset.question = (ticked.size === 1 ? one : many).replace("{}", ticked.size === 1 ? only : ticked.size);
  }
}

element.addEventListener("change", ({ target }) => {
  for (const box of target.closest("thead") ? boxes() : [target]) {
    if (target.checked) ticked.set(box.value, box.closest("tr").dataset.title);
    else ticked.delete(box.value);
  }
  showSelection();
});
element.addEventListener("click", ({ target }) => {
  if (!target.closest(".clear")) return;
  ticked.clear();
  showSelection();
});
watch("value", showSelection);
document.addEventListener("deleted", ({ detail }) => { detail.split(",").forEach((id) => ticked.delete(id)); showSelection(); });
