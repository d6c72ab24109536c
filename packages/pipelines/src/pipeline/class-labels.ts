// Class labels by number or name, and the label that means "any class", as a model folder declares them.

import type { ConfigObject } from '@unnoise/core';
import { DiffusionError } from '@unnoise/core';
import type { ModelLayout } from '../onnx/layout.ts';

export type ClassLabel = number | string;

export class ClassLabels {
  /** Names by number; empty where the model gives none. */
  readonly names: ReadonlyMap<number, string>;
  /** The label that guidance steers away from; undefined where the model has none. */
  readonly nullLabel: number | undefined;
  /** Labels that the network knows, the null label included; undefined where no config tells. */
  readonly #count: number | undefined;

  constructor({ index }: Pick<ModelLayout, 'index'>, config: ConfigObject) {
    const names = (index['id2label'] ?? config['id2label'] ?? {}) as Record<string, string>;
    this.names = new Map(Object.entries(names).map(([id, name]) => [Number(id), name]));
    this.nullLabel = (index['null_class_label'] ?? config['null_class_label']) as number | undefined;
    this.#count = (config['num_class_embeds'] ?? config['num_embeds_ada_norm']) as number | undefined;
  }

  /** The labels that stand for a picture of something: all but the null label. */
  get all(): readonly number[] {
    if (this.names.size > 0) return [...this.names.keys()].filter((id) => id !== this.nullLabel);
    return Array.from({ length: this.#count ?? 0 }, (_, id) => id).filter((id) => id !== this.nullLabel);
  }

  /** The number of a label. Throws REQUEST_INVALID for one that the model does not know, listing those it does. */
  idOf(label: ClassLabel): number {
    if (typeof label === 'string') return this.#idOfName(label);
    const known = label === this.nullLabel || this.#count === undefined || label < this.#count;
    if (Number.isInteger(label) && label >= 0 && known) return label;
    throw this.#unknown(label);
  }

  #idOfName(name: string): number {
    const plain = name.trim().toLowerCase();
    if (/^\d+$/.test(plain)) return this.idOf(Number(plain));
    for (const [id, known] of this.names) if (known.toLowerCase() === plain) return id;
    throw this.#unknown(name);
  }

  #unknown(label: ClassLabel): DiffusionError {
    const names = [...this.names].map(([id, name]) => `${id} ${name}`).join(', ');
    const has = names || (this.#count === undefined ? 'numbers from 0' : `0 to ${this.#count - 1}`);
    return new DiffusionError('REQUEST_INVALID', `The model has no class ${JSON.stringify(label)}. It has: ${has}.`, {
      label,
    });
  }
}
