import { type AST, waysOf } from "./expressions.ts";

/**
 * How many choices a backtracking matcher has on its way through the expression, each of which may
 * multiply its work by the length of the text; infinite where a choice may be repeated. Lookaheads
 * that see a few characters only do not count.
 */
export function choicesOf(pattern: RegExp): number {
  return ofAll(waysOf(pattern));
}

function ofAll(alternatives: readonly AST.Alternative[]): number {
  const own = alternatives.reduce(
    (sum, { elements }) => sum + elements.reduce((n, one) => n + of(one), 0),
    0,
  );
  return own + (alternatives.length > 1 ? 1 : 0);
}

function of(element: AST.Element): number {
  switch (element.type) {
    case "Group":
    case "CapturingGroup":
      return ofAll(element.alternatives);
    case "Assertion":
      return "alternatives" in element && !isShort(element.alternatives) ? ofAll(element.alternatives) : 0;
    case "Quantifier":
      if (of(element.element) > 0)
        return element.max > 1 ? Number.POSITIVE_INFINITY : of(element.element) + 1;
      return element.min === element.max ? 0 : 1;
    default:
      return 0;
  }
}

/** Without anything that is repeated for as long as it can be. */
function isShort(alternatives: readonly AST.Alternative[]): boolean {
  return alternatives.every(({ elements }) => elements.every(isShortOne));
}

function isShortOne(element: AST.Element): boolean {
  if (element.type === "Quantifier") return element.max <= 2 && isShortOne(element.element);
  return !("alternatives" in element) || isShort(element.alternatives);
}
