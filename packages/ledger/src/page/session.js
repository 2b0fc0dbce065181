// @ts-check
import { byId } from "./element.js";
import { ask } from "./ledger.js";

/**
 * Asks for the token, until the ledger takes it for a session. The token is not kept here.
 *
 * @returns {Promise<void>}
 */
export function logIn() {
  const form = byId("login", HTMLFormElement);
  const input = byId("token", HTMLInputElement);
  const refusal = byId("refusal", HTMLParagraphElement);
  form.hidden = false;
  input.focus();
  return new Promise((resolve) => {
    form.onsubmit = async (event) => {
      event.preventDefault();
      const token = input.value;
      input.value = "";
      refusal.textContent = await exchange(token);
      if (refusal.textContent !== "") return;
      form.hidden = true;
      resolve();
    };
  });
}

/**
 * Why the token is not taken, or nothing.
 *
 * @param {string} token
 */
async function exchange(token) {
  if (/[^\x20-\x7e]/.test(token)) return "That is not the token.";
  try {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch("/api/session", { method: "POST", headers });
    if (answer.ok) return "";
    return answer.status === 401 ? "That is not the token." : `The ledger answers ${answer.status}.`;
  } catch {
    return "The ledger does not answer.";
  }
}

/**
 * A token in the address's fragment becomes a session: `copy --http` tells such an address. No server sees a fragment, and the
 * address forgets it.
 */
export async function takeFromAddress() {
  const token = /^#token=(.+)$/.exec(location.hash)?.[1];
  if (token === undefined) return;
  history.replaceState(null, "", location.pathname + location.search);
  await exchange(token);
}

/** @returns {Promise<boolean>} */
export async function isTokenAsked() {
  return (await (await ask("session")).json()).token;
}

export async function logOut() {
  await fetch("/api/session", { method: "DELETE" });
  location.reload();
}
