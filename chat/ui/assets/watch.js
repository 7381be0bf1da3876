// Follows the answer that is being written in the conversation that is open: when it appears, when nothing more of it
// comes, when the page was away. An answer goes on where nobody looks; this looks how far it is.
const QUIET_MS = 5000;
const one = (selector) => document.querySelector(selector);
const shows = () => document.visibilityState === "visible" && one("#chat .message-row") !== null;
const here = () => one("#conversation :is(textarea, input)")?.value ?? new URLSearchParams(location.search).get("c");
let followed = null;
let changed = Date.now();
let looked = 0;

const look = () => {
  changed = looked = Date.now();
  const answers = document.querySelectorAll("#chat .bot.message");
  const thumb = answers[answers.length - 1]?.querySelector(".rate");
  trigger("look", { last: [...(thumb?.classList ?? [])].find((name) => name.startsWith("of-"))?.slice("of-".length) ?? "" });
};
// The last frame of a conversation that was left may come after the first of the one that is open now.
const strays = () => one("#chat .asked") !== null && !one("#chat .asked").classList.contains(`in-${here()}`);
const growing = () => one("#chat .writing") && !strays() ? `${here()} ${document.querySelectorAll("#chat .asked").length}` : null;

new MutationObserver((changes) => {
  if (!changes.some(({ target }) => target.nodeType !== 1 || target.closest("#chat"))) return;
  changed = Date.now();
  const now = growing();
  if (now && now !== followed) look();
  followed = now;
  document.documentElement.toggleAttribute("data-strays", strays());
}).observe(document.body, { subtree: true, childList: true, characterData: true });

// One look lasts a moment: the next begins when all of it was drawn, so that a slow page does not fall behind.
document.addEventListener("followed", () => { if (growing()) look(); });
addEventListener("online", () => { if (shows()) look(); });
document.addEventListener("visibilitychange", () => { if (shows()) look(); });
setInterval(() => {
  const hangs = one("#chat .writing") && Date.now() - changed > QUIET_MS;
  const stray = strays();
  document.documentElement.toggleAttribute("data-strays", stray);
  if (shows() && (hangs || (stray && Date.now() - Math.max(looked, changed) > 300))) look();
}, 200);
