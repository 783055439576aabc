/** Give a page that outlived its session a new token; returns whether the same person is signed in again. */
export async function renewToken(form) {
  const answer = await fetch(form.dataset.token, { headers: { Accept: "application/json" } });
  if (!answer.ok || answer.redirected) return false;
  const { token, member } = await answer.json();
  if (member !== form.dataset.member) return false;
  for (const field of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) field.value = token;
  return true;
}
