// Light, dark or as the system says. The choice is a cookie, so the server draws the page right the first time.
//   <button data-theme-choice="system|paper|ink" aria-pressed>
const YEAR = 365 * 24 * 60 * 60;

wear(chosen());

document.addEventListener("click", (event) => {
  const choice = event.target.closest("[data-theme-choice]")?.dataset.themeChoice;
  if (!choice) return;
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `theme=${choice}; path=/; max-age=${YEAR}; samesite=lax${secure}`;
  wear(choice);
  document.dispatchEvent(new CustomEvent("letterbook:theme"));
});

function chosen() {
  return /(?:^|; )theme=(paper|ink)\b/.exec(document.cookie)?.[1] ?? "system";
}

function wear(choice) {
  if (choice === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = choice;
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice));
  }
}
