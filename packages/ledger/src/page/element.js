// @ts-check

/**
 * An element with these properties and children. Strings become text, never markup: keys and names come from buckets.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string> | undefined} attributes
 * @param {...(Node | string | undefined)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/**
 * The element of the page with this id.
 *
 * @template {HTMLElement} E
 * @param {string} id
 * @param {new () => E} type
 * @returns {E}
 */
export function byId(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page has no ${id}`);
  return found;
}

/**
 * A bar of parts of a whole.
 *
 * @param {readonly { kind: string, amount: number }[]} parts
 * @param {number} whole
 */
export function bar(parts, whole) {
  const made = element("div", { class: "bar", "aria-hidden": "true" });
  for (const { kind, amount } of parts) {
    if (amount <= 0 || whole <= 0) continue;
    const part = element("span", { class: kind });
    part.style.width = `${Math.min(100, (100 * amount) / whole)}%`;
    made.append(part);
  }
  return made;
}

/**
 * Names and what they say.
 *
 * @param {readonly (readonly [string, string, string?])[]} entries name, value, and what the value is by its kind
 */
export function terms(entries) {
  const list = element("dl", { class: "terms" });
  for (const [name, value, kind] of entries) {
    list.append(
      element(
        "div",
        kind === undefined ? {} : { class: kind },
        element("dt", {}, name),
        element("dd", {}, value),
      ),
    );
  }
  return list;
}
