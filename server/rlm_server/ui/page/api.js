// Talking to the service. The token came in the fragment of the address; it is taken out of the bar
// and of the history at once, kept for this tab alone, and sent as a header and nowhere else.

const KEY = "rlm-token";
const MARK = "#token=";

export function takeToken() {
  if (location.hash.startsWith(MARK)) {
    sessionStorage.setItem(KEY, location.hash.slice(MARK.length));
    history.replaceState(null, "", location.pathname);
  }
  return Boolean(sessionStorage.getItem(KEY));
}

export class Failure extends Error {
  constructor(status, told) {
    super(told.error ?? "The service does not answer; is rlm-mcp ui still running?");
    this.status = status;
    this.halted = Boolean(told.halted);
  }
}

export async function ask(name, wanted = {}, signal = undefined) {
  let reply;
  try {
    reply = await fetch(`/api/${name}`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${sessionStorage.getItem(KEY) ?? ""}`,
        "content-type": "application/json",
      },
      body: JSON.stringify(wanted),
      cache: "no-store",
      credentials: "omit",
      signal,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Failure(0, {});
  }
  const text = await reply.text();
  if (reply.ok) return JSON.parse(text);
  let told = { error: text };
  try {
    told = JSON.parse(text);
  } catch {
    // A refusal at the door is a line of text.
  }
  throw new Failure(reply.status, told);
}

// A call of a tool: its fields, or a failure with its own words.
export async function call(tool, wanted = {}, signal = undefined) {
  const outcome = await ask("call", { tool, arguments: wanted }, signal);
  if (outcome.failed) throw new Failure(422, { error: outcome.text });
  return outcome;
}
