// The list: search by prefix, pages, previews, links.
import {
  ask,
  clock,
  dateAndTime,
  element,
  now,
  readableSize,
  show,
  showProblem,
  timeOnly,
  write,
} from "./common.js";

/** @typedef {{ fileName: string, size: number, lastModified: string, viewUrl: string, viewUrlExpiresAt: string }} StoredFile */
/** @typedef {{ files: StoredFile[], nextCursor: string | null }} Listing */

/** Images up to this size are shown in the list, in bytes. Larger ones only when asked for. */
const LARGEST_THUMBNAIL = 1_000_000;
/** How long the page waits for more typing, in milliseconds. */
const TYPING_MS = 250;
/** When the page tries again by itself, as `Retry-After` of the server says. In milliseconds. */
const RETRY_MS = 5000;

const section = element("files", HTMLElement);
const prefix = element("prefix", HTMLInputElement);
const previous = element("previous", HTMLButtonElement);
const next = element("next", HTMLButtonElement);
const wholeNumber = new Intl.NumberFormat();

/** Cursors of the pages up to the one that is shown. The first page has none. @type {(string | undefined)[]} */
let cursors = [undefined];
/** @type {string | null} */
let nextCursor = null;
/** How many files the pages before this one hold. @type {number[]} */
let before = [0];
/** When the links stop working, in milliseconds since the epoch. @type {number | undefined} */
let linksEnd;
let asked = new AbortController();
let waiting = 0;

/** @param {StoredFile[]} files */
function range(files) {
  const first = before.reduce((sum, count) => sum + count, 0);
  return `Files ${wholeNumber.format(first + 1)} to ${wholeNumber.format(first + files.length)}`;
}

async function load() {
  clearTimeout(waiting);
  asked.abort();
  asked = new AbortController();
  const { signal } = asked;
  section.setAttribute("aria-busy", "true");
  const query = new URLSearchParams();
  const cursor = cursors.at(-1);
  if (prefix.value !== "") query.set("prefix", prefix.value);
  if (cursor !== undefined) query.set("cursor", cursor);
  const answer = await ask(`api/files?${query}`, signal).catch(() => undefined);
  // A later question has replaced this one.
  if (answer === undefined || signal.aborted) return;
  section.setAttribute("aria-busy", "false");
  if ("problem" in answer) {
    linksEnd = undefined;
    write("announcement", `${answer.problem.title}. ${answer.problem.detail}`);
    showProblem(section, answer.problem, () => void load());
    if (answer.problem.status === 503) waiting = setTimeout(() => void load(), RETRY_MS);
  } else fill(/** @type {Listing} */ (answer.body));
  tick();
}

/** @param {Listing} listing */
function fill(listing) {
  const { files } = listing;
  nextCursor = listing.nextCursor;
  const [first] = files;
  linksEnd = first === undefined ? undefined : Date.parse(first.viewUrlExpiresAt);
  if (first === undefined) {
    const empty = prefix.value === "" ? "The bucket is empty." : `No name begins with “${prefix.value}”.`;
    write("files-empty", empty);
    element("clear", HTMLButtonElement).hidden = prefix.value === "";
    write("announcement", empty);
    show(section, "empty");
    return;
  }
  element("files-rows", HTMLElement).replaceChildren(...files.map(row));
  const more = nextCursor === null ? "" : ", and there are more";
  write("files-count", range(files));
  write("announcement", `${range(files)}${more}`);
  // Buttons are not `disabled`, which would take the keyboard's focus away.
  previous.setAttribute("aria-disabled", String(cursors.length === 1));
  next.setAttribute("aria-disabled", String(nextCursor === null));
  previous.hidden = next.hidden = cursors.length === 1 && nextCursor === null;
  next.dataset["count"] = String(files.length);
  show(section, "ready");
}

