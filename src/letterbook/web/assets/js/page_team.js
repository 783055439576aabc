// Every request of a script says of which team its page is, as every form does: in another window its person may have gone
// to another team meanwhile. htmx does so by hx-headers in base.html.
export function withTeam(headers) {
  const { team } = document.body.dataset;
  return team ? { ...headers, "X-Letterbook-Team": team } : headers;
}
