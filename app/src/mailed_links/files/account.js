// The secret of the link stands after the #, which browsers send to nobody; it is taken out of the address at once, so
// that it stays in no history.
const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
history.replaceState(null, "", location.pathname);
const form = document.getElementById("form");
const outcome = document.getElementById("outcome");

async function send(path, body) {
  const reply = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    credentials: "omit",
    cache: "no-store",
  });
  if (reply.ok) return null;
  const problem = await reply.json().catch(() => ({}));
  const errors = (problem.errors ?? []).map((error) => error.message ?? error.detail);
  return [problem.title ?? "It did not work.", ...errors].join(" ");
}

// Has the form send what `read` returns, unless that has a `fault`, which is shown instead.
function onSubmit(path, read, done) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { fault, body } = read();
    if (fault !== undefined) {
      outcome.textContent = fault;
      return;
    }
    const failure = await send(path, body).catch(() => "No reply.");
    outcome.textContent = failure ?? done;
    form.hidden = failure === null;
  });
}
