// What both halves of the page use. Type-checked through public/tsconfig.json.

const shortNumber = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
export const dateAndTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
export const dateOnly = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
export const timeOnly = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

/** @typedef {{ title: string, detail: string, status?: number, code?: string, instance?: string }} Problem */
/** @typedef {"loading" | "ready" | "empty" | "error"} State */

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
export function element(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page has no ${type.name} "${id}"`);
  return found;
}

/**
 * @param {string} id
 * @param {string} text
 */
export function write(id, text) {
  const target = element(id, HTMLElement);
  // A live region speaks when it is written to, even if the text is the same.
  if (target.textContent !== text) target.textContent = text;
}

/**
 * Shows the part of a section that fits its state and hides the others.
 *
 * @param {HTMLElement} section
 * @param {State} state
 */
export function show(section, state) {
  for (const part of section.querySelectorAll("[data-state]")) {
    part.toggleAttribute("hidden", part.getAttribute("data-state") !== state);
  }
}

/**
 * Shows what failed and what to do, in the words of the server, and a button that tries again.
 *
 * @param {HTMLElement} section
 * @param {Problem} problem
 * @param {() => void} retry
 */
export function showProblem(section, { title, detail, code, instance }, retry) {
  const heading = document.createElement("strong");
  heading.textContent = title;
  const advice = document.createElement("p");
  advice.textContent = `${detail.charAt(0).toUpperCase()}${detail.slice(1)}.`.replace("..", ".");
  const names = document.createElement("p");
  names.className = "quiet small";
  names.textContent = [code, instance?.replace("urn:uuid:", "request ")].filter(Boolean).join(" · ");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Try again";
  button.addEventListener("click", retry);
  section.querySelector('[data-state="error"]')?.replaceChildren(heading, advice, names, button);
  show(section, "error");
}

/** How far the server's clock is ahead of this one, in milliseconds: lifetimes are told by the server's. */
let ahead = 0;
export const now = () => Date.now() + ahead;

/**
 * @template T
 * @param {string} path
 * @param {AbortSignal} [signal]
 * @returns {Promise<{ body: T } | { problem: Problem }>}
 */
export async function ask(path, signal) {
  try {
    const response = await fetch(path, { headers: { Accept: "application/json" }, signal: signal ?? null });
    const serverTime = Date.parse(response.headers.get("Date") ?? "");
    // The header has whole seconds.
    if (Math.abs(serverTime - Date.now()) > 2000) ahead = serverTime - Date.now();
    const body = await response.json();
    return response.ok ? { body } : { problem: body };
  } catch (error) {
    if (signal?.aborted) throw error;
    const detail = "Check that it still runs, then try again.";
    return { problem: { title: "The server cannot be reached", detail } };
  }
}

/** @param {number} bytes */
export function readableSize(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${shortNumber.format(size)} ${units[unit]}`;
}

/**
 * Hours, minutes and seconds: `1:02:03` or `59:07`.
 *
 * @param {number} ms
 */
export function clock(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const [first = 0, ...rest] = parts[0] === 0 ? parts.slice(1) : parts;
  return [String(first), ...rest.map((part) => String(part).padStart(2, "0"))].join(":");
}
