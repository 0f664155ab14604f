// Requests to the server that this page came from. The token tells it that they come from this page.
const token = document.querySelector("meta[name=kansym-token]").content;

export class CallError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

async function call(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, { ...options, headers: { "X-Kansym-Token": token, ...options.headers } });
  } catch {
    throw new CallError(0, "The app does not answer: it has ended, or is ending. What was not saved is lost.");
  }
  if (answer.ok) return answer;
  let words = `The app answered with the code ${answer.status}.`;
  try {
    words = (await answer.json()).error;
  } catch {
    // Not the app's own words.
  }
  throw new CallError(answer.status, words);
}

export async function read(path) {
  const answer = await call(path);
  return answer.status === 204 ? null : answer.json();
}

export async function readText(path) {
  return (await call(path)).text();
}

export async function send(path, order) {
  const headers = { "Content-Type": "application/json" };
  return (await call(path, { method: "POST", headers, body: JSON.stringify(order) })).json();
}