/** @param {StoredFile} file */
function row(file) {
  const { fileName, size, lastModified, viewUrl } = file;
  const copy = document.importNode(element("row", HTMLTemplateElement).content, true);
  /** @param {string} selector */
  const part = (selector) => {
    const found = copy.querySelector(selector);
    if (!(found instanceof HTMLElement)) throw new Error(`the row has no ${selector}`);
    return found;
  };
  const slash = fileName.lastIndexOf("/", fileName.length - 2) + 1;
  part(".folder").textContent = fileName.slice(0, slash);
  part(".base").textContent = fileName.slice(slash);
  part("a").setAttribute("href", viewUrl);
  const modified = dateAndTime.format(new Date(lastModified));
  part(".size").textContent = readableSize(size);
  part(".size").title = `${wholeNumber.format(size)} bytes`;
  part("time").setAttribute("datetime", lastModified);
  part("time").textContent = modified;
  part(".narrow").textContent = `${readableSize(size)} · ${modified}`;
  part(".tile").append(tile(file));
  const button = part(".copy button");
  button.setAttribute("aria-label", `Copy link to ${fileName}`);
  button.addEventListener("click", () => void copyLink(button, file));
  return copy;
}

/** A preview of an image, or the kind of the file. @param {StoredFile} file */
function tile(file) {
  const kind = /\.([a-z\d]{1,4})$/i.exec(file.fileName)?.[1]?.toLowerCase() ?? "";
  if (!/^(png|jpe?g|gif|webp|avif|svg|bmp|ico)$/.test(kind)) {
    const label = document.createElement("span");
    label.textContent = kind;
    label.setAttribute("aria-hidden", "true");
    return label;
  }
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-label", `Preview ${file.fileName}`);
  button.addEventListener("click", () => preview(file));
  if (file.size <= LARGEST_THUMBNAIL) {
    const image = Object.assign(new Image(), { alt: "", loading: "lazy", src: file.viewUrl });
    image.addEventListener("error", () => button.replaceChildren(kind));
    button.append(image);
  } else button.append(kind);
  return button;
}

/** @param {StoredFile} file */
function preview({ fileName, viewUrl }) {
  const image = element("preview-image", HTMLImageElement);
  write("preview-name", fileName);
  write("preview-note", "");
  image.alt = fileName;
  image.hidden = false;
  image.src = viewUrl;
  element("preview", HTMLDialogElement).showModal();
}

element("preview-image", HTMLImageElement).addEventListener("error", ({ currentTarget }) => {
  if (currentTarget instanceof HTMLImageElement) currentTarget.hidden = true;
  write("preview-note", "The image cannot be shown: its link has expired, or it is not an image.");
});

/**
 * @param {HTMLElement} button
 * @param {StoredFile} file
 */
async function copyLink(button, { fileName, viewUrl }) {
  try {
    // Browsers offer the clipboard to pages from this machine or over HTTPS only.
    await navigator.clipboard.writeText(viewUrl);
  } catch {
    const advice =
      "This browser lets no page from here write to the clipboard: open the file and copy its address.";
    write("announcement", advice);
    alert(advice);
    return;
  }
  const label = [...button.childNodes];
  button.textContent = "Copied";
  write("announcement", `Copied the link to ${fileName}. It works until ${timeOnly.format(linksEnd)}.`);
  setTimeout(() => button.replaceChildren(...label), 2000);
}

/** Counts down the life of the links, and gets new ones when it ends. */
function tick() {
  if (linksEnd === undefined) return write("files-links", "");
  const left = linksEnd - now();
  write("files-links", left > 0 ? `Links work for ${clock(left)}` : "Getting new links…");
  if (left <= 0 && document.visibilityState === "visible") {
    linksEnd = undefined;
    void load();
  }
}

function firstPage() {
  cursors = [undefined];
  before = [0];
  history.replaceState(null, "", prefix.value === "" ? "." : `?prefix=${encodeURIComponent(prefix.value)}`);
  void load();
}

let typing = 0;
prefix.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(firstPage, TYPING_MS);
});
element("search", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(typing);
  firstPage();
});
element("clear", HTMLButtonElement).addEventListener("click", () => {
  prefix.value = "";
  prefix.focus();
  firstPage();
});
next.addEventListener("click", () => {
  if (nextCursor === null || section.getAttribute("aria-busy") === "true") return;
  cursors = [...cursors, nextCursor];
  before = [...before, Number(next.dataset["count"])];
  void load();
});
previous.addEventListener("click", () => {
  if (cursors.length === 1) return;
  cursors = cursors.slice(0, -1);
  before = before.slice(0, -1);
  void load();
});
setInterval(tick, 1000);
prefix.value = new URLSearchParams(location.search).get("prefix") ?? "";
void load();
