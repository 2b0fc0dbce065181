import { type AST, waysOf } from "./expressions.ts";

/**
 * A step of a program, by what it asks of the text at a position. Where it does not say so itself,
 * the next step follows.
 */
export type Step =
  /** The character there is one of these; the position moves on. */
  | { readonly op: "char"; readonly has: (code: number) => boolean }
  | { readonly op: "edge"; readonly isStart: boolean }
  /** The steps from `at` on match there too, or must not. They lie before this one. */
  | { readonly op: "look"; readonly at: number; readonly negate: boolean }
  | { readonly op: "either"; readonly to: readonly number[] }
  | { readonly op: "end" };

/** Steps in blocks: the first ones are what lookaheads ask, the last one is the expression. */
export interface Program {
  readonly steps: readonly Step[];
  /** Where each block begins. */
  readonly blocks: readonly number[];
}

/** What no program can be made of. */
export class TooHard extends Error {}

/** More than any glob that a person types. */
const mostSteps = 20_000;

/** Throws TooHard: for what looks back, and for what is too long. */
export function compile(pattern: RegExp): Program {
  const compiler = new Compiler();
  compiler.block(waysOf(pattern));
  return compiler;
}

class Compiler implements Program {
  readonly steps: Step[] = [];
  readonly blocks: number[] = [];
  /** What lookaheads ask is compiled before what they stand in. */
  readonly #looks = new Map<AST.Node, number>();

  block(alternatives: readonly AST.Alternative[]): number {
    for (const look of looksIn(alternatives)) this.#looks.set(look, this.block(look.alternatives));
    const at = this.steps.length;
    this.blocks.push(at);
    this.#oneOf(alternatives);
    this.#add({ op: "end" });
    return at;
  }

  #add(step: Step): void {
    if (this.steps.length >= mostSteps) throw new TooHard("it is too long");
    this.steps.push(step);
  }

  /** One of several ways on. */
  #choose(ways: readonly (() => void)[]): void {
    const [only] = ways;
    if (only !== undefined && ways.length === 1) {
      only();
      return;
    }
    const starts: number[] = [];
    const after: number[] = [];
    this.#add({ op: "either", to: starts });
    for (const way of ways) {
      starts.push(this.steps.length);
      way();
      this.#add({ op: "either", to: after });
    }
    after.push(this.steps.length);
  }

  #oneOf(alternatives: readonly AST.Alternative[]): void {
    this.#choose(
      alternatives.map(({ elements }) => () => {
        for (const element of elements) this.#element(element);
      }),
    );
  }

  #element(element: AST.Element): void {
    switch (element.type) {
      case "Group":
      case "CapturingGroup":
        this.#oneOf(element.alternatives);
        break;
      case "Quantifier":
        this.#repeat(element);
        break;
      case "Assertion":
        this.#assert(element);
        break;
      case "Character":
        this.#add({ op: "char", has: (code) => code === element.value });
        break;
      case "CharacterSet":
      case "CharacterClass":
        this.#add({ op: "char", has: membership(element.raw) });
        break;
      default:
        throw new TooHard(`${element.raw} in it is not supported`);
    }
  }

  #repeat({ element, min, max }: AST.Quantifier): void {
    for (let n = 0; n < min; n++) this.#element(element);
    if (max === Number.POSITIVE_INFINITY) {
      const again = this.steps.length;
      const to = [again + 1];
      this.#add({ op: "either", to });
      this.#element(element);
      this.#add({ op: "either", to: [again] });
      to.push(this.steps.length);
      return;
    }
    for (let n = min; n < max; n++) this.#choose([() => this.#element(element), () => undefined]);
  }

  #assert(assertion: AST.Assertion): void {
    const at = this.#looks.get(assertion);
    if (at !== undefined && assertion.kind === "lookahead")
      this.#add({ op: "look", at, negate: assertion.negate });
    else if (assertion.kind === "start" || assertion.kind === "end")
      this.#add({ op: "edge", isStart: assertion.kind === "start" });
    else throw new TooHard(`${assertion.raw} in it is not supported`);
  }
}

/** Lookaheads that stand in these, but not in others. */
function* looksIn(nodes: readonly AST.Node[]): Generator<AST.LookaheadAssertion> {
  for (const node of nodes) {
    if (node.type === "Assertion" && node.kind === "lookahead") yield node;
    else if ("alternatives" in node) yield* looksIn(node.alternatives);
    else if ("elements" in node) yield* looksIn(node.elements);
    else if (node.type === "Quantifier") yield* looksIn([node.element]);
  }
}

/** `raw`: a class or a set, as in `[^/]`. Each character is asked for once. */
function membership(raw: string): (code: number) => boolean {
  const pattern = new RegExp(`^${raw}$`);
  const known = new Map<number, boolean>();
  return (code) => {
    const found = known.get(code);
    if (found !== undefined) return found;
    const has = pattern.test(String.fromCharCode(code));
    known.set(code, has);
    return has;
  };
}
