// Where an answer went wrong is looked for anew, which takes a while the first time: until then, that is said.
const WAITING = '<article class="waiting"><p role="status"><progress></progress> Looking where it went wrong…</p></article>';
document.addEventListener("click", ({ target }) => { if (target.closest('#feedback [data-event="open"]')) props.value = WAITING; }, true);
