// What was just done can be waved away.
element.addEventListener("click", ({ target }) => { if (target.closest(".close")) props.value = ""; });
