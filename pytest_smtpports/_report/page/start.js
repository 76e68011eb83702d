// Everything is there: show it.

byId("app").hidden = false;
document.querySelector(".tools").hidden = false;
filter();
open().catch(fail);
// For who measures: the list is in sight, and answers.
requestAnimationFrame(() => setTimeout(() => performance.mark("usable")));
