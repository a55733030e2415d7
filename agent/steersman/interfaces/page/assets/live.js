// The page reads well without this: it only spares people the reloading.
const here = document.currentScript;
const source = new EventSource(`${here.dataset.events}?after=${here.dataset.after}`);
let soon = 0;
for (const kind of ["diagnosis", "plan", "verdict", "approval", "started", "done", "verified", "undone", "failed", "closed", "explained", "rehearsal"]) {
  source.addEventListener(kind, () => {
    if (kind === "closed") source.close();
    clearTimeout(soon);
    soon = setTimeout(() => {
      const why = document.getElementById("why");
      if (why && why.value) return; // somebody is writing
      location.replace(location.pathname);
    }, 250);
  });
}
