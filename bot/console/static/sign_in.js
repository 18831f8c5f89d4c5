// The link's token stands behind "#", which never leaves the browser by itself: send it by form.
"use strict";
function enter() {
  const token = location.hash.slice(1);
  if (!token || token === "main") return; // #main is the skip link
  history.replaceState(null, "", location.pathname);
  document.getElementById("token").value = token;
  document.getElementById("sign-in").requestSubmit();
}
enter();
addEventListener("hashchange", enter); // the link opened in a tab that shows this page already
