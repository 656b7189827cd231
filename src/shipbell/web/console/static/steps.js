// Goes on with work that is done in steps: presses the form's button by itself. Without scripts somebody presses it.
(() => {
  "use strict";
  const form = document.querySelector("form[data-goes-on]");
  // A breath, so that "Stop here" can be reached.
  if (form) setTimeout(() => form.requestSubmit(), 700);
})();
