// Prints an expression with its coefficients, for `explain`. For people: nothing parses it.

import type { Node } from './node.ts';
import { text } from './shape.ts';
import type { Tensor } from './tensor.ts';
import { trace } from './trace.ts';

/**
 * The expression of `x`, for example `0.98*sample - 0.051*modelOutput`. `names` holds the names of its inputs (or of any part).
 * What occurs twice is defined once, in lines `t1 = ...` before the last line.
 */
export function describe(x: Tensor, names: ReadonlyMap<Tensor, string> = new Map()): string {
  const printer = new Printer([...names].map(([tensor, name]) => [tensor.node, name]));
  return printer.print(x.node);
}

class Printer {
  private readonly names: Map<Node, string>;

  constructor(names: Iterable<readonly [Node, string]>) {
    this.names = new Map(names);
  }

  print(root: Node): string {
    const lines = this.shared(root).map((node, i) => {
      const line = `t${i + 1} = ${this.expression(node)}`;
      this.names.set(node, `t${i + 1}`);
      return line;
    });
    return [...lines, this.names.get(root) ?? this.expression(root)].join('\n');
  }

  /** Unnamed inner nodes with several users, arguments first. */
  private shared(root: Node): readonly Node[] {
    const order = trace([root]);
    const users = new Map<Node, number>();
    for (const node of order) for (const arg of node.args) users.set(arg, (users.get(arg) ?? 0) + 1);
    return order.filter((node) => users.get(node)! > 1 && node.args.length > 0 && !this.names.has(node));
  }

  private expression(node: Node): string {
    const args = node.args.map((arg) => this.names.get(arg) ?? this.expression(arg));
    if (node.op === 'leaf' || node.op === 'host') return `${node.dtype}${text(node.shape)}`;
    if (node.op === 'linear')
      return sum(
        node,
        args.map((arg, i) => this.grouped(node.args[i]!, arg)),
      );
    if (node.op === 'mul' || node.op === 'div') {
      const [a, b] = args.map((arg, i) => this.grouped(node.args[i]!, arg));
      return `${a}${node.op === 'mul' ? '*' : '/'}${b}`;
    }
    return `${node.op}(${[...args, ...extras(node)].join(', ')})`;
  }

  private grouped(node: Node, printed: string): string {
    const joins = node.op === 'linear' || node.op === 'mul' || node.op === 'div';
    return joins && !this.names.has(node) && /[ */]/.test(printed) ? `(${printed})` : printed;
  }
}

function sum({ params }: Node, terms: readonly string[]): string {
  const parts = params.map((c, i) => signed(c, terms[i]));
  const joined = parts
    .map(([sign, body], i) => (i === 0 ? (sign === '-' ? '-' : '') + body : ` ${sign} ${body}`))
    .join('');
  return joined || '0';
}

function signed(c: number, term: string | undefined): [sign: string, body: string] {
  const size = Number(Math.abs(c).toPrecision(6));
  const body = term === undefined ? `${size}` : size === 1 ? term : `${size}*${term}`;
  return [c < 0 ? '-' : '+', body];
}

function extras(node: Node): readonly (string | number)[] {
  if (node.op === 'clamp') return node.params;
  if (node.op === 'cast') return [node.dtype];
  if (node.op === 'view') return [text(node.shape)];
  if (node.op === 'slice') return [...node.layout, node.shape[node.layout[0]!]!];
  return node.layout.length > 1 ? [text(node.layout)] : node.layout;
}
