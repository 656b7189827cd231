// A form that nobody filled in yet begins with the time zone of the browser; without scripts, with that of the settings.
(() => {
  "use strict";
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  document.querySelectorAll("select[data-browser-zone]").forEach((select) => {
    if ([...select.options].some((one) => one.value === timeZone)) select.value = timeZone;
  });
})();
