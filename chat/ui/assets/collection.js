// The browser's own list: at home on phones and under the keyboard.
element.addEventListener("change", (event) => {
  props.value = event.target.value;
  trigger("change");
});
